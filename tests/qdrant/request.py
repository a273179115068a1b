# SPDX-License-Identifier: BSD-2-Clause
"""A request: its path, query and body; the body is read by whoever wants."""

import json
import re
import urllib.parse

from .envelope import Refusal

JSON_LIMIT = 32 << 20
BLOCK = 1 << 20


class Cut(Exception):
    """The client went away in the middle of its body."""


class Body:
    """The bytes of a request's body, whatever frames them."""

    def __init__(self, file, headers):
        self.file = file
        self.chunked = 'chunked' in headers.get('transfer-encoding', '')
        self.left = 0 if self.chunked else int(
            headers.get('content-length') or 0)
        self.length = None if self.chunked else self.left
        self.done = not self.chunked and self.left == 0

    def readinto(self, view):
        """Fill (a part of) `view`; 0 at the end."""
        if self.chunked and not self.left and not self.done:
            self._next_chunk()
        if self.done:
            return 0
        count = self.file.readinto1(view[:min(len(view), self.left)])
        if not count:
            raise Cut()
        self.left -= count
        if not self.left:
            if self.chunked:
                self.file.readline()
            else:
                self.done = True
        return count

    def _next_chunk(self):
        line = self.file.readline(1024)
        if not line.endswith(b'\n'):
            raise Cut()
        self.left = int(line.split(b';')[0], 16)
        if not self.left:
            while self.file.readline(65536).strip():
                pass
            self.done = True

    def read_all(self):
        """All of it, at most what JSON may have."""
        if self.length is not None and self.length > JSON_LIMIT:
            raise Refusal(400, f'JSON payload ({self.length} bytes) is larger'
                          f' than allowed (limit: {JSON_LIMIT} bytes).')
        pieces, block = [], memoryview(bytearray(BLOCK))
        while count := self.readinto(block):
            pieces.append(bytes(block[:count]))
        return b''.join(pieces)


class Request:
    """What was asked."""

    def __init__(self, method, target, headers, body):
        self.method, self.target = method, target
        self.headers, self.body = headers, body
        path, _, query = target.partition('?')
        self.path = path
        self.parts = [urllib.parse.unquote(part) for part in
                      path.strip('/').split('/')]
        self.query = dict(urllib.parse.parse_qsl(query,
                                                 keep_blank_values=True))

    def json(self):
        """The body as JSON, with the server's words where it is none."""
        raw = self.body.read_all()
        try:
            return json.loads(raw)
        except ValueError as error:
            raise Refusal(400, 'Format error in JSON body: '
                               f'{_json_words(error, raw)}') from None

    def flag(self, name, default=True):
        """A parameter that is true or false."""
        value = self.query.get(name)
        if value not in (None, 'true', 'false'):
            raise _bad_query('provided string was not `true` or `false`')
        return default if value is None else value == 'true'

    def choice(self, name, choices, default):
        """A parameter that is one of some words."""
        value = self.query.get(name, default)
        if value not in choices:
            words = ', '.join(f'`{it}`' for it in choices)
            raise _bad_query(f'unknown variant `{value}`, expected one of '
                             f'{words}')
        return value

    def timeout(self):
        """`timeout`, where a call has it: whole seconds, not 0."""
        value = self.query.get('timeout')
        if value is None:
            return None
        if not value.isdigit():
            raise _bad_query('invalid digit found in string')
        if int(value) == 0:
            raise _bad_query(
                'invalid value: integer `0`, expected a nonzero u64')
        return int(value)

    def checksum(self):
        """`checksum`: SHA-256 in hex, of any case."""
        value = self.query.get('checksum')
        if value is None or re.fullmatch('[0-9A-Fa-f]{64}', value):
            return value and value.lower()
        raise Refusal(
            422, 'Validation error in query parameters: [checksum: Validation'
                 ' error: invalid_sha256_hash [{"expected_length": Number(64)'
                 f', "value": String("{value}"), "length": '
                 f'Number({len(value)})}}]]')


def _bad_query(words):
    return Refusal(400, f'Deserialize error in query parameters: {words}')


def _json_words(error, raw):
    """In the words of the server's parser, as far as they are known."""
    lines = raw.split(b'\n')
    if error.pos >= len(raw.strip()) if hasattr(error, 'pos') else not raw:
        return ('EOF while parsing a value at line '
                f'{len(lines)} column {len(lines[-1])}')
    line, column = (getattr(error, it, 1) for it in ('lineno', 'colno'))
    return f'expected value at line {line} column {column}'
