# SPDX-License-Identifier: BSD-2-Clause
"""A backup or a prune killed with SIGKILL at a random instant: what is listed
is whole, reads back right, and the next run succeeds with no hand laid on it.

DBB_TEST_INSTANTS=200 tries so many instants instead of a few.
"""

import hashlib
import os
import random
import signal
import time

import pytest

import compare
import processes
from programs import DONE, Site

INSTANTS = int(os.environ.get('DBB_TEST_INSTANTS', '8'))
NEXT_RUN_AFTER = 4      # instants
KEPT = 3                # sets, by a prune
DAY = 24 * 3600


@pytest.fixture
def living(server, medium, built, tmp_path, drops):
    """An installation that backs up a database which changes, and has one
    set of it."""
    drops += ['living', 'relived']
    server.copy(medium, 'living')
    server.psql('CREATE TABLE public.pulse (n bigint, text text)',
                database='living')
    site = Site(tmp_path, server, ('living',))
    with open(site.config, 'a', encoding='utf-8') as file:
        file.write(f'[retention]\nkeep-last = {KEPT}\n')
    site.init()
    site.backup()
    return site


def beat(server):
    """Change the database: 30,000 new rows."""
    server.psql('INSERT INTO public.pulse SELECT n, md5(random()::text)'
                ' FROM generate_series(1, 30000) n', database='living')


def age(site):
    """What was condemned was so three days ago."""
    for path in site.objects('condemned'):
        then = time.time() - 3 * DAY
        os.utime(path, (then, then))


def timed(site, *command):
    """Run it to its end; how long that took."""
    began = time.monotonic()
    site.run(*command, code=DONE)
    return time.monotonic() - began


def assert_reads_back(site, chosen):
    """Every stream of a set has the SHA-256 that the set says."""
    shown = site.run('dbb-backup', '--json', 'show', chosen,
                     code=DONE).result
    streams = [s for source in shown['sources'] for s in source['streams']]
    assert streams
    for stream in streams:
        done = site.run('dbb-restore', 'cat', chosen, 'main',
                        stream['name'], code=DONE)
        assert hashlib.sha256(done.raw).hexdigest() == stream['sha256']


def assert_sound(site, before):
    """All that is listed is whole, and nothing has gone that is kept."""
    listed = site.sets()
    ids = {s['set'] for s in listed}
    assert set(sorted(before | ids)[-KEPT:]) <= ids
    assert all(s['status'] == 'completed' for s in listed)
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
    return ids


def kill_after(site, seconds, *command):
    """Start it, and kill it after so many seconds."""
    running = site.start(*command)
    time.sleep(seconds)
    running.signal(signal.SIGKILL)
    running.wait(20)
    assert not processes.leftovers(patience=10)


def test_killed_at_random_instants_it_leaves_whole_sets(living, server):
    seed = time.time_ns()
    print('seed', seed)
    draw = random.Random(seed)
    verbs = [('dbb-backup', 'run'), ('dbb-backup', 'prune')]
    beat(server)
    duration = {verb: timed(living, *verb) for verb in verbs}
    sets = assert_sound(living, set())
    assert len(sets) == 2
    for instant in range(1, INSTANTS + 1):
        verb = draw.choice(verbs)
        beat(server)
        age(living)
        kill_after(living, draw.uniform(0, duration[verb]), *verb)
        sets = assert_sound(living, sets)
        if instant % NEXT_RUN_AFTER == 0:
            duration = {v: timed(living, *v) for v in verbs}
            sets = assert_sound(living, sets)
    living.backup()
    for chosen in assert_sound(living, sets):
        assert_reads_back(living, chosen)
    living.restore('latest', '--into', 'relived')
    compare.assert_same(server, 'living', server, 'relived')
