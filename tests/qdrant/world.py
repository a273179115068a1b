# SPDX-License-Identifier: BSD-2-Clause
"""What all nodes of a server agree on: collections, who holds which shard
of them, aliases. A server that is no cluster is one node, agreeing with itself."""

import json
import os
import shutil
import threading
import zlib

from .envelope import internal, no_collection
from .shard import Shard


class Node:
    """One node: its folder, its peer id, its keys."""

    def __init__(self, world, number, folder, peer_id):
        self.world, self.number = world, number
        self.folder, self.peer_id = folder, peer_id
        self.temporary = f'{folder}/storage/tmp'
        for path in (self.temporary, f'{folder}/snapshots/tmp'):
            shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path)

    def shard_folder(self, name, number):
        """Where the engine keeps a shard."""
        return f'{self.folder}/storage/collections/{name}/{number}'


class Replica:
    """A shard on one node; `shard` is None where it could not be loaded."""

    def __init__(self, shard, state='Active'):
        self.shard, self.state = shard, state


class Collection:
    """A collection; `replicas`: shard number -> peer id -> Replica."""

    def __init__(self, name, config, schema=None):
        self.name, self.config = name, config
        self.schema = schema or {}
        self.replicas = {}
        self.shard_keys = {}        # key -> its shards
        self.restored = False       # shards may hold what others would
        self.busy = 0               # snapshots that are being made
        self.transfers = []         # of shards, from node to node
        self.colour = None          # what a test wants it to be
        self.optimizer = 'ok'
        self.lock = threading.RLock()

    @property
    def shard_number(self):
        """How many shards it has (of each key, where it has keys)."""
        return self.config['params']['shard_number']

    def key_of(self, number):
        """The shard key that a shard belongs to, or None."""
        for key, numbers in self.shard_keys.items():
            if number in numbers:
                return key
        return None

    def local(self, node):
        """The shards of a node: number -> Replica, in order."""
        return {number: found[node.peer_id] for number, found in
                sorted(self.replicas.items()) if node.peer_id in found}

    def readable(self, node, doing):
        """A shard to read from for each number: the node's own one if it
        can be, else another's."""
        found = []
        for _, replicas in sorted(self.replicas.items()):
            mine = replicas.get(node.peer_id)
            usable = [it for it in (mine, *replicas.values())
                      if it and it.shard and it.state == 'Active']
            if not usable:
                raise internal(
                    '1 of 1 read operations failed:\n  Service internal error:'
                    f' Failed to {doing},  Failed to restore local replica')
            found.append(usable[0].shard)
        return found

    def writable(self):
        """All that a write goes to: number -> shards."""
        return {number: [it.shard for it in found.values() if it.shard]
                for number, found in sorted(self.replicas.items())}

    def place(self, point_id, key=None):
        """The number of the shard that a point belongs to."""
        numbers = self.shard_keys.get(key) or sorted(self.replicas)
        return numbers[zlib.crc32(str(point_id).encode()) % len(numbers)]

    def close(self):
        """Let go of all files."""
        for found in self.replicas.values():
            for replica in found.values():
                if replica.shard:
                    replica.shard.close()


class World:
    """The agreement. Whoever changes it holds `lock`."""

    def __init__(self, folder, distributed=False):
        self.folder, self.distributed = folder, distributed
        self.nodes = []
        self.collections, self.aliases = {}, {}
        self.consensus = 'working'
        self.commits = 6
        self.lock = threading.RLock()

    # ---- names ----

    def resolve(self, name):
        """The real name of a collection that may be named by an alias."""
        return self.aliases.get(name, name)

    def find(self, name, form='json'):
        """A collection by its name or alias."""
        found = self.collections.get(self.resolve(name))
        if found is None:
            raise no_collection(name, form)
        return found

    def agree(self, timeout):
        """Every change of the agreement begins with this."""
        if self.consensus != 'working':
            raise internal('Waiting for consensus operation commit failed. '
                           f'Timeout set at: {timeout or 10} seconds')
        self.commits += 1

    # ---- collections ----

    def new_shard(self, node, collection, number, state='Active'):
        """An empty replica on a node."""
        shard = Shard.create(node.shard_folder(collection.name, number),
                             collection.config, collection.schema)
        replica = Replica(shard, state)
        collection.replicas.setdefault(number, {})[node.peer_id] = replica
        return replica

    def spread(self, collection, numbers, factor, nodes=None):
        """Put new shards on the nodes in turn."""
        nodes = nodes or self.nodes
        for at, number in enumerate(numbers, len(self.collections)):
            for copy in range(min(factor, len(nodes))):
                self.new_shard(nodes[(at + copy) % len(nodes)], collection,
                               number)

    def create(self, name, config, schema=None):
        """A new, empty collection."""
        with self.lock:
            collection = Collection(name, config, schema)
            params = config['params']
            if params.get('sharding_method') != 'custom':
                self.spread(collection, range(params['shard_number']),
                            params['replication_factor'])
            self.collections[name] = collection
            self.save()
        return collection

    def drop(self, name):
        """Remove a collection, its aliases with it; not its snapshots."""
        with self.lock:
            collection = self.collections.pop(name)
            self.aliases = {alias: target for alias, target in
                            self.aliases.items() if target != name}
            collection.close()
            for node in self.nodes:
                shutil.rmtree(f'{node.folder}/storage/collections/{name}',
                              ignore_errors=True)
            self.save()

    # ---- over a restart ----

    def save(self):
        """Write down what a restart needs."""
        with self.lock:
            known = {'aliases': self.aliases, 'collections': [
                {'name': it.name, 'config': it.config, 'schema': it.schema,
                 'shard_keys': list(it.shard_keys.items()),
                 'restored': it.restored,
                 'replicas': [[number, peer, replica.state]
                              for number, found in it.replicas.items()
                              for peer, replica in found.items()]}
                for it in self.collections.values()]}
            with open(f'{self.folder}/world.new', 'w',
                      encoding='utf-8') as file:
                json.dump(known, file)
            os.replace(f'{self.folder}/world.new', f'{self.folder}/world')

    def load(self):
        """What was there before a restart."""
        if not os.path.exists(f'{self.folder}/world'):
            return
        with open(f'{self.folder}/world', encoding='utf-8') as file:
            known = json.load(file)
        self.aliases = known['aliases']
        for it in known['collections']:
            collection = Collection(it['name'], it['config'], it['schema'])
            collection.restored = it['restored']
            collection.shard_keys = dict(map(tuple, it['shard_keys']))
            for number, peer, state in it['replicas']:
                collection.replicas.setdefault(number, {})[peer] = Replica(
                    self._load_shard(peer, it['name'], number), state)
            self.collections[it['name']] = collection

    def _load_shard(self, peer, name, number):
        node = next(it for it in self.nodes if it.peer_id == peer)
        try:
            return Shard.load(node.shard_folder(name, number))
        except Exception:       # pylint: disable=broad-exception-caught
            return None         # the engine's errors have no class
