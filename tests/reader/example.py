#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Print the worked example of doc/format.md: a smallest repository, object
by object, and what keys that are known make of some bytes.

test_reader.py compares the page with what this prints; after a change of the
format put the output there anew.
"""

import hashlib
import json
import struct

import example_sealed
from fields import sha256

CONTENT = b'hello, world\n'
SET_ID = '20261124T090000Z-0001'
TIME = '2026-11-24T09:00:00.000Z'
CLOSED = b'\0\0\0\0'    # cipher 0 and three reserved bytes


def u32(number):
    """Four bytes."""
    return struct.pack('<I', number)


def text(words):
    """A JSON document without blanks."""
    return json.dumps(words, separators=(',', ':')).encode()


def printed(data):
    """Bytes as the text that they are."""
    return ''.join(chr(b) if 32 <= b < 127 else '.' for b in data)


def lines(field):
    """A field's bytes in hex, 16 a line, with its name or its text."""
    data, name = field
    for at in range(0, len(data), 16):
        part = data[at:at + 16]
        word = printed(part) if name is None else '' if at else name
        yield f'{part.hex():32}  {word}'.rstrip()


def show(name, fields):
    """Print an object; its bytes."""
    data = join(fields)
    print(f'`{name}`,\n{len(data)} bytes:\n```')
    print('\n'.join(line for field in fields for line in lines(field)))
    print('```')
    return data


def join(fields):
    """The bytes of fields."""
    return b''.join(data for data, _ in fields)


def chunk_id(piece):
    """The id of a chunk of one piece."""
    return sha256(u32(len(piece)) + sha256(piece))


def chunk(piece, names):
    """The fields of a chunk of one piece."""
    return [(u32(1), 'number of pieces'), (u32(len(piece)), 'its length'),
            *names]


def list_fields():
    """The list of the stream's only piece."""
    return [(b'\1\0\0\0', 'list: level 1, reserved'),
            (u32(1), 'number of pieces'), (u32(1), 'number of chunks'),
            (chunk_id(CONTENT), 'chunk: its id'),
            (sha256(CONTENT), 'piece: sha256 of its bytes'),
            (u32(0), 'which chunk'), (u32(0), 'where in it'),
            (u32(len(CONTENT)), 'length')]


def entry(identity, offset, length, kind):
    """The fields of a directory's entry."""
    return [(identity, 'id'), (u32(offset), 'offset'),
            (u32(length), 'stored length'), (u32(length), 'plain length'),
            (bytes([kind, 0, 0, 0]), 'kind, coding, reserved')]


def pack_fields(entries):
    """The pack of two chunks: the content, and the list of it."""
    directory = join(entries)
    listed = list_fields()
    return [(b'DBBPACK1', 'magic'), (CLOSED, 'cipher, reserved'),
            (u32(0), 'salt'), *chunk(CONTENT, [(CONTENT, None)]),
            *chunk(join(listed), listed), *entries,
            (u32(2), 'number of chunks'), (u32(0), 'reserved'),
            (sha256(directory), 'sha256 of the directory'),
            (b'DBBPEND1', 'magic')]


def index_fields(pack, entries):
    """The segment that tells of one pack."""
    return [(b'DBBINDX1', 'magic'), (CLOSED, 'cipher, reserved'),
            (u32(1), 'number of packs'), (sha256(pack), 'pack: its name'),
            (u32(len(pack)), 'its size'), (u32(2), 'number of entries'),
            *entries]


def described(stream, size):
    """What head and body say."""
    source = {'kind': 'example', 'name': 'main', 'status': 'completed',
              'size_bytes': len(CONTENT), 'streams': [stream]}
    return text({'set': SET_ID, 'status': 'completed', 'started_at': TIME,
                 'finished_at': TIME, 'size_bytes': len(CONTENT),
                 'stored_bytes': size, 'labels': {}, 'sources': [source]})


def set_fields(pack, used):
    """The set of one stream."""
    stream = {'name': 'greeting', 'kind': 'text',
              'root': chunk_id(join(list_fields())).hex(), 'depth': 1,
              'size_bytes': len(CONTENT)}
    head = described(stream, len(pack))
    body = described({**stream, 'sha256': sha256(CONTENT).hex()}, len(pack))
    fields = [(b'DBBSET01', 'magic'), (CLOSED, 'cipher, reserved'),
              (SET_ID.encode().ljust(32, b'\0'), 'set id'),
              (u32(len(head)), "head's length"), (u32(1), 'number of packs'),
              (u32(len(body)), "body's stored length"),
              (u32(len(body)), "body's plain length"), (head, None),
              (sha256(pack), 'pack: its name'), (u32(len(pack)), 'its size'),
              (u32(used), 'used')]
    fields.append((sha256(join(fields)), 'digest'))
    fields.append((body, None))
    return fields + [(sha256(join(fields)), 'digest')]


def show_parameters():
    """Print repository.json."""
    seed = bytes(range(32)).hex()
    words = f'gear64 {seed} 2048 8192 32768 none 172800 {TIME}'
    print('`repository.json`:\n```json')
    print(f'''{{"compression":{{"algorithm":"zstd"}},"format":1,
 "id":"{hashlib.sha256(words.encode()).hexdigest()[:32]}",
 "created_at":"{TIME}",
 "chunker":{{"algorithm":"gear64",
  "seed":"{seed}",
  "min_bytes":2048,"average_bytes":8192,"max_bytes":32768}},
 "cipher":"none","grace_s":172800}}''')
    print('```')


def show_open():
    """Print the objects of an open repository."""
    show_parameters()
    listed = join(list_fields())
    lengths = 8 + len(CONTENT), 8 + len(listed)
    entries = entry(chunk_id(CONTENT), 16, lengths[0], 0) + \
        entry(chunk_id(listed), 16 + lengths[0], lengths[1], 1)
    fields = pack_fields(entries)
    name = sha256(join(fields)).hex()
    pack = show(f'packs/{name[:2]}/{name}', fields)
    fields = index_fields(pack, entries)
    show(f'index/{sha256(join(fields)).hex()}', fields)
    show(f'sets/{SET_ID}', set_fields(pack, sum(lengths)))


if __name__ == '__main__':
    show_open()
    print()
    example_sealed.show_sealed()
