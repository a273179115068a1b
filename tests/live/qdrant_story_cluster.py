# SPDX-License-Identifier: BSD-2-Clause
"""What happened to the cluster of the recordings, unrecorded."""

import time
import zlib

from qdrant_story import after, again, before, restore


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
