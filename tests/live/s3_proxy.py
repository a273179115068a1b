# SPDX-License-Identifier: BSD-2-Clause
"""A proxy between an S3 client and an S3 server that does to requests what
s3_faults knows, on a schedule that its seed makes, and that counts."""

import http.client
import random
import socket
import ssl
import struct
import threading
import urllib.parse

MOST_HEAD = 1 << 16
PATIENCE = 120      # seconds a connection is held that gets no answer


class Gone(Exception):
    """One of the two ends is not there any more."""


class Request:
    """One request, whole."""

    def __init__(self, head, body):
        self.body = body
        first, *lines = head.decode('latin-1').split('\r\n')
        self.method, self.target, _ = first.split(' ', 2)
        self.headers = [line.split(': ', 1) for line in lines if ': ' in line]
        where = urllib.parse.urlsplit(self.target)
        self.query = urllib.parse.parse_qs(where.query,
                                           keep_blank_values=True)
        self.key = where.path.lstrip('/').partition('/')[2]

    def bytes(self, body=None):
        """As it goes on to the server."""
        lines = [f'{self.method} {self.target} HTTP/1.1']
        lines += [f'{name}: {value}' for name, value in self.headers
                  if name.lower() != 'expect']
        head = '\r\n'.join(lines).encode('latin-1') + b'\r\n\r\n'
        return head + (self.body if body is None else body)


class Answer:
    """One answer, whole."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def head(self, size=None):
        """Status and headers, for a body of so many bytes."""
        lines = [f'HTTP/1.1 {self.status} {http.client.responses[self.status]}']
        lines += [f'{name}: {value}' for name, value in self.headers]
        if size is not None:
            lines.append(f'Content-Length: {size}')
        return '\r\n'.join(lines).encode('latin-1') + b'\r\n\r\n'


class Exchange:
    """One request of one client, and what can be done with it."""

    def __init__(self, proxy, client, request, rng):
        self.proxy, self.client = proxy, client
        self.request, self.rng = request, rng

    def forward(self, body=None):
        """Let the server answer it."""
        with socket.create_connection(self.proxy.server, PATIENCE) as server:
            server.sendall(self.request.bytes(body))
            got = http.client.HTTPResponse(server, method=self.request.method)
            try:
                got.begin()
                body = got.read()
            except (http.client.HTTPException, OSError) as error:
                raise Gone(str(error)) from None
            keep = [(name, value) for name, value in got.getheaders()
                    if name.lower() not in ('transfer-encoding', 'connection',
                                            'content-length')]
            if self.request.method == 'HEAD' and got.getheader(
                    'content-length'):
                keep.append(('Content-Length',
                             got.getheader('content-length')))
            return Answer(got.status, keep, body)

    def forward_half(self, body):
        """Let the server have half of the body, and nothing after it."""
        with socket.create_connection(self.proxy.server, PATIENCE) as server:
            whole = self.request.bytes()
            server.sendall(whole[:len(whole) - len(body) // 2])

    def send(self, data):
        """Give the client bytes as they are."""
        try:
            self.client.sendall(data)
        except OSError as error:
            raise Gone(str(error)) from None

    def give(self, answer):
        """Give the client an answer."""
        size = len(answer.body)
        if self.request.method == 'HEAD' or answer.status in (204, 304):
            size = None
        self.send(answer.head(size) + answer.body)

    def give_half(self, answer):
        """Give the client half of it: of an answer without a body, half of
        the headers."""
        size = len(answer.body)
        whole = answer.head(size) + answer.body
        self.send(whole[:len(whole) - size // 2] if size else
                  whole[:len(whole) // 2])

    def reset(self):
        """End the connection as a machine does that knows nothing of it."""
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack('ii', 1, 0))
        raise Gone('reset')

    def hold(self):
        """Say nothing more until the client goes."""
        self.client.settimeout(PATIENCE)
        try:
            while self.client.recv(1 << 16):
                pass
        except OSError:
            pass
        raise Gone('held')


class Proxy:
    """Listens on a port of 127.0.0.1; `url` is what the client is told.

    faults: what may be done, name -> function of an Exchange that returns
    False where it has nothing to do there; rate: to how many requests of one.
    certs: a folder of s3_certificates: the client speaks TLS with the proxy,
    and ends there, so that the server gets plain http.
    """

    def __init__(self, server_url, seed=0, faults=None, rate=0.1,
                 certs=None):
        where = urllib.parse.urlsplit(server_url)
        self.server = (where.hostname, where.port)
        self.faults, self.rate = dict(faults or {}), rate
        self.rng = random.Random(seed)
        self.lock = threading.Lock()
        self.connections = self.open = self.most_open = 0
        self.seen = []      # (method, target, fault or '')
        self.clients = set()
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.tls = None
        if certs:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(f'{certs}/public.crt',
                                     f'{certs}/private.key')
        self.url = (f'{"https" if certs else "http"}://127.0.0.1:'
                    f'{self.listener.getsockname()[1]}')
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        """End it and every connection."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            clients = list(self.clients)
        for client in clients:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @property
    def done(self):
        """Names of the faults that came to pass, in their order."""
        with self.lock:
            return [fault for _, _, fault in self.seen if fault]

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        if self.tls:
            try:
                client = self.tls.wrap_socket(client, server_side=True)
            except OSError:     # it does not trust us
                client.close()
                return
        with self.lock:
            self.clients.add(client)
            self.connections += 1
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = client.makefile('rb')
            while True:
                request = read_request(client, reader)
                if request is None:
                    return
                self._answer(client, request)
        except (Gone, OSError):
            pass
        finally:
            with self.lock:
                self.clients.discard(client)
                self.open -= 1
            client.close()

    def _answer(self, client, request):
        with self.lock:
            rng = random.Random(self.rng.random())
            name = ''
            if self.faults and rng.random() < self.rate:
                name = rng.choice(sorted(self.faults))
            row = len(self.seen)
            self.seen.append((request.method, request.target, name))
        exchange = Exchange(self, client, request, rng)
        if name and self.faults[name](exchange) is not False:
            return
        if name:
            with self.lock:
                self.seen[row] = (request.method, request.target, '')
        exchange.give(exchange.forward())


def read_request(client, reader):
    """The next request of a connection; None at its end."""
    head = b''
    while not head.endswith(b'\r\n\r\n'):
        line = reader.readline(MOST_HEAD)
        if not line or len(head) > MOST_HEAD:
            return None
        head += line
    request = Request(head[:-4], b'')
    names = {name.lower(): value for name, value in request.headers}
    if 'transfer-encoding' in names:
        raise Gone('a request whose length nobody knows')
    if names.get('expect'):
        client.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')
    size = int(names.get('content-length', 0))
    request.body = reader.read(size)
    return request if len(request.body) == size else None
