#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Read a repository without the library: written from doc/format.md alone,
with Python's own modules, zstandard and cryptography.

It checks all that the page tells a reader to check, and changes nothing.
`check` reads every object that there is. Exit codes are those of dbb-restore.
"""

import argparse
import json
import os
import sys

import sets
from chunks import Chunks, pack_path
from errors import Damaged, ReaderError
from parameters import read_parameters, unlock
from records import read_records
from store import Store
from streams import Streams


def say(*words):
    """A line on standard error."""
    print('dbb_reader:', *words, file=sys.stderr)


def passphrase(args):
    """The passphrase's bytes, None where none is given."""
    if args.password_file:
        with open(args.password_file, 'rb') as file:
            return file.readline().rstrip(b'\r\n')
    found = os.environb.get(b'DBB_PASSWORD')
    return found or None


def list_sets(store, cipher, _args):
    """Print a line for each set."""
    found, errors = sets.read_all(store, cipher)
    for it in found:
        names = ' '.join(f'{source}/{stream.name}'
                         for source, stream in it.streams())
        print(it.id, it.body.get('status'), it.body.get('size_bytes'), names)
    for error in errors:
        say(error)
    if errors:
        raise Damaged(f'{len(errors)} sets cannot be read')


def show_set(store, cipher, args):
    """Print what a set says of itself."""
    it = sets.Set(store, cipher, sets.find(store, args.set))
    json.dump({'set': it.id, **it.body}, sys.stdout, indent=1)
    print()


def write_stream(streams, stream, out):
    """Write a stream to a file that is open."""
    for piece in streams.read(stream):
        out.write(piece)
    out.flush()


def extract(store, cipher, args):
    """Write one stream."""
    it = sets.Set(store, cipher, sets.find(store, args.set))
    stream = it.stream(args.source, args.stream)
    chunks = Chunks(store, cipher)
    for note in chunks.notes:
        say('passed over:', note)
    streams = Streams(chunks)
    if args.output is None:
        write_stream(streams, stream, sys.stdout.buffer)
        return
    part = args.output + '.part'
    try:
        with open(part, 'xb') as out:
            write_stream(streams, stream, out)
        os.replace(part, args.output)
    except ReaderError:
        os.unlink(part)
        raise


def check(store, cipher, _args):
    """Read every object there is, and each stream of each set."""
    chunks = Chunks(store, cipher)
    for note in chunks.notes:
        raise Damaged(note)
    for name in sorted(chunks.packs):
        print(pack_path(name), chunks.check_pack(name), 'chunks')
    for name, _ in read_records(store, cipher):
        print(name)
    streams = Streams(chunks)
    found, errors = sets.read_all(store, cipher)
    for it in found:
        for source, stream in it.streams():
            size = sum(len(piece) for piece in streams.read(stream))
            print(it.id, source, stream.name, size)
    for error in errors:
        raise error


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('--password-file', metavar='FILE',
                        help='the passphrase is the first line of FILE '
                        '(default: $DBB_PASSWORD)')
    parser.add_argument('folder')
    verbs = parser.add_subparsers(dest='verb', required=True)
    verbs.add_parser('list').set_defaults(run=list_sets)
    verbs.add_parser('check').set_defaults(run=check)
    show = verbs.add_parser('show')
    show.add_argument('set')
    show.set_defaults(run=show_set)
    get = verbs.add_parser('extract')
    for name in ('set', 'source', 'stream'):
        get.add_argument(name)
    get.add_argument('-o', dest='output', metavar='FILE')
    get.set_defaults(run=extract)
    return parser.parse_args()


def main():
    """Run one verb; its exit code."""
    args = arguments()
    store = Store(args.folder)
    try:
        cipher = unlock(store, read_parameters(store), passphrase(args))
        args.run(store, cipher, args)
    except (ReaderError, OSError) as error:
        say(error)
        return getattr(error, 'code', 1)
    return 0


if __name__ == '__main__':
    sys.exit(main())
