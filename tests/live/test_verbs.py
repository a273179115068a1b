# SPDX-License-Identifier: BSD-2-Clause
"""Each verb does what interface.md says, as text and as JSON."""

import hashlib
import json
import os
import re
import shlex
import subprocess

import pytest

import compare
from programs import DONE, FAILED, NO_REPOSITORY, USAGE, program

SET_ID = re.compile(r'^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4,}$')


@pytest.fixture
def ready(site, sample):
    """An installation with one set of 'app'."""
    site.init()
    site.set = site.backup()['set']
    return site


def dump_name(site):
    """The name of the stream that holds the dump."""
    shown = site.run('dbb-backup', '--json', 'show', site.set,
                     code=DONE).result
    return next(s['name'] for source in shown['sources']
                for s in source['streams'] if s['kind'] == 'pg_dump')


def test_init_says_what_it_made_and_is_harmless_twice(site, server, sample):
    site.write_config({
        'repository': {'url': 'file://' + site.repository},
        'postgres "main"': {'connection': server.conninfo('app'),
                            'password-file': site.password_file},
        'history': {'connection': server.conninfo('init_history'),
                    'password-file': site.password_file}})
    server.drop('init_history')
    server.psql('CREATE DATABASE init_history')
    first = site.run('dbb-backup', 'init', code=DONE)
    assert site.repository in first.out
    assert 'backup_history' in first.out
    again = site.run('dbb-backup', '--json', 'init', code=DONE).result
    assert again['repository']['created'] is False
    assert again['history']['created'] is False
    columns = server.psql(
        "SELECT string_agg(column_name || ' ' || data_type, ', '"
        " ORDER BY ordinal_position) FROM information_schema.columns"
        " WHERE table_name = 'backup_history'", database='init_history')
    assert columns == (
        'id integer, backup_id character varying, backup_type character'
        ' varying, timestamp timestamp without time zone, size_bytes bigint,'
        ' checksum character varying, status character varying,'
        ' error_message text, created_at timestamp without time zone')
    made = site.backup()
    rows = server.psql(
        'SELECT backup_type, status, size_bytes > 0, length(checksum)'
        f" FROM backup_history WHERE backup_id = '{made['set']}'"
        ' ORDER BY backup_type', database='init_history')
    kinds = {line.split('|')[0]: line.split('|')[1:3]
             for line in rows.split('\n')}
    assert kinds == {'full': ['completed', 't'],
                     'postgres': ['completed', 't']}
    server.drop('init_history')


def test_run_prints_the_sets_id_on_stdout_and_talks_on_stderr(site, sample):
    site.init()
    done = site.run('dbb-backup', 'run', code=DONE)
    assert SET_ID.match(done.out.strip().split()[0] if done.out else '') or \
        re.search(r'[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4,}', done.out), done
    quiet = site.run('dbb-backup', '-q', 'run', code=DONE)
    assert SET_ID.match(quiet.out.strip()), quiet
    assert quiet.err == ''


def test_json_is_json_alone_on_every_verb(ready, server, drops):
    drops.append('by_json')
    for name, *args in (
            ('dbb-backup', 'run'), ('dbb-backup', 'list'),
            ('dbb-backup', 'show', ready.set), ('dbb-backup', 'verify'),
            ('dbb-backup', 'verify', '--read-data'),
            ('dbb-backup', 'config', 'show'),
            ('dbb-backup', 'config', 'check'), ('dbb-backup', 'init'),
            ('dbb-restore', 'list'),
            ('dbb-restore', 'run', ready.set, '--into', 'by_json', '--yes')):
        done = ready.run(name, '--json', *args, code=DONE)
        assert done.result['verb'], done
        assert done.err == '', done
    bad = ready.run('dbb-backup', '--json', 'show', 'nothing')
    assert bad.code == FAILED and bad.err == ''
    assert bad.error['message'] and bad.error['hint']


def test_list_and_show_tell_of_the_set(ready):
    listed = ready.run('dbb-backup', 'list', code=DONE)
    assert ready.set in listed.out and 'main' in listed.out
    assert ready.set in ready.run('dbb-restore', 'list', code=DONE).out
    assert [s['set'] for s in ready.run(
        'dbb-backup', '--json', 'list', '--source', 'main',
        code=DONE).result['sets']] == [ready.set]
    one = ready.sets()[0]
    assert one['status'] == 'completed'
    assert one['size_bytes'] > one['stored_bytes'] > 0
    shown = ready.run('dbb-backup', 'show', ready.set[:16], code=DONE)
    assert ready.set in shown.out and 'documents' in shown.out


def test_an_empty_repository_lists_nothing(site, sample):
    site.init()
    assert site.sets() == []
    done = site.restore('latest', code=FAILED)
    assert done.error['hint']


def test_verify_reads_every_byte_that_is_stored(ready):
    quick = ready.run('dbb-backup', '--json', 'verify', ready.set,
                      code=DONE).result
    whole = ready.run('dbb-backup', '--json', 'verify', '--read-data',
                      code=DONE).result
    packs = sum(map(os.path.getsize, ready.objects('packs')))
    assert quick['bytes_read'] < packs / 10
    assert whole['bytes_read'] >= packs
    assert whole['packs'] == len(ready.objects('packs'))
    assert all(s['ok'] for s in whole['sets'] + quick['sets'])


def test_labels_are_kept(site, sample):
    site.init()
    site.backup('--label', 'why=before the move', '--label', 'who=ümit')
    assert site.sets()[0]['labels'] == {'why': 'before the move',
                                        'who': 'ümit'}
    bad = site.run('dbb-backup', '--json', 'run', '--label', 'nonsense')
    assert bad.code == USAGE and 'nonsense' in bad.error['message']
    assert len(site.sets()) == 1


def test_a_dry_run_stores_nothing(site, sample):
    site.init()
    before = site.objects('')
    site.run('dbb-backup', 'run', '--dry-run', code=DONE)
    assert site.objects('') == before
    site.write_password('wrong')
    site.run('dbb-backup', 'run', '--dry-run', code=FAILED)


def test_cat_is_a_dump_that_pg_restore_reads(ready, server, drops, tmp_path):
    drops.append('by_hand')
    path = str(tmp_path / 'plain.dump')
    ready.run('dbb-restore', 'cat', 'latest', 'main', dump_name(ready),
              code=DONE, out=path)
    listed = subprocess.run([f'{server.bin}/pg_restore', '--list', path],
                            capture_output=True, text=True, check=True)
    assert 'TABLE DATA library documents' in listed.stdout
    server.psql('CREATE DATABASE by_hand TEMPLATE template0')
    with open(path, 'rb') as file:
        server.tool('pg_restore', '--exit-on-error', database='by_hand',
                    stdin=file)
    compare.assert_same(server, 'app', server, 'by_hand',
                        properties_too=False)


def test_cat_into_a_closed_pipe_stops(ready):
    name = dump_name(ready)
    command = shlex.join([program('dbb-restore'), '-c', ready.config, 'cat',
                          'latest', 'main', name])
    done = subprocess.run(['bash', '-o', 'pipefail', '-c',
                           command + ' | head -c 1000 | wc -c'],
                          env=ready.environment(), capture_output=True,
                          text=True, check=False, timeout=60)
    assert done.stdout.strip() == '1000'
    assert done.returncode != 0


def test_the_checksum_of_a_stream_is_of_its_plain_bytes(ready, tmp_path):
    shown = ready.run('dbb-backup', '--json', 'show', ready.set,
                      code=DONE).result
    for source in shown['sources']:
        for stream in source['streams']:
            path = str(tmp_path / 'stream')
            ready.run('dbb-restore', 'cat', ready.set, source['name'],
                      stream['name'], code=DONE, out=path)
            with open(path, 'rb') as file:
                data = file.read()
            assert len(data) == stream['size_bytes']
            assert hashlib.sha256(data).hexdigest() == stream['sha256']


def test_an_export_is_loaded_by_its_own_instructions(
        ready, server, second_server, tmp_path):
    folder = str(tmp_path / 'export')
    made = ready.run('dbb-restore', '--json', 'export', 'latest', folder,
                     code=DONE).result
    subprocess.run(['sha256sum', '-c', '--strict', 'SHA256SUMS'], cwd=folder,
                   check=True, capture_output=True)
    files = {f['path'] for f in made['files']}
    for path in files:
        assert os.path.exists(os.path.join(folder, path)), files
    readme = next(os.path.join(folder, n) for n in os.listdir(folder)
                  if n.upper().startswith('README'))
    with open(readme, encoding='utf-8') as file:
        text = file.read()
    commands = []
    for path in sorted(files, key=lambda path: text.index('\n' + path)):
        told = text[text.index('\n' + path) + 1:].splitlines()[1]
        command = re.search(r'\b(psql|createdb|pg_restore)\b.*', told).group()
        commands.append(command.replace('FILE', shlex.quote(path)))
    assert len(commands) == 2, text
    follow(second_server, folder, commands)
    compare.assert_same(server, 'app', second_server, 'app')
    assert compare.roles(second_server) == compare.roles(server)
    done = ready.run('dbb-restore', '--json', 'export', 'latest', folder)
    assert done.code == FAILED and done.error['hint']


def follow(server, folder, commands):
    """Type what the README says, connected by the environment."""
    env = dict(server.env, PGHOST='127.0.0.1', PGPORT=str(server.port),
               PGUSER='postgres', PGDATABASE='postgres')
    for command in commands:
        done = subprocess.run(['sh', '-c', command], cwd=folder, env=env,
                              capture_output=True, text=True, check=False)
        # Roles that exist already (postgres) are told, and go on.
        assert done.returncode == 0, (command, done.stderr)


def test_export_refuses_a_folder_with_files(ready, tmp_path):
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full' / 'mine').write_text('keep')
    done = ready.run('dbb-restore', '--json', 'export', 'latest',
                     str(tmp_path / 'full'))
    assert done.code == FAILED and done.error['hint']
    assert os.listdir(tmp_path / 'full') == ['mine']


def test_config_show_gives_each_values_origin(site, server, sample):
    shown = site.run('dbb-backup', 'config', 'show', code=DONE,
                     env={'DBB_REPOSITORY_COMPRESSION': '7'})
    assert re.search(r'dbbackup\.conf:\d', shown.out)
    assert 'DBB_REPOSITORY_COMPRESSION' in shown.out
    keys = site.run('dbb-backup', '--json', 'config', 'show', code=DONE,
                    env={'DBB_REPOSITORY_COMPRESSION': '7'}).result['keys']
    level = [k for k in keys if k['section'] == 'repository'
             and k['key'] == 'compression']
    assert level[0]['value'] == '7'
    assert 'DBB_REPOSITORY_COMPRESSION' in level[0]['origin']


def test_config_check_finds_what_is_wrong(site, sample):
    site.run('dbb-backup', 'config', 'check', code=DONE)
    with open(site.config, 'a', encoding='utf-8') as file:
        file.write('[repository]\ncompresion = 3\n')
    done = site.run('dbb-backup', 'config', 'check', code=USAGE)
    assert 'compresion' in done.err and 'compression' in done.err
    assert re.search(r'dbbackup\.conf:\d+', done.err)


def test_the_configuration_is_found_where_it_is_looked_for(site, sample):
    site.run('dbb-backup', 'init', config=False, code=DONE)  # ./dbbackup.conf
    site.run('dbb-backup', 'list', config=False, code=DONE,
             env={'DBB_CONFIG': site.config})
    done = site.run('dbb-backup', '--json', 'list', config=False,
                    env={'DBB_CONFIG': site.folder + '/none.conf'})
    assert done.code != DONE and 'none.conf' in done.error['message']


@pytest.mark.parametrize('args', [
    (), ('nonsense',), ('run', '--nonsense'), ('--nonsense', 'run'),
    ('show',), ('config',), ('config', 'nonsense'), ('run', '--label')],
    ids=' '.join)
def test_wrong_usage_is_exit_2_and_says_what_is_right(site, args):
    done = site.run('dbb-backup', *args, code=USAGE)
    assert done.out == '' and done.err.strip(), done


@pytest.mark.parametrize('name', ['dbb-backup', 'dbb-restore'])
def test_help_and_version(site, name):
    done = site.run(name, '--help', config=False, code=DONE)
    assert 'list' in done.out and done.err == ''
    version = site.run(name, '--version', config=False, code=DONE)
    assert re.search(r'\d+\.\d+', version.out)


@pytest.mark.parametrize('args,wrong,code', [
    (('dbb-backup', 'show', '20200101T000000Z-0000'), 2, FAILED),
    (('dbb-backup', 'run', 'nosuchsource'), 2, None),
    (('dbb-restore', 'cat', 'latest', 'main', 'no.stream'), 4, FAILED),
    (('dbb-restore', 'cat', 'latest', 'nosource', 'x'), 3, FAILED),
    (('dbb-restore', 'run', '../../etc/passwd', '--into', 'x'), 2, None),
    (('dbb-backup', 'show', ''), 2, None)], ids=str)
def test_what_is_not_there_is_said_by_name(ready, args, wrong, code):
    done = ready.run(args[0], '--json', *args[1:])
    assert done.code in ((code,) if code is not None else (FAILED, USAGE))
    # What `cat` gives is on stdout, so it talks on stderr.
    error = json.loads(done.err) if 'cat' in args else done.error
    assert error['hint'] and args[wrong] in error['message'], error


def test_no_repository_is_exit_10_for_every_reader(site, sample):
    for name, *args in (('dbb-backup', 'list'), ('dbb-backup', 'run'),
                        ('dbb-backup', 'show', 'latest'),
                        ('dbb-backup', 'verify'), ('dbb-restore', 'list'),
                        ('dbb-restore', 'run', 'latest', '--into', 'x'),
                        ('dbb-restore', 'cat', 'latest', 'main', 'x')):
        done = site.run(name, *args)
        assert done.code == NO_REPOSITORY, done
        assert 'init' in done.err and done.out == ''
    assert not os.path.exists(site.repository)


def test_all_databases_are_taken_by_a_star(site, server, second_server):
    second_server.psql('CREATE DATABASE one; ')
    second_server.psql('CREATE DATABASE "t wo"')
    second_server.psql('CREATE TABLE a AS SELECT 1 AS b', database='one')
    site.configure(second_server, ('*',),
                   connection=second_server.conninfo('postgres'))
    site.init()
    made = site.backup()
    names = ' '.join(s['name'] for s in made['sources'][0]['streams'])
    for name in ('one', 'postgres'):
        assert name in names
    assert len(made['sources'][0]['streams']) == 4
    assert 'template' not in names


def test_sources_from_the_environment_alone(site, server, sample):
    site.write_config({})
    env = {'DBB_REPOSITORY_URL': 'file://' + site.repository,
           'POSTGRES_HOST': '127.0.0.1', 'POSTGRES_PORT': str(server.port),
           'POSTGRES_USER': 'postgres', 'POSTGRES_DB': 'app',
           'POSTGRES_PASSWORD_FILE': site.password_file,
           'DBB_HISTORY_CONNECTION': server.conninfo('postgres'),
           'DBB_HISTORY_PASSWORD_FILE': site.password_file}
    site.run('dbb-backup', 'init', env=env, config=False, code=DONE)
    site.run('dbb-backup', 'run', env=env, config=False, code=DONE)


def test_a_newer_pg_dump_is_found_past_an_older_one_in_path(
        site, server, sample, tmp_path):
    old = tmp_path / 'old'
    old.mkdir()
    for name in ('pg_dump', 'pg_dumpall', 'pg_restore'):
        (old / name).write_text(f'#!/bin/sh\necho "{name} (PostgreSQL) 9.6"\n')
        (old / name).chmod(0o755)
    site.init()
    site.backup(env={'PATH': f'{old}:/usr/bin:/bin'})
