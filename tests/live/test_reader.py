# SPDX-License-Identifier: BSD-2-Clause
"""A reader that was written from doc/format.md alone gives back what the
library stored, so nobody needs the library to have their data."""

import hashlib
import os
import re
import shutil
import subprocess
import sys

import pytest

import programs
from programs import DAMAGED, DONE, WRONG_KEY

READER = os.path.join(programs.TREE, 'tests', 'reader', 'dbb_reader.py')
PASSPHRASE = 'correct horse battery staple'


class Reader:
    """The reader at work on a copy of a repository."""

    def __init__(self, site, folder):
        self.site, self.passphrase = site, PASSPHRASE
        self.repository = os.path.join(folder, 'copy')
        shutil.copytree(site.repository, self.repository)

    def run(self, *args, code=DONE):
        """Run it to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, READER, self.repository, *args],
            env=self.site.environment({'DBB_PASSWORD': self.passphrase}),
            capture_output=True, timeout=120, check=False)
        assert done.returncode == code, done.stderr.decode()
        return done.stdout if code == DONE else done.stderr.decode()

    def objects(self, below):
        """Paths of all objects below a folder of the copy."""
        return [os.path.join(folder, name) for folder, _, names in
                os.walk(os.path.join(self.repository, below))
                for name in names]


@pytest.fixture(scope='module', params=['open', 'sealed'])
def made(request, tmp_path_factory, server, built):
    """A repository with two sets of a database that changed between."""
    it = programs.Site(tmp_path_factory.mktemp(request.param), server)
    database = 'read_' + request.param
    server.make(database, 17)
    if request.param == 'sealed':
        secret = os.path.join(it.folder, 'passphrase')
        it.write_secret(secret, PASSPHRASE)
        it.opening = {'password-file': secret}
    it.configure(server, (database,))
    it.init()
    it.backup()
    server.psql('create table later as select generate_series(1, 999)',
                database)
    it.backup()
    yield it
    server.drop(database)


@pytest.fixture
def reader(made, tmp_path):
    """The reader, and a copy for it that a test may change."""
    return Reader(made, str(tmp_path))


def streams(site):
    """Set, source, name and digest of all streams that there are."""
    for listed in site.sets():
        shown = site.run('dbb-backup', '--json', 'show', listed['set'],
                         code=DONE).result
        for source in shown['sources']:
            for stream in source['streams']:
                yield (shown['set'], source['name'], stream['name'],
                       stream['sha256'])


def test_every_stream_of_every_set_comes_back(reader):
    found = list(streams(reader.site))
    assert len({set_id for set_id, *_ in found}) == 2
    reader.run('check')     # every object, whoever needs it
    listed = reader.run('list').decode()
    for *place, digest in found:
        assert place[0] in listed
        ours = reader.run('extract', *place)
        assert hashlib.sha256(ours).hexdigest() == digest
        assert ours == reader.site.run('dbb-restore', 'cat', *place,
                                       code=DONE).raw


def test_stock_pg_restore_takes_the_dump(reader):
    dump = os.path.join(reader.site.folder, 'taken.dump')
    names = [place for *place, _ in streams(reader.site)
             if place[2].endswith('.dump')]
    reader.run('extract', *names[-1], '-o', dump)
    listed = subprocess.run(['pg_restore', '--list', dump], check=True,
                            capture_output=True, text=True).stdout
    assert re.search(r'TABLE DATA \S+ later ', listed)


def test_without_an_index_the_packs_tell_where_chunks_lie(reader):
    *place, digest = list(streams(reader.site))[-1]
    for path in reader.objects('index'):
        os.unlink(path)
    assert hashlib.sha256(reader.run('extract', *place)).hexdigest() == digest


def test_a_flipped_bit_is_refused(reader):
    *place, _ = list(streams(reader.site))[-1]
    for path in reader.objects('packs'):
        with open(path, 'r+b') as file:
            for at in range(200, os.path.getsize(path), 20000):
                file.seek(at)
                byte = file.read(1)[0]
                file.seek(at)
                file.write(bytes([byte ^ 16]))
    assert 'packs/' in reader.run('extract', *place, code=DAMAGED)


def test_a_wrong_passphrase_is_told(reader):
    reader.passphrase = 'wrong'
    if reader.objects('keys'):
        assert 'passphrase' in reader.run('list', code=WRONG_KEY)
    else:   # an open one asks for none
        reader.run('list')
