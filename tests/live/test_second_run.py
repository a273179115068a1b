# SPDX-License-Identifier: BSD-2-Clause
"""What a second run stores, beside what restic stores of the same dumps."""

import os
import shutil
import subprocess

from conftest import missing

CONTIGUOUS = 'id BETWEEN {half} AND {half} + {count} / 100'
STRETCHES = 'id % 10000 BETWEEN 5000 AND 5099'
SCATTERED = 'id % 100 = 50'


def folder_bytes(folder):
    """What is stored below a folder."""
    return sum(os.path.getsize(os.path.join(at, name))
               for at, _, names in os.walk(folder) for name in names)


class Restic:
    """A restic repository that is given dumps."""

    def __init__(self, folder):
        if shutil.which('restic') is None:
            missing('no restic: install the package restic')
        self.folder = str(folder / 'restic')
        self.env = dict(os.environ, RESTIC_REPOSITORY=self.folder,
                        RESTIC_PASSWORD='x', HOME=str(folder),
                        RESTIC_CACHE_DIR=str(folder / 'restic-cache'))
        self._run('init', '-q')

    def _run(self, *args, **options):
        subprocess.run(['restic', *args], env=self.env, check=True,
                       stdout=subprocess.DEVNULL, **options)

    def backup(self, server, database):
        """Store a dump; returns by how much the repository grew."""
        before = folder_bytes(self.folder)
        dump = server.start_client('pg_dump', '-Fc', '-Z0',
                                   '-f', self.folder + '.dump',
                                   database=database)
        assert dump.wait() == 0, dump.stderr.read()
        with open(self.folder + '.dump', 'rb') as file:
            self._run('backup', '-q', '--stdin', '--stdin-filename', 'dump',
                      stdin=file)
        os.unlink(self.folder + '.dump')
        return folder_bytes(self.folder) - before


def change(server, database, which):
    """Change 1 % of the documents."""
    count = int(server.psql('SELECT count(*) FROM library.documents',
                            database=database))
    changed = server.psql(
        "WITH c AS (UPDATE library.documents SET title = 'changed ' || id"
        f" WHERE {which.format(half=count // 2, count=count)} RETURNING 1)"
        ' SELECT count(*) FROM c', database=database)
    assert abs(int(changed) / count - 0.01) < 0.001


def test_a_second_run_of_the_same_stores_under_one_percent(
        site, server, medium):
    site.configure(server, (medium,))
    site.init()
    site.backup()
    first = site.stored_bytes()
    site.backup()
    grown = site.stored_bytes() - first
    print(f'first {first}, second {grown} bytes: {grown / first:.2%}')
    assert grown < first / 100


def compare_changed(site, server, tmp_path, which):
    """What we and restic store for a database of which 1 % of one table
    changed, and print it with what was stored first."""
    server.copy('medium', 'changing')
    site.configure(server, ('changing',))
    restic = Restic(tmp_path)
    site.init()
    site.backup()
    first = site.stored_bytes()
    restic_first = restic.backup(server, 'changing')
    change(server, 'changing', which)
    site.backup()
    ours = site.stored_bytes() - first
    theirs = restic.backup(server, 'changing')
    print(f'first: ours {first}, restic {restic_first};'
          f' changed: ours {ours}, restic {theirs} bytes')
    return ours, theirs


def test_one_changed_stretch_stores_less_than_restic(
        site, server, medium, drops, tmp_path):
    drops.append('changing')
    ours, theirs = compare_changed(site, server, tmp_path, CONTIGUOUS)
    assert ours < theirs


def test_ten_changed_stretches_store_less_than_restic(
        site, server, medium, drops, tmp_path):
    drops.append('changing')
    ours, theirs = compare_changed(site, server, tmp_path, STRETCHES)
    assert ours < theirs


def test_every_hundredth_row_changed_stores_less_than_half_of_restic(
        site, server, medium, drops, tmp_path):
    """A row is 600 bytes: every 60 KB something changed, so that none of
    restic's chunks stays, but most of our pieces do."""
    drops.append('changing')
    ours, theirs = compare_changed(site, server, tmp_path, SCATTERED)
    assert ours * 2 < theirs
