# SPDX-License-Identifier: BSD-2-Clause
"""Restoring collections of Qdrant: what comes back, and what stays as it was
when that fails."""

import json
import os
import signal
import time

import pytest

from programs import DONE, FAILED, FINDINGS, USAGE
from qdrant_server import archive, quote
from qdrant_site import QdrantSite

REAL = ('dense', 'docs', 'uuid_ids', 'empty', 'shards3', 'made-from-parts')
UPLOAD = '/collections/*/snapshots/upload'


@pytest.fixture
def site(tmp_path, qdrant, built):
    """An installation with a repository, and a server of its own."""
    it = QdrantSite(tmp_path, qdrant)
    it.init()
    return it


def load(qdrant, name, path):
    """A collection of a real snapshot, of which no file stays."""
    qdrant.upload(name, path)
    qdrant.ask('DELETE', f'/collections/{quote(name)}/snapshots/'
                         f'{os.path.basename(path)}')


def state(qdrant):
    """All that a restore might change."""
    return {name: (qdrant.points(name), qdrant.info(name)['config'])
            for name in qdrant.names()}, qdrant.aliases()


def restore(site, *args, code=DONE):
    """What a restore says."""
    done = site.restore(*args, code=code)
    return done.result if code in (DONE, FINDINGS) else done.error


def assert_nothing_left(qdrant):
    """No file, no scratch collection."""
    assert qdrant.snapshot_files() == []
    assert not [it for it in qdrant.names() if '.dbb-' in it]


# ---- what comes back ----

def test_every_real_snapshot_comes_back(site):
    qdrant = site.qdrant
    for name in REAL:
        load(qdrant, name, archive(name))
    infos = {name: qdrant.info(name) for name in REAL}
    before = state(qdrant)
    site.backup()
    qdrant.drop_all()
    done = restore(site, 'latest')
    assert state(qdrant) == before
    for name in REAL:
        now = qdrant.info(name)
        assert now['payload_schema'] == infos[name]['payload_schema']
        with open(f'{archive(name)}.json', encoding='utf-8') as file:
            known = json.load(file)
        assert qdrant.count(name) == known['exact_count']
        points = qdrant.points(name)
        for it in known['points']:
            assert points[it['id']][0] == it['payload']
    assert_nothing_left(qdrant)
    [source] = done['sources']
    assert source['compared'] > 100 and source['findings'] == []
    assert sorted(it['target'] for it in source['databases']) == \
        sorted(REAL)
    for it in qdrant.requests('POST', '/snapshots/upload'):
        if 'priority' in it['target']:
            assert 'priority=snapshot' in it['target']
            assert 'checksum=' in it['target']


def test_odd_names_and_two_aliases_come_back(site):
    qdrant = site.qdrant
    odd = 'docs 1#ü%'
    qdrant.make(odd, 40)
    qdrant.alias('live 1', odd)
    qdrant.alias('other', odd)
    before = state(qdrant)
    site.backup()
    folder = os.path.join(site.folder, 'out')
    site.run('dbb-restore', 'export', 'latest', folder, code=DONE)
    [name] = os.listdir(f'{folder}/main')
    assert name == 'docs_201_23_c3_bc_25.snapshot'
    with open(f'{folder}/README', encoding='utf-8') as file:
        assert 'snapshots/upload?priority=snapshot' in file.read()
    qdrant.drop_all()
    restore(site, 'latest')
    assert state(qdrant) == before
    qdrant.upload('by hand', f'{folder}/main/{name}')
    assert qdrant.points('by hand') == qdrant.points(odd)
    qdrant.ask('DELETE', f'/collections/by%20hand/snapshots/{name}')
    assert_nothing_left(qdrant)


def test_a_hundred_collections_come_back(site):
    qdrant = site.qdrant
    for i in range(100):
        qdrant.make(f'c{i:03}', 3, seed=i)
    before = state(qdrant)
    site.backup()
    qdrant.drop_all()
    restore(site, 'latest')
    assert state(qdrant) == before
    assert_nothing_left(qdrant)


def test_what_is_restored_is_another_copy(site, new_qdrant):
    site.qdrant.make('books', 30)
    before = state(site.qdrant)
    site.backup()
    restore(site, 'latest', '--into', 'copy')
    assert site.qdrant.points('copy') == site.qdrant.points('books')
    other = new_qdrant()
    restore(site, 'latest', '--to', other.url())
    assert state(other) == before
    assert_nothing_left(other)
    assert_nothing_left(site.qdrant)


def test_into_is_for_one_collection(site):
    site.qdrant.make('a', 1)
    site.qdrant.make('b', 1)
    site.backup()
    error = restore(site, 'latest', '--into', 'c', code=USAGE)
    assert '2 collections' in error['message'] and 'export' in error['hint']
    assert site.qdrant.names() == ['a', 'b']


# ---- what exists ----

def test_what_exists_is_refused(site):
    qdrant = site.qdrant
    qdrant.make('books', 30)
    qdrant.alias('live', 'books')
    site.backup()
    before = state(qdrant)
    error = restore(site, 'latest', code=FAILED)
    assert "collection 'books' exists" in error['message']
    assert '--replace' in error['hint'] and '--into' in error['hint']
    error = restore(site, 'latest', '--into', 'live', code=FAILED)
    assert "'live' is an alias of collection 'books'" in error['message']
    assert state(qdrant) == before
    assert_nothing_left(qdrant)


def change(qdrant):
    """What happened to the collection after its backup."""
    qdrant.put_points('books', [{'id': 7, 'vector': [9.0] * 8},
                                {'id': 900, 'vector': [1.0] * 8}])


def test_a_collection_is_replaced_and_kept_as_a_safety_set(site):
    qdrant = site.qdrant
    qdrant.make('books', 30)
    qdrant.alias('live', 'books')
    before = state(qdrant)
    site.backup()
    change(qdrant)
    changed = qdrant.points('books')
    done = restore(site, 'latest', '--replace')
    assert state(qdrant) == before
    assert done['safety_set']
    [database] = done['sources'][0]['databases']
    assert database == {'name': 'books', 'target': 'books', 'swapped': True}
    assert_nothing_left(qdrant)
    restore(site, done['safety_set'], '--into', 'was')
    assert qdrant.points('was') == changed


def test_an_alias_leads_to_what_is_restored(site):
    qdrant = site.qdrant
    qdrant.make('books', 30)
    site.backup()
    books = qdrant.points('books')
    qdrant.drop('books')
    qdrant.make('new_books', 5)
    qdrant.alias('books', 'new_books')
    done = restore(site, 'latest', '--replace', code=FINDINGS)
    made = qdrant.aliases()['books']
    assert made != 'new_books' and qdrant.points('books') == books
    assert qdrant.count('new_books') == 5
    assert 'new_books' in done['warnings'][0]
    assert done['safety_set'] is None
    assert_nothing_left(qdrant)


def test_aliases_that_lead_elsewhere_are_moved_by_replace_alone(site):
    qdrant = site.qdrant
    qdrant.make('books', 30)
    qdrant.alias('live', 'books')
    site.backup()
    qdrant.drop('books')
    qdrant.make('others', 1)
    qdrant.alias('live', 'others')
    done = restore(site, 'latest', code=FINDINGS)
    assert qdrant.aliases() == {'live': 'others'}
    assert "alias 'live'" in done['warnings'][0]
    restore(site, 'latest', '--replace')
    assert qdrant.aliases() == {'live': 'books'}


def test_a_copy_beside_takes_no_alias(site):
    qdrant = site.qdrant
    qdrant.make('books', 3)
    qdrant.alias('live', 'books')
    site.backup()
    restore(site, 'latest', '--into', 'copy')
    assert qdrant.aliases() == {'live': 'books'}
    restore(site, 'latest', '--into', 'next', '--replace')
    assert qdrant.aliases() == {'live': 'next'}


# ---- what fails, and what stays ----

FAULTS = {
    'refused': ({'what': 'answer', 'status': 403}, "(access: 'm')"),
    'unknown': ({'what': 'answer', 'status': 401}, 'key'),
    'full': ({'what': 'answer', 'status': 500, 'words':
              'Service internal error: No space left on device'},
             'free space'),
    'broken': ({'what': 'answer', 'status': 500}, 'refuses the archive'),
    'limited': ({'what': 'answer', 'status': 400, 'words':
                 'Forbidden: too large. Help: strict mode'}, ''),
    'cut': ({'what': 'cut_upload', 'bytes': 3000}, ''),
}


@pytest.mark.parametrize('name,replace', [
    *((it, True) for it in FAULTS), ('broken', False), ('full', False)])
def test_a_failed_upload_leaves_all_as_it_was(site, name, replace):
    fault, hint = FAULTS[name]
    qdrant = site.qdrant
    qdrant.make('books', 30)
    qdrant.alias('live', 'books')
    site.backup()
    if replace:
        change(qdrant)
    else:
        qdrant.drop('books')
    before = state(qdrant)
    qdrant.fault(method='POST', path=UPLOAD, **fault)
    error = restore(site, 'latest', *(['--replace'] if replace else []),
                    code=None)
    assert hint in error['hint'], error
    assert "'books" in error['message']
    assert state(qdrant) == before
    assert_nothing_left(qdrant)


def test_a_collection_of_others_is_not_cleared_up(site):
    """It was made, under the name that is restored, during the upload; which
    then is given up."""
    qdrant = site.qdrant
    qdrant.make('books', 0, 384)
    qdrant.fill('books', 8000)
    site.backup()
    qdrant.drop('books')
    qdrant.fault('slow_upload', path=UPLOAD, bytes_per_second=500000)
    running = site.start('dbb-restore', 'run', 'latest', '--yes')
    while not qdrant.requests('POST', '/upload'):
        time.sleep(0.05)
    qdrant.make('books', 20)
    theirs = qdrant.points('books')
    running.process.send_signal(signal.SIGINT)
    running.process.wait(30)
    assert qdrant.points('books') == theirs
    assert qdrant.names() == ['books']


def test_a_wrong_checksum_is_named(site):
    qdrant = site.qdrant
    qdrant.make('books', 30)
    site.backup()
    qdrant.drop('books')
    qdrant.fault('answer', method='POST', path=UPLOAD, status=400, words=(
        'Bad request: Checksum mismatch: expected a, actual b'))
    error = restore(site, 'latest', code=FAILED)
    assert 'Checksum mismatch' in error['message']
    assert 'verify' in error['hint']
    assert qdrant.names() == []
    assert_nothing_left(qdrant)


def test_a_lost_answer_is_found_out(site):
    qdrant = site.qdrant
    qdrant.make('books', 30)
    before = state(qdrant)
    site.backup()
    qdrant.drop('books')
    qdrant.fault('cut', method='POST', path=UPLOAD, bytes=0)
    restore(site, 'latest')
    assert state(qdrant) == before
    assert_nothing_left(qdrant)


def test_a_failed_second_upload_leaves_the_first_one_serving(site):
    qdrant = site.qdrant
    qdrant.make('books', 30)
    qdrant.alias('live', 'books')
    site.backup()
    books = qdrant.points('books')
    change(qdrant)
    qdrant.fault('answer', method='POST', path=UPLOAD, status=500, skip=1)
    error = restore(site, 'latest', '--replace', code=FAILED)
    assert 'it serves as' in error['message'], error
    assert 'kept as set' in error['hint']
    assert qdrant.points('books') == qdrant.points('live') == books
    assert qdrant.snapshot_files() == []
    site.run('dbb-backup', 'run')   # clears nothing of it away
    assert qdrant.points('books') == books


def test_what_was_written_after_the_safety_set_is_not_deleted(site):
    qdrant = site.qdrant
    qdrant.make('books', 30)
    site.backup()
    qdrant.fault('pause', method='POST', path=UPLOAD, seconds=3)
    running = site.start('dbb-restore', '--json', 'run', 'latest', '--yes',
                         '--replace')
    while not qdrant.requests('POST', '/upload'):
        time.sleep(0.05)
    change(qdrant)
    changed = qdrant.points('books')
    done = running.wait()
    assert done.code == FAILED or done.error
    assert 'was written to' in done.error['message']
    assert qdrant.points('books') == changed
    assert_nothing_left(qdrant)


def test_an_older_server_is_refused_before_anything(site, new_qdrant):
    site.qdrant.make('books', 3)
    site.backup()
    other = new_qdrant()
    other.behave(version='1.17.9')
    error = restore(site, 'latest', '--to', other.url(), code=None)
    assert 'an older server cannot be given it' in error['message']
    assert other.names() == [] and other.requests('POST') == []
    other.behave(version='1.20.0')
    done = restore(site, 'latest', '--to', other.url(), code=FINDINGS)
    assert '1.20.0' in done['warnings'][0]
    assert other.names() == ['books']


def test_a_difference_takes_no_place(site):
    qdrant = site.qdrant
    qdrant.make('books', 30)
    site.backup()
    change(qdrant)
    changed = qdrant.points('books')
    # One point that was uploaded is counted away.
    qdrant.fault('answer', method='POST', path='*.dbb-*/points/count',
                 times=0, status=200, body=json.dumps(
                     {'result': {'count': 29}, 'status': 'ok', 'time': 0}))
    done = restore(site, 'latest', '--replace', code=FINDINGS)
    [finding] = done['sources'][0]['findings']
    assert finding == {'object': "collection 'books': points",
                       'expected': '30', 'found': '29'}
    assert qdrant.points('books') == changed
    assert 'was left as it is' in done['warnings'][0]
    [kept] = [it for it in qdrant.names() if it != 'books']
    assert done['sources'][0]['databases'][0]['target'] == kept
    assert qdrant.snapshot_files() == []


# ---- killed ----

@pytest.mark.parametrize('moment', ('upload', 'count'))
def test_a_killed_restore_is_cleared_up(site, moment):
    qdrant = site.qdrant
    qdrant.make('books', 30)
    site.backup()
    before = state(qdrant)
    path = UPLOAD if moment == 'upload' else '*.dbb-*/points/count'
    qdrant.fault('pause', method='POST', path=path, seconds=2)
    running = site.start('dbb-restore', 'run', 'latest', '--yes',
                         '--replace', '--no-safety-set')
    part = '/upload' if moment == 'upload' else '.dbb-'
    while not [it for it in qdrant.requests('POST', part)
               if moment == 'upload' or it['target'].endswith('/count')]:
        time.sleep(0.05)
    running.process.send_signal(signal.SIGKILL)
    running.process.wait(30)
    time.sleep(3)
    site.run('dbb-backup', 'run')
    assert state(qdrant) == before
    assert_nothing_left(qdrant)
