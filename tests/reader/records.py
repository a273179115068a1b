# SPDX-License-Identifier: BSD-2-Clause
"""What else a repository keeps: condemned packs, proofs, leases. Nothing
that is needed to read a set."""

import collections

from errors import reading, require
from fields import Fields, is_hex, sha256
from parameters import parse
from sets import SET_ID

OBJECT_BYTES = 128 << 20
CONDEMNED = MOVES = 1000000
DIGEST = 32

Condemned = collections.namedtuple('Condemned', 'time packs moves')
Proof = collections.namedtuple('Proof', 'time packs')


def ascending(parts):
    """They ascend, and each stands there once."""
    require(parts == sorted(set(parts)), 'its parts do not ascend')
    return parts


def read_condemned(data, cipher):
    """A record of packs that may be deleted."""
    fields = Fields(data)
    fields.header(b'DBBCOND1', cipher.number)
    count = fields.u32()
    require(count <= CONDEMNED, 'it names too many packs')
    require(sha256(data[:-DIGEST]) == data[-DIGEST:],
            'its digest does not fit')
    body = Fields(cipher.unbox(b'condemned', data[:16], data[16:-DIGEST]))
    time, moves = body.u64(), body.u32()
    body.reserved(4)
    require(moves <= MOVES, 'it has too many moves')
    packs = [(body.take(32), body.u32()) for _ in range(count)]
    moved = [body.take(64) for _ in range(moves)]
    body.end()
    ascending([name for name, _ in packs])
    return Condemned(time, packs, ascending(moved))


def read_proof(data, cipher, name):
    """When which packs were read whole."""
    require(sha256(data).hex() == name, 'its name is not its digest')
    fields = Fields(data)
    fields.header(b'DBBPROOF', cipher.number)
    count = fields.u32()
    body = Fields(cipher.unbox(b'proofs', data[:16], data[16:]))
    time = body.u64()
    packs = [body.take(32) for _ in range(count)]
    body.end()
    return Proof(time, ascending(packs))


def read_lease(data, cipher):
    """Who is at work."""
    fields = Fields(data)
    fields.header(b'DBBLEASE', cipher.number)
    fields.reserved(4)
    return parse(cipher.unbox(b'lease', data[:16], data[16:]))


def read_records(store, cipher):
    """Name and content of all of them; the first that is damaged ends it."""
    for folder, fits, read in (
            ('condemned', SET_ID.fullmatch,
             lambda data, _: read_condemned(data, cipher)),
            ('proofs', lambda name: is_hex(name, 64),
             lambda data, name: read_proof(data, cipher, name)),
            ('leases', SET_ID.fullmatch,
             lambda data, _: read_lease(data, cipher))):
        for name in filter(fits, store.names(folder)):
            path = f'{folder}/{name}'
            with reading(path):
                yield path, read(store.read(path, OBJECT_BYTES), name)
