# SPDX-License-Identifier: BSD-2-Clause
"""An upload: the part 'snapshot' of a multipart body into a file, in large
blocks, hashed as it passes."""

import email.parser
import hashlib
import os
import re

from .envelope import Refusal
from .request import Cut

BLOCK = 1 << 20
HEAD_LIMIT = 1 << 16


class Part:
    """What an upload brought: a file in `path`, its name, its digest."""

    def __init__(self, path, filename, checksum):
        self.path, self.filename = path, filename
        self.checksum = checksum


class Unclosed(Exception):
    """The body ended without its last boundary: the server waits on."""


class _Window:
    """The bytes of a body that were read and not yet used."""

    def __init__(self, body):
        self.body = body
        self.data = bytearray(2 * BLOCK)
        self.begin = self.end = 0

    def more(self):
        """Read on; False at the end of the body."""
        if self.begin:
            rest = self.end - self.begin
            self.data[:rest] = self.data[self.begin:self.end]
            self.begin, self.end = 0, rest
        view = memoryview(self.data)[self.end:]
        count = self.body.readinto(view[:BLOCK])
        self.end += count
        return count > 0

    def find(self, what):
        """Where it is, or -1."""
        return self.data.find(what, self.begin, self.end)

    def take_until(self, what, sink, keep=True):
        """Hand all up to `what` to `sink`, and step over `what`."""
        while (at := self.find(what)) < 0:
            most = max(self.end - len(what) + 1, self.begin)
            if not keep and most > self.begin:
                self._give(sink, most)
            if keep and self.end - self.begin > HEAD_LIMIT or \
                    not self.more():
                raise Unclosed()
        self._give(sink, at)
        self.begin = at + len(what)

    def _give(self, sink, until):
        with memoryview(self.data) as view:
            sink(view[self.begin:until])
        self.begin = until


def _boundary(headers):
    kind = headers.get('content-type', '')
    found = re.search('boundary="?([^";]+)', kind)
    if not kind.startswith('multipart/form-data') or not found:
        raise Refusal(415, 'ContentTypeIncompatible', 'text')
    return b'\r\n--' + found.group(1).encode()


def _head(window):
    """The headers of a part; None after the last boundary."""
    pieces = []
    window.take_until(b'\r\n', lambda it: pieces.append(bytes(it)))
    if pieces and pieces[0] == b'--':
        return None
    lines = []
    while True:
        pieces.clear()
        window.take_until(b'\r\n', lambda it: pieces.append(bytes(it)))
        line = b''.join(pieces)
        if not line:
            return email.parser.BytesHeaderParser().parsebytes(
                b'\n'.join(lines))
        lines.append(line)


def _last(window):
    """Is this boundary the last? Its two dashes need no line end."""
    while window.end - window.begin < 2:
        if not window.more():
            raise Unclosed()
    return bytes(window.data[window.begin:window.begin + 2]) == b'--'


def receive(request, path, throttle=None):
    """The part, in a new file at `path`; the body is read to its end. A cut
    body leaves nothing."""
    boundary = _boundary(request.headers)
    window = _Window(request.body)
    part = None
    try:
        window.take_until(boundary[2:], lambda it: None)
        while not _last(window):
            head = _head(window)
            name = head.get_param('name', header='content-disposition')
            if name == 'snapshot':
                checksum = _save(window, boundary, path, throttle)
                part = Part(path, head.get_filename(), checksum)
            else:
                window.take_until(boundary, lambda it: None, keep=False)
        block = memoryview(bytearray(BLOCK))
        while request.body.readinto(block):
            pass
    except (Cut, Unclosed, ConnectionError):
        if os.path.exists(path):
            os.remove(path)
        raise
    if part is None:
        raise Refusal(400, 'Required field is missing: snapshot', 'text')
    return part


def _save(window, boundary, path, throttle):
    digest = hashlib.sha256()
    with open(path, 'wb') as file:
        def sink(piece):
            if throttle:
                throttle(len(piece))
            digest.update(piece)
            file.write(piece)
        window.take_until(boundary, sink, keep=False)
    return digest.hexdigest()
