# SPDX-License-Identifier: BSD-2-Clause
"""Stopped in the middle: nothing is half-made, the old database serves, and
the next run succeeds."""

import contextlib
import os
import signal

import pytest

import compare
import processes
from programs import CANCELED, DONE, FAILED, wait_until

MB = 1024 * 1024


@pytest.fixture
def busy(site, server, medium):
    """An installation that backs up the 100 MB database."""
    site.configure(server, (medium,))
    site.init()
    return site


@pytest.fixture
def victim(busy, server, medium, drops):
    """A set of 'medium' restored as 'victim', then changed: what a restore
    is to replace; the set to restore is of 'victim' before the change."""
    drops.append('victim')
    server.copy('medium', 'victim')
    busy.configure(server, ('victim',))
    busy.first = busy.backup()['set']
    server.psql("CREATE TABLE public.marker AS SELECT 'old one' AS text",
                database='victim')
    return busy


def go_on(pid):
    """Let a held process run again, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def marker(server):
    """What the old database says."""
    return server.psql('SELECT text FROM public.marker', database='victim')


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_backup_interrupted_lists_no_set(busy, server, number):
    databases = server.databases()
    running = busy.start('dbb-backup', '--json', 'run')
    tool = running.half_way('pg_dump', written=20 * MB)
    running.signal(number)
    go_on(tool)
    done = running.wait(20)
    assert not processes.leftovers()
    assert done.code == CANCELED, done
    assert done.error['message']
    assert busy.sets() == []
    assert server.databases() == databases
    wait_until(lambda: connections(server) == '0', 'sessions end')
    before = busy.stored_bytes()
    busy.backup()
    busy.run('dbb-backup', 'verify', '--read-data', code=DONE)
    assert busy.stored_bytes() > before


def connections(server):
    """Sessions of ours on the server."""
    return server.psql(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name IN"
        " ('libdbbackup', 'pg_dump', 'pg_restore')")


def test_a_backup_interrupted_while_its_tool_hangs_still_ends(busy):
    running = busy.start('dbb-backup', '--json', 'run')
    tool = running.half_way('pg_dump', written=20 * MB)
    running.signal(signal.SIGINT)
    try:
        assert running.wait(20).code == CANCELED   # the tool stays held
    finally:
        go_on(tool)
    assert not processes.leftovers()
    assert busy.sets() == []


def test_a_backup_killed_lists_no_set_and_leaves_no_child(busy, server):
    running = busy.start('dbb-backup', 'run')
    tool = running.half_way('pg_dump', written=20 * MB)
    running.signal(signal.SIGKILL)
    go_on(tool)
    running.wait(20)
    assert not processes.leftovers(patience=10)
    assert busy.sets() == []
    wait_until(lambda: connections(server) == '0', 'sessions end')
    busy.backup()
    busy.run('dbb-backup', 'verify', '--read-data', code=DONE)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_restore_interrupted_leaves_the_old_database_serving(
        victim, server, medium, number):
    before = server.databases()
    running = victim.start('dbb-restore', '--json', 'run', victim.first,
                           '--replace', '--yes', '--no-safety-set')
    tool = running.half_way('pg_restore', read=30 * MB)
    assert marker(server) == 'old one'
    running.signal(number)
    go_on(tool)
    done = running.wait(30)
    assert not processes.leftovers()
    assert done.code == CANCELED, done
    assert marker(server) == 'old one'
    assert server.databases() == before
    victim.restore(victim.first, '--replace', '--no-safety-set')
    compare.assert_same(server, medium, server, 'victim',
                        properties_too=False)
    assert server.databases() == before


def test_a_restore_killed_leaves_the_old_one_and_the_next_cleans_up(
        victim, server, medium):
    before = server.databases()
    running = victim.start('dbb-restore', 'run', victim.first, '--replace',
                           '--yes', '--no-safety-set')
    tool = running.half_way('pg_restore', read=30 * MB)
    running.signal(signal.SIGKILL)
    go_on(tool)
    running.wait(20)
    assert not processes.leftovers(patience=10)
    assert marker(server) == 'old one'
    wait_until(lambda: connections(server) == '0', 'sessions end')
    victim.restore(victim.first, '--replace', '--no-safety-set')
    compare.assert_same(server, medium, server, 'victim',
                        properties_too=False)
    assert server.databases() == before


@pytest.mark.parametrize('how', ['tool killed', 'connection cut'])
def test_a_restore_that_fails_half_way_leaves_the_old_database_serving(
        victim, server, how):
    before = server.databases()
    running = victim.start('dbb-restore', '--json', 'run', victim.first,
                           '--replace', '--yes', '--no-safety-set')
    tool = running.half_way('pg_restore', read=30 * MB)
    if how == 'tool killed':
        os.kill(tool, signal.SIGKILL)
    else:
        server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'pg_restore'")
    go_on(tool)
    done = running.wait(60)
    assert not processes.leftovers()
    assert done.code == FAILED, done
    assert 'pg_restore' in done.error['message']
    assert marker(server) == 'old one'
    assert server.databases() == before


def test_replacing_a_database_in_use_loses_no_connection_before_the_swap(
        victim, server):
    user = server.start_client('psql', '-X', '-c', 'SELECT pg_sleep(600)',
                               database='victim')
    try:
        running = victim.start('dbb-restore', '--json', 'run', victim.first,
                               '--replace', '--yes', '--no-safety-set')
        tool = running.half_way('pg_restore', read=30 * MB)
        assert user.poll() is None
        go_on(tool)
        done = running.wait(120)
        assert done.code == DONE, done
        assert user.wait(30) != 0       # it was sent out
        assert server.psql("SELECT to_regclass('public.marker')",
                           database='victim') == ''
    finally:
        user.kill()
        user.wait()
