# SPDX-License-Identifier: BSD-2-Clause
"""The server: its nodes, each with a port, and what goes on between a
request and its answer."""

import os
import threading
import time
import uuid

from . import auth, discovery, envelope, faults, front, routes
from .world import Node, World

ALONE = 2156657184018721
PEER_IDS = (7523690705554673, 5745892849070280, 1402719430188261,
            8808227398028275)
REMEMBERED = 100000     # requests


class Call:
    """A request with all that is needed to handle it."""

    def __init__(self, server, node, request, access):
        self.server, self.node, self.request = server, node, request
        self.world, self.access = server.world, access

    def operation(self):
        """What a change of points answers."""
        return {'operation_id': self.server.next_operation(),
                'status': 'completed'}

    def perhaps_later(self, work, wait):
        """Do it; with wait=false later, and nobody hears of its errors."""
        if wait:
            return work()

        fault = self.faults('later')

        def quietly():
            if fault:
                time.sleep(fault.details['seconds'])
            try:
                work()
            except envelope.Refusal:
                pass
        threading.Thread(target=quietly, daemon=True).start()
        return envelope.accepted(0.00001)

    def faults(self, *kinds):
        """Is one of these faults to happen now?"""
        return self.server.faults.take(self.request, self.node, *kinds)

    def throttle(self):
        """What hinders the reading of the body."""
        return self.server.faults.throttle(self.request, self.node)

    def tamper_with_snapshot(self, path, told):
        """Faults that befall a finished snapshot."""
        fault = self.faults(*faults.TAMPERING)
        if fault:
            faults.TAMPERING[fault.what](path, told)


class Server:
    """One node, or a cluster; everything in this process."""

    def __init__(self, folder, keys, nodes=1, ports=None):
        self.folder, self.keys = folder, keys
        self.version = discovery.VERSION
        self.recovery_mode, self.url_recovery = False, True
        self.identity = str(uuid.uuid4())
        self.startup = time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime())
        self.faults = faults.Faults()
        self.requests, self.lock = [], threading.Lock()
        self.operations = 0
        self.world = World(folder, distributed=nodes > 1)
        for number in range(1, nodes + 1):
            path = f'{folder}/node{number}'
            os.makedirs(path, exist_ok=True)
            self.world.nodes.append(
                Node(self.world, number, path, ALONE if nodes == 1 else
                     PEER_IDS[number - 1]))
        self.world.load()
        ports = ports or [0] * nodes
        self.fronts = [self._open(node, port) for node, port in
                       zip(self.world.nodes, ports)]

    def _open(self, node, port):
        return front.Front(port, lambda request: self.handle(node, request))

    @property
    def ports(self):
        """Where the nodes listen."""
        return [it.server_address[1] for it in self.fronts]

    def serve(self):
        """Answer until the process ends."""
        for it in self.fronts:
            threading.Thread(target=it.serve_forever, args=(0.05,),
                             daemon=True).start()

    def next_operation(self):
        """Changes are counted."""
        with self.lock:
            self.operations += 1
            return self.operations

    # ---- a request ----

    def _remember(self, node, request):
        entry = {'node': node.number, 'method': request.method,
                 'target': request.target, 'headers': request.headers,
                 'status': None}
        with self.lock:
            self.requests.append(entry)
            del self.requests[:-REMEMBERED]
        return entry

    def handle(self, node, request):
        """An answer, with whatever fault a test wants."""
        entry = self._remember(node, request)
        answer = self.faults.before(request, node)
        if answer is None and self.faults.take(request, node, 'hang_up'):
            request.body.read_all()
            threading.Thread(target=self._answer, args=(node, request),
                             daemon=True).start()
            raise faults.Broken()
        if answer is None:
            answer = self.faults.dress(request, node,
                                       self._answer(node, request))
        entry['status'] = answer.status
        return answer

    def _answer(self, node, request):
        return front.clocked(lambda: self._dispatch(node, request))

    def _dispatch(self, node, request):
        is_open = len(request.parts) == 1 and request.parts[0] in routes.OPEN
        access = auth.Access('m') if is_open else \
            auth.check(request.headers, self.keys)
        found = routes.find(request.method, request.parts)
        if found is None:
            return envelope.nothing()
        handler, names = found
        return handler(Call(self, node, request, access), *names)
