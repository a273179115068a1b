# SPDX-License-Identifier: BSD-2-Clause
"""How an open and a sealed repository store the same things. Both classes
have the same methods; an open one has boxes of no more than their content."""

import hmac
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey, X25519PublicKey)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from errors import Damaged, require
from fields import sha256

NONCE_0 = bytes(12)
KIND_LIST = 1


def hkdf(key, salt, info):
    """32 bytes of HKDF-SHA-256."""
    return HKDF(SHA256(), 32, salt, info).derive(key)


def open_gcm(key, nonce, aad, sealed):
    """What AES-256-GCM sealed."""
    require(len(sealed) >= 16, 'it is too short to be sealed')
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except InvalidTag:
        raise Damaged('its tag does not fit') from None


def public_of(private):
    """The public key of an X25519 private key."""
    return X25519PrivateKey.from_private_bytes(private).public_key() \
        .public_bytes(Encoding.Raw, PublicFormat.Raw)


class Open:
    """Nothing is encrypted."""
    number = 0
    tag = 0             # bytes that sealing adds
    box = 0             # bytes that a writer box adds
    content_box = 0     # bytes that a content box takes

    @staticmethod
    def identify(records):
        """The id of a chunk."""
        return sha256(records)

    @staticmethod
    def unbox(_kind, _aad, box):
        """What is in a writer box."""
        return box

    @staticmethod
    def chunk(_box, _entry, stored):
        """A chunk as it was before it was sealed."""
        return stored

    @staticmethod
    def body(_box, _aad, stored):
        """A set's body as it was before it was sealed."""
        return stored


class Sealed:
    """Everything is encrypted, with the writer key W and the pair S, P."""
    number = 1
    tag = 16
    box = 48
    content_box = 80

    def __init__(self, writer_key, private_key):
        self.writer_key = writer_key
        self.private = X25519PrivateKey.from_private_bytes(private_key)
        self.public = public_of(private_key)
        self.id_key = hkdf(writer_key, b'', b'dbbackup chunk id')

    def identify(self, records):
        """The id of a chunk."""
        return hmac.digest(self.id_key, records, 'sha256')

    def unbox(self, kind, aad, box):
        """What is in a writer box: every key opens it."""
        require(len(box) >= self.box, 'its writer box is too short')
        key = hkdf(self.writer_key, box[:32], b'dbbackup ' + kind)
        return open_gcm(key, NONCE_0, aad, box[32:])

    def content_key(self, box):
        """What is in a content box: only the full key opens it."""
        ephemeral = box[:32]
        try:
            shared = self.private.exchange(
                X25519PublicKey.from_public_bytes(ephemeral))
        except ValueError:  # of zeros only
            raise Damaged('the public key of its content box is no '
                          'good') from None
        key = hkdf(shared, ephemeral + self.public, b'dbbackup content key')
        return open_gcm(key, NONCE_0, b'', box[32:])

    def chunk(self, box, entry, stored):
        """A chunk as it was before it was sealed."""
        if entry.kind == KIND_LIST:
            key = hkdf(self.writer_key, box[:32], b'dbbackup list')
        else:
            key = self.content_key(box)
        nonce = struct.pack('<Iq', entry.offset, 0)
        return open_gcm(key, nonce, entry.raw, stored)

    def body(self, box, aad, stored):
        """A set's body as it was before it was sealed."""
        return open_gcm(self.content_key(box), NONCE_0, aad, stored)
