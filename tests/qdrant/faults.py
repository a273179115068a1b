# SPDX-License-Identifier: BSD-2-Clause
"""Faults on request: what goes wrong, where, and how often."""

import fnmatch
import hashlib
import os
import shutil
import threading
import time

from .envelope import Answer, Refusal, refusal

INSTEAD = ('answer', 'endless_headers', 'huge_body')
BODY = ('slow', 'cut', 'stall', 'flip')
UPLOAD = ('slow_upload', 'cut_upload')
BEGIN, END = b'{"status":"ok","time":0.000000001,"result":"', b'"}'
PATIENCE = 600          # seconds after which a stalled connection ends

WORDS = {
    401: 'Invalid API key or JWT',
    403: 'Forbidden: Global manage access is required',
    404: 'Not found: it is not there',
    429: 'Rate limiting exceeded: Write rate limit exceeded, retry later',
    500: 'Service internal error: something broke',
    503: 'Service unavailable: shard 0 is not available'}


class Broken(Exception):
    """The connection ends here, without another word."""


class Fault:
    """One of them; `times` 0: always; the first `skip` requests are spared."""

    def __init__(self, what, method='*', path='*', node=None, times=1, skip=0,
                 **details):
        self.what, self.method, self.path = what, method, path
        self.node, self.times, self.skip = node, times, skip
        self.details = details
        self.left = times

    def meets(self, request, node):
        """Is it for this request?"""
        return fnmatch.fnmatchcase(request.method, self.method) and \
            fnmatch.fnmatchcase(request.path, self.path) and \
            self.node in (None, node.number)

    def spent(self):
        """Will it never come again?"""
        return self.times > 0 and self.left <= 0

    # ---- in the body of an answer ----

    def sender(self, connection):
        """A function that writes, and does the harm on the way."""
        return getattr(self, f'_{self.what}')(connection)

    def _slow(self, connection):
        pace = self.details['bytes_per_second']

        def write(data):
            for at in range(0, len(data), 4096):
                piece = data[at:at + 4096]
                connection.wfile.write(piece)
                time.sleep(len(piece) / pace)
        return write

    def _until(self, connection, at_end):
        left = [self.details.get('bytes', 0)]

        def write(data):
            connection.wfile.write(data[:left[0]])
            left[0] -= len(data)
            if left[0] < 0:
                at_end(connection)
        return write

    def _cut(self, connection):
        def end(_connection):
            raise Broken()
        return self._until(connection, end)

    def _stall(self, connection):
        return self._until(connection, hold)

    def _flip(self, connection):
        at = [self.details.get('offset', 0)]

        def write(data):
            if 0 <= at[0] < len(data):
                data = bytearray(data)
                data[at[0]] ^= 1
            at[0] -= len(data)
            connection.wfile.write(data)
        return write


def hold(connection):
    """Say nothing more until the client goes away."""
    connection.connection.settimeout(PATIENCE)
    while connection.connection.recv(1 << 16):
        pass
    raise Broken()


class Raw(Answer):
    """An answer that is no proper one."""

    def __init__(self, fault):
        super().__init__(200)
        self.what, self.details = fault.what, fault.details
        self.close = True

    def run(self, connection):
        """Send it."""
        out = connection.wfile.write
        out(b'HTTP/1.1 200 OK\r\n')
        if self.what == 'endless_headers':
            while True:
                out(b'x-more: %b\r\n' % (b'x' * 1000))
        size = self.details.get('bytes', 1 << 30)
        out(b'content-type: application/json\r\ncontent-length: %d\r\n\r\n'
            % (len(BEGIN) + size + len(END)))
        out(BEGIN)
        block = b'x' * (1 << 16)
        while size > 0:
            out(block[:size])
            size -= len(block)
        out(END)


def _instead(fault):
    """An answer that comes in the place of the real one: a status with the
    server's usual words, or what the test says."""
    if fault.what != 'answer':
        return Raw(fault)
    details = fault.details
    status = details['status']
    headers = [tuple(it) for it in details.get('headers', ())]
    if 'body' in details:
        return Answer(status, details['body'].encode(),
                      details.get('content_type', 'application/json'),
                      headers)
    form = 'bare' if status == 401 else details.get('form', 'json')
    words = details.get('words') or WORDS.get(status, 'it failed')
    return refusal(Refusal(status, words, form, headers), 0.00001)


class Faults:
    """All faults that wait for their request."""

    def __init__(self):
        self.waiting = []
        self.lock = threading.Lock()

    def add(self, **given):
        """Another one."""
        with self.lock:
            self.waiting.append(Fault(**given))

    def clear(self):
        """None any more."""
        with self.lock:
            self.waiting.clear()

    def take(self, request, node, *kinds):
        """The first of these kinds that is for this request, or None."""
        with self.lock:
            for fault in self.waiting:
                if fault.what not in kinds or fault.spent() or \
                        not fault.meets(request, node):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.left -= 1
                return fault
        return None

    def before(self, request, node):
        """What happens before the request is handled: a pause; an answer
        (returned); the end of the connection."""
        fault = self.take(request, node, 'pause')
        if fault:
            time.sleep(fault.details['seconds'])
        if self.take(request, node, 'refuse'):
            raise Broken()
        fault = self.take(request, node, *INSTEAD)
        return _instead(fault) if fault else None

    def dress(self, request, node, answer):
        """What happens to the body of the answer."""
        if answer.status in (200, 206):
            answer.fault = self.take(request, node, *BODY)
        return answer

    def throttle(self, request, node):
        """What happens while a body is read: a function of each piece."""
        fault = self.take(request, node, *UPLOAD)
        if not fault:
            return None
        left = [fault.details.get('bytes', 0)]

        def pause(count):
            time.sleep(count / fault.details['bytes_per_second'])

        def cut(count):
            left[0] -= count
            if left[0] < 0:
                raise Broken()
        return pause if fault.what == 'slow_upload' else cut


# ---- what happens to a snapshot once it is made ----

def wrong_checksum(_path, told):
    """The reply tells a checksum that is not the file's."""
    told['checksum'] = hashlib.sha256(told['checksum'].encode()).hexdigest()


def vanish(path, _told):
    """It is gone before it can be fetched."""
    os.remove(path)


def replace(path, _told):
    """Another of the same name, as when two are taken in one second."""
    shutil.copyfile(path, f'{path}.new')
    with open(f'{path}.new', 'r+b') as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    os.replace(f'{path}.new', path)
    with open(path, 'rb') as file, \
            open(f'{path}.checksum', 'w', encoding='ascii') as out:
        out.write(hashlib.file_digest(file, 'sha256').hexdigest())


TAMPERING = {'wrong_checksum': wrong_checksum, 'vanish': vanish,
             'replace': replace}
