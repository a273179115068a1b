# SPDX-License-Identifier: BSD-2-Clause
"""Run dbb-backup and dbb-restore as a user does, and look at all they leave:
exit code, what they said, what still runs."""

import glob
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import processes

DONE, FAILED, USAGE, FINDINGS = 0, 1, 2, 3
NO_REPOSITORY, WRONG_KEY, DAMAGED, VERSION, CANCELED = 10, 12, 13, 14, 130

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
PASSED_ON = ('LD_LIBRARY_PATH', 'ASAN_OPTIONS', 'UBSAN_OPTIONS',
             'LSAN_OPTIONS', 'TSAN_OPTIONS')


def program(name):
    """The path of one of our programs, '' where it is not built. Of a build
    tree it is the program itself, not libtool's script that starts it."""
    folders = [os.environ['DBB_BIN']] if 'DBB_BIN' in os.environ else \
        [os.path.join(TREE, 'frontends'), os.path.join(TREE, 'build',
                                                       'frontends')]
    for folder in folders:
        for path in (os.path.join(folder, '.libs', name),
                     os.path.join(folder, name)):
            if os.access(path, os.X_OK):
                return os.path.abspath(path)
    return ''


def library_path(path):
    """Where the library of a program in a build tree is; '' otherwise."""
    folder = os.path.dirname(path)
    if os.path.basename(folder) != '.libs':
        return ''
    return os.path.join(os.path.dirname(os.path.dirname(folder)), 'lib',
                        '.libs')


def is_sanitized(path):
    """Is a program built with a sanitizer, which takes memory of its own?"""
    with open(path, 'rb') as file:
        content = file.read()
    return b'__asan_init' in content or b'__tsan_init' in content


class Finished:
    """How a program ended."""

    def __init__(self, args, code, out, err, peak_kb=0):
        self.args, self.code = args, code
        self.raw, self.err, self.peak_kb = out, err, peak_kb

    @property
    def out(self):
        """Standard output as text."""
        return self.raw.decode()

    @property
    def lines(self):
        """Standard output as JSON lines; fails if any line is not one."""
        found = [json.loads(line) for line in self.out.splitlines()]
        assert all(isinstance(line, dict) and line.get('type') in
                   ('progress', 'warning', 'result', 'error', 'log')
                   for line in found), self.out
        return found

    def of_type(self, kind):
        """The JSON lines of one type."""
        return [line for line in self.lines if line['type'] == kind]

    @property
    def result(self):
        """The one JSON result."""
        results = self.of_type('result')
        assert len(results) == 1, self
        return results[0]

    @property
    def error(self):
        """The one JSON error."""
        errors = self.of_type('error')
        assert len(errors) == 1, self
        return errors[0]

    def __repr__(self):
        return (f'{" ".join(self.args)}: exit {self.code}\n'
                f'stdout: {self.raw[-3000:].decode(errors="replace")}\n'
                f'stderr: {self.err[-3000:]}')


class Running:
    """A program that runs."""

    def __init__(self, args, env, cwd, out=None, measure=False, fds=None):
        self.args = args
        self.out_path, self.out = out, None
        self.err = tempfile.TemporaryFile()
        self.out = open(out, 'w+b') if out else tempfile.TemporaryFile()
        self.report = tempfile.NamedTemporaryFile() if measure else None
        if measure:
            args = [sys.executable, '-S', '-E', os.path.join(
                os.path.dirname(__file__), 'measure.py'),
                self.report.name] + args
        streams = fds or {'stdin': subprocess.DEVNULL, 'stdout': self.out,
                          'stderr': self.err}
        self.process = processes.start(args, env=env, cwd=cwd, **streams)
        self.pid = self.process.pid

    def signal(self, number):
        """Send the program itself a signal (its children have groups of
        their own)."""
        self.process.send_signal(number)

    def so_far(self):
        """What it has said on standard output up to now."""
        with open(f'/proc/self/fd/{self.out.fileno()}', 'rb') as file:
            return file.read().decode(errors='replace')

    def half_way(self, tool, read=0, written=0):
        """Hold the child `tool` still once it has moved so many bytes;
        returns its pid. The caller lets it go on with SIGCONT."""
        pid = processes.wait_half_way(self.pid, tool, read, written)
        assert pid is not None, f'it ended too early: {self.wait()}'
        os.kill(pid, signal.SIGSTOP)
        return pid

    def wait(self, timeout=300):
        """Wait for the end; a program that hangs is killed, and fails."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            state = [processes.name(p)
                     for p in processes.descendants(self.pid)]
            self.process.kill()
            self.process.wait()
            raise AssertionError(f'hangs with children {state}: '
                                 f'{self._finished(-9)}') from None
        return self._finished(code)

    def _finished(self, code):
        self.err.seek(0)
        err = self.err.read().decode(errors='replace')
        raw = b''
        if self.out_path is None:
            self.out.seek(0)
            raw = self.out.read()
        peak = 0
        if self.report is not None:
            with open(self.report.name, encoding='utf-8') as file:
                peak = json.load(file)['peak_kb']
        return Finished(self.args, code, raw, err, peak)


class Site:
    """One installation: a configuration, a repository, a home."""

    def __init__(self, folder, server, databases=('app',)):
        self.folder, self.server = str(folder), server
        self.repository = os.path.join(self.folder, 'repository')
        self.config = os.path.join(self.folder, 'dbbackup.conf')
        self.password_file = os.path.join(self.folder, 'password')
        self.opening = {}   # keys of [repository] besides its url
        self.home = os.path.join(self.folder, 'home')
        os.makedirs(self.home, exist_ok=True)
        self.write_password(self.server_password())
        self.configure(server, databases)

    @staticmethod
    def server_password():
        """The superuser's password on every server of ours."""
        from postgres_server import PASSWORD
        return PASSWORD

    def write_password(self, password):
        """Put a password into the file that the configuration names."""
        self.write_secret(self.password_file, password)

    @staticmethod
    def write_secret(path, secret):
        """Make a file that holds a secret, for its owner alone."""
        with open(path, 'w', encoding='utf-8') as file:
            file.write(secret + '\n')
        os.chmod(path, 0o600)

    def configure(self, server, databases=('app',), **lines):
        """Write the configuration; `lines` replace or add keys of the
        source, and None takes one out."""
        source = {'connection': server.conninfo(databases[0]),
                  'databases': ', '.join(databases),
                  'password-file': self.password_file}
        history = {'connection': server.conninfo('postgres'),
                   'password-file': self.password_file}
        source.update({k.replace('_', '-'): v for k, v in lines.items()})
        repository = {'url': 'file://' + self.repository, **self.opening}
        self.write_config({'repository': repository,
                           'postgres "main"': source, 'history': history})

    def write_config(self, sections):
        """Write the configuration file, whole."""
        with open(self.config, 'w', encoding='utf-8') as file:
            for section, keys in sections.items():
                file.write(f'[{section}]\n')
                for key, value in keys.items():
                    if value is not None:
                        file.write(f'{key} = {value}\n')
        os.chmod(self.config, 0o600)

    def environment(self, env=None):
        """A clean environment with what a cron job would have."""
        clean = {'PATH': '/usr/local/bin:/usr/bin:/bin', 'LANG': 'C.UTF-8',
                 'HOME': self.home, 'TMPDIR': self.folder}
        clean.update({name: os.environ[name] for name in PASSED_ON
                      if name in os.environ})
        if library_path(program('dbb-backup')):
            clean['LD_LIBRARY_PATH'] = library_path(program('dbb-backup'))
        clean.update(env or {})
        return {k: v for k, v in clean.items() if v is not None}

    def start(self, name, *args, env=None, wrap=(), config=True, **options):
        """Start one of the programs; `wrap` is put before it."""
        command = [*wrap, program(name)]
        if config:
            command += ['-c', self.config]
        return Running(command + list(args), self.environment(env),
                       self.folder, **options)

    def run(self, name, *args, code=None, timeout=300, **options):
        """Run one of the programs to its end; `code`, where it is given, is
        the exit code it must have. Nothing of it may still run."""
        done = self.start(name, *args, **options).wait(timeout)
        left = processes.leftovers()
        assert not left, f'left behind {left}: {done}'
        assert code is None or done.code == code, done
        assert done.code >= 0, f'died of a signal: {done}'
        return done

    def backup(self, *args, **options):
        """Make a set and return its result."""
        options.setdefault('code', DONE)
        return self.run('dbb-backup', '--json', 'run', *args,
                        **options).result

    def init(self):
        """Make the repository."""
        return self.run('dbb-backup', '--json', 'init', code=DONE).result

    def sets(self):
        """The sets that are listed."""
        return self.run('dbb-backup', '--json', 'list',
                        code=DONE).result['sets']

    def restore(self, *args, **options):
        """Restore without a question; how it ended."""
        options.setdefault('code', DONE)
        return self.run('dbb-restore', '--json', 'run', *args, '--yes',
                        **options)

    def stored_bytes(self):
        """What the repository takes."""
        return sum(os.path.getsize(path) for path in self.objects(''))

    def objects(self, below):
        """Paths of the stored objects below a folder of the repository."""
        return sorted(path for path in glob.glob(
            os.path.join(self.repository, below, '**'), recursive=True)
            if os.path.isfile(path))


def wait_until(condition, what, patience=30):
    """Wait for a condition to hold."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f'{what}: not in {patience} s')
        time.sleep(0.02)
