# SPDX-License-Identifier: BSD-2-Clause
"""Snapshot files: taking, listing, fetching, deleting, of collections, of
shards and of everything."""

import hashlib
import os
import time

from . import archive, files
from .envelope import Refusal, Stream, internal, wrong_input

DISK_FULL = ('File IO error: failed to write to archive: No space left on '
             'device (os error 28)')


# ---- a folder of snapshots ----

def folder_of(node, name=None, shard=None):
    """Where the snapshots of everything, a collection or a shard lie."""
    folder = f'{node.folder}/snapshots'
    if name is not None:
        folder += f'/{name}'
    if shard is not None:
        folder += f'/shards/{shard}'
    return folder


def _known_checksum(path):
    try:
        with open(f'{path}.checksum', encoding='ascii') as file:
            return file.read()
    except OSError:
        return None


def describe(path):
    """A file as the server describes it; without a checksum where nobody
    has computed it."""
    stat = os.stat(path)
    told = {'name': os.path.basename(path),
            'creation_time': time.strftime('%Y-%m-%dT%H:%M:%S',
                                           time.gmtime(stat.st_mtime)),
            'size': stat.st_size}
    checksum = _known_checksum(path)
    if checksum:
        told['checksum'] = checksum
    return told


def list_folder(folder):
    """What ends in .snapshot, in the order of the folder."""
    if not os.path.isdir(folder):
        return []
    return [describe(it.path) for it in os.scandir(folder)
            if it.is_file() and it.name.endswith('.snapshot')]


def keep(made, path):
    """Put a finished file in its place, its checksum beside it."""
    with open(made, 'rb') as file:
        checksum = hashlib.file_digest(file, 'sha256').hexdigest()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.replace(made, path)
    with open(f'{path}.checksum', 'w', encoding='ascii') as file:
        file.write(checksum)
    return describe(path)


def file_in(folder, name, form):
    """The path of a file, or 404."""
    path = f'{folder}/{name}'
    if '/' in name or name in ('', '.', '..') or not os.path.isfile(path):
        raise Refusal(404, f'Not found: Snapshot {name} not found', form)
    return path


def _remove(folder, name):
    path = file_in(folder, name, 'json')
    os.remove(path)
    if os.path.exists(f'{path}.checksum'):
        os.remove(f'{path}.checksum')
    return True


def _now():
    return time.strftime('%Y-%m-%d-%H-%M-%S', time.gmtime())


def _made(call, path, make):
    """Let `make(out)` make a file, and put it at `path`."""
    with archive.stage(call.node, 'made') as folder:
        out = f'{folder}/it'
        if call.faults('full_disk'):
            raise internal(DISK_FULL)
        make(out)
        return keep(out, path)


# ---- of a collection ----

def take(call, collection):
    """Take one, named by the second."""
    name = f'{collection.name}-{call.node.peer_id}-{_now()}.snapshot'
    collection.busy += 1
    try:
        return _made(call, f'{folder_of(call.node, collection.name)}/{name}',
                     lambda out: archive.collection_snapshot(
                         collection, call.node, out))
    finally:
        collection.busy -= 1


def create(call, name):
    """POST /collections/{c}/snapshots"""
    wait = call.request.flag('wait')

    def work():
        call.access.write(name, whole=True)
        collection = call.world.find(name)
        collection.readable(call.node, 'create snapshot')
        told = take(call, collection)
        call.tamper_with_snapshot(
            f'{folder_of(call.node, collection.name)}/{told["name"]}', told)
        return told
    return call.perhaps_later(work, wait)


def listing(call, name):
    """GET /collections/{c}/snapshots"""
    call.access.read(name, whole=True)
    collection = call.world.find(name)
    return list_folder(folder_of(call.node, collection.name))


def fetch(call, name, snapshot):
    """GET /collections/{c}/snapshots/{s}"""
    call.access.read(name, whole=True, form='text')
    collection = call.world.find(name, 'text')
    path = file_in(folder_of(call.node, collection.name), snapshot, 'text')
    return files.serve(path, snapshot, call.request.headers)


def delete(call, name, snapshot):
    """DELETE /collections/{c}/snapshots/{s}"""
    wait = call.request.flag('wait')

    def work():
        call.access.write(name, whole=True)
        collection = call.world.find(name)
        return _remove(folder_of(call.node, collection.name), snapshot)
    return call.perhaps_later(work, wait)


# ---- of everything ----

def _take_all(call):
    name = f'full-snapshot-{_now()}.snapshot'
    parts = {}
    for collection in list(call.world.collections.values()):
        told = take(call, collection)
        parts[collection.name] = \
            f'{folder_of(call.node, collection.name)}/{told["name"]}'
    told = _made(call, f'{folder_of(call.node)}/{name}',
                 lambda out: archive.full_snapshot(
                     parts, call.world.aliases, call.node, out))
    for path in parts.values():
        os.remove(path)         # their checksums stay
    return told


def full_create(call):
    """POST /snapshots"""
    wait = call.request.flag('wait')

    def work():
        call.access.manage()
        return _take_all(call)
    return call.perhaps_later(work, wait)


def full_listing(call):
    """GET /snapshots"""
    call.access.anything()
    return list_folder(folder_of(call.node))


def full_fetch(call, snapshot):
    """GET /snapshots/{s}"""
    call.access.anything()
    path = file_in(folder_of(call.node), snapshot, 'text')
    return files.serve(path, snapshot, call.request.headers)


def full_delete(call, snapshot):
    """DELETE /snapshots/{s}"""
    wait = call.request.flag('wait')

    def work():
        call.access.manage()
        return _remove(folder_of(call.node), snapshot)
    return call.perhaps_later(work, wait)


# ---- of a shard ----

def local_shard(call, collection, shard, form='json'):
    """The number of a shard that this node holds."""
    number = int(shard)
    if number not in collection.replicas:
        raise Refusal(404, f'Not found: shard {number} not found', form)
    if call.node.peer_id not in collection.replicas[number]:
        error = wrong_input(f'Shard {number} is not a local or queue proxy '
                            'shard')
        error.form = form
        raise error
    return number


def shard_create(call, name, shard):
    """POST /collections/{c}/shards/{n}/snapshots"""
    wait = call.request.flag('wait')

    def work():
        call.access.write(name, whole=True)
        collection = call.world.find(name)
        number = local_shard(call, collection, shard)
        file = f'{collection.name}-shard-{number}-{_now()}.snapshot'
        return _made(
            call, f'{folder_of(call.node, collection.name, number)}/{file}',
            lambda out: archive.shard_snapshot(collection, number, call.node,
                                               out))
    return call.perhaps_later(work, wait)


def shard_listing(call, name, shard):
    """GET /collections/{c}/shards/{n}/snapshots"""
    call.access.read(name, whole=True)
    collection = call.world.find(name)
    return list_folder(folder_of(call.node, collection.name, int(shard)))


def shard_fetch(call, name, shard, snapshot):
    """GET /collections/{c}/shards/{n}/snapshots/{s}"""
    call.access.read(name, whole=True, form='text')
    collection = call.world.find(name, 'text')
    path = file_in(folder_of(call.node, collection.name, int(shard)),
                   snapshot, 'text')
    return files.serve(path, snapshot, call.request.headers)


def shard_delete(call, name, shard, snapshot):
    """DELETE /collections/{c}/shards/{n}/snapshots/{s}"""
    call.access.write(name, whole=True)
    collection = call.world.find(name)
    return _remove(folder_of(call.node, collection.name, int(shard)),
                   snapshot)


def shard_stream(call, name, shard):
    """GET /collections/{c}/shards/{n}/snapshot: no file stays, no length."""
    call.access.write(name, whole=True, form='text')
    collection = call.world.find(name, 'text')
    number = local_shard(call, collection, shard, 'text')

    def pieces():
        with archive.stage(call.node, 'stream') as folder:
            archive.shard_snapshot(collection, number, call.node,
                                   f'{folder}/it', streamed=True)
            with open(f'{folder}/it', 'rb') as file:
                while piece := file.read(1 << 16):
                    yield piece
    return Stream(pieces(), [(
        'content-disposition', 'attachment; filename='
        f'"{collection.name}-shard-{number}-{_now()}.snapshot"')])
