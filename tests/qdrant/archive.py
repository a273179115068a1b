# SPDX-License-Identifier: BSD-2-Clause
"""Making snapshots: a GNU tar with sparse entries, in the layout of 1.18.

GNU tar makes them: Python's tarfile reads sparse entries but writes none, and
the engine's files are mostly holes.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile

from .shard import CLOCKS

STORAGE_VERSION = '0.4.2'
OPEN_LOG_FILES = 3      # more of them: the log has points of long ago


def _tar(out, folder, names, *options):
    """An archive of the files `names` of a folder, in that order."""
    subprocess.run(
        ['tar', '--create', '--sparse', '--format=gnu', '--owner=0',
         '--group=0', '--numeric-owner', '--no-recursion', '--null',
         f'--directory={folder}', f'--file={out}', *options,
         '--verbatim-files-from', '--files-from=-'],
        input='\0'.join(names).encode(), check=True, stderr=subprocess.PIPE)


def _files(folder, below=''):
    """All files below a folder, in order; folders only where empty."""
    found = []
    for entry in sorted(os.scandir(f'{folder}/{below}'),
                        key=lambda it: it.name):
        name = f'{below}/{entry.name}' if below else entry.name
        if entry.is_dir():
            found += _files(folder, name) or [name]
        else:
            found.append(name)
    return found


def _write(folder, name, value):
    with open(f'{folder}/{name}', 'w', encoding='utf-8') as file:
        file.write(value if isinstance(value, str) else
                   json.dumps(value, ensure_ascii=False,
                              separators=(',', ':')))


@contextlib.contextmanager
def stage(node, purpose):
    """A folder in which an archive is put together."""
    folder = tempfile.mkdtemp(prefix=f'{purpose}-', dir=node.temporary)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ---- the parts ----

def _pack_segments(shard, folder):
    """Each segment in an archive of its own."""
    segments = f'{shard.folder}/segments'
    os.makedirs(f'{folder}/segments')
    for name in sorted(os.listdir(segments)):
        if os.path.exists(f'{segments}/{name}/segment.json'):
            _tar(f'{folder}/segments/{name}.tar', f'{segments}/{name}',
                 _files(f'{segments}/{name}'),
                 '--transform=s,^,snapshot/files/,')


def _stream_segments(shard, folder):
    """The files of the segments as they are."""
    segments = f'{shard.folder}/segments'
    for name in sorted(os.listdir(segments)):
        if os.path.exists(f'{segments}/{name}/segment.json'):
            _copy(f'{segments}/{name}', f'{folder}/segments/{name}/files')


def _copy(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    subprocess.run(['cp', '-a', '--sparse=always', source, target],
                   check=True)


def _pack_shard(shard, folder, segments=_pack_segments):
    """What a shard has, put below `folder` while it stands still. Its log
    is empty after a flush: it comes along while it is short."""
    os.makedirs(folder, exist_ok=True)
    still = shard.still()
    try:
        segments(shard, folder)
        log = f'{shard.folder}/wal'
        if os.path.isdir(log) and len(os.listdir(log)) <= OPEN_LOG_FILES:
            _copy(log, f'{folder}/wal')
        else:
            os.makedirs(f'{folder}/wal')
    finally:
        still.release()


def _describe_shard(collection, number, node, folder):
    os.makedirs(folder, exist_ok=True)
    found = collection.replicas[number]
    mine = found.get(node.peer_id)
    if mine and mine.shard and mine.shard.tick:
        _write(folder, CLOCKS, mine.shard.clocks(node.peer_id))
    _write(folder, 'replica_state.json', {
        'is_local': mine is not None, 'this_peer_id': node.peer_id,
        'peers': {str(peer): it.state for peer, it in found.items()}})
    _write(folder, 'shard_config.json', {'type': 'ReplicaSet'})


def _settings(collection):
    config = dict(collection.config)
    metadata = config.pop('metadata', None)
    config['uuid'] = None
    if metadata is not None:
        config['metadata'] = metadata
    return config


# ---- the archives ----

def collection_snapshot(collection, node, out):
    """The shards of one node, and the settings of the collection."""
    with stage(node, 'snapshot') as folder:
        for number in sorted(collection.replicas):
            mine = collection.replicas[number].get(node.peer_id)
            if mine and mine.shard:
                _pack_shard(mine.shard, f'{folder}/{number}')
            _describe_shard(collection, number, node, f'{folder}/{number}')
        _write(folder, 'version.info', STORAGE_VERSION)
        _write(folder, 'config.json', _settings(collection))
        _write(folder, 'shard_key_mapping.json',
               [{'key': key, 'shard_ids': numbers} for key, numbers in
                collection.shard_keys.items()])
        _write(folder, 'payload_index.json', {'schema': collection.schema})
        last = ['version.info', 'config.json', 'shard_key_mapping.json',
                'payload_index.json']
        names = [it for it in _files(folder) if it not in last]
        _tar(out, folder, names + last, '--mtime=@0')


def shard_snapshot(collection, number, node, out, streamed=False):
    """One shard: without its number, and without the settings."""
    shard = collection.replicas[number][node.peer_id].shard
    with stage(node, 'shard') as folder:
        _pack_shard(shard, folder,
                    _stream_segments if streamed else _pack_segments)
        _describe_shard(collection, number, node, folder)
        _tar(out, folder, _files(folder), '--mtime=@0')


def full_snapshot(parts, aliases, node, out):
    """Snapshots of collections (name -> file) in one file."""
    with stage(node, 'full') as folder:
        for path in parts.values():
            os.link(path, f'{folder}/{os.path.basename(path)}')
        _write(folder, 'config.json', {
            'collections_mapping': {name: os.path.basename(path)
                                    for name, path in parts.items()},
            'collections_aliases': aliases})
        names = [it for it in _files(folder) if it != 'config.json']
        _tar(out, folder, names + ['config.json'], '--mtime=@0')
