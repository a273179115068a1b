# SPDX-License-Identifier: BSD-2-Clause
"""What the S3 servers of our own share: where their programs are, how one
node is started and stopped by its pid."""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import processes


class Unavailable(Exception):
    """No server can be had here; the message says why."""


def program(name):
    """The path of a server's program, which tests/all has built."""
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    folder = os.environ.get('TEST_SERVERS') or f'{cache}/libdbbackup/servers'
    path = shutil.which(name, path=folder) or shutil.which(name)
    if path is None:
        raise Unavailable(f"no {name}: 'sh tests/lib/s3_servers.sh {folder}'"
                          ' builds it')
    return path


class Node:
    """One process of a server, and how to ask whether it is ready."""

    def __init__(self, command, env, log, ready):
        self.command, self.env, self.log, self.ready = command, env, log, ready
        self.process = None

    def start(self):
        """Start it; wait_ready waits for it."""
        with open(self.log, 'ab') as log:
            self.process = processes.start(
                ['setpriv', '--pdeathsig=KILL', *self.command], env=self.env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait_ready(self, patience=60):
        """Wait until it says that it is ready."""
        deadline = time.monotonic() + patience
        while not self.ready():
            if self.process.poll() is not None or \
                    time.monotonic() > deadline:
                raise Unavailable(f'the server does not start: {self.words}')
            time.sleep(0.05)

    @property
    def words(self):
        """The end of what it has logged."""
        with open(self.log, encoding='utf-8', errors='replace') as file:
            return file.read()[-2000:]

    def kill(self):
        """End it at once, as when its machine dies."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
        self.process = None


def answers(url, context=None):
    """Does anything at all answer there with 200?"""
    try:
        with urllib.request.urlopen(url, timeout=5, context=context) as got:
            return got.status == 200
    except (urllib.error.URLError, OSError):
        return False
