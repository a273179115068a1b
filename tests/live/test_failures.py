# SPDX-License-Identifier: BSD-2-Clause
"""Each way to fail gives one clear error: what was tried, the server's or
tool's own words, what to do; and leaves nothing behind."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile

import pytest

import compare
import postgres_server
from conftest import missing
from programs import (FAILED, NO_REPOSITORY, USAGE, DONE, Site,
                      library_path, program)

MB = 1024 * 1024


class Fault:
    """One way to fail, and what is to be said of it."""

    def __init__(self, arrange, code, words, hint=()):
        self.arrange, self.code, self.words = arrange, code, words
        self.hint = hint


def server_down(site, _server):
    """Nobody listens on the port."""
    port = postgres_server.free_port()
    site.configure(site.server, connection=f'host=127.0.0.1 port={port} '
                   'user=postgres dbname=app')


def wrong_password(site, _server):
    """The password file holds another password."""
    site.write_password('not the password')


def no_such_database(site, server):
    """The connection's database is not there."""
    site.configure(server, ('absent',))


def no_such_database_in_the_list(site, server):
    """One of the databases that are named is not there."""
    site.configure(server, ('app', 'absent'))


def no_right_to_one_table(site, server):
    """The role may read one table and not the other."""
    server.drop('rights')
    server.psql('CREATE DATABASE rights')
    server.psql("""
        DROP ROLE IF EXISTS limited;
        CREATE ROLE limited LOGIN PASSWORD 'limited';
        CREATE TABLE allowed (a int); CREATE TABLE forbidden (a int);
        GRANT SELECT ON allowed TO limited""", database='rights')
    site.write_password('limited')
    site.configure(server, ('rights',),
                   connection=server.conninfo('rights', 'limited'))
    # The history is kept by someone who may.
    return {'env': {'DBB_HISTORY_PASSWORD_FILE': own_password(site)}}


def own_password(site):
    """A file with the superuser's password."""
    path = os.path.join(site.folder, 'superuser')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(site.server_password())
    os.chmod(path, 0o600)
    return path


def without_tools(folder, **tools):
    """Run where the server's client programs are replaced by `tools`."""
    os.makedirs(folder, exist_ok=True)
    for name, text in tools.items():
        path = os.path.join(folder, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(path, 0o755)
    script = (f"mount --bind '{folder}' "
              f"'{postgres_server.bin_folder()}' && exec \"$@\"")
    if subprocess.run(['unshare', '-m', 'true'], check=False,
                      capture_output=True).returncode != 0:
        missing('mount namespaces are not to be had')
    return {'wrap': ('unshare', '-m', 'sh', '-c', script, 'sh')}


def pg_dump_absent(site, _server):
    """Only the distribution's wrapper is there, as without a client."""
    return without_tools(os.path.join(site.folder, 'bin'))


def pg_dump_absent_from_path(site, _server):
    """Nothing of that name is anywhere."""
    options = without_tools(os.path.join(site.folder, 'bin'))
    options['wrap'] += ('env', 'PATH=' + site.folder)
    return options


def pg_dump_older(site, _server):
    """A pg_dump of another decade."""
    tools = {name: f'#!/bin/sh\necho "{name} (PostgreSQL) 12.1"\n'
             for name in ('pg_dump', 'pg_dumpall', 'pg_restore')}
    return without_tools(os.path.join(site.folder, 'bin'), **tools)


def repository_absent(site, _server):
    """The folder is not there."""
    site.repository = os.path.join(site.folder, 'elsewhere')
    site.configure(site.server)


def not_a_repository(site, _server):
    """The folder holds other things."""
    site.repository = os.path.join(site.folder, 'elsewhere')
    os.makedirs(site.repository)
    with open(os.path.join(site.repository, 'letter.txt'), 'w',
              encoding='utf-8') as file:
        file.write('dear reader')
    site.configure(site.server)


def unknown_key(site, server):
    """A key with a slip of the pen."""
    site.configure(server, conection='host=127.0.0.1')


def unknown_section(site, server):
    """A section with a slip of the pen."""
    with open(site.config, 'a', encoding='utf-8') as file:
        file.write('[repositry]\nurl = file:///x\n')


FAULTS = {
    'server_down': Fault(server_down, FAILED, (
        "main", '127.0.0.1', 'Connection refused')),
    'wrong_password': Fault(wrong_password, FAILED, (
        "main", 'password authentication failed for user "postgres"'),
        ('password',)),
    'no_such_database': Fault(no_such_database, FAILED, (
        "main", 'database "absent" does not exist')),
    'no_such_database_in_the_list': Fault(
        no_such_database_in_the_list, FAILED, ("main", "'absent'")),
    'no_right_to_one_table': Fault(no_right_to_one_table, FAILED, (
        "main", "'rights'", "'limited'", 'public.forbidden'), ('GRANT',)),
    'pg_dump_absent': Fault(pg_dump_absent, FAILED, ('pg_dump',),
                            ('postgresql-client',)),
    'pg_dump_absent_from_path': Fault(
        pg_dump_absent_from_path, FAILED, ('pg_dump',),
        ('postgresql-client',)),
    'pg_dump_older': Fault(pg_dump_older, FAILED, (
        'pg_dump', '12.1', '15'), ('postgresql-client-15',)),
    'repository_absent': Fault(repository_absent, NO_REPOSITORY, (
        'elsewhere',), ('init',)),
    'not_a_repository': Fault(not_a_repository, NO_REPOSITORY, (
        'elsewhere',), ('init',)),
    'unknown_key': Fault(unknown_key, USAGE, (
        "'conection'", 'connection')),
    'unknown_section': Fault(unknown_section, USAGE, (
        "repositry", 'repository')),
}


def assert_clear(done, code, words, hint=()):
    """One error, told whole."""
    assert done.code == code, done
    error = done.error
    for word in words:
        assert word in error['message'] + ' ' + error['hint'], (word, error)
    for word in hint:
        assert word in error['hint'], (word, error)
    assert error['hint'].strip(), error
    message = error['message']
    assert message == message.strip() and '\n' not in message, error
    assert Site.server_password() not in done.out + done.err


def assert_nothing_left(site, server, databases):
    """No set and no database."""
    assert site.sets() == []
    assert server.databases() == databases


@pytest.mark.parametrize('name', FAULTS)
def test_a_backup_fails_clearly(site, server, sample, drops, name, request):
    fault = FAULTS[name]
    if name.startswith('pg_dump'):
        request.getfixturevalue('as_root')
    drops.append('rights')
    site.init()
    good = site.repository
    options = fault.arrange(site, server) or {}
    databases = server.databases()
    done = site.run('dbb-backup', '--json', 'run', **options)
    assert_clear(done, fault.code, fault.words, fault.hint)
    # As a person sees it: the same words, nothing on stdout.
    text = site.run('dbb-backup', 'run', code=fault.code, **options)
    assert done.error['message'] in text.err and text.out == ''
    assert done.error['hint'] in text.err
    # With everything in its place again:
    site.repository = good
    site.write_password(site.server_password())
    site.configure(server)
    assert_nothing_left(site, server, databases)


@contextlib.contextmanager
def half_way(site, **options):
    """A backup held still after 20 MB: gives it and its pg_dump."""
    running = site.start('dbb-backup', '--json', 'run', **options)
    tool = running.half_way('pg_dump', written=20 * MB)
    try:
        yield running, tool
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(tool, signal.SIGCONT)


def assert_recovers(site):
    """The next run is whole."""
    assert site.backup()['status'] == 'completed'
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)


def test_pg_dump_killed_half_way_fails_clearly(site, server, medium):
    site.configure(server, (medium,))
    site.init()
    databases = server.databases()
    with half_way(site) as (running, tool):
        os.kill(tool, signal.SIGKILL)
    done = running.wait(60)
    assert_clear(done, FAILED, ('main', 'pg_dump', 'signal 9'))
    assert_nothing_left(site, server, databases)
    assert_recovers(site)


def test_a_connection_cut_half_way_fails_clearly(site, server, medium):
    site.configure(server, (medium,))
    site.init()
    databases = server.databases()
    with half_way(site) as (running, _):
        cut = server.psql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'pg_dump' AND datname = 'medium'"
            " AND query LIKE 'COPY%'")
        assert cut == '1'
    done = running.wait(60)
    assert_clear(done, FAILED, ('main', 'pg_dump'))
    # Which of the two pg_dump hears hangs on how full the wire was.
    assert re.search('terminating connection due to administrator|'
                     'server closed the connection|Connection reset',
                     done.error['message']), done
    assert_nothing_left(site, server, databases)
    assert_recovers(site)


def test_a_server_that_dies_half_way_fails_clearly(
        site, second_server, built):
    second_server.make('app', 60)
    site.configure(second_server)
    site.init()
    with half_way(site) as (running, _):
        second_server.stop()
    done = running.wait(60)
    assert_clear(done, FAILED, ('main',))
    second_server.start()
    assert site.sets() == []
    assert_recovers(site)


@pytest.fixture
def public_site(server, built):
    """An installation in a folder that any user may walk through."""
    folder = tempfile.mkdtemp(prefix='dbbsite')
    os.chmod(folder, 0o755)
    yield Site(folder, server)
    shutil.rmtree(folder)


def public_library(site):
    """Where the build tree is below a folder that others may not walk
    through, as /root often is: an environment that names a copy."""
    built = library_path(program('dbb-backup'))
    if not built:
        return {}
    copy = os.path.join(site.folder, 'lib')
    os.mkdir(copy)
    shutil.copy(os.path.join(built, 'libdbbackup.so.0'), copy)
    return {'LD_LIBRARY_PATH': copy}


def test_a_repository_not_writable_fails_clearly(
        public_site, server, sample, as_root):
    site = public_site
    site.init()
    databases = server.databases()
    nobody = pwd.getpwnam('nobody').pw_uid
    os.chown(site.password_file, nobody, -1)
    os.chown(site.config, nobody, -1)
    assert not os.stat(site.repository).st_mode & stat.S_IWOTH
    for path, folders, files in os.walk(site.repository):
        for name in folders:
            os.chmod(os.path.join(path, name), 0o755)
        for name in files:
            os.chmod(os.path.join(path, name), 0o644)
    os.chmod(site.repository, 0o755)
    done = site.run('dbb-backup', '--json', 'run', wrap=(
        'setpriv', f'--reuid={nobody}', f'--regid={nobody}',
        '--clear-groups'), env=public_library(site))
    assert_clear(done, FAILED, (site.repository, 'Permission denied'))
    assert_nothing_left(site, server, databases)


def test_a_full_repository_fails_clearly(site, server, medium, as_root):
    site.configure(server, (medium,))
    os.makedirs(site.repository)
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=10m',
                              'tmpfs', site.repository], check=False,
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        missing('no tmpfs can be mounted: ' + mounted.stderr)
    try:
        site.init()
        databases = server.databases()
        done = site.run('dbb-backup', '--json', 'run')
        assert_clear(done, FAILED, ('No space left on device',))
        assert_nothing_left(site, server, databases)
        temporary = [p for p in site.objects('')
                     if 'tmp' in os.path.basename(p)]
        assert not temporary
        subprocess.run(['mount', '-o', 'remount,size=200m',
                        site.repository], check=True)
        assert_recovers(site)
    finally:
        subprocess.run(['umount', site.repository], check=True)


def test_a_set_id_that_fits_two_sets_is_refused(site, server, sample):
    site.init()
    ids = [site.backup()['set'], site.backup()['set']]
    common = os.path.commonprefix(ids)
    assert common
    databases = server.databases()
    for program, *verb in (('dbb-restore', 'run'), ('dbb-backup', 'show'),
                           ('dbb-backup', 'verify')):
        done = site.run(program, '--json', *verb, common,
                        *(('--into', 'x') if verb == ['run'] else ()))
        assert_clear(done, USAGE, ids)
    assert server.databases() == databases


def test_restoring_onto_what_exists_is_refused_without_replace(
        site, server, sample):
    site.init()
    site.backup()
    databases = server.databases()
    done = site.restore('latest', code=FAILED)
    assert_clear(done, FAILED, ("'app'", 'exist'), ('--replace',))
    done = site.restore('latest', '--into', 'postgres', code=FAILED)
    assert_clear(done, FAILED, ("'postgres'", 'exist'), ('--replace',))
    assert server.databases() == databases


def test_one_failed_source_fails_the_run_and_keeps_the_good_one(
        site, server, sample, drops):
    site.init()
    with open(site.config, 'a', encoding='utf-8') as file:
        file.write(f'[postgres "bad"]\nconnection = '
                   f'{server.conninfo("absent")}\n'
                   f'password-file = {site.password_file}\n')
    done = site.run('dbb-backup', '--json', 'run')
    assert_clear(done, FAILED, ("bad", 'does not exist'))
    kept, = site.sets()
    assert kept['status'] == 'partial'
    drops.append('kept')
    site.restore(kept['set'], 'main', '--into', 'kept')
    compare.assert_same(server, sample, server, 'kept')
