# SPDX-License-Identifier: BSD-2-Clause
"""The sealed half of the worked example: what keys that are known make of
some bytes. It seals by itself; test_reader.py opens it with the reader."""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ciphers import NONCE_0, X25519PrivateKey, X25519PublicKey, hkdf, public_of
from fields import sha256

PIECE = b'hello, world\n'
W, S = bytes(range(0x20)), bytes(range(0x20, 0x40))
EPHEMERAL, CONTENT_KEY = bytes(range(0x40, 0x60)), bytes(range(0x60, 0x80))
SALT, NONCE = bytes(range(0x80, 0xa0)), bytes(range(0xa0, 0xac))
DESCRIBED = ('1 full 2026-11-24T09:00:00.000Z '
             '000102030405060708090a0b0c0d0e0f scrypt 1024 8 1 ' + SALT.hex())


def gcm(key, nonce, aad, plain):
    """Sealed bytes and tag."""
    return AESGCM(key).encrypt(nonce, plain, aad)


def key_values():
    """What wraps W and S."""
    wrap = hashlib.scrypt(b'golden', salt=SALT, n=1024, r=8, p=1, dklen=32)
    sealed = gcm(wrap, NONCE, DESCRIBED.encode(), W + S)
    whole = f'{DESCRIBED} {NONCE.hex()} {sealed.hex()}'
    return [('W', W), ('S', S), ('P', public_of(S)),
            ('key: described', DESCRIBED),
            ('key: scrypt of the passphrase golden', wrap),
            ('key: nonce', NONCE), ('key: sealed', sealed),
            ('key: sha256', sha256(whole.encode()))]


def id_values():
    """The id of a chunk of one piece, and what writers cut by."""
    records = struct.pack('<I', len(PIECE)) + sha256(PIECE)
    id_key = hkdf(W, b'', b'dbbackup chunk id')
    return [('hkdf(W, "", "dbbackup chunk id")', id_key),
            ("chunk: its piece's record", records),
            ('chunk: id', hmac.digest(id_key, records, 'sha256')),
            ('hkdf(W, seed 00…1f, "dbbackup chunker")',
             hkdf(W, bytes(range(32)), b'dbbackup chunker'))]


def box_values():
    """A content box, and a proof in a writer box."""
    public, private = public_of(EPHEMERAL), \
        X25519PrivateKey.from_private_bytes(EPHEMERAL)
    shared = private.exchange(X25519PublicKey.from_public_bytes(public_of(S)))
    key = hkdf(shared, public + public_of(S), b'dbbackup content key')
    header = b'DBBPROOF\1\0\0\0' + struct.pack('<I', 1)
    plain = struct.pack('<Q', 1795510800000) + sha256(b'a pack')
    box_key = hkdf(W, SALT, b'dbbackup proofs')
    return [('content box: e', EPHEMERAL), ('content box: E', public),
            ('content box: x25519(e, P)', shared), ('content box: k', key),
            ('content box: content key', CONTENT_KEY),
            ('content box', public + gcm(key, NONCE_0, b'', CONTENT_KEY)),
            ('writer box: aad, a header of proofs', header),
            ('writer box: plain, time and one name', plain),
            ('writer box: hkdf(W, salt, "dbbackup proofs")', box_key),
            ('writer box', SALT + gcm(box_key, NONCE_0, header, plain))]


def chunk_values():
    """A data chunk and a list chunk of the same bytes, at 96 of a pack."""
    plain = struct.pack('<II', 1, len(PIECE)) + PIECE
    identity = dict(id_values())['chunk: id']
    nonce = struct.pack('<Iq', 96, 0)
    values = [('chunk: plain', plain), ('chunk: nonce', nonce)]
    list_key = hkdf(W, public_of(EPHEMERAL), b'dbbackup list')
    for kind, key in enumerate((CONTENT_KEY, list_key)):
        entry = identity + struct.pack('<IIIBBxx', 96, len(plain) + 16,
                                       len(plain), kind, 0)
        name = ('data', 'list')[kind]
        values += [(f'{name}: key', key), (f'{name}: entry', entry),
                   (f'{name}: sealed', gcm(key, nonce, entry, plain))]
    return values


def show_sealed():
    """Print names and values, 32 bytes a line."""
    print('```')
    for name, value in (key_values() + id_values() + box_values() +
                        chunk_values()):
        print(f'{name}:')
        digits = value.hex() if isinstance(value, bytes) else value
        for at in range(0, len(digits), 64):
            print(f'  {digits[at:at + 64]}')
    print('```')
