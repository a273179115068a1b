# SPDX-License-Identifier: BSD-2-Clause
"""Packs and the index: where each chunk lies, and a chunk's pieces."""

import collections
import struct

import zstandard

from errors import Damaged, ReaderError, reading, require
from fields import Fields, is_hex, sha256

PACK_HEADER, ENTRY, TRAILER = 16, 48, 48
PACK_BYTES = SEGMENT_BYTES = 64 << 20
PLAIN_BYTES = 8 << 20

Entry = collections.namedtuple(
    'Entry', 'id offset stored plain kind coding raw')
Place = collections.namedtuple('Place', 'pack box entry')


def pack_path(name):
    """The object of a pack."""
    return f'packs/{name[:2]}/{name}'


def unpack(coded, coding, plain):
    """Bytes as they were before they were compressed."""
    if not coding:
        return coded
    try:
        frame = zstandard.get_frame_parameters(coded)
        require(frame.content_size == plain and frame.dict_id == 0,
                'its zstd frame has another size')
        return zstandard.ZstdDecompressor().decompress(
            coded, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Damaged(f'zstd: {error}') from None


def split(plain, identify):
    """A chunk's pieces' bytes and their number, and the id of them."""
    fields = Fields(plain)
    count = fields.u32()
    require(count >= 1, 'it has no pieces')
    lengths = struct.unpack(f'<{count}I', fields.take(4 * count))
    records = []
    start = fields.at
    for length in lengths:
        require(length >= 1, 'a piece is empty')
        records.append(struct.pack('<I', length) + sha256(fields.take(length)))
    fields.end()
    return plain[start:], count, identify(b''.join(records))


class Entries:
    """Reads the entries of directories, wherever they stand."""

    def __init__(self, cipher):
        self.cipher = cipher
        self.begin = PACK_HEADER + cipher.content_box

    def directory_bytes(self, count):
        """What a directory of so many entries takes in its pack."""
        return count * ENTRY + self.cipher.box

    def read(self, fields, count, size):
        """Entries of a pack of that size."""
        end = size - TRAILER - self.directory_bytes(count)
        require(count >= 1 and end >= self.begin,
                'its directory is larger than the pack')
        return [self._entry(fields.take(ENTRY), end) for _ in range(count)]

    def _entry(self, raw, end):
        entry = Entry(*struct.unpack('<32sIIIBB2x', raw), raw)
        coded = entry.stored - self.cipher.tag
        require(raw[46:] == b'\0\0', 'reserved bytes are not zero')
        require(entry.kind in (0, 1) and entry.coding in (0, 1),
                'a chunk of unknown kind or coding')
        require(1 <= entry.plain <= PLAIN_BYTES and 1 <= coded and
                (coded < entry.plain if entry.coding else
                 coded == entry.plain), "a chunk's lengths cannot be")
        require(entry.offset >= self.begin and
                entry.offset + entry.stored <= end,
                'a chunk lies outside of its pack')
        return entry


class Chunks:
    """All chunks of a repository, by id."""

    def __init__(self, store, cipher):
        self.store, self.cipher = store, cipher
        self.entries = Entries(cipher)
        self.packs = dict(self._list_packs())
        self.places = collections.defaultdict(list)
        self.notes = []     # what could not be read, and was passed over
        told = set()
        for name in store.names('index'):
            if is_hex(name, 64):
                told |= self._try(f'index/{name}', self._segment, name)
        for name in sorted(self.packs.keys() - told):
            self._try(pack_path(name), self._directory, name)

    def _list_packs(self):
        for digits in self.store.names('packs'):
            for name in self.store.names(f'packs/{digits}'):
                if is_hex(name, 64) and name[:2] == digits:
                    yield name, self.store.size(pack_path(name))

    def _try(self, what, read, name):
        """Take the places that an object tells of; the packs it told of."""
        try:
            with reading(what):
                places = read(name)
        except ReaderError as error:
            self.notes.append(str(error))
            return set()
        for place in places:
            self.places[place.entry.id].append(place)
        return {place.pack for place in places}

    def _segment(self, name):
        """The places that an index segment tells of, in packs that are
        there."""
        data = self.store.read(f'index/{name}', SEGMENT_BYTES)
        require(sha256(data).hex() == name, 'its name is not its digest')
        fields = Fields(data)
        fields.header(b'DBBINDX1', self.cipher.number)
        count = fields.u32()
        parts = Fields(self.cipher.unbox(b'index', data[:16], data[16:]))
        places = []
        for _ in range(count):
            places += self._part(parts)
        parts.end()
        return places

    def _part(self, parts):
        pack, size, count = parts.take(32).hex(), parts.u32(), parts.u32()
        box = parts.take(self.cipher.content_box)
        require(size <= PACK_BYTES, 'it tells of a pack that is too large')
        entries = self.entries.read(parts, count, size)
        if self.packs.get(pack) != size:
            return []
        return [Place(pack, box, entry) for entry in entries]

    def _directory(self, name):
        """The places that a pack's own directory tells of."""
        path, size = pack_path(name), self.packs[name]
        begin = self.entries.begin
        require(begin + TRAILER < size <= PACK_BYTES, 'its size cannot be')
        head = self.store.read_range(path, 0, begin)
        header = Fields(head)
        header.header(b'DBBPACK1', self.cipher.number)
        trailer = Fields(self.store.read_range(path, size - TRAILER, TRAILER))
        count = trailer.u32()
        trailer.reserved(4)
        digest = trailer.take(32)
        require(trailer.take(8) == b'DBBPEND1', 'its end is not right')
        length = self.entries.directory_bytes(count)
        require(count >= 1 and begin + length + TRAILER <= size,
                'its directory is larger than the pack')
        stored = self.store.read_range(path, size - TRAILER - length, length)
        require(sha256(stored) == digest,
                "its directory's digest does not fit")
        fields = Fields(self.cipher.unbox(b'directory', head, stored))
        entries = self.entries.read(fields, count, size)
        fields.end()
        return [Place(name, head[PACK_HEADER:], entry) for entry in entries]

    def check_pack(self, name):
        """Read a pack whole; how many chunks it has."""
        with reading(pack_path(name)):
            whole = self.store.read(pack_path(name), PACK_BYTES)
            require(sha256(whole).hex() == name, 'its name is not its digest')
            places = self._directory(name)
            for place in places:
                self._read_place(place)
            return len(places)

    def read(self, wanted):
        """The bytes of a chunk's pieces, and how many pieces."""
        failures = []
        for place in self.places.get(wanted, []):
            try:
                with reading(pack_path(place.pack)):
                    return self._read_place(place)
            except ReaderError as error:
                failures.append(str(error))
        raise Damaged(f"chunk '{wanted.hex()}': " + (
            '; '.join(failures) or 'no pack that is there has it'))

    def _read_place(self, place):
        entry = place.entry
        stored = self.store.read_range(pack_path(place.pack), entry.offset,
                                       entry.stored)
        coded = self.cipher.chunk(place.box, entry, stored)
        data, count, found = split(
            unpack(coded, entry.coding, entry.plain), self.cipher.identify)
        require(found == entry.id, 'a chunk is not what its id says')
        return data, count
