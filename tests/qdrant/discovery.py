# SPDX-License-Identifier: BSD-2-Clause
"""Calls about the server as a whole: version, health, numbers, cluster."""

from . import envelope
from .envelope import Answer, encode

VERSION = '1.18.3'
UNHEARD = ("Error in closure supplied to transport channel pool: code: "
           "'Internal error', message: \"Can't send Raft message over "
           "channel\"")
COMMIT = 'db8fa43fcb6aedec1e739487e17a99731b74590a'


def root(call):
    """GET /"""
    return Answer(200, encode({
        'title': 'qdrant - vector search engine',
        'version': call.server.version, 'commit': COMMIT}),
        'application/json')


def health(_call):
    """GET /healthz, /livez"""
    return envelope.text('healthz check passed')


def ready(_call):
    """GET /readyz: does not notice broken shards."""
    return envelope.text('all shards are ready')


def telemetry(call):
    """GET /telemetry"""
    names = [it for it in call.world.collections if call.access.sees(it)]
    told = {'id': call.server.identity,
            'app': {'name': 'qdrant', 'version': call.server.version,
                    'jwt_rbac': True, 'startup': call.server.startup},
            'collections': {'number_of_collections': len(names)}}
    if call.access.level is None:
        return told
    return {**told, 'cluster': {'enabled': call.world.distributed,
                                'resharding_enabled': False}, 'requests': {}}


def metrics(call):
    """GET /metrics"""
    call.access.anything()
    lines = []

    def gauge(name, words, value, labels=''):
        lines.extend((f'# HELP {name} {words}', f'# TYPE {name} gauge',
                      f'{name}{labels} {value}'))

    gauge('cluster_enabled', 'is cluster support enabled',
          int(call.world.distributed))
    if call.world.distributed:
        dead = sum(it.state != 'Active'
                   for collection in call.world.collections.values()
                   for found in collection.replicas.values()
                   for it in found.values())
        gauge('collection_dead_replicas',
              'total amount of shard replicas in non-active state', dead)
        gauge('cluster_peers_total', 'total number of cluster peers',
              len(call.world.nodes))
    gauge('app_info', 'information about qdrant server', 1,
          f'{{name="qdrant",version="{call.server.version}"}}')
    gauge('app_status_recovery_mode',
          'features enabled in qdrant server',
          int(call.server.recovery_mode))
    gauge('collections_total', 'number of collections',
          len(call.world.collections))
    return envelope.text('\n'.join(lines) + '\n')


def issues(call):
    """GET /issues"""
    call.access.anything()
    return {'issues': []}


def cluster(call):
    """GET /cluster"""
    call.access.anything()
    world = call.world
    if not world.distributed:
        return {'status': 'disabled'}
    leader = world.nodes[0]
    status = {'consensus_thread_status': 'working',
              'last_update': call.server.startup}
    if world.consensus != 'working':
        status = {'consensus_thread_status': 'stopped_with_err',
                  'err': world.consensus}
    return {
        'status': 'enabled', 'peer_id': call.node.peer_id,
        'peers': {str(it.peer_id): {'uri': f'http://node{it.number}:6335/'}
                  for it in world.nodes},
        'raft_info': {
            'term': 1, 'commit': world.commits,
            'pending_operations': int(world.consensus != 'working'),
            'leader': leader.peer_id,
            'role': 'Leader' if call.node is leader else 'Follower',
            'is_voter': True},
        'consensus_thread_status': status,
        'message_send_failures': _send_failures(call, leader)}


def _send_failures(call, leader):
    """The others notice that the leader does not hear them any more."""
    if call.world.consensus == 'working' or call.node is leader:
        return {}
    return {f'http://node{leader.number}:6335/': {
        'count': 1, 'latest_error': UNHEARD,
        'latest_error_timestamp': call.server.startup}}


def cluster_telemetry(call):
    """GET /cluster/telemetry"""
    call.access.anything()
    return {'collections': {}, 'cluster': {
        'enabled': call.world.distributed}}
