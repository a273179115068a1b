# SPDX-License-Identifier: BSD-2-Clause
"""Files as answers: ranges, tags and times, as the server's HTTP library
has them (If-Range is ignored, of several ranges the first is served)."""

import email.utils
import os
import re
import urllib.parse

from .envelope import Answer


class FileAnswer(Answer):
    """A part of a file that is open already: it may be deleted meanwhile."""

    def __init__(self, status, file, start, length, headers):
        super().__init__(status, b'', 'application/octet-stream', headers)
        self.file, self.start, self.length = file, start, length


def _tag(stat):
    seconds, nanos = divmod(stat.st_mtime_ns, 10 ** 9)
    return f'"{stat.st_ino:x}:{stat.st_size:x}:{seconds:x}:{nanos:x}"'


def _disposition(name):
    """The name in the encoding of long ago, and beside it the right one."""
    plain = f'attachment; filename="{name}"'
    if name.isascii():
        return plain
    quoted = urllib.parse.quote(name, safe="#!$&+^`|").replace('-', '%2D')
    return (plain.encode().decode('latin-1') +
            f"; filename*=UTF-8''{quoted}")


def _listed(header, tag):
    return header.strip() == '*' or tag in [it.strip() for it in
                                            header.split(',')]


def _seconds(header):
    try:
        return email.utils.parsedate_to_datetime(header).timestamp()
    except (TypeError, ValueError):
        return None


def _conditions(headers, stat, tag):
    """304, 412, or None: serve it."""
    modified = int(stat.st_mtime)
    if 'if-match' in headers:
        if not _listed(headers['if-match'], tag):
            return 412
    elif 'if-unmodified-since' in headers:
        since = _seconds(headers['if-unmodified-since'])
        if since is not None and modified > since:
            return 412
    if 'if-none-match' in headers:
        if _listed(headers['if-none-match'], tag):
            return 304
    elif 'if-modified-since' in headers:
        since = _seconds(headers['if-modified-since'])
        if since is not None and modified <= since:
            return 304
    return None


def _range(header, size):
    """(first, last) of the first range; None: no range; (): beyond."""
    found = re.match(r'bytes=(\d*)-(\d*)', header or '')
    if not found or found.groups() == ('', ''):
        return None
    first, last = found.groups()
    if not first:
        return max(size - int(last), 0), size - 1
    last = min(int(last), size - 1) if last else size - 1
    return (int(first), last) if int(first) < size else ()


def serve(path, name, headers):
    """The answer to a GET of a file."""
    file = open(path, 'rb')
    stat = os.fstat(file.fileno())
    tag = _tag(stat)
    told = [('accept-ranges', 'bytes'),
            ('last-modified', email.utils.formatdate(stat.st_mtime,
                                                     usegmt=True)),
            ('content-disposition', _disposition(name)), ('etag', tag)]
    status = _conditions(headers, stat, tag)
    if status:
        return FileAnswer(status, file, 0, 0, told)
    span = _range(headers.get('range'), stat.st_size)
    if span is None or span == (0, stat.st_size - 1):
        return FileAnswer(200, file, 0, stat.st_size, told)
    if span == ():
        told.append(('content-range', f'bytes */{stat.st_size}'))
        return FileAnswer(416, file, 0, 0, told)
    first, last = span
    told.append(('content-range', f'bytes {first}-{last}/{stat.st_size}'))
    if 'accept-encoding' in headers:
        told.append(('content-encoding', 'identity'))
    return FileAnswer(206, file, first, last - first + 1, told)
