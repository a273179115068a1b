# SPDX-License-Identifier: BSD-2-Clause
"""Restoring: out of a file into a collection, in the server's order, so that
a failure leaves what the server would leave."""

import os
import shutil
import tempfile
import threading

from . import engine, settings, unpack
from .envelope import Refusal, internal, wrong_input
from .shard import Shard
from .world import Replica

SETTLING = 0.4          # seconds after which a cluster's shards are Active
PRIORITIES = ('no_sync', 'snapshot', 'replica')


def _compare(collection, config):
    """Only vectors and the number of shards must agree."""
    ours, theirs = collection.config['params'], config['params']
    words = 'Snapshot is not compatible with existing collection: '
    if ours['vectors'] != theirs['vectors']:
        raise wrong_input(
            f'{words}Collection vectors: '
            f'{engine.debug_vectors(ours["vectors"])} Snapshot Vectors: '
            f'{engine.debug_vectors(theirs["vectors"])}')
    if ours['shard_number'] != theirs['shard_number']:
        raise wrong_input(
            f'{words}Collection shard number: {ours["shard_number"]} '
            f'Snapshot shard number: {theirs["shard_number"]}')


def _schema(folder):
    path = f'{folder}/payload_index.json'
    return unpack.read(path)['schema'] if os.path.exists(path) else {}


def _engine_words(error, folder, shown):
    """The engine's own words, with the path as the server has it; the
    package says more in front of them."""
    words = str(error).rpartition('Service runtime error: ')[2]
    return words.replace(folder, shown)


def load(node, collection, number, unpacked):
    """Put an unpacked shard in the place of the node's own one."""
    if not os.path.isdir(f'{unpacked}/wal'):
        raise wrong_input(
            f'Replica {node.peer_id} of shard {number} has state '
            'Some(Active), but expected Some(ManualRecovery)')
    found = collection.replicas.setdefault(number, {})
    old = found.get(node.peer_id)
    replica = found[node.peer_id] = Replica(None)
    if old and old.shard:
        old.shard.close()
    folder = node.shard_folder(collection.name, number)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    shutil.move(unpacked, folder)
    collection.restored = True
    try:
        replica.shard = Shard.load(folder)
        replica.shard.count()
    except Exception as error:
        raise internal(_engine_words(
            error, folder, f'./storage/collections/{collection.name}/'
                           f'{number}')) from None
    return replica


def _adopt_indexes(collection):
    """Payload indexes come with the segments, whatever the list says; those
    of the list that do not are built."""
    shards = [it.shard for found in collection.replicas.values()
              for it in found.values() if it.shard]
    for shard_ in shards:
        for field, info in shard_.info().payload_schema.items():
            collection.schema.setdefault(field, engine.schema_of(info))
    for shard_ in shards:
        for field in set(collection.schema) - \
                set(shard_.info().payload_schema):
            shard_.create_index(field, collection.schema[field])


# ---- clusters ----

def _copy_to(node, collection, number, source):
    """What a transfer does: the same points on another node. It sends what
    is newer: nothing at all where two unrelated histories are equally
    long, and then the replicas differ for ever."""
    target = collection.replicas[number][node.peer_id].shard
    if target and source.tick and target.tick == source.tick:
        return
    folder = tempfile.mkdtemp(dir=node.temporary)
    still = source.still()
    try:
        shutil.rmtree(folder)
        shutil.copytree(source.folder, folder)
    finally:
        still.release()
    load(node, collection, number, folder)


def _spread(world, node, collection, numbers, priority):
    """What becomes of the other replicas of restored shards."""
    factor = collection.config['params']['replication_factor']
    for number in numbers:
        found = collection.replicas[number]
        others = [it for it in world.nodes
                  if it is not node and it.peer_id in found]
        for other in others:
            if factor == 1:
                gone = found.pop(other.peer_id)
                gone.shard.close()
                shutil.rmtree(gone.shard.folder, ignore_errors=True)
            elif priority == 'snapshot':
                _copy_to(other, collection, number,
                         found[node.peer_id].shard)
                found[other.peer_id].state = 'Active'
        found[node.peer_id].state = 'Active'
    collection.transfers = []
    world.save()


def _begin_transfers(node, collection, numbers):
    for number in numbers:
        for peer, replica in collection.replicas[number].items():
            if peer != node.peer_id:
                replica.state = 'Partial'
                collection.transfers.append({
                    'shard_id': number, 'from': node.peer_id, 'to': peer,
                    'sync': True, 'method': 'wal_delta'})


def _settle(world, node, collection, numbers, priority):
    """In a cluster this goes on after the answer."""
    factor = collection.config['params']['replication_factor']
    if priority == 'replica' and factor > 1:
        world.consensus = (
            'Failed to handle committed entries')
        for number in numbers:
            collection.replicas[number][node.peer_id].state = \
                'ManualRecovery'
        return
    for number in numbers:
        replica = collection.replicas[number][node.peer_id]
        alone = len(collection.replicas[number]) == 1
        replica.state = 'Active' if alone or factor > 1 else 'Dead'
    if factor > 1 and priority == 'snapshot':
        _begin_transfers(node, collection, numbers)
    timer = threading.Timer(SETTLING, _spread, (
        world, node, collection, numbers, priority))
    timer.daemon = True
    timer.start()


# ---- the whole ----

def _temporary(node, prefix):
    """A folder, named as the server names it in errors."""
    made = tempfile.mkdtemp(prefix=prefix, dir=node.temporary)
    return f'{node.folder}/./storage/tmp/{os.path.basename(made)}'


def collection(call, name, path, priority):
    """Restore a collection from an archive. `name` may be an alias."""
    world, node = call.world, call.node
    folder = _temporary(node, f'col-{name}-recovery-')
    try:
        unpack.outer(path, folder)
        given = unpack.read(f'{folder}/config.json')
        config, schema = settings.from_snapshot(given), _schema(folder)
        numbers = [int(it) for it in os.listdir(folder) if it.isdigit()]
        here = [it for it in sorted(numbers) if unpack.shard(
            f'{folder}/{it}', not world.distributed)]
        target = world.collections.get(world.resolve(name))
        if target is None:
            target = world.create(name, config, schema)
        else:
            _compare(target, config)
        known = [it for it in here if it in target.replicas]
        with target.lock:
            for number in known:
                load(node, target, number, f'{folder}/{number}')
        if not world.distributed:
            _adopt_indexes(target)
        else:
            _settle(world, node, target, known, priority)
        world.save()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return True


def shard(call, found, number, path, priority):
    """Restore one shard of a collection that is there."""
    world, node = call.world, call.node
    folder = _temporary(node, f'{found.name}-shard-{number}')
    try:
        unpack.outer(path, folder)
        unpack.shard(folder, True)
        if not os.path.isdir(f'{folder}/wal'):
            os.makedirs(f'{folder}/wal')
        with found.lock:
            replica = load(node, found, number, folder)
            replica.state = 'Active'
            _adopt_indexes(found)
        if world.distributed:
            _keep_in_step(world, node, found, number, priority)
        world.save()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep_in_step(world, node, found, number, priority):
    factor = found.config['params']['replication_factor']
    if priority == 'snapshot' and factor > 1:
        _spread(world, node, found, [number], priority)


def check_priority(call, given=None):
    """The priority of a recovery, by the query or by the body."""
    if given is None:
        return call.request.choice('priority', PRIORITIES, 'snapshot')
    if given not in PRIORITIES:
        words = ', '.join(f'`{it}`' for it in PRIORITIES)
        raise Refusal(400, 'Format error in JSON body: unknown variant '
                           f'`{given}`, expected one of {words}')
    return given
