# SPDX-License-Identifier: BSD-2-Clause
"""Lists of pieces, and the streams that they make."""

import collections
import hashlib

from errors import Damaged, reading, require
from fields import Fields, sha256

LIST_ENTRIES, LIST_CHUNKS = 4096, 1024
KEPT = 16   # chunks that are held, as writers count on


class Streams:
    """Reads streams, with the chunks used last at hand."""

    def __init__(self, chunks):
        self.chunks = chunks
        self.kept = collections.OrderedDict()

    def read(self, stream):
        """The bytes of a stream, in turn; what was given is right only if
        there is no error by the end."""
        digest = hashlib.sha256()
        with reading(f"stream '{stream.name}'"):
            for piece in self._list(bytes.fromhex(stream.root), stream.depth,
                                    stream.size):
                digest.update(piece)
                yield piece
            require(digest.hexdigest() == stream.sha256,
                    'its digest does not fit')

    def _chunk(self, wanted):
        if wanted not in self.kept:
            self.kept[wanted] = self.chunks.read(wanted)[0]
        self.kept.move_to_end(wanted)
        while len(self.kept) > KEPT:
            self.kept.popitem(last=False)
        return self.kept[wanted]

    def _list(self, wanted, level, size):
        """What a list stands for."""
        data, count = self.chunks.read(wanted)
        with reading(f"list '{wanted.hex()}'"):
            require(count == 1, 'a list has more than one piece')
            fields = Fields(data)
            require(fields.u8() == level, 'it is of another level')
            fields.reserved(3)
            count = fields.u32()
            require(count <= LIST_ENTRIES, 'it is too long')
            parts = self._pieces(fields, count) if level == 1 else \
                self._entries(fields, count)
            fields.end()
            require(all(part[-1] >= 1 for part in parts) and
                    sum(part[-1] for part in parts) == size,
                    'it stands for another number of bytes')
        if level == 1:
            yield from self._bytes(parts)
            return
        for entry, length in parts:
            yield from self._list(entry, level - 1, length)

    @staticmethod
    def _entries(fields, count):
        """Id and bytes of each list below."""
        require(count >= 1, 'it is empty')
        return [(fields.take(32), fields.u64()) for _ in range(count)]

    @staticmethod
    def _pieces(fields, count):
        """Digest, chunk, offset and length of each piece."""
        chunks = fields.u32()
        require(chunks <= LIST_CHUNKS, 'it names too many chunks')
        ids = [fields.take(32) for _ in range(chunks)]
        pieces = []
        for _ in range(count):
            digest, which, at = fields.take(32), fields.u32(), fields.u32()
            require(which < chunks, 'a piece is of no chunk')
            pieces.append((digest, ids[which], at, fields.u32()))
        return pieces

    def _bytes(self, pieces):
        for digest, chunk, at, length in pieces:
            data = self._chunk(chunk)
            piece = data[at:at + length]
            if at + length > len(data) or sha256(piece) != digest:
                raise Damaged(f"a piece of chunk '{chunk.hex()}' is not what "
                              'its list says')
            yield piece
