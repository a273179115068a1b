#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How long a backup of one Qdrant collection and its restore take, beside
curl moving the same bytes from and to the same server.

usage: bench_qdrant.py [--size MB] [--runs N] [--json FILE] [--only WORD,...]

As bench.py: every contender once a round, in turns; medians; nothing is
asserted. A backup lets the server make the snapshot and deletes it: 'curl
make, get' does so, too, 'curl get' fetches one that is there. A restore is an
upload that the server loads: 'curl put' waits for that, too. The repositories
are not sealed; their compression is 0 or 3.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'live')]

import bench  # noqa: E402
import processes  # noqa: E402
import qdrant_server  # noqa: E402
from qdrant_site import QdrantSite  # noqa: E402

YARDSTICKS = ('curl make, get', 'curl get', 'curl put')
LEVELS = (0, 3)
DIMENSIONS = 4096       # few large points are made quickly
NAME, COPY = 'big', 'copy'
SNAPSHOTS = f'/collections/{NAME}/snapshots'


class QdrantBench(bench.Bench):
    """A Qdrant with one collection of noise, and a folder for results."""

    def __init__(self, size_mb):
        # pylint: disable=super-init-not-called
        self.folder = tempfile.mkdtemp(prefix='dbbbench')
        self.env = dict(os.environ, HOME=self.folder)
        self.round, self.known = 0, None
        self.server = qdrant_server.new(large=True)
        self.server.ask('PUT', f'/collections/{NAME}', {
            'vectors': {'size': DIMENSIONS, 'distance': 'Cosine'}})
        self.server.fill(NAME, int(size_mb * 1e6 / 4 / DIMENSIONS))
        self.sites = {level: self.level_site(level) for level in LEVELS}
        self.known = self.server.ask('POST', SNAPSHOTS)

    def level_site(self, level):
        """An installation that compresses so much."""
        folder = self.path(f'level{level}')
        os.mkdir(folder)
        site = QdrantSite(folder, self.server, collections=NAME)
        site.secrets = {}
        site.opening['compression'] = level
        site.use()
        return site

    def warm_up(self):
        """What 'curl put' sends is there, and in the cache."""
        self.curl_get()

    def curl(self, *args, out='/dev/null'):
        """Measure a call of curl."""
        return self.measure([
            shutil.which('curl'), '-sS', '--fail', '-o', out, '-H',
            f'api-key: {self.server.KEY}', *args])

    def url(self, path):
        """Where a call goes."""
        return self.server.url() + path

    def without_copy(self):
        """The server again as it was before a restore."""
        if COPY in self.server.names():
            self.server.drop(COPY)

    # The contenders.

    def backup(self, level):
        """dbb-backup run into a new repository."""
        site = self.sites[level]
        shutil.rmtree(site.repository, ignore_errors=True)
        site.init()
        return self.grown(site.repository, lambda: self.ours(
            'dbb-backup', 'run', site=site))

    def restore(self, level):
        """dbb-restore run under another name."""
        self.without_copy()
        return self.ours('dbb-restore', 'run', 'latest', '--into', COPY,
                         '--yes', site=self.sites[level])

    def curl_get(self, name=None):
        """A snapshot that is there, into a file."""
        return self.curl(self.url(f'{SNAPSHOTS}/{name or self.known["name"]}'),
                         out=self.path('got'))

    def curl_make_get(self):
        """A new one, which is deleted afterwards."""
        made = self.curl('-X', 'POST', self.url(SNAPSHOTS))
        [name] = set(self.server.snapshots(NAME)) - {self.known['name']}
        got = self.curl_get(name)
        self.server.ask('DELETE', f'{SNAPSHOTS}/{name}')
        return {key: max(made[key], got[key]) if key == 'peak_kb' else
                made[key] + got[key] for key in got}

    def curl_put(self):
        """The file that was got last, as a form."""
        self.without_copy()
        return self.curl(
            '-F', f'snapshot=@{self.path("got")};filename=put.snapshot',
            self.url(f'/collections/{COPY}/snapshots/upload?wait=true'
                     '&priority=snapshot'))

    def contenders(self, only):
        """name -> what to run, in the order of a round."""
        found = {'curl make, get': self.curl_make_get}
        for level in LEVELS:
            found[f'backup, {level}'] = lambda it=level: self.backup(it)
        found['curl get'] = self.curl_get
        for level in LEVELS:
            found[f'restore, {level}'] = lambda it=level: self.restore(it)
        found['curl put'] = self.curl_put
        return {name: run for name, run in found.items()
                if not only or any(word in name for word in only)}


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description='measure, assert nothing')
    parser.add_argument('--size', type=float, default=1000, metavar='MB')
    parser.add_argument('--runs', type=int, default=5, metavar='N')
    parser.add_argument('--json', metavar='FILE', default='bench_qdrant.json')
    parser.add_argument('--only', metavar='WORD,...', default='',
                        help='contenders whose names hold one of these')
    args = parser.parse_args()
    only = [word for word in args.only.split(',') if word]
    processes.become_reaper()
    at_work = QdrantBench(args.size)
    try:
        rows = bench.summarise(bench.run_rounds(at_work, args.runs, only),
                               YARDSTICKS)
        snapshot_bytes = at_work.known['size']
    finally:
        at_work.close()
    print(f'\na snapshot of {snapshot_bytes / 1e6:.0f} MB')
    bench.show_ratios(rows, YARDSTICKS)
    with open(args.json, 'w', encoding='utf-8') as file:
        json.dump({'snapshot_bytes': snapshot_bytes, 'runs': args.runs,
                   'rows': rows}, file, indent=1)
        file.write('\n')
    print(f'\nwritten to {args.json}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
