# SPDX-License-Identifier: BSD-2-Clause
"""Which call a method and a path are."""

from . import (aliases, cluster, collections, discovery, points, snapshots,
               uploads)

ROUTES = (
    ('GET', '', discovery.root),
    ('GET', 'healthz', discovery.health),
    ('GET', 'livez', discovery.health),
    ('GET', 'readyz', discovery.ready),
    ('GET', 'telemetry', discovery.telemetry),
    ('GET', 'metrics', discovery.metrics),
    ('GET', 'issues', discovery.issues),
    ('GET', 'cluster', discovery.cluster),
    ('GET', 'cluster/telemetry', discovery.cluster_telemetry),
    ('GET', 'aliases', aliases.listing),
    ('POST', 'collections/aliases', aliases.change),
    ('GET', 'collections', collections.listing),
    ('GET', 'collections/*', collections.info),
    ('PUT', 'collections/*', collections.create),
    ('PATCH', 'collections/*', collections.update),
    ('DELETE', 'collections/*', collections.delete),
    ('GET', 'collections/*/exists', collections.exists),
    ('GET', 'collections/*/aliases', aliases.of_collection),
    ('GET', 'collections/*/cluster', cluster.of_collection),
    ('GET', 'collections/*/optimizations', collections.optimizations),
    ('PUT', 'collections/*/index', collections.create_index),
    ('DELETE', 'collections/*/index/*', collections.delete_index),
    ('GET', 'collections/*/shards', cluster.keys),
    ('PUT', 'collections/*/shards', cluster.create_key),
    ('PUT', 'collections/*/points', points.upsert),
    ('POST', 'collections/*/points', points.retrieve),
    ('GET', 'collections/*/points/*', points.one),
    ('POST', 'collections/*/points/count', points.count),
    ('POST', 'collections/*/points/scroll', points.scroll),
    ('POST', 'collections/*/points/delete', points.delete),
    ('POST', 'collections/*/points/payload', points.set_payload),
    ('GET', 'snapshots', snapshots.full_listing),
    ('POST', 'snapshots', snapshots.full_create),
    ('GET', 'snapshots/*', snapshots.full_fetch),
    ('DELETE', 'snapshots/*', snapshots.full_delete),
    ('GET', 'collections/*/snapshots', snapshots.listing),
    ('POST', 'collections/*/snapshots', snapshots.create),
    ('POST', 'collections/*/snapshots/upload', uploads.collection),
    ('PUT', 'collections/*/snapshots/recover', uploads.recover),
    ('GET', 'collections/*/snapshots/*', snapshots.fetch),
    ('DELETE', 'collections/*/snapshots/*', snapshots.delete),
    ('GET', 'collections/*/shards/*/snapshots', snapshots.shard_listing),
    ('POST', 'collections/*/shards/*/snapshots', snapshots.shard_create),
    ('POST', 'collections/*/shards/*/snapshots/upload', uploads.shard),
    ('GET', 'collections/*/shards/*/snapshots/*', snapshots.shard_fetch),
    ('DELETE', 'collections/*/shards/*/snapshots/*', snapshots.shard_delete),
    ('GET', 'collections/*/shards/*/snapshot', snapshots.shard_stream),
)

OPEN = ('', 'healthz', 'livez', 'readyz')       # these need no key


def _by_length():
    table = {}
    for method, path, handler in ROUTES:
        parts = path.split('/')
        table.setdefault((method, len(parts)), []).append((parts, handler))
    return table


TABLE = _by_length()


def find(method, parts):
    """(handler, what the stars stand for), or None."""
    for pattern, handler in TABLE.get((method, len(parts)), ()):
        if all(want in ('*', have) for want, have in zip(pattern, parts)):
            return handler, [have for want, have in zip(pattern, parts)
                             if want == '*']
    return None
