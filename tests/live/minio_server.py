# SPDX-License-Identifier: BSD-2-Clause
"""A MinIO of our own: alone or as a cluster of four nodes, over http or TLS,
started and stopped by its pids."""

import json
import base64
import os
import shutil
import ssl
import tempfile

import s3_certificates
from postgres_server import free_port
from s3_client import Client, Keys
from s3_server import Node, Unavailable, answers, program

__all__ = ['Server', 'Unavailable']

ROOT = Keys('minio-root', 'Secret/+of=MinIO')


class Server:
    """One MinIO with an empty bucket of each name that is asked for.

    tls: a kind of certificate of s3_certificates, or None for http.
    nodes: 1, or 4 for an erasure-coded cluster that stands the loss of one
    node when it is written, of two when it is read.
    folder: where the data goes (default: a temporary folder).
    region: what requests must be signed for (default: any).
    """

    def __init__(self, tls=None, nodes=1, folder=None, region=None,
                 buckets=('backups',)):
        self.minio = program('minio')
        self.folder = tempfile.mkdtemp(prefix='dbbminio')
        self.data = folder or f'{self.folder}/data'
        self.tls, self.ca_file, self.region = tls, None, region
        self.ports = [free_port() for _ in range(nodes)]
        try:
            if tls:
                self.ca_file = s3_certificates.make(f'{self.folder}/certs',
                                                    tls)
            self.nodes = [self._node(n) for n in range(nodes)]
            self.start()
            for bucket in buckets:
                self.client().make_bucket(bucket)
        except BaseException:
            self.close()
            raise

    def _node(self, number):
        drives = [self.data]
        if len(self.ports) > 1:
            drives = [f'http://127.0.0.1:{port}{self.data}{n}'
                      for n, port in enumerate(self.ports)]
        command = [self.minio, 'server', '--quiet', '--address',
                   f'127.0.0.1:{self.ports[number]}', *drives]
        if self.tls:
            command += ['--certs-dir', f'{self.folder}/certs']
        env = {'PATH': os.environ['PATH'], 'HOME': self.folder,
               'MINIO_ROOT_USER': ROOT.access,
               'MINIO_ROOT_PASSWORD': ROOT.secret,
               'MINIO_BROWSER': 'off', 'MINIO_UPDATE': 'off',
               'MINIO_CI_CD': 'on',     # drives may be of one file system
               # For what it encrypts itself (sse = s3, kms).
               'MINIO_KMS_SECRET_KEY': 'tests:' + base64.b64encode(
                   b'k' * 32).decode(),
               # In a container it does not believe in 127.0.0.1 otherwise.
               '_MINIO_SERVER_LOCAL': f'127.0.0.1:{self.ports[number]}'}
        if self.region:
            env['MINIO_SITE_REGION'] = self.region
        context = ssl._create_unverified_context() if self.tls else None
        return Node(command, env, f'{self.folder}/log{number}',
                    lambda: answers(f'{self.url(number)}/minio/health/'
                                    'cluster', context))

    def url(self, node=0):
        """Where a node is reached."""
        return (f'{"https" if self.tls else "http"}://127.0.0.1:'
                f'{self.ports[node]}')

    def client(self, keys=ROOT, node=0):
        """A client of the tests' own."""
        return Client(self.url(node), keys, self.region or 'us-east-1')

    def set_quota(self, bucket, size):
        """Let a bucket have so many bytes, and no more."""
        self.client().request(
            'PUT', '/minio/admin/v3/set-bucket-quota', {'bucket': bucket},
            json.dumps({'size': size, 'quotatype': 'hard'}).encode())

    def start(self):
        """Start all nodes (where they were before, after a stop)."""
        for node in self.nodes:
            if node.process is None:
                node.start()
        for node in self.nodes:
            node.wait_ready()

    def stop(self):
        """End all nodes at once."""
        for node in self.nodes:
            node.kill()

    def close(self):
        """End it and remove all it had."""
        for node in getattr(self, 'nodes', []):
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
