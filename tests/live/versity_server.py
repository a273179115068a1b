# SPDX-License-Identifier: BSD-2-Clause
"""A Versity S3 gateway of our own: a second S3 server, stricter than MinIO
in places, which keeps objects as files of a folder."""

import os
import shutil
import socket
import tempfile

from postgres_server import free_port
from s3_client import Client, Keys
from s3_server import Node, Unavailable, program

__all__ = ['Server', 'Unavailable']

ROOT = Keys('versity-root', 'Secret/+of=Versity')


class Server:
    """One gateway with an empty bucket of each name that is asked for."""

    def __init__(self, buckets=('backups',)):
        self.folder = tempfile.mkdtemp(prefix='dbbversity')
        self.port = free_port()
        os.mkdir(f'{self.folder}/data')
        self.node = Node(
            [program('versitygw'), '--port', f'127.0.0.1:{self.port}',
             'posix', f'{self.folder}/data'],
            {'PATH': os.environ['PATH'], 'HOME': self.folder,
             'ROOT_ACCESS_KEY': ROOT.access, 'ROOT_SECRET_KEY': ROOT.secret},
            f'{self.folder}/log', self._is_listening)
        try:
            self.start()
            for bucket in buckets:
                self.client().make_bucket(bucket)
        except BaseException:
            self.close()
            raise

    def _is_listening(self):
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', self.port)) == 0

    def url(self):
        """Where it is reached."""
        return f'http://127.0.0.1:{self.port}'

    def client(self, keys=ROOT):
        """A client of the tests' own."""
        return Client(self.url(), keys)

    def start(self):
        """Start it (where it was before, after a stop)."""
        self.node.start()
        self.node.wait_ready()

    def stop(self):
        """End it at once."""
        self.node.kill()

    def close(self):
        """End it and remove all it had."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
