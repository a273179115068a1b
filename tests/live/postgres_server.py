# SPDX-License-Identifier: BSD-2-Clause
"""A PostgreSQL server of our own: made, started, stopped by its pid."""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import make_database
import processes

PASSWORD = 'Pa55 w\'rd:with\\all"of=it'

SETTINGS = """
listen_addresses = '127.0.0.1'
fsync = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
shared_buffers = 192MB
max_connections = 60
autovacuum = off
log_line_prefix = '%m [%p] %a '
"""


class Unavailable(Exception):
    """No server can be had here; the message says why."""


def bin_folder():
    """Where the newest server programs are."""
    found = glob.glob('/usr/lib/postgresql/*/bin/initdb')
    if not found:
        if shutil.which('initdb'):
            return os.path.dirname(shutil.which('initdb'))
        raise Unavailable('no initdb: install the package postgresql-15')
    return os.path.dirname(max(found, key=lambda p: float(p.split('/')[4])))


def as_server_user(command):
    """The command, run by a user that initdb accepts, and stopped with us."""
    drop = []
    if os.geteuid() == 0:
        try:
            user = pwd.getpwnam('postgres')
        except KeyError:
            user = pwd.getpwnam('nobody')
        drop = [f'--reuid={user.pw_uid}', f'--regid={user.pw_gid}',
                '--clear-groups']
    return ['setpriv', *drop, '--pdeathsig=INT', *command]


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Server:
    """One server, empty at first, superuser postgres with PASSWORD."""

    def __init__(self):
        self.bin = bin_folder()
        self.folder = tempfile.mkdtemp(prefix='dbbpg')
        self.process = None
        self.port = 0
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.close()
            raise

    def _initialise(self):
        os.chmod(self.folder, 0o755)
        words = os.path.join(self.folder, 'password')
        with open(words, 'w', encoding='utf-8') as file:
            file.write(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(self.folder,
                         _server_user(), None)
            shutil.chown(words, _server_user(), None)
        done = subprocess.run(
            as_server_user([f'{self.bin}/initdb', '-D', self.data, '-U',
                            'postgres', '--pwfile', words, '-A',
                            'scram-sha-256', '-E', 'UTF8',
                            '--locale=C.UTF-8', '--no-sync']),
            capture_output=True, text=True, check=False, cwd=self.folder)
        os.unlink(words)
        if done.returncode != 0:
            raise Unavailable('initdb failed: ' + done.stderr.strip())
        with open(f'{self.data}/postgresql.conf', 'a',
                  encoding='utf-8') as file:
            file.write(SETTINGS)

    @property
    def data(self):
        """The data directory."""
        return f'{self.folder}/data'

    @property
    def log(self):
        """All that the server has logged."""
        with open(f'{self.folder}/log', encoding='utf-8') as file:
            return file.read()

    def start(self):
        """Start it on a free port (the same one again after a stop)."""
        self.port = self.port or free_port()
        with open(f'{self.folder}/log', 'ab') as log:
            self.process = processes.start(
                as_server_user([f'{self.bin}/postgres', '-D', self.data,
                                '-p', str(self.port), '-k', self.folder]),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder)
        deadline = time.monotonic() + 60
        while True:
            ready = subprocess.run(
                [f'{self.bin}/pg_isready', '-q', '-h', self.folder, '-p',
                 str(self.port)], check=False)
            if ready.returncode == 0:
                return
            if self.process.poll() is not None or \
                    time.monotonic() > deadline:
                raise Unavailable('the server does not start: ' +
                                  self.log[-2000:])
            time.sleep(0.05)

    def stop(self):
        """Stop it at once, open connections or not."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
        self.process = None

    def close(self):
        """Stop it and remove all it had."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def conninfo(self, database='postgres', user='postgres'):
        """A connection string without a password."""
        return (f'host=127.0.0.1 port={self.port} user={user} '
                f"dbname='{database}'")

    @property
    def env(self):
        """The environment of a client of ours."""
        return dict(os.environ, PGPASSWORD=PASSWORD, PGTZ='UTC')

    def psql(self, script, database='postgres', **variables):
        """Run a script as superuser and return its output, stripped."""
        return make_database.psql(self.conninfo(database), script,
                                  variables=variables, env=self.env).rstrip(
                                      '\n')

    def tool(self, name, *args, database='postgres', **options):
        """Run a client program of the server's version; its stdout."""
        options.setdefault('stdout', subprocess.PIPE)
        done = subprocess.run(
            [f'{self.bin}/{name}', '-d', self.conninfo(database), *args],
            env=self.env, stderr=subprocess.PIPE, check=False, **options)
        if done.returncode != 0:
            raise AssertionError(f'{name}: {done.stderr.decode()}')
        return done.stdout

    def start_client(self, name, *args, database='postgres'):
        """Start a client program that is to run for a while."""
        env = dict(self.env, PGHOST='127.0.0.1', PGPORT=str(self.port),
                   PGUSER='postgres', PGDATABASE=database)
        return processes.start([f'{self.bin}/{name}', *args], env=env,
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)

    def databases(self):
        """Names of all databases but the templates."""
        return sorted(self.psql(
            "SELECT quote_ident(datname) FROM pg_database"
            " WHERE NOT datistemplate").split('\n'))

    def drop(self, database):
        """Drop a database if it is there."""
        self.psql('DROP DATABASE IF EXISTS :"name" WITH (FORCE)',
                  name=database)

    def copy(self, database, new):
        """Make a database like another one on this server."""
        self.drop(new)
        self.psql('CREATE DATABASE :"new" TEMPLATE :"old" STRATEGY file_copy',
                  new=new, old=database)

    def make(self, database, size_mb=17, seed=1):
        """Make a sample database."""
        make_database.make(self.conninfo(database), size_mb, seed, self.env)


def _server_user():
    try:
        return pwd.getpwnam('postgres').pw_uid
    except KeyError:
        return pwd.getpwnam('nobody').pw_uid
