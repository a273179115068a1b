# SPDX-License-Identifier: BSD-2-Clause
"""Unpacking snapshots, refusing what the server refuses, in its words."""

import json
import os
import tarfile

from .envelope import internal

MALFORMED = 'Malformed tar archive, reached unknown entry'
NOT_THERE = 'No such file or directory (os error 2)'
KINDS = {tarfile.SYMTYPE: 'Symlink', tarfile.LNKTYPE: 'Link',
         tarfile.CHRTYPE: 'Char', tarfile.BLKTYPE: 'Block',
         tarfile.FIFOTYPE: 'Fifo'}
BLOCK = 1 << 20


class Bad(Exception):
    """What is wrong with an archive."""


def _place(folder, member):
    """Where a member goes; it may not leave the folder."""
    kind = KINDS.get(member.type)
    if kind:
        raise Bad(f'Forbidden entry type in tar archive: {kind}')
    parts = member.name.split('/')
    if member.name.startswith('/') or '..' in parts:
        raise Bad(MALFORMED)
    return f'{folder}/{member.name}'


def _unpack_member(tar, member, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        tar.makefile(member, path)
    except tarfile.TarError:
        raise Bad(f'failed to unpack `{path.replace("/./", "/")}`') from None


def _unpack(path, folder, rename=lambda name: name):
    """All members of an archive; an empty file has none."""
    os.makedirs(folder, exist_ok=True)
    if not os.path.getsize(path):
        return
    try:
        with tarfile.open(path, 'r:', copybufsize=BLOCK) as tar:
            for member in tar:
                member.name = rename(member.name)
                target = _place(folder, member)
                if member.isdir():
                    os.makedirs(target, exist_ok=True)
                else:
                    _unpack_member(tar, member, target)
                tar.members = []        # or it keeps them all
    except (tarfile.TarError, UnicodeError, EOFError):
        raise Bad(MALFORMED) from None


def outer(path, folder):
    """The archive itself."""
    try:
        _unpack(path, folder)
    except Bad as bad:
        raise internal(f'File IO error: {bad}') from None


def _inner_name(name):
    return name.removeprefix('snapshot/').removeprefix('files/')


def _segment(folder, name):
    """A segment, out of its archive or as a folder of files."""
    path = f'{folder}/{name}'
    if os.path.isdir(f'{path}/files'):
        for it in os.listdir(f'{path}/files'):
            os.rename(f'{path}/files/{it}', f'{path}/{it}')
        os.rmdir(f'{path}/files')
    if not name.endswith('.tar'):
        return
    try:
        _unpack(path, path.removesuffix('.tar'), _inner_name)
    except Bad as bad:
        raise internal(f'Failed to restore snapshot from "{path}": Service '
                       f'runtime error: IO Error: {bad}') from None
    os.remove(path)


def shard(folder, alone):
    """Unpack the segments of a shard; is there data for this node at all?
    `alone`: no other node could have it."""
    if not os.path.exists(f'{folder}/shard_config.json') and \
            not os.path.exists(f'{folder}/replica_state.json') and alone:
        raise missing_data(folder)
    if not os.path.exists(f'{folder}/shard_config.json'):
        raise internal(f"Can't read shard config at {folder}")
    if not read(f'{folder}/replica_state.json').get('is_local'):
        if alone:
            raise missing_data(folder)
        return False
    segments = f'{folder}/segments'
    if not os.path.isdir(segments):
        raise internal(f'IO Error: failed to read directory `{segments}`: '
                       f'{NOT_THERE}')
    for name in sorted(os.listdir(segments)):
        _segment(segments, name)
    return True


def missing_data(folder):
    """A part of a cluster's data, on a server that is none."""
    return internal("Can't restore snapshot in local mode with missing data "
                    f'at shard: {folder}')


def read(path):
    """A JSON file of a snapshot."""
    try:
        with open(path, encoding='utf-8') as file:
            return json.load(file)
    except OSError:
        raise internal(f'File IO error: failed to open file `{path}`: '
                       f'{NOT_THERE}') from None
    except ValueError as error:
        raise internal(f'File IO error: failed to read `{path}`: '
                       f'{error}') from None
