# SPDX-License-Identifier: BSD-2-Clause
"""Playing a recording against a server, and what may differ in the answer:
times, sizes, and names that come of the clock."""

import hashlib
import http.client
import json
import re
import urllib.parse
import zlib

import qdrant_server

# Values of which only the type is determined.
LOOSE = {'time', 'creation_time', 'size', 'indexed_vectors_count',
         'segments_count', 'queued_segments', 'startup', 'last_update',
         'commit', 'latest_error_timestamp'}
# Headers of which only the presence is.
VARYING = {'date', 'etag', 'last-modified', 'content-length'}
CLOCK = re.compile(r'-\d{4}(-\d\d){5}')
SEGMENT = re.compile('/segments/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
RANDOM = re.compile(r'(-recovery-|-shard-\d)[A-Za-z0-9_]{6,8}\b')


def recordings():
    """All of them, in their order."""
    with open(f'{qdrant_server.DATA}/exchanges.jsonl',
              encoding='utf-8') as file:
        return [json.loads(line) for line in file]


def form(data, filename, field='snapshot'):
    """(content type, body) of a form that uploads a file."""
    boundary = '------------------------d74496d66958873e'
    head = (f'--{boundary}\r\nContent-Disposition: form-data; name="{field}";'
            f' filename="{filename}"\r\nContent-Type: application/'
            'octet-stream\r\n\r\n').encode()
    return (f'multipart/form-data; boundary={boundary}',
            head + data + f'\r\n--{boundary}--\r\n'.encode())


class Replay:
    """A server, and what the names of the recordings are on it."""

    def __init__(self, server):
        self.server = server
        self.names = {}         # recorded -> ours
        self.planted = set()    # recorded names of files that are the same
        self.cut = False        # lists of this recording were shortened

    # ---- asking ----

    def ours(self, text):
        """A recorded text with our names in it."""
        for theirs, mine in self.names.items():
            text = text.replace(urllib.parse.quote(theirs),
                                urllib.parse.quote(mine))
            text = text.replace(theirs, mine)
        return text

    def _headers(self, request):
        for name, value in request['headers']:
            if name.lower() in ('content-length', 'content-type', 'host'):
                continue
            if 'JWT(' in value:
                value = value.partition('JWT(')[0] + \
                    token(self.server, value)
            yield name, self.ours(value)

    def ask(self, recorded, body):
        """(status, headers, body) of our server's answer."""
        node = 2 if 'node 2' in recorded['server'] else 1
        where = urllib.parse.urlsplit(self.server.url(node))
        request = recorded['request']
        kind, data = body
        connection = http.client.HTTPConnection(where.hostname, where.port,
                                                timeout=120)
        try:
            connection.putrequest(request['method'],
                                  self.ours(request['target']),
                                  skip_accept_encoding=True)
            for name, value in self._headers(request):
                connection.putheader(name, value)
            if data is not None:
                connection.putheader('content-length', str(len(data)))
                if kind:
                    connection.putheader('content-type', kind)
            connection.endheaders(data)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def body(self, recorded):
        """(content type, bytes): the recorded body."""
        given = recorded['request'].get('body')
        if given is None:
            return None, None
        return 'application/json', self.ours(
            json.dumps(given['json'], ensure_ascii=False)).encode()

    # ---- comparing ----

    def play(self, recorded, body=None):
        """What differs: a list of words."""
        status, headers, data = self.ask(recorded,
                                         body or self.body(recorded))
        want = recorded['response']
        if status != want['status']:
            return [f'status {status} {data[:200]}, not {want["status"]}']
        return self._headers_differ(recorded, dict(headers)) + \
            self._bodies_differ(recorded, dict(headers), data)

    def _headers_differ(self, recorded, got):
        want = dict(map(tuple, recorded['response']['headers']))
        for name in ('etag', 'last-modified'):
            if name in want and name in got:
                self.names[want[name]] = got[name]
        if set(want) != set(got):
            return [f'headers {sorted(set(want) ^ set(got))}']
        if not self.is_of_planted(recorded):
            want.pop('content-range', None)
        return [f'{name}: {got[name]}, not {value}'
                for name, value in want.items() if name not in VARYING and
                tidy(self.ours(value)) != tidy(got[name])]

    def is_of_planted(self, recorded):
        """Is a file asked for that is the very one of the recordings?"""
        return any(it in recorded['request']['target'] for it in self.planted)

    def _bodies_differ(self, recorded, headers, got):
        want = recorded['response']['body']
        if want is None:
            return [f'a body: {got[:100]}'] if got else []
        self.cut = want.get('shortened', False)
        if 'json' in want:
            return list(self.differences(want['json'], json.loads(got), ''))
        if 'text' in want:
            return self._texts_differ(recorded, want['text'], got.decode())
        return self._files_differ(recorded, headers, want, got)

    def _texts_differ(self, recorded, want, got):
        if recorded['response']['body'].get('shortened') or \
                '# TYPE' in want:
            lines = {it for it in got.split('\n') if 'commit' not in it}
            return [f'no line {it}' for it in want.split('\n')
                    if it.startswith(METRICS) and it not in lines]
        if tidy(self.ours(want)) != tidy(got):
            return [f'{got!r}, not {want!r}']
        return []

    def _files_differ(self, recorded, headers, want, got):
        if headers.get('content-encoding') == 'gzip':
            got = zlib.decompress(got, wbits=31)
            want = {'sha256': hashlib.sha256(got).hexdigest()}
        if not self.is_of_planted(recorded):
            return [] if got else ['no body']
        if hashlib.sha256(got).hexdigest() != want['sha256']:
            return [f'other bytes: {len(got)}, not {want["size_bytes"]}']
        return []

    def differences(self, want, got, where):
        """Walk through two values; names of snapshots are learnt."""
        if isinstance(want, dict) and isinstance(got, dict):
            yield from self._objects_differ(want, got, where)
        elif isinstance(want, list) and isinstance(got, list):
            if len(want) != len(got) and not self.cut:
                yield f'{where}: {len(got)} of {len(want)}: {got}'
            for number, (one, other) in enumerate(zip(
                    sorted(want, key=_name), sorted(got, key=_name))):
                yield from self.differences(one, other, f'{where}[{number}]')
        elif isinstance(want, str) and isinstance(got, str):
            if want.endswith('.snapshot') and where.endswith('name'):
                self.names[want] = got
            if tidy(self.ours(want)) != tidy(got):
                yield f'{where}: {got!r}, not {want!r}'
        elif type(want) is not type(got) or want != got:
            yield f'{where}: {got!r}, not {want!r}'

    def _objects_differ(self, want, got, where):
        if 'shortened' in want.values() or '…' in want:
            want = {key: value for key, value in want.items()
                    if key in got and value != 'shortened'}
            got = {key: got[key] for key in want}
        if set(want) != set(got):
            yield f'{where}: keys {sorted(set(want) ^ set(got))}'
        for key in sorted(set(want) & set(got)):
            if key == 'checksum' and not self.is_planted(want):
                self.names.setdefault(want[key], got[key])
            elif key in LOOSE or key == 'id' and 'app' in want:
                if type(want[key]) is not type(got[key]):
                    yield f'{where}.{key}: {got[key]!r}'
            else:
                yield from self.differences(want[key], got[key],
                                            f'{where}.{key}')

    def is_planted(self, told):
        """Is this the description of a file that is the same?"""
        return told.get('name') in self.planted


# Lines of /metrics that a tool may rely on.
METRICS = ('app_info', 'app_status_recovery_mode', 'collections_total',
           'cluster_enabled', 'cluster_peers_total')


def _name(value):
    """Lists of named things have no order."""
    if isinstance(value, dict) and 'name' in value:
        return CLOCK.sub('', value['name']), value['name']
    return ()


def tidy(text):
    """Without the moment, and without what is random."""
    text = CLOCK.sub('-TIME', text.replace('%2D', '-'))
    return SEGMENT.sub('/segments/X', RANDOM.sub(r'\1X', text))


def token(server, words):
    """The token that a recording describes."""
    what = words.partition('JWT(')[2].rstrip(')')
    if 'signed with another key' in what:
        return server.token(access='m')[:-4] + 'AAAA'
    scope, _, right = what.partition(',')[0].rpartition(' ')
    claims = {'access': right}
    if scope != 'global':
        name = scope.removeprefix('collection ').rstrip(':')
        claims = {'access': [{'collection': name, 'access': right}]}
    if 'expired' in what:
        claims['exp'] = 1
    return server.token(**claims)
