# SPDX-License-Identifier: BSD-2-Clause
"""Snapshots that are wrong in some way, made of the real ones."""

import gzip
import io
import tarfile

import qdrant_server


def whole(name):
    """A real one."""
    with open(qdrant_server.archive(name), 'rb') as file:
        return file.read()


def _add(out, name, data, kind=tarfile.REGTYPE):
    member = tarfile.TarInfo(name)
    member.size, member.type = len(data), kind
    out.addfile(member, io.BytesIO(data))


def tar_of(*members, kind=tarfile.REGTYPE):
    """A small archive of (name, bytes)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w',
                      format=tarfile.GNU_FORMAT) as tar:
        for name, data in members:
            _add(tar, name, data, kind)
    return out.getvalue()


def changed(name, change, with_log=True):
    """A real one whose members `change(member name, bytes)` changes: bytes,
    or None to leave it out. Its log is empty, or not there at all."""
    out = io.BytesIO()
    with tarfile.open(qdrant_server.archive(name)) as real, \
            tarfile.open(fileobj=out, mode='w',
                         format=tarfile.GNU_FORMAT) as tar:
        for member in real:
            if '/wal/' in member.name:
                continue
            data = change(member.name, real.extractfile(member).read())
            if data is not None:
                _add(tar, member.name, data)
        if with_log:
            _add(tar, '0/wal', b'', tarfile.DIRTYPE)
    return out.getvalue()


def _rubbish(name, data):
    return b'rubbish ' * 100 if name.endswith('.tar') else data


def broken_segments():
    """Every segment is rubbish."""
    return changed('dense', _rubbish)


def _bad_state(name, data):
    if not name.endswith('.tar'):
        return data
    members = []
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for it in tar:
            if it.size < 1 << 20 and it.isfile():
                members.append((it.name, tar.extractfile(it).read()))
    return tar_of(*((it, b'{"broken"' if it.endswith('segment.json') else was)
                    for it, was in members))


def broken_state():
    """It unpacks, but what describes each segment is no JSON."""
    return changed('dense', _bad_state)


def without(part):
    """Members with this in their name are left out."""
    return changed('dense', lambda name, data:
                   None if part in name else data)


def no_log():
    """Without the folder of its log."""
    return changed('dense', lambda name, data: data, with_log=False)


def of_version(version):
    """Another version.info."""
    return changed('dense', lambda name, data: version.encode()
                   if name == 'version.info' else data)


def flipped():
    """One bit of a payload is wrong."""
    data = bytearray(whole('dense'))
    at = data.index(b'row 5')
    data[at] ^= 1
    return bytes(data)


def foreign():
    """An archive of something else."""
    return tar_of(('readme.txt', b'hello'))


def with_link():
    """An archive with a symbolic link."""
    return tar_of(('link', b''), kind=tarfile.SYMTYPE)


def packed():
    """A gzip of a good one."""
    return gzip.compress(whole('empty'))
