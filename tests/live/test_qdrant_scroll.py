# SPDX-License-Identifier: BSD-2-Clause
"""Collections of Qdrant without snapshots (method = scroll)."""

import hashlib
import json
import time

import pytest

from programs import DONE, FAILED, FINDINGS, wait_until
from qdrant_server import archive, quote
from qdrant_site import QdrantSite

REAL = ('dense', 'docs', 'uuid_ids', 'empty', 'shards3', 'made-from-parts')
IN_SAMPLE = 8           # pages that the sample asks for, before
SCROLL = '/collections/*/points/scroll'
ODD = {
    'big': 18446744073709551615, 'low': -9223372036854775808,
    'real': 1e300, 'tiny': 5e-324, 'one': 1.0, 'nul': 'a\0b',
    'text': '"\\/\b\f\n\r\t ü 😀', '': {}, 'a\0b': [],
    'list': [[], {}, None, True, [1, [2.5]]],
}


@pytest.fixture
def site(tmp_path, qdrant, built):
    """An installation with a repository, and a server of its own."""
    it = QdrantSite(tmp_path, qdrant, method='scroll')
    it.init()
    return it


def load(qdrant, name):
    """A collection of a real snapshot, of which no file stays."""
    qdrant.upload(name, archive(name))
    qdrant.ask('DELETE', f'/collections/{quote(name)}/snapshots/{name}'
                         '.snapshot')


def lines(stream):
    """(header, points, trailer) of a stream, its digest looked at."""
    assert stream.endswith(b'\n')
    every = stream[:-1].split(b'\n')
    header, *points, trailer = [json.loads(it) for it in every]
    before = stream[:-len(every[-1]) - 1]
    assert trailer == {'points': len(points),
                       'sha256': hashlib.sha256(before).hexdigest()}
    return header, points, trailer


def of(facts, name):
    """The facts of one collection."""
    return next(it for it in facts['collections'] if it['name'] == name)


def put_odd(qdrant):
    """Points that are hard to keep."""
    qdrant.make('odd', 0, 2)
    qdrant.put_points('odd', [
        {'id': 0, 'vector': [0.1, -0.0], 'payload': ODD},
        {'id': 9223372036854775808, 'vector': [1e-30, 3], 'payload': {}},
        {'id': 18446744073709551615, 'vector': [1, 2]},
        {'id': '048c5c58-40bb-4684-a191-f21ecd32d4ab', 'vector': [1, 2],
         'payload': {'n': 1}}])


# ---- what is kept ----

def test_every_kind_of_collection_is_paged_out_whole(site):
    qdrant = site.qdrant
    for name in REAL:
        load(qdrant, name)
    done = site.backup()
    assert done['warnings'] == []
    facts = site.facts()
    assert facts['method'] == 'scroll'
    for name in REAL:
        header, points, trailer = lines(site.stream(f'{name}.points'))
        info, known = qdrant.info(name), of(facts, name)
        assert header['collection'] == name
        assert header['config'] == info['config']
        assert sorted(header['payload_schema']) == \
            sorted(info['payload_schema'])
        assert {it['id']: (it.get('payload'), it.get('vector'))
                for it in points} == qdrant.points(name)
        assert known['points'] == known['points_after'] == len(points)
        assert known['scroll'] == {'points': len(points), 'moved': False}
        assert known['streams'] == [f'{name}.points']
        assert trailer['points'] == len(points)
    made = [it for it in qdrant.requests('POST', '/snapshots')
            if 'upload' not in it['target']]
    assert made == []
    for it in qdrant.requests('POST', '/collections/docs/points/scroll'):
        assert it['status'] == 200      # max_query_limit is heeded


def test_numbers_and_texts_are_kept_as_they_are(site):
    put_odd(site.qdrant)
    before = site.qdrant.points('odd')
    site.backup()
    _, points, _ = lines(site.stream('odd.points'))
    assert [it['id'] for it in points] == [
        0, 9223372036854775808, 18446744073709551615,
        '048c5c58-40bb-4684-a191-f21ecd32d4ab']
    assert {it['id']: (it['payload'], it['vector'])
            for it in points} == before
    assert points[0]['payload'] == ODD


def test_an_unchanged_collection_gives_the_same_stream(site):
    load(site.qdrant, 'docs')
    site.backup()
    first = site.stream('docs.points')
    done = site.backup()
    assert site.stream('docs.points') == first
    assert done['stored_bytes'] < 4096


def test_the_key_may_be_one_that_reads(site):
    site.qdrant.make('books', 300)
    site.use(api_key_file=site.secret('reads', site.qdrant.token(
        access='r')))
    site.backup()
    _, points, _ = lines(site.stream('books.points'))
    assert len(points) == 300


def test_that_it_moved_is_told(site):
    qdrant = site.qdrant
    qdrant.make('books', 200)
    # The second count is the one after.
    qdrant.fault('pause', path='/collections/*/points/count', seconds=3,
                 skip=1)
    run = site.start('dbb-backup', '--json', 'run')
    wait_until(lambda: len(qdrant.requests('POST', '/points/scroll')) >=
               IN_SAMPLE + 2, 'the pages')
    time.sleep(0.3)
    qdrant.fill('books', 5, first=1000)
    done = run.wait()
    assert done.code == FINDINGS
    assert any('changed while it was read' in it
               for it in done.result['warnings'])
    assert of(site.facts(), 'books')['scroll']['moved']


@pytest.mark.parametrize('fault', [
    ('answer', {'status': 503}), ('cut', {'bytes': 700}), ('refuse', {}),
    ('answer', {'status': 429, 'headers': [['retry-after', '1']]})])
def test_a_page_that_fails_is_read_again(site, fault):
    kind, more = fault
    site.qdrant.make('books', 900)
    before = site.qdrant.points('books')
    site.qdrant.fault(kind, path=SCROLL, skip=IN_SAMPLE + 1, **more)
    site.qdrant.forget_requests()
    site.backup()
    # 64, four times as many, and the rest; one of them twice
    assert len(site.qdrant.requests('POST', '/points/scroll')) == \
        IN_SAMPLE + 3 + 1
    _, points, _ = lines(site.stream('books.points'))
    assert {it['id']: (it['payload'], it['vector'])
            for it in points} == before


def test_a_server_that_fails_for_good_leaves_no_set(site):
    site.qdrant.make('books', 900)
    site.qdrant.fault('answer', path=SCROLL, skip=IN_SAMPLE + 1, times=0, status=500,
                      words='the disk is broken')
    error = site.refused()
    assert 'the disk is broken' in error['message']
    assert "collection 'books'" in error['message']


# ---- what comes back ----

def state(qdrant):
    """All that a restore might change."""
    return {name: (qdrant.points(name), qdrant.info(name)['config'],
                   {field: (it['data_type'], it.get('params')) for field, it
                    in qdrant.info(name)['payload_schema'].items()})
            for name in qdrant.names()}, qdrant.aliases()


def restore(site, *args, code=DONE):
    """What a restore says."""
    done = site.restore(*args, code=code)
    return done.result if code in (DONE, FINDINGS) else done.error


def test_every_kind_of_collection_comes_back(site):
    qdrant = site.qdrant
    for name in REAL:
        load(qdrant, name)
    qdrant.alias('live', 'docs')
    put_odd(qdrant)
    before = state(qdrant)
    site.backup()
    qdrant.drop_all()
    qdrant.forget_requests()
    done = restore(site, 'latest')
    assert state(qdrant) == before
    [source] = done['sources']
    assert source['findings'] == [] and source['compared'] > 100
    assert qdrant.requests('POST', '/snapshots/upload') == []


def test_what_exists_is_replaced_when_that_was_compared(site):
    qdrant = site.qdrant
    load(qdrant, 'docs')
    qdrant.alias('live', 'docs')
    before = state(qdrant)
    site.backup()
    qdrant.ask('POST', '/collections/docs/points/delete?wait=true',
               {'points': [1, 2, 3]})
    after = state(qdrant)
    error = restore(site, 'latest', code=FAILED)
    assert "collection 'docs' exists" in error['message']
    assert state(qdrant) == after
    restore(site, 'latest', '--replace')
    assert state(qdrant) == before


@pytest.mark.parametrize('version', ['1.7.4', '1.30.0'])
def test_a_server_of_any_version_takes_it(site, new_qdrant, version):
    site.qdrant.make('books', 300)
    before = state(site.qdrant)
    site.backup()
    other = new_qdrant()
    other.behave(version=version)
    restore(site, 'latest', '--to', other.url())
    assert state(other) == before


@pytest.mark.parametrize('fault', [
    ('answer', {'status': 503}), ('hang_up', {}), ('refuse', {}),
    ('answer', {'status': 429, 'headers': [['retry-after', '1']]})])
def test_a_batch_that_fails_is_put_again(site, fault):
    kind, more = fault
    qdrant = site.qdrant
    qdrant.make('books', 400, 1536)
    before = state(qdrant)
    site.backup()
    qdrant.drop_all()
    qdrant.fault(kind, method='PUT', path='/collections/books/points', skip=1,
                 **more)
    restore(site, 'latest')
    assert state(qdrant) == before


def test_a_restore_that_fails_leaves_what_there_was(site):
    qdrant = site.qdrant
    qdrant.make('books', 300)
    site.backup()
    qdrant.fill('books', 5, first=1000)
    before = state(qdrant)
    qdrant.fault('answer', method='PUT', path='/collections/*/points',
                 status=500, words='the disk is broken', times=0)
    error = restore(site, 'latest', '--replace', code=FAILED)
    assert 'the disk is broken' in error['message']
    assert 'putting points from 1 on' in error['message']
    assert state(qdrant) == before
    qdrant.drop_all()
    restore(site, 'latest', code=FAILED)
    assert qdrant.names() == []


def test_a_setting_that_is_not_known_is_named(site):
    qdrant = site.qdrant
    qdrant.make('books', 3)
    site.backup()
    qdrant.drop_all()
    qdrant.fault('answer', method='PUT', path='/collections/books',
                 status=422, words='unknown field `turbo`')
    error = restore(site, 'latest', code=FAILED)
    assert 'unknown field `turbo`' in error['message']
    assert 'comes from Qdrant' in error['hint']
    assert qdrant.names() == []
