# SPDX-License-Identifier: BSD-2-Clause
"""Qdrant servers for tests: the one of tests/qdrant as a process of its own,
or the real one that QDRANT_URL names (QDRANT_API_KEY: its key).

    def test_something(qdrant):             # a fresh server for this test
        qdrant.make('books', 500)           # 500 points of 8 dimensions
        qdrant.ask('PUT', '/collections/odd%20name', {'vectors': ...})
        qdrant.put_points('books', [{'id': 1, 'vector': [...]}, ...])
        qdrant.url(), qdrant.KEY            # what a configuration needs
        qdrant.points('books')              # all points, by id
        qdrant.snapshot_files()             # what lies on the server's disk
        qdrant.requests()                   # what it was asked: 'method',
                                            # 'target', 'headers', 'status'

`qdrant_session` is one server for all tests of a file (use names of your own
in it); `new_qdrant(nodes=2, key=None)` makes others: clusters, or one without
a key; large=True where it gets a GB or more (its files are on the disk then,
else in memory). `ask` returns the result of a call and raises Failed (.status,
.body) where the answer is not 2xx; `raw` returns (status, headers, bytes).
`fill` makes large collections quickly: make('big', 0, 384), then
fill('big', 200000). `wait_until_whole(name)` waits for a cluster's shards.
`archive(name)` is a real snapshot of the fixtures in tests/data/qdrant,
`upload(collection, file)` restores one.

Faults, which a real server cannot do (the test is skipped there):

    qdrant.fault('cut', path='*/snapshots/*.snapshot', bytes=100000)

where: method='*', path='*' (patterns of the path without its query), node
(1, 2, ...), times=1 (0: always), skip=0 (requests that are spared first).

    pause seconds               before it is handled
    answer status [words]       instead: 401, 403, 404, 429, 500, 503, ... with
      [headers, body]           the server's words; headers=[['retry-after',
                                '1']], body='garbage', status=307 ...
    refuse                      the connection ends without an answer
    hang_up                     the same, but the server does the work
    slow bytes_per_second       the body of the answer (as all the next)
    cut bytes                   the connection ends after so many of it
    stall bytes                 silence after so many, until the client goes
    flip offset                 one bit is wrong
    slow_upload bytes_per_second    an upload is read slowly
    cut_upload bytes            the connection ends after so many of it
    later seconds               what wait=false puts off begins so late
    full_disk                   the next snapshot cannot be written (500)
    wrong_checksum              POST .../snapshots tells a wrong one
    vanish, replace             the snapshot is gone, or another of that name,
                                when it comes to fetching it
    endless_headers, huge_body bytes    answers without end

`colour('books', 'yellow')` (green, grey, red; None: the real one again),
`behave(version='1.17.0', recovery_mode=True, url_recovery=False,
consensus='why it stopped')`, `stop`, `start` (same folder, same ports),
`kill`, `token(access='r')` (a JWT; keep the names of the claims), and for
clusters `shard_state(name, shard, node, 'Dead')` and `url(2)`.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

import processes

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
DATA = f'{TESTS}/data/qdrant'
BATCH = 500
MEMORY = '/dev/shm'
ENOUGH = 3 << 30


class Unavailable(Exception):
    """No server can be had here; the message says why."""


class Failed(Exception):
    """An answer that is no success."""

    def __init__(self, what, status, body):
        super().__init__(f'{what}: {status} {body[:300]!r}')
        self.status, self.body = status, body


def engine_folder():
    """Where tests/lib/qdrant_engine.sh has put the engine."""
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    folder = os.environ.get('TEST_QDRANT_ENGINE') or \
        f'{cache}/libdbbackup/qdrant-engine'
    if not os.path.isdir(f'{folder}/qdrant_edge'):
        raise Unavailable("no engine of Qdrant: 'sh tests/lib/"
                          f"qdrant_engine.sh {folder}' installs it")
    return folder


def room(large):
    """Where a server's folder goes: into memory, where files of the engine
    (mostly holes) cost nothing; what becomes large onto the disk."""
    if large or not os.access(MEMORY, os.W_OK) or \
            shutil.disk_usage(MEMORY).free < ENOUGH:
        return None
    return MEMORY


def archive(name):
    """The path of a real snapshot: dense, docs, uuid_ids, empty, ..."""
    return f'{DATA}/snapshots/{name}.snapshot'


def quote(name):
    """A name as a part of a path."""
    return urllib.parse.quote(name, safe='')


class Client:
    """What tests ask of a server, ours or a real one."""

    KEY = 'qdrant-Secret/+of=Tests'

    def url(self, node=1):
        """Where a node is reached."""
        raise NotImplementedError

    def raw(self, method, path, body=None, headers=(), node=1):
        """(status, headers, bytes); `body`: bytes, a file, JSON or None."""
        sent = dict(headers)
        if self.KEY:
            sent.setdefault('api-key', self.KEY)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            sent['Content-Type'] = 'application/json'
        where = urllib.parse.urlsplit(self.url(node))
        kind = http.client.HTTPSConnection if where.scheme == 'https' \
            else http.client.HTTPConnection
        connection = kind(where.hostname, where.port, timeout=300)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def ask(self, method, path, body=None, node=1):
        """The result of a call."""
        status, _, got = self.raw(method, path, body, node=node)
        if not 200 <= status < 300:
            raise Failed(f'{method} {path}', status, got)
        return json.loads(got)['result'] if got else None

    def wait_until_whole(self, name, nodes=2, patience=30):
        """Wait until all shards of a collection are Active on every node and
        none moves."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            told = [self.ask('GET', f'/collections/{quote(name)}/cluster',
                             node=it) for it in range(1, nodes + 1)]
            states = {it['state'] for one in told for it in
                      one['local_shards'] + one['remote_shards']}
            if states <= {'Active'} and \
                    not any(it['shard_transfers'] for it in told):
                return
            time.sleep(0.05)
        raise Failed(f'waiting for {name}', 0, json.dumps(told).encode())

    # ---- collections ----

    def make(self, name, count, size=8, seed=1, **settings):
        """A collection of `count` points with the ids 1, 2, ..., with
        vectors of noise and a small payload."""
        self.ask('PUT', f'/collections/{quote(name)}', {
            'vectors': {'size': size, 'distance': 'Dot'}, **settings})
        self.fill(name, count, 1, seed)

    def fill(self, name, count, first=1, seed=1):
        """Points of noise, by HTTP."""
        info = self.ask('GET', f'/collections/{quote(name)}')
        size = info['config']['params']['vectors']['size']
        self.put_points(name, [
            {'id': it, 'vector': [((seed * it * 31 + at * 17) % 97) / 97
                                  for at in range(size)],
             'payload': {'n': it, 'tag': f't{it % 7}'}}
            for it in range(first, first + count)])

    def put_points(self, name, points, **more):
        """Put points, in batches."""
        for at in range(0, len(points), BATCH):
            self.ask('PUT', f'/collections/{quote(name)}/points?wait=true',
                     {'points': points[at:at + BATCH], **more})

    def count(self, name, node=1):
        """How many points there are."""
        return self.ask('POST', f'/collections/{quote(name)}/points/count',
                        {'exact': True}, node=node)['count']

    def points(self, name, limit=1000):
        """All points: id -> (payload, vector)."""
        found, offset = {}, None
        while True:
            page = self.ask(
                'POST', f'/collections/{quote(name)}/points/scroll',
                {'limit': limit, 'offset': offset, 'with_payload': True,
                 'with_vector': True})
            for it in page['points']:
                found[it['id']] = it.get('payload'), it.get('vector')
            offset = page['next_page_offset']
            if offset is None:
                return found

    def info(self, name):
        """What the server tells about a collection."""
        return self.ask('GET', f'/collections/{quote(name)}')

    def names(self):
        """All collections."""
        return sorted(it['name'] for it in
                      self.ask('GET', '/collections')['collections'])

    def aliases(self):
        """alias -> collection"""
        return {it['alias_name']: it['collection_name'] for it in
                self.ask('GET', '/aliases')['aliases']}

    def alias(self, name, collection):
        """Make or move an alias."""
        self.ask('POST', '/collections/aliases', {'actions': [
            {'create_alias': {'alias_name': name,
                              'collection_name': collection}}]})

    def drop(self, name):
        """Remove a collection."""
        self.ask('DELETE', f'/collections/{quote(name)}')

    def drop_all(self):
        """Remove everything that REST reaches."""
        for name in self.names():
            for it in self.snapshots(name):
                self.ask('DELETE', f'/collections/{quote(name)}/snapshots/'
                                   f'{quote(it)}')
            self.drop(name)

    # ---- snapshots ----

    def snapshots(self, name, node=1):
        """The names of a collection's snapshots, as the server lists them."""
        return sorted(it['name'] for it in self.ask(
            'GET', f'/collections/{quote(name)}/snapshots', node=node))

    def upload(self, name, path, node=1, query='wait=true'):
        """Restore a snapshot file."""
        boundary = 'a-boundary-of-tests'
        with open(path, 'rb') as file:
            body = (f'--{boundary}\r\nContent-Disposition: form-data; name='
                    f'"snapshot"; filename="{os.path.basename(path)}"\r\n'
                    'Content-Type: application/octet-stream\r\n\r\n'
                    ).encode() + file.read() + f'\r\n--{boundary}--'.encode()
        status, _, got = self.raw(
            'POST', f'/collections/{quote(name)}/snapshots/upload?{query}',
            body, {'Content-Type':
                   f'multipart/form-data; boundary={boundary}'}, node)
        if status != 200:
            raise Failed(f'upload to {name}', status, got)


class Real(Client):
    """The server that QDRANT_URL names. It should be empty, and is left so."""

    is_real = True
    reason = 'a real server (QDRANT_URL) does no faults'

    def __init__(self):
        self.KEY = os.environ.get('QDRANT_API_KEY')
        self.drop_all()

    def url(self, node=1):
        return os.environ['QDRANT_URL'].rstrip('/')

    def snapshot_files(self):
        """All that the server lists."""
        return sorted(f'{name}/{it}' for name in self.names()
                      for it in self.snapshots(name))

    def close(self):
        """Leave it as it was found."""
        self.drop_all()

    def __getattr__(self, name):
        """What only ours can do."""
        import pytest       # pylint: disable=import-outside-toplevel
        if name.startswith('__'):
            raise AttributeError(name)
        return pytest.skip(f'{name}: {self.reason}')


class Server(Client):
    """The server of tests/qdrant, in a process and a folder of its own."""

    is_real = False

    def __init__(self, nodes=1, key=Client.KEY, read_only_key=None,
                 large=False):
        self.KEY, self.large = key, large
        self.settings = {'api_key': key, 'nodes': nodes,
                         'read_only_api_key': read_only_key}
        self.engine = engine_folder()
        self.folder = tempfile.mkdtemp(prefix='dbbqdrant',
                                       dir=room(self.large))
        self.process, self.ports, self.control = None, None, None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    # ---- the process ----

    def start(self):
        """Start it; where it was before, after a stop."""
        told = f'{self.folder}/ports'
        if os.path.exists(told):
            os.remove(told)
        settings = {**self.settings, 'ports': self.ports}
        with open(f'{self.folder}/log', 'ab') as log:
            self.process = processes.start(
                ['setpriv', '--pdeathsig=KILL', sys.executable, '-m',
                 'qdrant', self.folder, json.dumps(settings)],
                env={'PATH': os.environ['PATH'], 'HOME': self.folder,
                     'PYTHONPATH': f'{self.engine}:{TESTS}',
                     'PYTHONDONTWRITEBYTECODE': '1'},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not os.path.exists(told):
            if self.process.poll() is not None or \
                    time.monotonic() > deadline:
                raise Unavailable(f'the server does not start: {self.words}')
            time.sleep(0.01)
        with open(told, encoding='ascii') as file:
            known = json.load(file)
        self.ports, self.control = known['ports'], known['control']

    @property
    def words(self):
        """The end of what it has logged."""
        with open(f'{self.folder}/log', encoding='utf-8',
                  errors='replace') as file:
            return file.read()[-2000:]

    def stop(self):
        """End it at once, as when its machine dies."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
        self.process = None

    kill = stop

    def close(self):
        """End it and remove all it had."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, node=1):
        return f'http://127.0.0.1:{self.ports[node - 1]}'

    # ---- what a real one cannot do ----

    def _control(self, do, /, **arguments):
        connection = http.client.HTTPConnection('127.0.0.1', self.control,
                                                timeout=600)
        try:
            connection.request('POST', '/', json.dumps(
                {'do': do, **arguments}))
            answer = connection.getresponse()
            got = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(got)
        return got

    def fault(self, what, **where):
        """Let something go wrong; see above."""
        self._control('add_fault', what=what, **where)

    def clear_faults(self):
        """All is well again."""
        self._control('clear_faults')

    def requests(self, method=None, part=''):
        """What it was asked, in order; those of a method, with a part of
        their target."""
        return [it for it in self._control('requests')
                if method in (None, it['method']) and part in it['target']]

    def forget_requests(self):
        """Begin their record anew."""
        self._control('forget_requests')

    def fill(self, name, count, first=1, seed=1):
        """Points of noise, by the engine."""
        if count:
            self._control('fill', name=name, count=count, first=first,
                          seed=seed)

    def colour(self, name, status, optimizer='ok'):
        """Let a collection tell another status than its own."""
        self._control('colour', name=name, status=status,
                      optimizer=optimizer)

    def behave(self, **how):
        """Another version, recovery mode, ..."""
        self._control('behave', **how)

    def optimize(self, name):
        """Let the engine build its indexes."""
        self._control('optimize', name=name)

    def shard_state(self, name, shard, node, state):
        """Declare a replica Active, Dead, ..."""
        self._control('shard_state', name=name, shard=shard, node=node,
                      state=state)

    def snapshot_folder(self, node=1):
        """Where a node keeps snapshots: one folder a collection."""
        return f'{self.folder}/node{node}/snapshots'

    def snapshot_files(self):
        """All snapshot files there are, and what belongs to them; those in
        the making, too. ['books/books-....snapshot', ...]"""
        found = []
        for node in range(1, self.settings['nodes'] + 1):
            root = self.snapshot_folder(node)
            for folder, _, names in os.walk(root):
                found += [os.path.relpath(f'{folder}/{it}', root)
                          for it in names]
        return sorted(found)

    def token(self, **claims):
        """A JWT signed with the key: token(access='r', exp=...)."""
        sys.path.insert(0, TESTS)
        try:
            from qdrant import auth   # pylint: disable=import-outside-toplevel
        finally:
            sys.path.remove(TESTS)
        return auth.make_token(self.KEY, **claims)


def new(**options):
    """A server: the real one where QDRANT_URL is set, else one of ours."""
    if os.environ.get('QDRANT_URL') and set(options) <= {'large'}:
        return Real()
    return Server(**options)
