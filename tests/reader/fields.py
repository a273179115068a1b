# SPDX-License-Identifier: BSD-2-Clause
"""Binary fields one behind the other, and the digits of names."""

import hashlib
import re
import struct

from errors import Incompatible, require

HEADER = 12     # magic, cipher, reserved: how most objects begin


def is_hex(text, digits):
    """Whether it is so many lower-case hexadecimal digits."""
    return isinstance(text, str) and \
        re.fullmatch(f'[0-9a-f]{{{digits}}}', text) is not None


def sha256(data):
    """The digest's 32 bytes."""
    return hashlib.sha256(data).digest()


class Fields:
    """Takes fields from the front of some bytes, never beyond their end."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        """How many bytes are left."""
        return len(self.data) - self.at

    def take(self, count):
        """The next bytes."""
        require(count <= self.left(), 'it ends too early')
        self.at += count
        return bytes(self.data[self.at - count:self.at])

    def u8(self):
        """The next byte as a number."""
        return self.take(1)[0]

    def u32(self):
        """The next four bytes as a number."""
        return struct.unpack('<I', self.take(4))[0]

    def u64(self):
        """The next eight bytes as a number."""
        return struct.unpack('<Q', self.take(8))[0]

    def reserved(self, count):
        """Bytes that must be zero."""
        require(not any(self.take(count)), 'reserved bytes are not zero')

    def header(self, magic, cipher):
        """The magic of an object, and the repository's cipher."""
        require(self.take(8) == magic, 'its magic is not right')
        found = self.u8()
        if found not in (0, 1):
            raise Incompatible(f'cipher {found} is not known')
        require(found == cipher, "its cipher is not the repository's")
        self.reserved(3)

    def end(self):
        """Nothing may follow."""
        require(self.left() == 0, f'{self.left()} bytes too many')
