# SPDX-License-Identifier: BSD-2-Clause
"""The Qdrant server of the tests: what goes in comes out, and its snapshots
are whole. How it answers is for test_qdrant_replay."""

import hashlib
import json

import pytest

import qdrant_server


def snapshot_of(qdrant, name, path):
    """Take one, fetch it to a file; its description."""
    folder = f'/collections/{qdrant_server.quote(name)}/snapshots'
    told = qdrant.ask('POST', folder)
    status, _, data = qdrant.raw(
        'GET', f'{folder}/{qdrant_server.quote(told["name"])}')
    assert status == 200
    path.write_bytes(data)
    return told


@pytest.mark.parametrize('name', [
    'dense', 'docs', 'uuid_ids', 'empty', 'shards3', 'made-from-parts'])
def test_a_real_snapshot_comes_back_with_its_points(qdrant, name, tmp_path):
    with open(f'{qdrant_server.archive(name)}.json',
              encoding='utf-8') as file:
        known = json.load(file)
    qdrant.upload('first', qdrant_server.archive(name))
    assert qdrant.count('first') == known['exact_count']
    points = qdrant.points('first')
    for it in known['points']:
        assert points[it['id']] == (it['payload'], it['vector'])
    told = snapshot_of(qdrant, 'first', tmp_path / 'again.snapshot')
    data = (tmp_path / 'again.snapshot').read_bytes()
    assert hashlib.sha256(data).hexdigest() == told['checksum']
    assert len(data) == told['size']
    qdrant.upload('second', tmp_path / 'again.snapshot')
    assert qdrant.points('second') == points
    first, second = qdrant.info('first'), qdrant.info('second')
    assert second['config'] == first['config']
    assert second['payload_schema'] == first['payload_schema']


def test_shards_of_a_node_can_be_filled_and_emptied(qdrant):
    qdrant.make('books', 300, shard_number=3)
    points = qdrant.points('books', limit=50)
    assert sorted(points) == list(points) == list(range(1, 301))
    qdrant.ask('POST', '/collections/books/points/delete?wait=true',
               {'points': [1, 2, 300]})
    assert qdrant.count('books') == 297
    assert len(qdrant.points('books')) == 297


def test_what_was_there_is_there_after_a_restart(new_qdrant):
    qdrant = new_qdrant(key=None)
    qdrant.make('books', 200)
    qdrant.ask('PUT', '/collections/books/index?wait=true',
               {'field_name': 'n', 'field_schema': 'integer'})
    qdrant.alias('live', 'books')
    points, info = qdrant.points('books'), qdrant.info('books')
    url = qdrant.url()
    qdrant.stop()
    qdrant.start()
    assert qdrant.url() == url
    assert qdrant.points('live') == points
    assert qdrant.info('books')['payload_schema'] == info['payload_schema']


# ---- kinds of collections ----

V4, V64 = [.1, .2, .3, .4], [.5] * 64
DENSE4 = {'size': 4, 'distance': 'Dot'}
KINDS = {
    'named': ({'vectors': {'a': {'size': 4, 'distance': 'Cosine'},
                           'b': {'size': 2, 'distance': 'Manhattan',
                                 'datatype': 'uint8'}}},
              {'a': V4, 'b': [1, 2]}),
    'one of two': ({'vectors': {'a': DENSE4, 'b': DENSE4}}, {'b': V4}),
    'sparse': ({'vectors': {}, 'sparse_vectors': {
        't': {'modifier': 'idf'}, 'u': {'index': {'on_disk': True}}}},
               {'t': {'indices': [1, 5, 99], 'values': [.5, .25, 3.]}}),
    'multi': ({'vectors': {**DENSE4, 'multivector_config': {
        'comparator': 'max_sim'}}}, [V4, V4, V4]),
    'int8': ({'vectors': DENSE4, 'quantization_config': {'scalar': {
        'type': 'int8', 'quantile': .99, 'always_ram': True}}}, V4),
    'product': ({'vectors': {'size': 64, 'distance': 'Dot', 'on_disk': True},
                 'quantization_config': {'product': {
                     'compression': 'x16'}}}, V64),
    'binary': ({'vectors': {'size': 64, 'distance': 'Dot'},
                'quantization_config': {'binary': {}},
                'hnsw_config': {'m': 8, 'payload_m': 8}}, V64),
    'none at all \u00fc #1': ({'vectors': {}, 'metadata': {'a': [1]}}, {}),
}
INDEXES = {
    'k': {'type': 'keyword', 'is_tenant': True, 'on_disk': True},
    'n': {'type': 'integer', 'lookup': True, 'range': False},
    'f': 'float', 'b': 'bool', 'g': {'type': 'geo', 'on_disk': True},
    'd': {'type': 'datetime', 'is_principal': True}, 'u': 'uuid',
    't': {'type': 'text', 'tokenizer': 'prefix', 'min_token_len': 2,
          'stopwords': {'languages': ['english'], 'custom': ['foo']}},
    's': {'type': 'text', 'tokenizer': 'multilingual', 'stemmer': {
        'type': 'snowball', 'language': 'english'}, 'stopwords': 'english'}}
PAYLOAD = {'k': 'a', 'f': 1.5, 'b': True, 'g': {'lon': 1.5, 'lat': 2.5},
           't': 'hello world', 'd': '2026-01-02T08:00:00Z', 's': None,
           'u': '00000000-0000-4000-8000-000000000001'}
IDS = [0, 7, 2 ** 64 - 1, '0a0994db-6e3a-4491-b6d6-dcf0a8293067',
       'ffffffff-ffff-4fff-bfff-ffffffffffff']


@pytest.mark.parametrize('kind', KINDS)
def test_every_kind_comes_back(qdrant_session, kind, tmp_path):
    qdrant, (settings, vector) = qdrant_session, KINDS[kind]
    path = f'/collections/{qdrant_server.quote(kind)}'
    qdrant.ask('PUT', path, settings)
    for field, schema in INDEXES.items():
        qdrant.ask('PUT', f'{path}/index?wait=true', {
            'field_name': field, 'field_schema': schema})
    qdrant.put_points(kind, [
        {'id': it, 'vector': vector, 'payload': {**PAYLOAD, 'n': at}}
        for at, it in enumerate(IDS)])
    snapshot_of(qdrant, kind, tmp_path / 'it.snapshot')
    qdrant.upload(f'{kind} again', tmp_path / 'it.snapshot')
    points = qdrant.points(kind, limit=2)
    assert list(points) == IDS
    assert qdrant.points(f'{kind} again') == points
    info, again = qdrant.info(kind), qdrant.info(f'{kind} again')
    assert again['config'] == info['config']
    assert again['payload_schema'] == info['payload_schema']
    assert set(info['payload_schema']) == set(INDEXES)


# ---- clusters ----

def halves_of(qdrant, name, folder):
    """The snapshots of both nodes, as files."""
    for node in (1, 2):
        path = f'/collections/{name}/snapshots'
        told = qdrant.ask('POST', path, node=node)
        data = qdrant.raw('GET', f'{path}/{told["name"]}', node=node)[2]
        (folder / f'{node}.snapshot').write_bytes(data)


def test_the_snapshots_of_all_nodes_make_the_whole(new_qdrant, tmp_path):
    qdrant = new_qdrant(nodes=2)
    qdrant.make('books', 400, shard_number=4)
    points = qdrant.points('books')
    halves_of(qdrant, 'books', tmp_path)
    qdrant.drop('books')
    qdrant.upload('books', tmp_path / '1.snapshot', node=2)
    qdrant.wait_until_whole('books')
    assert 0 < qdrant.count('books') < 400
    qdrant.upload('books', tmp_path / '2.snapshot', node=1)
    qdrant.wait_until_whole('books')
    assert qdrant.points('books') == points
    assert qdrant.count('books', node=2) == 400


def test_a_second_replica_is_filled(new_qdrant, tmp_path):
    qdrant = new_qdrant(nodes=2)
    qdrant.make('books', 100, shard_number=2, replication_factor=2)
    halves_of(qdrant, 'books', tmp_path)
    qdrant.drop('books')
    qdrant.upload('books', tmp_path / '1.snapshot')
    qdrant.wait_until_whole('books')
    assert [qdrant.count('books', node) for node in (1, 2)] == [100, 100]
    for number in (0, 1):
        qdrant.shard_state('books', number, 1, 'Dead')
    assert qdrant.count('books') == 100         # of the other node


def test_custom_shard_keys_must_be_there_first(new_qdrant, tmp_path):
    qdrant = new_qdrant(nodes=2)

    def make():
        qdrant.make('books', 0, sharding_method='custom', shard_number=1)
        for key in ('red', 'blue'):
            qdrant.ask('PUT', '/collections/books/shards',
                       {'shard_key': key})
    make()
    for at, key in enumerate(('red', 'blue')):
        qdrant.put_points('books', [
            {'id': it, 'vector': [it] * 8, 'payload': {'n': it}}
            for it in range(100 * at, 100 * at + 50)], shard_key=key)
    page = qdrant.ask('POST', '/collections/books/points/scroll',
                      {'limit': 1, 'shard_key': 'blue'})
    assert page['points'][0]['shard_key'] == 'blue'
    points = qdrant.points('books')
    halves_of(qdrant, 'books', tmp_path)
    qdrant.drop('books')
    for node in (1, 2):
        qdrant.upload('books', tmp_path / f'{node}.snapshot', node)
    assert qdrant.count('books') == 0           # answered with 200
    qdrant.drop('books')
    make()
    for node in (1, 2):
        qdrant.upload('books', tmp_path / f'{node}.snapshot', node)
        qdrant.wait_until_whole('books')
    assert qdrant.points('books') == points


def test_priority_replica_stops_a_cluster(new_qdrant, tmp_path):
    qdrant = new_qdrant(nodes=2)
    qdrant.make('books', 100, shard_number=2, replication_factor=2)
    halves_of(qdrant, 'books', tmp_path)
    qdrant.upload('books', tmp_path / '1.snapshot', query='priority=replica')
    told = qdrant.ask('GET', '/cluster', node=2)['consensus_thread_status']
    assert told['consensus_thread_status'] == 'stopped_with_err'
    with pytest.raises(qdrant_server.Failed) as caught:
        qdrant.make('more', 0)
    assert b'consensus' in caught.value.body
