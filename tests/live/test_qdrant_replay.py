# SPDX-License-Identifier: BSD-2-Clause
"""Everything that a real Qdrant server was recorded saying, asked of the one
of the tests, in the same order: the same status, headers, and JSON.

Between two recordings things happened that were not recorded: `before` says
what they must have been.
"""

import hashlib
import os
import shutil
import time
import zlib

import pytest

import qdrant_bodies
import qdrant_replay
import qdrant_server

# Recordings that cannot be played, and why.
NOT_PLAYED = {
    280: 'the engine does not tell what its optimizer is at',
}
SINGLE = [it for it in qdrant_replay.recordings()
          if not it['server'].startswith('cluster')]
CLUSTER = [it for it in qdrant_replay.recordings()
           if it['server'].startswith('cluster')]

DENSE = {'vectors': {'size': 8, 'distance': 'Cosine'}}
OTHERS = {      # settings of p_cfg that differ in one thing from 'dense'
    166: {'vectors': {'size': 8, 'distance': 'Dot'}},
    168: {'vectors': {'size': 8, 'distance': 'Cosine', 'on_disk': True}},
    170: {**DENSE, 'shard_number': 2},
    172: {**DENSE, 'sparse_vectors': {'terms': {}}},
    174: {**DENSE, 'quantization_config': {'scalar': {
        'type': 'int8'}}},
    176: DENSE,
}

BEFORE = {}
AFTER = {}
BODIES = {      # what was uploaded, where its size does not tell
    143: lambda: qdrant_bodies.whole('dense')[:62208],
    146: lambda: qdrant_bodies.whole('dense')[:123392],
    147: lambda: qdrant_bodies.whole('dense')[:121856],
    148: lambda: os.urandom(4096),
    149: lambda: b'',
    150: qdrant_bodies.packed,
    151: qdrant_bodies.foreign,
    180: lambda: qdrant_bodies.whole('docs'),
    200: lambda: b'garbage!' * 100,
    207: qdrant_bodies.flipped,
    208: qdrant_bodies.flipped,
    209: qdrant_bodies.broken_segments,
    211: qdrant_bodies.broken_state,
    216: qdrant_bodies.broken_state,
    218: lambda: qdrant_bodies.without('/segments/'),
    219: qdrant_bodies.no_log,
    220: lambda: qdrant_bodies.without('shard_config.json'),
    221: qdrant_bodies.with_link,
    222: lambda: qdrant_bodies.of_version('1.17.0'),
    223: lambda: qdrant_bodies.of_version('1.20.0'),
    224: lambda: qdrant_bodies.of_version('2.0.0'),
    263: lambda: qdrant_bodies.whole('uuid_ids-shard0'),
    266: lambda: qdrant_bodies.whole('docs-shard0.stream'),
    324: lambda: qdrant_bodies.whole('cluster-node1'),
    325: lambda: qdrant_bodies.whole('cluster-node2'),
}
SIZES = {124416: 'dense', 820224: 'docs', 45568: 'empty', 87552: 'uuid_ids',
         208384: 'shards3', 356864: 'cluster-node1', 366080: 'cluster-node2'}


def before(*numbers):
    """What happened before these recordings."""
    def keep(work):
        BEFORE.update({number: work for number in numbers})
        return work
    return keep


def after(number):
    """What is to happen after a recording."""
    def keep(work):
        AFTER[number] = work
        return work
    return keep


def again(qdrant, name, settings, count=0):
    """A new collection in the place of one of that name."""
    qdrant.drop(name)
    qdrant.make(name, 0, **settings)
    qdrant.put_points(name, [
        {'id': it, 'vector': [it + 0.5] * settings['vectors']['size']}
        for it in range(1, count + 1)])


def restore(qdrant, name, archive, node=1):
    """A collection out of a snapshot, with nothing left of it."""
    qdrant.upload(name, qdrant_server.archive(archive), node)
    shutil.rmtree(f'{qdrant.snapshot_folder(node)}/{name}')


def next_second():
    """Snapshots are named by the second."""
    time.sleep(1.02 - time.time() % 1)


def take(play, name, recorded):
    """A snapshot whose taking was not recorded, and what it was called."""
    told = play.server.ask('POST', f'/collections/{name}/snapshots')
    play.names[recorded] = told['name']
    return told


def forget(play, name):
    """Snapshots whose deletion was not recorded."""
    folder = f'{play.server.snapshot_folder()}/{name}'
    for it in os.listdir(folder):
        if os.path.isfile(f'{folder}/{it}'):
            os.remove(f'{folder}/{it}')


# ---- the single node ----

@before(1)
def five_collections(play):
    for name in ('dense', 'docs', 'empty', 'shards3', 'uuid_ids'):
        restore(play.server, name, name)


@after(81)
def the_very_file(play):
    """From here on the bytes are those of the recordings."""
    name = 'dense-2156657184018721-2026-11-23-00-30-14.snapshot'
    path = f'{play.server.snapshot_folder()}/dense/{play.names[name]}'
    shutil.copyfile(qdrant_server.archive('dense'), path)
    checksum = next(it for it in play.names if len(it) == 64)
    with open(f'{path}.checksum', 'w', encoding='ascii') as file:
        file.write(checksum)
    del play.names[checksum]
    play.planted.add(name)


@before(82, 87, 113, 229, 252)
def in_another_second(_play):
    next_second()


@before(83)
def when_it_is_there(play):
    deadline = time.monotonic() + 10
    while len(play.server.snapshots('dense')) < 2 and \
            time.monotonic() < deadline:
        time.sleep(0.02)


@before(109)
def two_in_one_second(play):
    next_second()
    names = {play.server.ask('POST', '/collections/empty/snapshots')['name']
             for _ in range(2)}
    assert len(names) == 1


@before(114)
def no_snapshot_is_left(play):
    for name in ('dense', 'docs', 'empty', 'shards3'):
        forget(play, name)


@before(156, 158, 160)
def five_other_points(play):
    again(play.server, 'p_same', DENSE, 5)


@before(162)
def one_other_point(play):
    again(play.server, 'p_diff',
          {'vectors': {'size': 4, 'distance': 'Cosine'}}, 1)


@before(*OTHERS)
def other_settings(play):
    again(play.server, 'p_cfg', OTHERS[play.number])
    if play.number == 176:
        play.server.ask('PUT', '/collections/p_cfg/index', {
            'field_name': 'n', 'field_schema': 'integer'})


@before(178)
def docs_without_much(play):
    params = play.server.info('docs')['config']['params']
    again(play.server, 'p_cfg', {'vectors': params['vectors']})


@before(181)
def a_snapshot_of_dense(play):
    next_second()
    told = take(play, 'dense',
                'dense-2156657184018721-2026-11-23-00-30-18.snapshot')
    play.names['a35db474408733a9c7839bbc01fdadc51f2f1358ccddff6e190d6d8d'
               '27179313'] = told['checksum']
    play.names['http://127.0.0.1:6333'] = play.server.url()


@before(199, 201, 203)
def after_a_while(play):
    if play.number == 199:
        deadline = time.monotonic() + 10
        while 'w_dense' not in play.server.names() and \
                time.monotonic() < deadline:
            time.sleep(0.02)
    elif play.number == 201:
        time.sleep(0.2)
    else:
        play.server.alias('w_live', 'w_dense')


@before(208)
def another_bit(play):
    play.names['6c400d86e8c28f8bd2731bb86273689358114fd0490cc9ecf04caa7eca67'
               '9552'] = hashlib.sha256(qdrant_bodies.flipped()).hexdigest()


@before(209, 211, 218, 219, 220)
def an_old_collection(play):
    name = play.recorded['request']['target'].split('/')[2]
    again(play.server, name, DENSE, 5)


@before(251)
def a_snapshot_of_shards3(play):
    take(play, 'shards3',
         'shards3-2156657184018721-2026-11-23-00-30-19.snapshot')


@after(255)
def the_shard_of_it(play):
    name = 'shards3-shard-1-2026-11-23-00-30-29.snapshot'
    play.kept[56832] = play.server.raw(
        'GET', '/collections/shards3/shards/1/snapshots/' +
        play.names[name])[2]
    play.kept[55808] = play.server.raw(
        'GET', '/collections/shards3/shards/1/snapshot')[2]


@before(260)
def three_empty_shards(play):
    again(play.server, 'sh_t', {
        'vectors': {'size': 4, 'distance': 'Cosine'}, 'shard_number': 3})


@before(266)
def like_docs(play):
    config = play.server.info('docs')['config']
    again(play.server, 'sd', {
        'vectors': config['params']['vectors'],
        'sparse_vectors': config['params']['sparse_vectors']})


GONE = {'vectors': {'size': 4, 'distance': 'Dot'}}


@before(267)
def one_that_goes(play):
    again(play.server, 'gone', GONE)
    play.server.alias('gone-live', 'gone')
    take(play, 'gone', 'gone-2156657184018721-2026-11-23-00-30-29.snapshot')


@before(270)
def and_comes_back(play):
    play.server.make('gone', 0, **GONE)


@before(272)
def another_alias(play):
    play.server.alias('e-live', 'empty')


def large(play, name, count, colour, **optimizers):
    again(play.server, name, {'vectors': {'size': 128, 'distance': 'Cosine'},
                              'optimizers_config': optimizers})
    play.server.fill(name, count)
    play.server.colour(name, colour)


@before(279)
def a_busy_one(play):
    large(play, 'busy', 60000, 'yellow')


@before(284)
def a_big_one(play):
    large(play, 'big', 150000, 'yellow', indexing_threshold=0)


@before(285)
def a_lazy_one(play):
    large(play, 'lazy', 60000, 'yellow', max_optimization_threads=0)


@before(287)
def a_restart(play):
    play.server.stop()
    play.server.start()
    play.server.colour('lazy', 'grey')


@before(291)
def of_the_lazy_one(play):
    told = play.server.ask('POST', '/collections/lazy/snapshots')
    play.kept[71979008] = play.server.raw(
        'GET', f'/collections/lazy/snapshots/{told["name"]}')[2]


@before(292)
def due_again(play):
    play.server.colour('lazy_r', 'yellow')


# ---- the cluster ----

def settled(play, name, count):
    """When all shards of a collection are where they belong."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        told = [play.server.ask('GET', f'/collections/{name}/cluster',
                                node=node) for node in (1, 2)]
        states = {it['state'] for one in told
                  for it in one['local_shards'] + one['remote_shards']}
        copies = sum(len(it['local_shards']) for it in told)
        moving = any(it['shard_transfers'] for it in told)
        if states == {'Active'} and copies == count and not moving:
            return
        time.sleep(0.05)


@after(295)
def the_points_of_the_fixtures(play):
    restore(play.server, 'sharded', 'cluster-node1', 1)
    settled(play, 'sharded', 4)
    restore(play.server, 'sharded', 'cluster-node2', 2)
    settled(play, 'sharded', 4)
    play.server.alias('s-live', 'sharded')


@before(308, 311, 312, 315, 316)
def back_is_settled(play):
    settled(play, 'back', 4)


def shard_file(play, name, number, node):
    """A snapshot of one shard."""
    path = f'/collections/{name}/shards/{number}/snapshots'
    told = play.server.ask('POST', path, node=node)
    return play.server.raw('GET', f'{path}/{told["name"]}', node=node)[2]


def on_node_2_first(play, name, **settings):
    """Its shards 0, 2, ... are on node 2, the others on node 1."""
    qdrant = play.server
    qdrant.drop(name)
    if len(qdrant.names()) % 2 == 0:
        qdrant.make('spacer', 0, 4)
    again(qdrant, name, {
        'vectors': {'size': 4, 'distance': 'Cosine'}, **settings})
    qdrant.drop('spacer')


def by_shard(play):
    on_node_2_first(play, 'byshard', shard_number=4)


@before(318, 319, 320, 321, 322)
def the_shard(play):
    if play.number == 318:
        by_shard(play)
    number = int(play.recorded['request']['target'].split('/')[4])
    data = shard_file(play, 'sharded', number, 1 + number % 2)
    play.kept[195072] = play.kept[199680] = data


TWICE = {'vectors': {'size': 4, 'distance': 'Cosine'}, 'shard_number': 2,
         'replication_factor': 2}


@before(329)
def two_replicas(play):
    again(play.server, 'twice', TWICE)
    ids = {at: [it for it in range(1, 200)
                if zlib.crc32(str(it).encode()) % 2 == at] for at in (0, 1)}
    play.server.put_points('twice', [       # so many as in the recordings
        {'id': it, 'vector': [1, 2, 3, it]} for it in ids[0][:58] + ids[1][:42]
    ])


@after(329)
def of_two_replicas(play):
    name = next(it for it in play.names.values() if it.startswith('twice-'))
    data = play.server.raw('GET', f'/collections/twice/snapshots/{name}')[2]
    play.kept[163328] = play.kept[167424] = data


@before(330, 334, 367)
def seven_points(play):
    again(play.server, 'tw', TWICE, 7)


@before(331, 335, 339)
def tw_is_settled(play):
    settled(play, 'tw', 4)


@before(343, 349)
def changed_since(play):
    again(play.server, 'live2', TWICE, 100)
    play.server.ask('POST', '/collections/live2/points/delete?wait=true',
                    {'points': list(range(1, 51))})
    play.server.put_points('live2', [
        {'id': it, 'vector': [1, 2, 3, it]} for it in range(201, 221)])


@before(344, 347, 350, 353)
def live2_is_settled(play):
    settled(play, 'live2', 4)


@before(355, 356, 359, 360)
def fresh_shards(play):
    if play.number in (355, 359):
        again(play.server, 'fresh2', TWICE)
    play.kept[75776] = shard_file(play, 'twice',
                                  int(play.number in (356, 360)), 1)


@before(363)
def crossed(play):
    on_node_2_first(play, 'cross', shard_number=4)


@before(364, 365)
def cross_is_settled(play):
    settled(play, 'cross', 4)


# ---- how it goes ----

def upload_of(play, recorded):
    """(content type, body) of a recorded upload, or None."""
    given = recorded['request'].get('body') or {}
    what, number = given.get('description', ''), recorded['number']
    if 'JSON document' in what:
        return 'application/json', b' ' * given['size_bytes']
    if number in (39, 40, 41):
        return (None if number == 41 else 'application/json',
                {39: b'{"exact": ', 40: b'',
                 41: b'{"exact":true}'}[number][:given['size_bytes']])
    if not what:
        return None
    if number in BODIES:
        data = BODIES[number]()
    else:
        size = next((int(it) for it in what.split()
                     if it.isdigit() and int(it) > 99), 45568)
        data = play.kept.get(size) or qdrant_bodies.whole(
            SIZES.get(size, 'empty'))
    name = what.partition('filename="')[2].partition('"')[0]
    if 'without multipart' in what:
        return 'application/octet-stream', data
    return qdrant_replay.form(data, name or 'up.snapshot',
                              'file' if 'named "file"' in what else
                              'snapshot')


def replay(server, recordings):
    """Play them; what differed, by number and name."""
    play = qdrant_replay.Replay(server)
    play.kept = {}
    play.names['/qdrant'] = f'{server.folder}/node1'
    wrong, played = [], 0
    for recorded in recordings:
        play.recorded, play.number = recorded, recorded['number']
        if play.number in NOT_PLAYED:
            continue
        BEFORE.get(play.number, lambda _play: None)(play)
        differ = play.play(recorded, upload_of(play, recorded))
        AFTER.get(play.number, lambda _play: None)(play)
        wrong += [f'{play.number}-{recorded["name"]}: {it}' for it in differ]
        played += 1
    left = [it for it in NOT_PLAYED
            if it in {recorded['number'] for recorded in recordings}]
    print(f'{played} recordings played, {len(left)} not: {left}')
    return wrong


def agree(server, recordings):
    """All of them are answered as they were."""
    wrong = replay(server, recordings)
    print(server.words)
    if wrong:
        pytest.fail('\n'.join(wrong), pytrace=False)


@pytest.fixture
def server_of(new_qdrant):
    """A server of ours with the keys of the recordings."""
    if os.environ.get('QDRANT_URL'):
        pytest.skip('the recordings are for the server of the tests')
    return lambda nodes: new_qdrant(nodes=nodes, key='KEY',
                                    read_only_key='READONLY-KEY')


def test_a_single_node_answers_as_recorded(server_of):
    agree(server_of(1), SINGLE)


def test_a_cluster_answers_as_recorded(server_of):
    agree(server_of(2), CLUSTER)


def test_what_is_not_played_is_little():
    assert len(NOT_PLAYED) == 1
    assert len(SINGLE) + len(CLUSTER) == 374
