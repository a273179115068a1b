# SPDX-License-Identifier: BSD-2-Clause
"""Whatever a network and a server do on the way to the store: a run ends, with
a right set or a clear failure, and no wrong byte is stored or given back.

DBBT_SEEDS says how many schedules are tried: 30, of which every fifth has
what takes long (a server that falls silent). What a seed does can be done
again: its number is in the test's name.
"""

import concurrent.futures
import hashlib
import os
import random

import pytest

import s3_faults
from programs import (DAMAGED, DONE, FAILED, FINDINGS, NO_REPOSITORY, VERSION,
                      WRONG_KEY)
from s3_proxy import Proxy
from s3_site import S3Site

SEEDS = int(os.environ.get('DBBT_SEEDS', '30'))
SLOW_EVERY = 5
TOGETHER = 8
BOUND_S = 400       # no program may take longer, whatever is done to it
# A bit flipped on its way in what says how to read all else is taken for a
# newer version's, or another key's: over https it is found before.
FAILURES = (FAILED, DAMAGED, FINDINGS, NO_REPOSITORY, VERSION, WRONG_KEY)


class Schedule:
    """What a seed does: which faults, how often."""

    def __init__(self, seed):
        rng = random.Random(seed)
        self.seed = seed
        self.sealed = seed % 3 == 0
        self.large = seed % 4 == 0
        names = sorted(s3_faults.QUICK)
        if seed % SLOW_EVERY == 0:
            self.faults, self.rate = s3_faults.SLOW, 0.04
        elif seed % 2 == 0:     # one kind of each in turn, and often
            name = names[seed // 2 % len(names)]
            self.faults, self.rate = {name: s3_faults.QUICK[name]}, 0.3
        else:
            self.faults = s3_faults.QUICK
            self.rate = rng.choice([0.05, 0.15, 0.35])

    def proxy(self, server, salt):
        """A proxy that does it."""
        return Proxy(server.url(), self.seed * 10 + salt, self.faults,
                     self.rate)


class Way:
    """A site's programs, run through a proxy."""

    def __init__(self, site, proxy):
        self.site, self.proxy = site, proxy

    def run(self, *args, **options):
        """Run one to its end; a failure must be a clear one."""
        direct = self.site.s3.url()
        self.site.use(endpoint=self.proxy.url)
        try:
            done = self.site.run(*args, timeout=BOUND_S, **options)
        finally:
            self.site.use(endpoint=direct)
        assert done.code == DONE or done.code in FAILURES, \
            f'{done}\n{self.proxy.done}'
        return done


def expect_clear(done, proxy):
    """A failure says what was done and why, and was not made of nothing."""
    assert proxy.done, f'failed, although nothing was done to it: {done}'
    said = done.error
    assert said['message'] and said['code'].startswith('DBB_E'), done


def dump_of(site, made):
    """(name, size, sha256) of the dump in a set."""
    shown = site.run('dbb-backup', '--json', 'show', made,
                     code=DONE).result
    return next((s['name'], s['size_bytes'], s['sha256'])
                for source in shown['sources'] for s in source['streams']
                if s['kind'] == 'pg_dump')


def expect_right(site, made):
    """What is stored is whole, and is what was read."""
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
    name, _, digest = dump_of(site, made)
    out = os.path.join(site.folder, 'out')
    site.run('dbb-restore', '-q', 'cat', made, 'main', name, code=DONE, out=out)
    assert sha256_of(out) == digest


def sha256_of(path):
    """The digest of a file."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def read_through(way, made):
    """Read the dump: all of it and right, or a failure and no wrong byte."""
    name, size, digest = dump_of(way.site, made)
    out = os.path.join(way.site.folder, 'out')
    done = way.run('dbb-restore', '-q', 'cat', made, 'main', name, out=out)
    right = os.path.join(way.site.folder, 'right')
    if done.code == DONE:
        assert sha256_of(out) == digest
        return
    assert way.proxy.done, done
    assert done.err.strip(), done
    if way.site.run('dbb-restore', '-q', 'cat', made, 'main', name, code=DONE,
                    out=right):
        with open(out, 'rb') as given, open(right, 'rb') as file:
            part = given.read()
            assert len(part) <= size
            assert file.read(len(part)) == part


def back_up_through(way):
    """Back up, and return the set's name: of this run, or where it failed of
    one after it that nothing is done to."""
    done = way.run('dbb-backup', '--json', 'run')
    if done.code == DONE:
        return done.result['set']
    expect_clear(done, way.proxy)
    for listed in way.site.sets():
        expect_right(way.site, listed['set'])
    return way.site.backup()['set']


def follow(schedule, folder, server, minio, database):
    """Back up and read back through the proxies of a schedule."""
    site = S3Site(folder, server, minio, (database,),
                  sealed=schedule.sealed, part_size='5M', retry_for='60')
    site.init()
    proxies = [schedule.proxy(minio, n) for n in range(2)]
    try:
        made = back_up_through(Way(site, proxies[0]))
        expect_right(site, made)
        read_through(Way(site, proxies[1]), made)
    finally:
        print(schedule.seed, *(proxy.done for proxy in proxies))
        for proxy in proxies:
            proxy.close()


@pytest.mark.parametrize('seed', [n for n in range(1, SEEDS + 1)
                                  if n % SLOW_EVERY != 0])
def test_no_wrong_byte_and_no_hang(tmp_path, server, minio, sample, medium,
                                   built, seed):
    schedule = Schedule(seed)
    follow(schedule, tmp_path, server, minio,
           medium if schedule.large else sample)


def test_no_wrong_byte_and_no_hang_where_nothing_moves(
        tmp_path, server, minio, sample, built):
    """The slow ones: they wait, so many of them do it together."""
    def one(seed):
        folder = tmp_path / str(seed)
        folder.mkdir()
        follow(Schedule(seed), folder, server, minio, sample)
    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        runs = {seed: pool.submit(one, seed)
                for seed in range(SLOW_EVERY, SEEDS + 1, SLOW_EVERY)}
    failed = {seed: run.exception() for seed, run in runs.items()
              if run.exception() is not None}
    assert not failed, failed
