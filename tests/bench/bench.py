#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How long a backup, a second one, a restore and a cat take, beside what a
user would run instead, in the same minutes on the same machine.

usage: bench.py [--size MB] [--runs N] [--json FILE] [--only WORD,...]

The programs are found as in tests/live (DBB_BIN). Each round runs every
contender once, in turns forward and backward, so that a busy moment of the
machine hits all alike; the figures are medians. Nothing is asserted.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', 'live'),
                os.path.join(HERE, '..', 'data')]

import postgres_server  # noqa: E402
import processes  # noqa: E402
import programs  # noqa: E402

MEASURE = os.path.join(HERE, '..', 'live', 'measure.py')
YARDSTICKS = ('zstd pipeline', 'pg_dump to null', 'pg_restore')


def folder_bytes(folder):
    """What is stored below a folder."""
    return sum(os.path.getsize(os.path.join(at, name))
               for at, _, names in os.walk(folder) for name in names)


class Bench:
    """The server, the database, and a folder for everyone's results."""

    def __init__(self, size_mb):
        self.folder = tempfile.mkdtemp(prefix='dbbbench')
        self.server = postgres_server.Server()
        self.server.make('bench', size_mb)
        self.env = dict(
            self.server.env, PGHOST='127.0.0.1', PGUSER='postgres',
            PGPORT=str(self.server.port), PATH=self.server.bin + ':' +
            os.environ['PATH'], HOME=self.folder, RESTIC_PASSWORD='x',
            RESTIC_REPOSITORY=self.path('restic'),
            RESTIC_CACHE_DIR=self.path('restic-cache'),
            BORG_PASSPHRASE='x', BORG_REPO=self.path('borg'),
            BORG_BASE_DIR=self.path('borg-base'))
        self.site = self.make_site('sealed')
        self.open_site = self.make_site('open')
        self.round = 0

    def make_site(self, name):
        """An installation; the one called 'sealed' has a passphrase, as what
        it is compared with has."""
        os.mkdir(self.path(name))
        site = programs.Site(self.path(name), self.server, ('bench',))
        site.secrets = {'DBB_PASSWORD': 'x'} if name == 'sealed' else {}
        return site

    def close(self):
        """Remove everything."""
        self.server.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        """A path in the bench's folder."""
        return os.path.join(self.folder, name)

    def measure(self, command, env=None):
        """Run a command: seconds, CPU seconds, peak KB."""
        report = self.path('report')
        done = subprocess.run(
            [sys.executable, '-S', '-E', MEASURE, report, *command],
            env=env or self.env, capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f'{shlex.join(command)}: exit '
                               f'{done.returncode}: {done.stderr.decode()}')
        with open(report, encoding='utf-8') as file:
            return json.load(file)

    def shell(self, line, env=None):
        """Measure a shell pipeline, each part of which must succeed."""
        return self.measure(['/bin/bash', '-o', 'pipefail', '-c', line], env)

    def ours(self, name, *args, out=None, site=None):
        """Measure one of our programs."""
        site = site or self.site
        command = [programs.program(name), '-q', '-c', site.config, *args]
        environment = site.environment(site.secrets)
        if out is None:
            return self.measure(command, environment)
        return self.shell(f'exec {shlex.join(command)} > {out}', environment)

    def grown(self, folder, measured):
        """Call `measured` and add what the folder grew by."""
        before = folder_bytes(folder)
        found = measured()
        return dict(found, stored_bytes=folder_bytes(folder) - before)

    def change_one_percent(self):
        """Change a stretch of 1 % of the documents, another each round."""
        start = 1 + self.round * 3 % 90
        self.server.psql(
            "UPDATE library.documents SET title = 'changed in round "
            f"{self.round}' WHERE id BETWEEN (SELECT max(id) FROM"
            f" library.documents) / 100 * {start} AND (SELECT max(id) FROM"
            f" library.documents) / 100 * {start + 1}; VACUUM"
            ' library.documents', database='bench')

    # The contenders. Each returns what it measured; those that store
    # something say how many bytes.

    def first_backup(self, site=None):
        """dbb-backup run into a new repository, sealed."""
        site = site or self.site
        shutil.rmtree(site.repository, ignore_errors=True)
        site.run('dbb-backup', 'init', env=site.secrets, code=programs.DONE)
        return self.grown(site.repository, lambda: self.ours(
            'dbb-backup', 'run', site=site))

    def first_open_backup(self):
        """The same, not sealed."""
        return self.first_backup(self.open_site)

    def second_backup(self):
        """The same again, nothing changed; or what changed_* changed."""
        return self.grown(self.site.repository,
                          lambda: self.ours('dbb-backup', 'run'))

    def zstd_pipeline(self):
        """What the first backup is held against."""
        found = self.shell('pg_dump -Fc -Z0 bench | zstd -q -f -3 -T2 > ' +
                           self.path('dump.zst'))
        return dict(found, stored_bytes=os.path.getsize(
            self.path('dump.zst')))

    def zstd_pipeline_synced(self):
        """The same, and the file is on the disk at the end, as ours is."""
        path = self.path('dump.zst')
        found = self.shell('pg_dump -Fc -Z0 bench | zstd -q -f -3 -T2 > '
                           f'{path} && sync {path}')
        return dict(found, stored_bytes=os.path.getsize(path))

    def dump_to_null(self):
        """How fast the database can be read."""
        return self.shell('pg_dump -Fc -Z0 bench > /dev/null')

    def warm_up(self):
        """The first read of all, which warms the cache."""
        self.dump_to_null()

    def restic_first(self):
        """restic into a new repository."""
        shutil.rmtree(self.path('restic'), ignore_errors=True)
        subprocess.run(['restic', 'init', '-q'], env=self.env, check=True,
                       stdout=subprocess.DEVNULL)
        return self.restic_again()

    def restic_again(self):
        """restic again."""
        return self.grown(self.path('restic'), lambda: self.shell(
            'pg_dump -Fc -Z0 bench | restic backup -q --stdin'
            ' --stdin-filename bench.dump'))

    def borg_first(self):
        """borg into a new repository."""
        shutil.rmtree(self.path('borg'), ignore_errors=True)
        subprocess.run(['borg', 'init', '-e', 'repokey'], env=self.env,
                       check=True, stderr=subprocess.DEVNULL)
        return self.borg_again()

    def borg_again(self):
        """borg again, at the same zstd level."""
        return self.grown(self.path('borg'), lambda: self.shell(
            'pg_dump -Fc -Z0 bench | borg create -C zstd,3'
            ' "::{utcnow:%s%f}" -'))

    def cat(self):
        """dbb-restore cat of the dump to nowhere."""
        return self.ours('dbb-restore', 'cat', 'latest', 'main',
                         self.dump_stream(), out='/dev/null')

    def dump_stream(self):
        """The name of the dump's stream in the newest set."""
        shown = self.site.run('dbb-backup', '--json', 'show', 'latest',
                              env=self.site.secrets).result
        return next(s['name'] for source in shown['sources']
                    for s in source['streams'] if s['kind'] == 'pg_dump')

    def restore(self):
        """dbb-restore run into a new database, compared at the end."""
        self.server.drop('restored')
        return self.ours('dbb-restore', 'run', 'latest', '--into',
                         'restored', '--yes')

    def plain_pg_restore(self):
        """pg_restore of a local plain file into a new database."""
        path = self.path('plain.dump')
        if not os.path.exists(path):
            self.shell(f'pg_dump -Fc -Z0 -f {path} bench')
        self.server.drop('restored')
        self.server.psql('CREATE DATABASE restored TEMPLATE template0')
        return self.shell(f'pg_restore --exit-on-error -d restored {path}')

    def contenders(self, only):
        """name -> what to run, in the order of a round."""
        found = {}
        if programs.program('dbb-backup'):
            found['first backup'] = self.first_backup
            found['first backup, open'] = self.first_open_backup
        found['zstd pipeline'] = self.zstd_pipeline
        found['zstd pipeline, synced'] = self.zstd_pipeline_synced
        found['pg_dump to null'] = self.dump_to_null
        if shutil.which('restic'):
            found['restic first'] = self.restic_first
        if shutil.which('borg'):
            found['borg first'] = self.borg_first
        if programs.program('dbb-backup'):
            found['second backup'] = self.second_backup
        if shutil.which('restic'):
            found['restic second'] = self.restic_again
        if programs.program('dbb-restore'):
            found['cat'] = self.cat
            found['restore'] = self.restore
        found['pg_restore'] = self.plain_pg_restore
        if programs.program('dbb-backup'):
            found['backup, 1 % changed'] = self.second_backup
        if shutil.which('restic'):
            found['restic, 1 % changed'] = self.restic_again
        if shutil.which('borg'):
            found['borg, 1 % changed'] = self.borg_again
        return {name: run for name, run in found.items()
                if not only or any(word in name for word in only)}


def run_rounds(bench, runs, only):
    """Every contender `runs` times; name -> list of measurements."""
    found = {}
    contenders = bench.contenders(only)
    bench.warm_up()
    for bench.round in range(runs):
        changed = False
        for name, run in in_turns(list(contenders.items()), bench.round):
            if name.endswith('changed') and not changed:
                bench.change_one_percent()
                changed = True
            measured = run()
            found.setdefault(name, []).append(measured)
            print(f'round {bench.round + 1}/{runs}: {name}: '
                  f'{measured["seconds"]:.2f} s', file=sys.stderr)
    return found


def in_turns(contenders, number):
    """Forward in even rounds; in odd ones each pair of neighbours that can
    change places does. What makes a repository stays before what uses it."""
    if number % 2 == 0:
        return contenders
    order = list(contenders)
    names = [name for name, _ in order]
    for one, other in (('first backup', 'zstd pipeline'),
                       ('zstd pipeline, synced', 'pg_dump to null'),
                       ('second backup', 'restic second'),
                       ('restore', 'pg_restore'),
                       ('backup, 1 % changed', 'restic, 1 % changed')):
        if one in names and other in names:
            i, j = names.index(one), names.index(other)
            order[i], order[j] = order[j], order[i]
    return order


def summarise(found, yardsticks=YARDSTICKS):
    """Medians, and ratios to each yardstick."""
    rows = {}
    for name, runs in found.items():
        rows[name] = {key: statistics.median(run[key] for run in runs)
                      for key in runs[0]}
        rows[name]['runs'] = runs
    for row in rows.values():
        row['ratios'] = {
            yard: row['seconds'] / rows[yard]['seconds']
            for yard in yardsticks if yard in rows}
    return rows


def show(rows, dump_bytes):
    """The table that people read."""
    print(f'\na dump of {dump_bytes / 1e6:.0f} MB; seconds are medians; '
          'peak is the largest process\n')
    print(f'{"":24}{"seconds":>9}{"cpu s":>8}{"MB/s":>7}{"peak MiB":>10}'
          f'{"stored MB":>11}' + ''.join(f'{"/ " + y:>18}'
                                         for y in YARDSTICKS))
    for name, row in rows.items():
        stored = f'{row["stored_bytes"] / 1e6:.1f}' \
            if 'stored_bytes' in row else ''
        print(f'{name:24}{row["seconds"]:9.2f}{row["cpu_seconds"]:8.2f}'
              f'{dump_bytes / 1e6 / row["seconds"]:7.0f}'
              f'{row["peak_kb"] / 1024:10.1f}{stored:>11}' +
              ''.join(f'{row["ratios"].get(y, float("nan")):18.2f}'
                      for y in YARDSTICKS))


def show_ratios(rows, yardsticks):
    """The same, of what is no dump."""
    print(f'\n{"":18}{"seconds":>9}{"cpu s":>8}{"peak MiB":>10}'
          f'{"stored MB":>11}' + ''.join(f'{"/ " + y:>18}'
                                         for y in yardsticks))
    for name, row in rows.items():
        stored = f'{row["stored_bytes"] / 1e6:.1f}' \
            if 'stored_bytes' in row else ''
        print(f'{name:18}{row["seconds"]:9.2f}{row["cpu_seconds"]:8.2f}'
              f'{row["peak_kb"] / 1024:10.1f}{stored:>11}' +
              ''.join(f'{row["ratios"].get(y, float("nan")):18.2f}'
                      for y in yardsticks))


def measure_stages(bench):
    """What each stage does on one core, MB/s, by bench_stages on the dump."""
    program = os.path.join(os.environ.get('TEST_BUILD', ''), 'tests', 'bench',
                           'bench_stages')
    if not os.access(program, os.X_OK):
        return {}
    said = subprocess.run([program, bench.path('size')], check=True,
                          capture_output=True, text=True).stdout
    print(said)
    return {name.strip(): float(speed) for name, speed in re.findall(
        r'^(\S.*?)  +\d+ MB/s +(\d+) MB/s a core', said, re.M)}


def versions(server):
    """What was measured against."""
    commands = {'pg_dump': [f'{server.bin}/pg_dump', '--version'],
                'zstd': ['zstd', '--version'],
                'restic': ['restic', 'version'],
                'borg': ['borg', '--version'],
                'dbb-backup': [programs.program('dbb-backup'), '--version']}
    found = {}
    for name, command in commands.items():
        if shutil.which(command[0]):
            found[name] = subprocess.run(
                command, capture_output=True, text=True,
                check=False).stdout.strip()
    return found


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description='measure, assert nothing')
    parser.add_argument('--size', type=float, default=1000, metavar='MB')
    parser.add_argument('--runs', type=int, default=5, metavar='N')
    parser.add_argument('--json', metavar='FILE', default='bench.json')
    parser.add_argument('--only', metavar='WORD,...', default='',
                        help='contenders whose names hold one of these')
    args = parser.parse_args()
    only = [word for word in args.only.split(',') if word]
    processes.become_reaper()
    bench = Bench(args.size)
    try:
        rows = summarise(run_rounds(bench, args.runs, only))
        bench.shell('pg_dump -Fc -Z0 bench > ' + bench.path('size'))
        dump_bytes = os.path.getsize(bench.path('size'))
        document = {
            'at': datetime.datetime.now(datetime.timezone.utc).isoformat(),
            'machine': platform.platform(), 'cores': os.cpu_count(),
            'versions': versions(bench.server), 'size_mb': args.size,
            'dump_bytes': dump_bytes, 'runs': args.runs, 'rows': rows,
            'stages': measure_stages(bench)}
    finally:
        bench.close()
    show(rows, dump_bytes)
    with open(args.json, 'w', encoding='utf-8') as file:
        json.dump(document, file, indent=1)
        file.write('\n')
    print(f'\nwritten to {args.json}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
