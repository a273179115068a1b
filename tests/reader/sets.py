# SPDX-License-Identifier: BSD-2-Clause
"""Sets: what was backed up, and where its streams begin."""

import collections
import re

from chunks import unpack
from errors import NotFound, ReaderError, reading, require
from fields import Fields, is_hex, sha256
from parameters import member, parse

SET_ID = re.compile(r'[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}')
HEADER, DIGEST = 60, 32
HEAD_BYTES, BODY_BYTES, SET_BYTES = 4 << 20, 64 << 20, 512 << 20

Stream = collections.namedtuple('Stream', 'name root depth size sha256')


def front_of(data, cipher, set_id):
    """Head, and where the body begins; lengths of the body."""
    fields = Fields(data)
    fields.header(b'DBBSET01', cipher.number)
    require(fields.take(32) == set_id.encode().ljust(32, b'\0'),
            'it is another set')
    head, packs, stored, plain = (fields.u32() for _ in range(4))
    require(head <= HEAD_BYTES and 1 <= stored <= plain <= BODY_BYTES,
            'its lengths are out of bounds')
    aad = fields.at + cipher.content_box
    front = head + 40 * packs + cipher.box
    body = aad + front + DIGEST
    require(len(data) == body + stored + cipher.tag + DIGEST,
            'its size is not the sum of its parts')
    require(sha256(data[:body - DIGEST]) == data[body - DIGEST:body] and
            sha256(data[:-DIGEST]) == data[-DIGEST:], 'a digest does not fit')
    opened = Fields(cipher.unbox(b'set', data[:aad], data[aad:aad + front]))
    document = parse(opened.take(head))
    check_packs([opened.take(40) for _ in range(packs)])
    return document, aad, body, plain


def check_packs(packs):
    """They ascend, and none is used for more than it has."""
    names = [pack[:32] for pack in packs]
    require(names == sorted(set(names)), 'its packs do not ascend')
    for pack in packs:
        fields = Fields(pack[32:])
        size, used = fields.u32(), fields.u32()
        require(used <= size, 'a pack is used beyond its size')


class Set:
    """One set, checked."""

    def __init__(self, store, cipher, set_id):
        name = f'sets/{set_id}'
        with reading(name):
            data = store.read(name, SET_BYTES)
            self.id = set_id
            self.head, aad, body, plain = front_of(data, cipher, set_id)
            coded = cipher.body(data[HEADER:aad], data[:aad],
                                data[body:-DIGEST])
            self.body = parse(unpack(coded, len(coded) != plain, plain))

    def streams(self):
        """Every stream: name of its source, and stream."""
        for source in member(self.body, 'sources', kind=list):
            for it in source.get('streams', []):
                yield member(source, 'name'), Stream(
                    member(it, 'name'), member(it, 'root'),
                    member(it, 'depth', kind=int),
                    member(it, 'size_bytes', kind=int), member(it, 'sha256'))

    def stream(self, source, name):
        """One stream, by the names of its source and itself."""
        for its_source, stream in self.streams():
            if (its_source, stream.name) == (source, name):
                require(is_hex(stream.root, 64) and is_hex(stream.sha256, 64)
                        and 1 <= stream.depth <= 8 and stream.size >= 0,
                        f"stream '{name}': its root cannot be")
                return stream
        raise NotFound(f"set '{self.id}' has no stream '{name}' of a source "
                       f"'{source}'")


def set_ids(store):
    """The ids of all sets, oldest first."""
    return [name for name in store.names('sets') if SET_ID.fullmatch(name)]


def find(store, wanted):
    """The id that is meant: whole, its beginning, or 'latest'."""
    ids = set_ids(store)
    found = ids[-1:] if wanted == 'latest' else \
        [name for name in ids if name.startswith(wanted)]
    if len(found) != 1:
        raise NotFound(f"{len(found)} sets match '{wanted}'")
    return found[0]


def read_all(store, cipher):
    """All sets, and the errors of those that cannot be read."""
    sets, errors = [], []
    for set_id in set_ids(store):
        try:
            sets.append(Set(store, cipher, set_id))
        except ReaderError as error:
            errors.append(error)
    return sets, errors
