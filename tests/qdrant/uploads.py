# SPDX-License-Identifier: BSD-2-Clause
"""Calls that restore: by upload, or from where the server fetches it."""

import hashlib
import os
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import uuid

from . import multipart, recovery, settings, snapshots
from .envelope import Refusal, internal, wrong_input


def _receive(call, name, shard=None):
    """The uploaded file, at first among the temporary ones."""
    call.access.manage('text')
    handle, path = tempfile.mkstemp(
        dir=f'{call.node.folder}/snapshots/tmp')
    os.close(handle)
    try:
        part = multipart.receive(call.request, path, call.throttle())
        return part, _checked(call, name, part, shard)
    except BaseException:
        if os.path.exists(path):
            os.remove(path)
        raise


def _checked(call, name, part, shard):
    """All that the rest needs: (wait, priority, where the file will stay)."""
    if shard is None:
        settings.check_name(name)
    wait = call.request.flag('wait')
    priority = recovery.check_priority(call)
    checksum = call.request.checksum()
    stays = snapshots.folder_of(call.node, name, shard)
    stays += '/' + (os.path.basename(part.filename or '') or
                    str(uuid.uuid4()))
    return wait, priority, checksum, stays


def _place(part, checksum, stays):
    """Where it stays, whatever happens then; a wrong one leaves no trace.
    The words of the error are swapped in the server, too."""
    if checksum and checksum != part.checksum:
        os.remove(part.path)
        raise Refusal(400, f'Checksum mismatch: expected {part.checksum}, '
                           f'actual {checksum}')
    os.makedirs(os.path.dirname(stays), exist_ok=True)
    os.replace(part.path, stays)


def collection(call, name):
    """POST /collections/{c}/snapshots/upload"""
    part, (wait, priority, checksum, stays) = _receive(call, name)

    def work():
        _place(part, checksum, stays)
        return recovery.collection(call, name, stays, priority)
    return call.perhaps_later(work, wait)


def shard(call, name, number):
    """POST /collections/{c}/shards/{n}/snapshots/upload"""
    part, (wait, priority, checksum, stays) = _receive(call, name, number)

    def work():
        found = call.world.find(name)
        if int(number) not in found.replicas:
            raise Refusal(404, f'Not found: shard {number} not found')
        _place(part, checksum, stays)
        recovery.shard(call, found, int(number), stays, priority)
    return call.perhaps_later(work, wait)


# ---- by location ----

def _download(location, key, path):
    request = urllib.request.Request(location)
    if key:
        request.add_header('api-key', key)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer, \
                open(path, 'wb') as file:
            shutil.copyfileobj(answer, file, 1 << 20)
    except urllib.error.HTTPError as error:
        raise wrong_input(
            f'Failed to download tar from {location}: status - {error.code} '
            f'{error.reason}') from None
    except OSError:
        raise internal('Http request error: error sending request for url '
                       f'({location})') from None


def _local(call, location):
    """A file:// of this node: only below its folder of snapshots."""
    path = urllib.parse.unquote(urllib.parse.urlsplit(location).path)
    root = os.path.realpath(f'{call.node.folder}/snapshots')
    if not os.path.realpath(path).startswith(f'{root}/'):
        raise Refusal(403, 'Forbidden: Snapshot file path must be inside the '
                           f'snapshots directory "{root}"')
    if not os.path.exists(path):
        raise Refusal(400, f'Bad request: Snapshot file "{path}" does not '
                           'exist')
    return path


def _fetched(call, given, folder):
    """The archive that a location names."""
    location = given['location']
    scheme = urllib.parse.urlsplit(location).scheme
    if scheme == 'file':
        return _local(call, location)
    if scheme not in ('http', 'https'):
        raise Refusal(400, f'Bad request: URL {location} with scheme {scheme}'
                           ' is not supported')
    if not call.server.url_recovery:
        raise Refusal(403, 'Forbidden: Snapshot recovery from a URL is '
                           'disabled')
    _download(location, given.get('api_key'), f'{folder}/it')
    return f'{folder}/it'


def _parsed(call):
    given = call.request.json()
    length = call.request.body.length or 0
    if 'location' not in given:
        raise Refusal(400, 'Format error in JSON body: missing field '
                           f'`location` at line 1 column {length}')
    if not urllib.parse.urlsplit(given['location']).scheme:
        raise Refusal(400, 'Format error in JSON body: relative URL without a'
                           f' base: "{given["location"]}" at line 1 column '
                           f'{length - 1}')
    return given


def recover(call, name):
    """PUT /collections/{c}/snapshots/recover"""
    settings.check_name(name)
    call.access.manage()
    wait = call.request.flag('wait')
    given = _parsed(call)
    priority = recovery.check_priority(call, given.get('priority',
                                                       'snapshot'))

    def work():
        folder = tempfile.mkdtemp(dir=call.node.temporary)
        try:
            path = _fetched(call, given, folder)
            with open(path, 'rb') as file:
                got = hashlib.file_digest(file, 'sha256').hexdigest()
            wanted = given.get('checksum')
            if wanted and wanted.lower() != got:
                raise wrong_input('Snapshot checksum mismatch: expected '
                                  f'{wanted}, got {got}')
            return recovery.collection(call, name, path, priority)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return call.perhaps_later(work, wait)
