# SPDX-License-Identifier: BSD-2-Clause
"""What happened to the single node of the recordings, unrecorded."""

import hashlib
import os
import shutil
import time

import qdrant_bodies
import qdrant_server
from qdrant_story import (after, again, before, forget, next_second, restore,
                          take)

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


@before(197)
def it_takes_a_while(play):
    play.server.fault('later', seconds=0.3)


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
