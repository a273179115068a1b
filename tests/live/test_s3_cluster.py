# SPDX-License-Identifier: BSD-2-Clause
"""Servers that go: a node of a cluster in the middle of a run, the whole
server for half a minute, and for good."""

import hashlib
import time

import pytest

import compare
from conftest import new_s3_server
from minio_server import Server
from programs import DONE, FAILED, wait_until
from s3_site import S3Site

AWAY_S = 30
GIVEN_UP_S = 10     # what 'retry-for' is set to
LONG_MB = 400       # of which a first part gets into the index half way
GRACE_S = 45        # for what else a run does, and a transfer that stalls


@pytest.fixture
def lonely():
    """A MinIO of one node that may be stopped."""
    it = new_s3_server(Server)
    if it is not None:
        yield it
        it.close()


def slow_site(folder, server, s3, database, rate='4M', **settings):
    """A site whose runs take long enough to do something meanwhile."""
    settings = {'bandwidth_up': rate, 'bandwidth_down': rate, **settings}
    site = S3Site(folder, server, s3, (database,), sealed=True,
                  part_size='5M', **settings)
    site.init()
    return site


def wait_for(below, site, running):
    """Wait until a run has stored such objects, and still runs."""
    wait_until(lambda: site.objects(below) or
               running.process.poll() is not None, below, 120)
    assert running.process.poll() is None, running.wait()


def test_a_node_may_die_in_a_backup_and_another_in_a_restore(
        tmp_path, server, medium, minio_cluster, built, drops):
    drops.append('again')
    site = slow_site(tmp_path, server, minio_cluster, medium)
    running = site.start('dbb-backup', '--json', 'run')
    wait_for('packs/', site, running)
    minio_cluster.nodes[3].kill()
    done = running.wait()
    assert done.code == DONE, done
    minio_cluster.start()
    running = site.start('dbb-restore', '--json', 'run', 'latest', '--into',
                         'again', '--yes')
    wait_until(lambda: '"phase":"restore"' in running.so_far(), 'restoring')
    minio_cluster.nodes[2].kill()
    done = running.wait()
    assert done.code == DONE, done
    compare.assert_same(server, medium, server, 'again')


def test_a_server_that_comes_back_is_waited_for(
        tmp_path, server, medium, lonely, built):
    """By one that writes and by one that reads."""
    reader = slow_site(tmp_path / 'reader', server, lonely, medium, '1M',
                       bandwidth_up='64M')
    writer = slow_site(tmp_path / 'writer', server, lonely, medium)
    made = reader.backup()['set']
    out = str(tmp_path / 'out')
    reading = reader.start('dbb-restore', '-q', 'cat', made, 'main',
                           f'{medium}.dump', out=out)
    writing = writer.start('dbb-backup', '--json', 'run')
    wait_for('packs/', writer, writing)
    assert reading.process.poll() is None
    lonely.stop()
    time.sleep(AWAY_S)
    lonely.start()
    for running in (reading, writing):
        done = running.wait()
        assert done.code == DONE, done
    writer.run('dbb-backup', 'verify', '--read-data', code=DONE)
    shown = reader.run('dbb-backup', '--json', 'show', made).result
    digest = next(s['sha256'] for source in shown['sources']
                  for s in source['streams'] if s['kind'] == 'pg_dump')
    with open(out, 'rb') as file:
        assert hashlib.file_digest(file, 'sha256').hexdigest() == digest


def test_a_server_that_is_gone_for_good_ends_the_run_in_the_time_that_is_set(
        tmp_path, server, lonely, built, drops):
    drops.append('long')
    server.make('long', LONG_MB, seed=6)
    site = slow_site(tmp_path, server, lonely, 'long', '16M',
                     retry_for=str(GIVEN_UP_S))
    running = site.start('dbb-backup', '--json', 'run')
    wait_for('index/', site, running)   # a first piece of it, on the way
    lonely.stop()
    gone = time.monotonic()
    done = running.wait()
    took = time.monotonic() - gone
    assert done.code == FAILED, done
    assert took < GIVEN_UP_S + GRACE_S, took
    where = lonely.url().partition('//')[2]
    assert where in done.error['message'], done
    assert done.error['hint'], done
    lonely.start()
    stored = site.stored_bytes()
    resumed = site.backup()
    assert [s['set'] for s in site.sets()] == [resumed['set']]
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
    expect_resumed(site, stored, S3Site(tmp_path, server, lonely, ('long',)))


def expect_resumed(site, stored, other):
    """What a run that failed had stored was used by the next one: all is as
    much as one run stores in another repository."""
    other.init()
    other.backup()
    once, twice = other.stored_bytes(), site.stored_bytes()
    print(f'{stored} of {once} bytes were there, and in the end {twice}')
    assert stored > once / 5
    assert twice < once + stored / 2
