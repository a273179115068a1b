#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How long a backup to S3 and a cat from it take, beside what a user would
run instead, on a MinIO of the same machine.

usage: bench_s3.py [--size MB] [--packs MB] [--runs N] [--json FILE]
                   [--only WORD,...]

As bench.py: every contender once a round, in turns; medians; nothing is
asserted. rclone has parts of 16 MiB, 4 at once, as ours has.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'live'),
                os.path.join(HERE, '..', 'data')]

import bench  # noqa: E402
import minio_server  # noqa: E402
import processes  # noqa: E402
import programs  # noqa: E402

YARDSTICKS = ('zstd to rclone', 'rclone to zstd', 'rclone put',
              'rclone get')
PARTS = ('--s3-chunk-size 16Mi --s3-upload-concurrency 4 '
         '--s3-upload-cutoff 16Mi')
PACK = 16 << 20


class S3Bench(bench.Bench):
    """A PostgreSQL and a MinIO."""

    def __init__(self, size_mb, packs_mb):
        super().__init__(size_mb)
        self.minio = minio_server.Server(buckets=('ours', 'rclone', 'restic',
                                                  'packs'))
        keys = minio_server.ROOT
        self.env.update(
            AWS_ACCESS_KEY_ID=keys.access, AWS_SECRET_ACCESS_KEY=keys.secret,
            RCLONE_CONFIG='/dev/null', RCLONE_CONFIG_M_TYPE='s3',
            RCLONE_CONFIG_M_PROVIDER='Minio',
            RCLONE_CONFIG_M_ENV_AUTH='true', RCLONE_CONFIG_M_REGION='us-east-1',
            RCLONE_CONFIG_M_ENDPOINT=self.minio.url(),
            RESTIC_REPOSITORY=f's3:{self.minio.url()}/restic')
        self.env.pop('AWS_CA_BUNDLE', None)     # rclone 1.60 dies of it
        self.count = 0
        self.packs = packs_mb * 1_000_000 // PACK

    def close(self):
        self.minio.close()
        super().close()

    def bucket_bytes(self, bucket):
        """What a bucket holds, on MinIO's disk."""
        return bench.folder_bytes(os.path.join(self.minio.data, bucket))

    def empty(self, bucket):
        """Take all objects out of a bucket, past the server."""
        folder = os.path.join(self.minio.data, bucket)
        for name in os.listdir(folder):
            shutil.rmtree(os.path.join(folder, name))

    def put_site(self):
        """A new repository of ours on S3."""
        self.count += 1
        keys = minio_server.ROOT
        self.site.opening = {
            'url': f's3://ours/{self.count}', 'endpoint': self.minio.url(),
            'access-key': keys.access, 'secret-key': keys.secret}
        self.site.configure(self.server, ('bench',))
        self.site.run('dbb-backup', 'init', env=self.site.secrets,
                      code=programs.DONE)

    # The contenders.

    def first_s3_backup(self):
        """dbb-backup run, sealed, into a new repository."""
        self.empty('ours')
        self.put_site()
        found = self.ours('dbb-backup', 'run')
        return dict(found, stored_bytes=self.bucket_bytes('ours'))

    def zstd_to_rclone(self):
        """What it is held against."""
        found = self.shell('pg_dump -Fc -Z0 bench | zstd -q -3 -T2 | '
                           f'rclone rcat {PARTS} M:rclone/dump.zst')
        return dict(found, stored_bytes=self.bucket_bytes('rclone'))

    def restic_first(self):
        """restic into a new repository."""
        self.empty('restic')
        subprocess.run(['restic', 'init', '-q'], env=self.env, check=True,
                       stdout=subprocess.DEVNULL)
        found = self.shell('pg_dump -Fc -Z0 bench | restic backup -q --stdin'
                           ' --stdin-filename bench.dump')
        return dict(found, stored_bytes=self.bucket_bytes('restic'))

    def rclone_to_zstd(self):
        """What cat is held against."""
        return self.shell('rclone cat M:rclone/dump.zst | zstd -q -dc '
                          '> /dev/null')

    def restic_dump(self):
        """restic's cat."""
        return self.shell('restic dump -q latest bench.dump > /dev/null')

    def raw(self, what):
        """bench_store: packs put or got, nothing else."""
        program = os.path.join(os.environ['TEST_BUILD'], 'tests', 'bench',
                               'bench_store')
        return self.measure([program, what, 's3://packs/ours',
                             self.minio.url(), str(self.packs), str(PACK),
                             '4'])

    def raw_put(self):
        """Packs from memory into the bucket."""
        self.empty('packs')
        return self.raw('put')

    def raw_get(self):
        """Packs from the bucket into memory."""
        return self.raw('get')

    def files(self):
        """As many files of a pack's size in memory, for rclone."""
        if not os.path.exists(self.memory()):
            os.mkdir(self.memory())
            for number in range(self.packs):
                with open(f'{self.memory()}/{number:05}', 'wb') as file:
                    file.write(os.urandom(PACK))
        return self.memory()

    def memory(self):
        """A folder in memory."""
        return '/dev/shm/' + os.path.basename(self.folder)

    def rclone_put(self):
        """rclone, the same number of objects, from memory."""
        folder = self.files()
        self.empty('rclone')
        return self.shell(f'rclone copy {PARTS} --transfers 4 --no-traverse '
                          f'--no-check-dest {folder} M:rclone/packs')

    def rclone_get(self):
        """rclone, into memory."""
        shutil.rmtree(self.memory() + '.got', ignore_errors=True)
        try:
            return self.shell('rclone copy --transfers 4 --no-check-dest '
                              f'M:rclone/packs {self.memory()}.got')
        finally:
            shutil.rmtree(self.memory() + '.got', ignore_errors=True)

    def contenders(self, only):
        """name -> what to run, in the order of a round."""
        found = {'first backup': self.first_s3_backup,
                 'zstd to rclone': self.zstd_to_rclone,
                 'restic first': self.restic_first, 'cat': self.cat,
                 'rclone to zstd': self.rclone_to_zstd,
                 'restic dump': self.restic_dump,
                 'raw put': self.raw_put, 'raw get': self.raw_get,
                 'rclone put': self.rclone_put, 'rclone get': self.rclone_get}
        return {name: run for name, run in found.items()
                if not only or any(word in name for word in only)}


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description='measure, assert nothing')
    parser.add_argument('--size', type=float, default=1000, metavar='MB')
    parser.add_argument('--packs', type=int, default=4000, metavar='MB')
    parser.add_argument('--runs', type=int, default=5, metavar='N')
    parser.add_argument('--json', metavar='FILE', default='bench_s3.json')
    parser.add_argument('--only', metavar='WORD,...', default='',
                        help='contenders whose names hold one of these')
    args = parser.parse_args()
    only = [word for word in args.only.split(',') if word]
    processes.become_reaper()
    at_work = S3Bench(args.size, args.packs)
    try:
        rows = bench.summarise(bench.run_rounds(at_work, args.runs, only),
                               YARDSTICKS)
    finally:
        shutil.rmtree(at_work.memory(), ignore_errors=True)
        at_work.close()
    bench.show_ratios(rows, YARDSTICKS)
    with open(args.json, 'w', encoding='utf-8') as file:
        json.dump({'size_mb': args.size, 'packs_mb': args.packs,
                   'runs': args.runs, 'rows': rows}, file, indent=1)
        file.write('\n')
    print(f'\nwritten to {args.json}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
