# SPDX-License-Identifier: BSD-2-Clause
"""Calls about collections: list, look, create, delete, payload indexes."""

from . import settings
from .envelope import Refusal, wrong_input


def listing(call):
    """GET /collections"""
    names = sorted(call.world.collections)
    return {'collections': [{'name': it} for it in names
                            if call.access.sees(it)]}


def exists(call, name):
    """GET /collections/{c}/exists"""
    call.access.read(name)
    return {'exists': call.world.resolve(name) in call.world.collections}


def _field(schema, points):
    if isinstance(schema, str):
        return {'data_type': schema, 'points': points}
    return {'data_type': schema['type'], 'params': schema, 'points': points}


def _colour(collection):
    if collection.colour:
        return collection.colour
    return 'yellow' if collection.busy else 'green'


def info(call, name):
    """GET /collections/{c}"""
    call.access.read(name, whole=True)
    collection = call.world.find(name)
    parts = [it.info() for it in
             collection.readable(call.node, 'Get Info')]

    def total(of):
        return sum(getattr(it, of) or 0 for it in parts)

    points = {}
    for part in parts:
        for field, index in part.payload_schema.items():
            points[field] = points.get(field, 0) + index.points
    return {
        'status': _colour(collection),
        'optimizer_status': collection.optimizer,
        'indexed_vectors_count': total('indexed_vectors_count'),
        'points_count': total('points_count'),
        'segments_count': total('segments_count'),
        'config': collection.config,
        'payload_schema': {field: _field(schema, points.get(field, 0))
                           for field, schema in collection.schema.items()},
        'update_queue': {'length': 0}}


def optimizations(call, name):
    """GET /collections/{c}/optimizations"""
    call.access.read(name, whole=True)
    collection = call.world.find(name)
    parts = [it.info() for it in collection.readable(call.node, 'Get Info')]
    segments = sum(it.segments_count for it in parts)
    due = collection.colour in ('yellow', 'grey')
    return {'summary': {
        'queued_optimizations': int(due),
        'queued_segments': segments if due else 0,
        'queued_points': sum(it.points_count for it in parts) if due else 0,
        'idle_segments': 0 if due else segments}, 'running': []}


def create(call, name):
    """PUT /collections/{c}"""
    settings.check_name(name)
    call.access.manage()
    timeout = call.request.timeout()
    raw = call.request.json()
    config = settings.from_request(raw, call.request.body.length or 0,
                                   len(call.world.nodes))
    with call.world.lock:
        if name in call.world.collections:
            raise Refusal(409, f'Wrong input: Collection `{name}` already '
                               'exists!')
        if name in call.world.aliases:
            raise wrong_input(f"Can't create collection with name {name}. "
                              'Alias with the same name already exists')
        call.world.agree(timeout)
        call.world.create(name, config)
    return True


def update(call, name):
    """PATCH /collections/{c}: settings that may change later."""
    call.access.manage()
    collection = call.world.find(name)
    given = call.request.json()
    renamed = {'optimizers_config': 'optimizer_config'}
    for key in ('hnsw_config', 'optimizers_config', 'strict_mode_config',
                'metadata'):
        if key in given:
            old = collection.config.get(renamed.get(key, key)) or {}
            collection.config[renamed.get(key, key)] = {**old, **given[key]}
    if 'quantization_config' in given:
        collection.config['quantization_config'] = \
            given['quantization_config']
    call.world.save()
    return True


def delete(call, name):
    """DELETE /collections/{c}"""
    call.access.manage()
    timeout = call.request.timeout()
    with call.world.lock:
        if name not in call.world.collections:
            return False
        call.world.agree(timeout)
        call.world.drop(name)
    return True


# ---- payload indexes ----

def create_index(call, name):
    """PUT /collections/{c}/index"""
    call.access.write(name, whole=True)
    collection = call.world.find(name)
    given = call.request.json()
    field, schema = given['field_name'], given['field_schema']
    with collection.lock:
        for shards in collection.writable().values():
            for shard in shards:
                shard.create_index(field, schema)
        collection.schema[field] = schema
    call.world.save()
    return call.operation()


def delete_index(call, name, field):
    """DELETE /collections/{c}/index/{f}"""
    call.access.write(name, whole=True)
    collection = call.world.find(name)
    with collection.lock:
        if collection.schema.pop(field, None) is not None:
            for shards in collection.writable().values():
                for shard in shards:
                    shard.delete_index(field)
    call.world.save()
    return call.operation()
