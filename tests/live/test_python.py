# SPDX-License-Identifier: BSD-2-Clause
"""The Python binding against a real server; and what doc/json.md says the
documents hold, compared with what they hold."""

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

import compare
import processes
import programs
from conftest import missing

BINDING = os.path.join(programs.TREE, 'bindings', 'python')


def library():
    """The library of the build that the programs are of."""
    if 'DBBACKUP_LIBRARY' in os.environ:
        return os.environ['DBBACKUP_LIBRARY']
    folder = programs.library_path(programs.program('dbb-backup'))
    return os.path.join(folder, 'libdbbackup.so')


@pytest.fixture(scope='module')
def dbbackup(built):
    if not os.path.exists(library()):
        missing(f'no library of the build at \'{library()}\'')
    os.environ['DBBACKUP_LIBRARY'] = library()
    sys.path.insert(0, BINDING)
    import dbbackup as package
    return package


@pytest.fixture
def ctx(dbbackup, site):
    with dbbackup.Context() as it:
        it.load(site.config, site.environment())
        it.repository_init()
        yield it


def test_a_database_goes_in_and_comes_back(
        ctx, dbbackup, site, server, sample, drops):
    drops.append('from_python')
    made = ctx.backup_run(labels={'by': 'python'})
    assert made['status'] == 'completed' and made['warnings'] == []
    assert [s['set'] for s in ctx.list_sets()['sets']] == [made['set']]
    assert ctx.show(made['set'])['labels'] == {'by': 'python'}
    assert ctx.verify(read_data=True)['sets'][0]['ok'] is True
    done = ctx.restore(made['set'], into='from_python')
    assert done['sources'][0]['findings'] == []
    compare.assert_same(server, sample, server, 'from_python')
    with pytest.raises(dbbackup.AlreadyExistsError) as caught:
        ctx.restore(made['set'], into='from_python')
    assert 'from_python' in caught.value.message and caught.value.hint


def test_cat_and_export_give_the_bytes_of_the_manifest(ctx, tmp_path, sample):
    made = ctx.backup_run()
    for stream in made['sources'][0]['streams']:
        out = io.BytesIO()
        ctx.cat(made['set'], 'main', stream['name'], out)
        assert hashlib.sha256(out.getvalue()).hexdigest() == stream['sha256']
    files = ctx.export(made['set'], tmp_path / 'out')['files']
    for file in files:
        data = (tmp_path / 'out' / file['path']).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file['sha256']


def test_progress_and_log_are_told(ctx, dbbackup, sample):
    seen, lines = [], []
    ctx.on_progress(seen.append)
    ctx.on_log(lambda level, line: lines.append(line),
               dbbackup.LogLevel.DEBUG)
    made = ctx.backup_run()
    phases = [p.phase for p in seen]
    assert phases == sorted(phases) or dbbackup.Phase.DONE in phases
    assert {dbbackup.Phase.READ, dbbackup.Phase.COMMIT} <= set(phases)
    assert max(p.bytes_done for p in seen) == made['size_bytes']
    assert 'app.dump' in {p.stream for p in seen}
    assert not any('\n' in line for line in lines)


class Mine(Exception):
    """Raised by a callback."""


def test_what_a_callback_raises_cancels_and_is_raised_again(
        ctx, dbbackup, sample):
    def burst(progress):
        if progress.phase == dbbackup.Phase.READ:
            raise Mine('enough')

    ctx.on_progress(burst)
    with pytest.raises(Mine, match='enough'):
        ctx.backup_run()
    ctx.on_progress(None)
    assert ctx.list_sets()['sets'] == []
    assert not processes.leftovers()
    assert ctx.backup_run()['status'] == 'completed'


def test_a_failing_file_stops_cat(ctx, sample):
    made = ctx.backup_run()

    class Full(io.RawIOBase):
        def write(self, _data):
            raise OSError(28, 'full')

    with pytest.raises(OSError, match='full'):
        ctx.cat(made['set'], 'main', 'app.dump', Full())


def test_cancel_from_another_thread(ctx, dbbackup, sample):
    def later(progress):
        if progress.phase == dbbackup.Phase.READ and not started:
            started.append(threading.Thread(target=ctx.cancel))
            started[0].start()

    started = []
    ctx.on_progress(later)
    with pytest.raises(dbbackup.CanceledError):
        ctx.backup_run()
    started[0].join()
    ctx.resume()
    ctx.on_progress(None)
    assert ctx.list_sets()['sets'] == []
    assert not processes.leftovers()


SCRIPT = '''
import sys, dbbackup
def tell(progress):
    if progress.phase == dbbackup.Phase.READ:
        print("reading", flush=True)
with dbbackup.Context() as ctx:
    ctx.load(sys.argv[1])
    ctx.on_progress(tell)
    try:
        ctx.backup_run()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(5)
'''


def test_ctrl_c_stops_a_backup(ctx, site, server, medium):
    site.configure(server, (medium,))
    process = processes.start(
        [sys.executable, '-c', SCRIPT, site.config], cwd=site.folder,
        env=site.environment({'PYTHONPATH': BINDING,
                              'DBBACKUP_LIBRARY': library()}),
        stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == 'reading\n'
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert 'interrupted' in out and process.returncode == 5
    assert ctx.list_sets()['sets'] == []
    assert not processes.leftovers()


# ---- doc/json.md ----

ANY = 'any'  # an object whose members are names


def shape(value, path=''):
    """Where there are members, whatever their values: {'/sets/*/set', …}."""
    if path.endswith('/labels'):
        return {path}
    if isinstance(value, dict):
        return {path}.union(*(shape(v, f'{path}/{k}')
                              for k, v in value.items()))
    if isinstance(value, list):
        return {path}.union(*(shape(v, path + '/*') for v in value))
    return {path}


def documented():
    """The examples of doc/json.md: {verb: shape}; 'facts' for PostgreSQL's,
    'facts of qdrant' for the others."""
    path = os.path.join(programs.TREE, 'doc', 'json.md')
    with open(path, encoding='utf-8') as file:
        text = file.read()
    found = {}
    for block in re.findall(r'```json\n(.*?)```', text, re.S):
        document = json.loads(block)
        facts = 'facts of qdrant' if 'collections' in document else 'facts'
        found[document.get('verb', facts)] = shape(document)
    return found


def test_the_documents_are_what_doc_json_md_says(
        ctx, dbbackup, site, tmp_path, server, sample, drops):
    """No member that is given goes unmentioned; and what is documented is
    given, but for what only damage and differences bring."""
    drops.append('for_json')
    listed = []

    def list_meanwhile(_):
        """What another sees who looks while the backup is at work."""
        if not listed or not listed[-1]['at_work']:
            with dbbackup.Context() as other:
                other.load(site.config, site.environment())
                listed.append(other.list_sets())

    ctx.backup_run()
    ctx.on_progress(list_meanwhile)
    made = ctx.backup_run()
    ctx.on_progress(None)
    shown = ctx.show(made['set'])
    facts = shown['sources'][0].pop('facts')
    ctx.set('retention', 'keep-last', '9')
    given = {
        'init': ctx.repository_init(), 'run': made, 'list': listed[-1],
        'show': shown, 'facts': facts, 'verify': ctx.verify(),
        'restore': ctx.restore(made['set'], into='for_json'),
        'export': ctx.export(made['set'], tmp_path / 'out'),
        'prune': ctx.prune(dry_run=True),
        'index rebuild': ctx.rebuild_index(),
        'config': ctx.config(),
    }
    with dbbackup.Context() as sealed:
        sealed.load('', {})
        sealed.set('repository', 'url', f'file://{tmp_path}/sealed')
        sealed.set('repository', 'password', 'x')
        sealed.repository_init()
        given['key'] = sealed.key_list()
    said = documented()
    del said['facts of qdrant']     # there is none here
    only_sometimes = re.compile(
        r'/(damaged|damage|segments|restorable|findings|warnings|facts)'
        r'(/|$)')
    assert set(said) == set(given)
    for verb, document in given.items():
        real = shape(document)
        assert real - said[verb] == set(), f'{verb}: not documented'
        missing = {p for p in said[verb] - real
                   if not only_sometimes.search(p)}
        assert missing == set(), f'{verb}: documented and not given'
