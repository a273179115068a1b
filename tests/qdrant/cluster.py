# SPDX-License-Identifier: BSD-2-Clause
"""Calls about who holds what: shards of a collection, shard keys."""

from .envelope import Refusal


def _points(shard):
    """How many points; none while it is being replaced."""
    try:
        return shard.count() if shard else 0
    except Exception:       # pylint: disable=broad-exception-caught
        return 0            # the engine's errors have no class


def of_collection(call, name):
    """GET /collections/{c}/cluster"""
    call.access.read(name, whole=True)
    collection = call.world.find(name)

    def shard(number, **more):
        key = collection.key_of(number)
        return {'shard_id': number,
                **({} if key is None else {'shard_key': key}), **more}

    here = [shard(number, points_count=_points(it.shard), state=it.state)
            for number, it in collection.local(call.node).items()]
    elsewhere = [shard(number, peer_id=peer, state=it.state)
                 for number, found in sorted(collection.replicas.items())
                 for peer, it in found.items() if peer != call.node.peer_id]
    return {'peer_id': call.node.peer_id,
            'shard_count': len(collection.replicas), 'local_shards': here,
            'remote_shards': elsewhere, 'shard_transfers':
            list(collection.transfers)}


def keys(call, name):
    """GET /collections/{c}/shards"""
    call.access.read(name, whole=True)
    collection = call.world.find(name)
    if collection.config['params'].get('sharding_method') != 'custom':
        return {}
    return {'shard_keys': [{'key': it} for it in collection.shard_keys]}


def create_key(call, name):
    """PUT /collections/{c}/shards"""
    call.access.manage()
    timeout = call.request.timeout()
    given = call.request.json()
    world = call.world
    collection = world.find(name)
    if not world.distributed:
        raise Refusal(400, 'Bad request: Distributed mode disabled')
    params = collection.config['params']
    if params.get('sharding_method') != 'custom':
        raise Refusal(400, 'Bad request: Shard Key cannot be created with '
                           'Auto sharding method')
    key = given['shard_key']
    with world.lock:
        if key in collection.shard_keys:
            raise Refusal(400, f'Bad request: Sharding key {key} already '
                               'exists')
        world.agree(timeout)
        first = max(collection.replicas, default=-1) + 1
        numbers = list(range(first, first + (
            given.get('shards_number') or params['shard_number'])))
        placement = given.get('placement')
        world.spread(collection, numbers, given.get('replication_factor') or
                     params['replication_factor'],
                     [it for it in world.nodes if not placement or
                      it.peer_id in placement])
        collection.shard_keys[key] = numbers
        world.save()
    return True
