# SPDX-License-Identifier: BSD-2-Clause
"""Calls about points: count, scroll, retrieve, put, delete."""

import heapq

import qdrant_edge as edge

from . import engine
from .envelope import Refusal


def _wanted_shards(call, collection, given, doing):
    """All shards, or those of a shard key."""
    key = given.get('shard_key')
    if key is None:
        return collection.readable(call.node, doing)
    numbers = collection.shard_keys.get(key)
    if numbers is None:
        raise Refusal(400, f'Bad request: Shard key {key} not found')
    everyone = dict(zip(sorted(collection.replicas),
                        collection.readable(call.node, doing)))
    return [everyone[it] for it in numbers]


def count(call, name):
    """POST /collections/{c}/points/count"""
    call.access.read(name)
    call.request.timeout()
    given = call.request.json()
    collection = call.world.find(name)
    wanted = engine.edge_filter(given.get('filter'))
    return {'count': sum(it.count(wanted) for it in _wanted_shards(
        call, collection, given, 'count'))}


# ---- scroll ----

def _check_limit(collection, limit):
    if limit < 1:
        raise Refusal(422, 'Validation error in JSON body: '
                           f'[scroll_request.limit: value {limit} invalid, '
                           'must be 1 or larger]')
    strict = collection.config.get('strict_mode_config') or {}
    most = strict.get('max_query_limit')
    if strict.get('enabled') and most is not None and limit > most:
        raise Refusal(400, f'Bad request: Limit exceeded {limit} > {most} for'
                           ' "limit". Help: Reduce the "limit" parameter to '
                           f'or below {most}.')


def _pages(shards, request):
    """What each shard has of the page, and where each would go on."""
    records, following = [], []
    for shard in shards:
        page, later = shard.scroll(**request)
        records.append(page)
        if later is not None:
            following.append(later)
    return records, following


def _by_id(shards, request, limit):
    pages, following = _pages(shards, request)
    merged = list(heapq.merge(*pages, key=lambda it: engine.order(it.id)))
    following += [it.id for it in merged[limit:limit + 1]]
    later = min(following, key=engine.order, default=None)
    return merged[:limit], later


def _by_value(shards, request, limit, how):
    if isinstance(how, str):
        how = {'key': how}
    down = how.get('direction') == 'desc'
    request['order_by'] = edge.OrderBy(
        how['key'], edge.Direction.Desc if down else edge.Direction.Asc,
        how.get('start_from'))
    pages, _ = _pages(shards, request)
    merged = sorted((it for page in pages for it in page),
                    key=lambda it: it.order_value, reverse=down)
    return merged[:limit], None


def scroll(call, name):
    """POST /collections/{c}/points/scroll"""
    call.access.read(name)
    call.request.timeout()
    given = call.request.json()
    collection = call.world.find(name)
    limit = given.get('limit', 10)
    _check_limit(collection, limit)
    request = {
        'limit': limit, 'filter': engine.edge_filter(given.get('filter')),
        'with_payload': engine.payload_wanted(given.get('with_payload',
                                                        True)),
        'with_vector': given.get('with_vector', False)}
    shards = _wanted_shards(call, collection, given, 'scroll')
    if given.get('order_by'):
        page, later = _by_value(shards, request, limit, given['order_by'])
    else:
        if given.get('offset') is not None:
            request['offset'] = engine.point_id(given['offset'])
        page, later = _by_id(shards, request, limit)
    return {'points': [_with_key(collection, it) for it in page],
            'next_page_offset': engine.id_out(later)}


def _with_key(collection, found):
    """A point of a collection with shard keys tells its own."""
    out = engine.record(found)
    for key, numbers in collection.shard_keys.items():
        for number in numbers:
            for shard in collection.writable()[number][:1]:
                if shard.retrieve([found.id], False, False):
                    out['shard_key'] = key
    return out


# ---- by id ----

def _retrieve(call, collection, ids, payload, vector):
    found = {}
    for shard in collection.readable(call.node, 'retrieve'):
        for it in shard.retrieve(ids, payload, vector):
            found[engine.id_out(it.id)] = it
    wanted = (engine.id_out(it) for it in ids)
    return [engine.record(found[it]) for it in wanted if it in found]


def retrieve(call, name):
    """POST /collections/{c}/points"""
    call.access.read(name)
    given = call.request.json()
    ids = [engine.point_id(it) for it in given['ids']]
    return _retrieve(call, call.world.find(name), ids,
                     engine.payload_wanted(given.get('with_payload', True)),
                     given.get('with_vector', False))


def one(call, name, point_id):
    """GET /collections/{c}/points/{id}"""
    call.access.read(name)
    wanted = engine.point_id(int(point_id) if point_id.isdigit()
                             else point_id)
    found = _retrieve(call, call.world.find(name), [wanted], True, True)
    if not found:
        raise Refusal(404, f'Not found: Point with id {point_id} does not '
                           'exists!')
    return found[0]


# ---- writing ----

def put(collection, points, key=None):
    """Upsert points of the engine, each into the shard that it belongs to."""
    batches = {}
    for it in points:
        batches.setdefault(collection.place(it.id, key), []).append(it)
    with collection.lock:
        for number, shards in collection.writable().items():
            batch = batches.get(number, [])
            for shard in shards:
                if collection.restored and len(collection.replicas) > 1:
                    shard.delete([it.id for it in points])
                if batch:
                    shard.upsert(batch)


def upsert(call, name):
    """PUT /collections/{c}/points"""
    call.access.write(name)
    given = call.request.json()
    collection = call.world.find(name)
    try:
        points = [engine.point(it) for it in given['points']]
        put(collection, points, given.get('shard_key'))
    except (TypeError, ValueError, KeyError) as error:
        raise Refusal(400, f'Format error in JSON body: {error}') from None
    except Exception as error:
        if type(error).__module__ != 'builtins':
            raise Refusal(400, f'Wrong input: {error}') from None
        raise
    return call.operation()


def delete(call, name):
    """POST /collections/{c}/points/delete"""
    call.access.write(name)
    given = call.request.json()
    collection = call.world.find(name)
    with collection.lock:
        for shards in collection.writable().values():
            for shard in shards:
                if 'filter' in given:
                    shard.delete_by(engine.edge_filter(given['filter']))
                else:
                    shard.delete([engine.point_id(it)
                                  for it in given['points']])
    return call.operation()


def set_payload(call, name):
    """POST /collections/{c}/points/payload"""
    call.access.write(name)
    given = call.request.json()
    collection = call.world.find(name)
    ids = [engine.point_id(it) for it in given['points']]
    with collection.lock:
        for shards in collection.writable().values():
            for shard in shards:
                here = [it.id for it in shard.retrieve(ids, False, False)]
                if here:
                    shard.set_payload(here, given['payload'])
    return call.operation()
