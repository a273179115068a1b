# SPDX-License-Identifier: BSD-2-Clause
"""The port by which a test steers the server: POST a JSON object with 'do'
and its arguments. It is no part of what Qdrant has."""

import array
import http.server
import json
import random
import socketserver
import threading
import traceback

import qdrant_edge as edge

from . import points

BATCH = 2000


class Control:
    """What a test may ask for."""

    def __init__(self, server):
        self.server, self.world = server, server.world

    def add_fault(self, **fault):
        """See faults."""
        self.server.faults.add(**fault)

    def clear_faults(self):
        """All is well again."""
        self.server.faults.clear()

    def requests(self):
        """All requests since the start or the last forget_requests."""
        with self.server.lock:
            return list(self.server.requests)

    def forget_requests(self):
        """Begin anew with their record."""
        with self.server.lock:
            self.server.requests.clear()

    def behave(self, **how):
        """version, recovery_mode, url_recovery of the server; consensus."""
        for name, value in how.items():
            target = self.world if name == 'consensus' else self.server
            setattr(target, name, value)

    def colour(self, name, status=None, optimizer='ok'):
        """The status that a collection tells; None: its real one."""
        collection = self.world.find(name)
        collection.colour, collection.optimizer = status, optimizer

    def optimize(self, name):
        """Let the engine build its indexes."""
        for shards in self.world.find(name).writable().values():
            for shard in shards:
                shard.optimize()

    def shard_state(self, name, shard, node, state):
        """Declare a replica Active, Dead, ..."""
        peer = self.world.nodes[node - 1].peer_id
        self.world.find(name).replicas[shard][peer].state = state

    def fill(self, name, count, first=0, seed=1):
        """Points with vectors of noise and a small payload, faster than by
        HTTP: the same seed and ids give the same points."""
        collection = self.world.find(name)
        size = collection.config['params']['vectors']['size']
        for start in range(first, first + count, BATCH):
            stop = min(start + BATCH, first + count)
            points.put(collection, [_noise(seed, it, size)
                                    for it in range(start, stop)])


def _noise(seed, number, size):
    data = random.Random(seed * 1_000_003 + number).randbytes(2 * size)
    return edge.Point(number, list(array.array('h', data)),
                      {'n': number, 'tag': f't{number % 7}'})


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        """Do what is asked; an error of ours is told as it is."""
        length = int(self.headers['content-length'])
        given = json.loads(self.rfile.read(length))
        status = 200
        try:
            answer = getattr(self.server.control, given.pop('do'))(**given)
        except Exception:       # pylint: disable=broad-exception-caught
            status, answer = 500, traceback.format_exc()
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Nothing to tell."""


class Port(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens; started by serve()."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, server):
        self.control = Control(server)
        super().__init__(('127.0.0.1', 0), _Handler)

    def serve(self):
        """Answer until the process ends."""
        threading.Thread(target=self.serve_forever, args=(0.05,),
                         daemon=True).start()
