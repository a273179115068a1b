# SPDX-License-Identifier: BSD-2-Clause
"""Backing up a Qdrant: what is kept, and what is left behind."""

import hashlib
import json
import os
import signal
import time

import pytest

import programs
from programs import CANCELED, DONE, FINDINGS
from qdrant_server import archive, quote
from qdrant_site import QdrantSite

REAL = ('dense', 'docs', 'uuid_ids', 'empty', 'shards3', 'made-from-parts')


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


def of(facts, name):
    """The facts of one collection."""
    return next(it for it in facts['collections'] if it['name'] == name)


# ---- what is kept ----

def test_every_kind_of_collection_comes_as_the_server_made_it(site):
    qdrant = site.qdrant
    for name in REAL:
        load(qdrant, name, archive(name))
    # The snapshots stay, to be compared.
    qdrant.fault('answer', method='DELETE', status=500, times=0)
    done = site.backup(code=FINDINGS)
    assert len([it for it in done['warnings']
                if 'still on the server' in it]) == len(REAL)
    facts = site.facts()
    left = qdrant.snapshot_files()
    for name in REAL:
        with open(f'{archive(name)}.json', encoding='utf-8') as file:
            known = json.load(file)
        fact, got = of(facts, name), site.stream(f'{name}.snapshot')
        made = fact['snapshot']
        with open(f'{qdrant.snapshot_folder()}/{name}/{made["name"]}',
                  'rb') as file:
            assert got == file.read()
        assert f'{name}/{made["name"]}' in left
        assert hashlib.sha256(got).hexdigest() == made['sha256']
        assert made['size_bytes'] == len(got) and made['sha256_of_server']
        assert fact['points'] == fact['points_after'] == known['exact_count']
        assert len(fact['sample']) >= min(known['exact_count'], 4)
        info = qdrant.info(name)
        assert fact['config'] == info['config']
        assert fact['payload_schema'] == info['payload_schema']
        assert fact['status'] == info['status']
        assert fact['streams'] == [f'{name}.snapshot']
    qdrant.clear_faults()
    site.backup()
    assert qdrant.snapshot_files() == []    # nor of the run before


def test_a_stream_restores_on_a_server(site, tmp_path):
    load(site.qdrant, 'docs', archive('docs'))
    before = site.qdrant.points('docs')
    site.backup()
    path = tmp_path / 'docs.snapshot'
    path.write_bytes(site.stream('docs.snapshot'))
    site.qdrant.upload('again', path)
    assert site.qdrant.points('again') == before
    assert site.qdrant.snapshots('docs') == []


def test_odd_names_and_aliases_are_kept(site):
    names = ['odd name #1', 'ünï…', "a'b&c=d+e", '-x', '[1]', '100%', '.hid']
    for name in names:
        site.qdrant.make(name, 3)
    site.qdrant.alias('live', names[0])
    site.qdrant.alias('live too', names[0])
    site.backup()
    facts = site.facts()
    assert [it['name'] for it in facts['collections']] == sorted(
        names, key=str.encode)
    assert sorted(of(facts, names[0])['aliases']) == ['live', 'live too']
    assert of(facts, names[1])['aliases'] == []
    for name in names:
        assert site.stream(f'{name}.snapshot')
        assert site.qdrant.snapshots(name) == []


def test_collections_are_chosen_by_patterns(site):
    for name in ('docs', 'docs-old', 'images', 'docs.dbb-67425300-3fa9c1'):
        site.qdrant.make(name, 1)
    site.use(collections='*, !*-old')
    site.backup()
    assert [it['name'] for it in site.facts()['collections']] == [
        'docs', 'images']
    site.use(collections='images')
    site.backup()
    assert [it['name'] for it in site.facts()['collections']] == ['images']


def test_a_hundred_collections(site):
    for at in range(100):
        site.qdrant.make(f'c{at}', 1)
    site.backup()
    assert len(site.facts()['collections']) == 100
    assert all(it['points'] == 1 for it in site.facts()['collections'])
    assert not any(site.qdrant.snapshots(f'c{at}') for at in range(100))


def test_points_written_meanwhile_show_in_the_facts(site):
    site.qdrant.make('books', 100)
    site.qdrant.fault('pause', method='GET', path='*.snapshot', seconds=2)
    running = site.start('dbb-backup', '--json', 'run')
    programs.wait_until(lambda: site.qdrant.requests('GET', '.snapshot') or
                        site.qdrant.snapshots('books'), 'a snapshot')
    site.qdrant.put_points('books', [
        {'id': it, 'vector': [9.0] * 8} for it in (1, 2, 1001, 1002, 1003)])
    assert running.wait().code == DONE
    fact = of(site.facts(), 'books')
    assert (fact['points'], fact['points_after']) == (100, 103)
    assert not {1, 2} & {it['id'] for it in fact['sample']}
    assert len(fact['sample']) >= 8


def test_the_digest_is_of_canonical_json(site):
    site.qdrant.ask('PUT', '/collections/few', {
        'vectors': {'size': 2, 'distance': 'Dot'}})
    site.qdrant.put_points('few', [{
        'id': 7, 'vector': [0.5, -1.0],
        'payload': {'b': [1, 2.5, None, True], 'a': 'x/ü"'}}])
    site.backup()
    text = ('{"payload":{"a":"x/ü\\"","b":[1,2.5,null,true]},'
            '"vector":[0.5,-1]}')
    assert of(site.facts(), 'few')['sample'] == [
        {'id': 7, 'sha256': hashlib.sha256(text.encode()).hexdigest()}]


def test_what_it_asks_a_server_for(site):
    site.qdrant.make('books', 1)
    site.qdrant.forget_requests()
    site.backup()
    asked = site.qdrant.requests()
    assert all(site.qdrant.KEY not in it['target'] for it in asked)
    assert all(dict(it['headers']).get('api-key') == site.qdrant.KEY
               for it in asked)
    order = [it['method'] for it in asked if '/snapshots' in it['target']]
    assert order == ['GET', 'POST', 'GET', 'DELETE']


# ---- what is left behind ----

def slow_down(qdrant):
    """Half a minute for a download."""
    qdrant.make('books', 3000)
    qdrant.fault('slow', method='GET', path='*.snapshot',
                 bytes_per_second=20000, times=0)


def test_nothing_is_left_after_a_cancel(site):
    slow_down(site.qdrant)
    running = site.start('dbb-backup', '--json', 'run')
    programs.wait_until(lambda: site.qdrant.requests('GET', '.snapshot') or
                        site.qdrant.snapshots('books'), 'a download')
    running.signal(signal.SIGTERM)
    done = running.wait(60)
    assert done.code == CANCELED, done
    assert site.sets() == []
    assert site.qdrant.snapshot_files() == []


def test_nothing_is_left_after_a_kill_and_the_next_run(site):
    slow_down(site.qdrant)
    running = site.start('dbb-backup', '--json', 'run')
    programs.wait_until(lambda: site.qdrant.snapshots('books'), 'a snapshot')
    time.sleep(1.1)     # its name is known, and another's would be another
    running.signal(signal.SIGKILL)
    running.wait(60)
    site.qdrant.clear_faults()
    assert len(site.qdrant.snapshots('books')) == 1
    other = site.qdrant.ask('POST', '/collections/books/snapshots')['name']
    site.backup()
    assert site.qdrant.snapshots('books') == [other]


def test_a_snapshot_that_was_still_made_is_found_later(site):
    """Killed before the server has answered: its name is not known."""
    site.qdrant.make('books', 100)
    site.qdrant.fault('pause', method='POST', path='*/snapshots', seconds=2)
    running = site.start('dbb-backup', '--json', 'run')
    programs.wait_until(lambda: site.qdrant.requests('GET', '/snapshots'),
                        'the list before')
    time.sleep(0.5)
    running.signal(signal.SIGKILL)
    running.wait(60)
    programs.wait_until(lambda: site.qdrant.snapshots('books'), 'a snapshot')
    site.backup()
    assert site.qdrant.snapshots('books') == []


def test_an_answer_that_a_proxy_cut_is_looked_for(site):
    site.qdrant.make('books', 100)
    site.qdrant.fault('hang_up', method='POST', path='*/snapshots')
    site.backup()
    assert len(site.qdrant.requests('POST', '/snapshots')) == 1
    assert site.sets()
    assert site.qdrant.snapshot_files() == []


def test_a_cut_download_goes_on(site):
    site.qdrant.make('books', 3000)
    site.qdrant.fault('cut', method='GET', path='*.snapshot', bytes=100000,
                      times=3)
    site.backup()
    asked = [dict(it['headers']) for it in
             site.qdrant.requests('GET', '.snapshot')]
    ranges = [{k.lower(): v for k, v in it.items()}.get('range')
              for it in asked]
    assert ranges[0] is None and ranges[1] == 'bytes=100000-', ranges
    assert site.qdrant.snapshot_files() == []


def test_a_server_that_states_no_sum_is_warned_of(site):
    """As those before 1.8 do not."""
    site.qdrant.make('books', 10)
    told = site.qdrant.ask('POST', '/collections/books/snapshots')
    del told['checksum']
    site.qdrant.fault('answer', method='POST', path='*/snapshots', status=200,
                      body=json.dumps({'result': told}))
    time.sleep(3)       # it was there before
    done = site.backup(code=FINDINGS)
    assert 'states no SHA-256' in done['warnings'][0]
    fact = of(site.facts(), 'books')
    assert fact['snapshot']['sha256_of_server'] is False
    assert hashlib.sha256(site.stream('books.snapshot')).hexdigest() == \
        fact['snapshot']['sha256']
    assert site.qdrant.snapshots('books') == []


# ---- method = scroll ----

def test_scrolling_needs_no_snapshot(site):
    """Nor more than the right to read."""
    load(site.qdrant, 'docs', archive('docs'))
    site.qdrant.make('books', 30)
    if not site.qdrant.is_real:
        site.use(api_key_file=site.secret('token', site.qdrant.token(
            access='r')))
    site.use(method='scroll')
    site.backup()
    facts = site.facts()
    assert facts['method'] == 'scroll'
    fact = of(facts, 'docs')
    assert fact['points'] == 148
    assert fact['scroll'] == {'points': 148, 'moved': False}
    assert 'snapshot' not in fact
    assert fact['streams'] == ['docs.points']
    lines = site.stream('books.points').decode().splitlines()
    assert sum(1 for it in map(json.loads, lines) if 'id' in it) == 30
    assert len(of(facts, 'books')['sample']) >= 16


def test_what_moves_while_it_is_scrolled_is_told(site):
    site.qdrant.make('books', 100)
    site.use(method='scroll')
    # The first count is for the sample, the next one for the stream.
    site.qdrant.fault('pause', method='POST', path='*/scroll', seconds=0.2,
                      times=0)
    running = site.start('dbb-backup', '--json', 'run')
    programs.wait_until(lambda: site.qdrant.requests('POST', '/scroll'),
                        'a page')
    for at in range(1001, 1040):
        site.qdrant.put_points('books', [{'id': at, 'vector': [1.0] * 8}])
        time.sleep(0.05)
    done = running.wait()
    assert done.code == FINDINGS, done
    assert 'may be half in it' in done.result['warnings'][0]
    assert of(site.facts(), 'books')['scroll']['moved'] is True
