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
