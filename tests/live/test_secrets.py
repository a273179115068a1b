# SPDX-License-Identifier: BSD-2-Clause
"""The password of a database and the passphrase of a repository are in no
child's command line or environment, in no message, no log, no result and no
file, whichever way they were given; and the passphrase is in memory only until
the repository is open."""

import os
import pwd
import subprocess
import threading
import urllib.parse

import pytest

import processes
from postgres_server import PASSWORD
from programs import DONE, FINDINGS, USAGE, WRONG_KEY

QUOTED = "'" + PASSWORD.replace('\\', '\\\\').replace("'", "\\'") + "'"
ESCAPED = urllib.parse.quote(PASSWORD, safe='')
PASSPHRASE = 'Corr3ct \\ "horse" \'s battery'
FORMS = {PASSPHRASE, PASSPHRASE.replace('\\', '\\\\').replace('"', '\\"'),
         PASSWORD, QUOTED, ESCAPED, PASSWORD.replace('\\', '\\\\'),
         PASSWORD.replace('\\', '\\\\').replace(':', '\\:'),
         PASSWORD.replace('\\', '\\\\').replace('"', '\\"')}


def in_connection(site, server):
    """password= in the connection string."""
    site.configure(server, password_file=None, connection=server.conninfo(
        'app') + ' password=' + QUOTED)
    return {}


def in_uri(site, server):
    """In a connection URI."""
    site.configure(server, password_file=None, connection=(
        f'postgresql://postgres:{ESCAPED}@127.0.0.1:{server.port}/app'))
    return {}


def in_file(_site, _server):
    """The file that password-file names."""
    return {}


def in_pgpassword(site, server):
    """PGPASSWORD."""
    site.configure(server, password_file=None)
    return {'PGPASSWORD': PASSWORD}


def in_postgres_password(site, server):
    """POSTGRES_PASSWORD and its sisters, as containers have them."""
    site.write_config({'repository': {'url': 'file://' + site.repository}})
    return {'POSTGRES_HOST': '127.0.0.1', 'POSTGRES_PORT': str(server.port),
            'POSTGRES_USER': 'postgres', 'POSTGRES_DB': 'app',
            'POSTGRES_PASSWORD': PASSWORD}


def in_variable(site, server):
    """The key itself, by its variable."""
    site.configure(server, password_file=None)
    return {'DBB_POSTGRES_MAIN_PASSWORD': PASSWORD}


WAYS = [in_connection, in_uri, in_file, in_pgpassword, in_postgres_password,
        in_variable]


def holds(data):
    """The form of the password that is in there, or None."""
    if isinstance(data, str):
        data = data.encode()
    return next((form for form in FORMS if form.encode() in data), None)


class Watch(threading.Thread):
    """Looks at everything below a process as fast as it can."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.stop = pid, threading.Event()
        self.ours = processes.executable(pid)
        self.seen, self.found = set(), []

    def run(self):
        while not self.stop.is_set():
            for pid in processes.descendants(self.pid):
                # Between fork and exec it is a copy of the program still.
                copy = processes.executable(pid) in (self.ours, None)
                self.look(pid, b'' if copy else processes.environ(pid))
            self.look(self.pid, b'')

    def look(self, pid, environ):
        """At one process."""
        line = processes.cmdline(pid)
        self.seen.add(os.path.basename(line.split(b'\0')[0]).decode())
        for what, data in (('arguments', line), ('environment', environ)):
            if holds(data):
                self.found.append((what, line))


def watched(site, name, *args, env):
    """Run a program and look at its children all the time."""
    running = site.start(name, *args, env=env)
    watch = Watch(running.pid)
    watch.start()
    done = running.wait()
    watch.stop.set()
    watch.join()
    assert watch.found == []
    assert not processes.leftovers()
    assert not holds(done.raw) and not holds(done.err), done
    return done, watch.seen


def files_that_hold(site):
    """Files below the installation in which the password is."""
    found = []
    for at, _, names in os.walk(site.folder):
        for name in names:
            path = os.path.join(at, name)
            with open(path, 'rb') as file:
                if path not in (site.config, site.password_file,
                                passphrase_file(site)) and \
                        holds(file.read()):
                    found.append(path)
    return found


@pytest.mark.parametrize('way', WAYS, ids=lambda way: way.__name__)
def test_nothing_shows_the_password(site, server, sample, drops, way):
    drops.append('secret_copy')
    site.init()
    site.configure(server)
    env = way(site, server)
    tools = set()
    for name, *args in (('dbb-backup', '-v', '-v', 'run'),
                        ('dbb-backup', '--json', 'run'),
                        ('dbb-backup', 'config', 'show'),
                        ('dbb-backup', '--json', 'config', 'show'),
                        ('dbb-backup', '--json', 'config', 'check'),
                        ('dbb-restore', '-v', '-v', 'run', 'latest',
                         '--into', 'secret_copy', '--yes')):
        done, seen = watched(site, name, *args, env=env)
        assert done.code == DONE, done
        tools |= seen
    assert {'pg_dump', 'pg_restore'} <= tools, tools
    assert files_that_hold(site) == []
    assert not holds(server.log)


@pytest.mark.parametrize('way', WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize('fault', ['no database', 'server down',
                                   'unknown key'])
def test_no_error_shows_the_password(site, server, sample, way, fault):
    site.init()
    env = way(site, server)
    if fault == 'unknown key':
        with open(site.config, 'a', encoding='utf-8') as file:
            file.write('[postgres "other"]\npasword = ' + PASSWORD + '\n')
    else:
        change_connection(site, env, fault)
    for flags in (['-v', '-v'], ['--json']):
        done, _ = watched(site, 'dbb-backup', *flags, 'run', env=env)
        assert done.code in (1, 2), done
    assert server.databases()


def change_connection(site, env, fault):
    """Point the connection at what is not there."""
    with open(site.config, encoding='utf-8') as file:
        text = file.read()
    old, new = ("dbname='app'", "dbname='absent'") \
        if fault == 'no database' else ('port=', 'port=1')
    if fault == 'no database':
        text = text.replace('/app', '/absent').replace('= app', '= absent')
        env.update({'POSTGRES_DB': 'absent'} if 'POSTGRES_DB' in env else {})
    else:
        text = text.replace('127.0.0.1:', '127.0.0.2:')
        env.update({'POSTGRES_PORT': '1'} if 'POSTGRES_PORT' in env else {})
    with open(site.config, 'w', encoding='utf-8') as file:
        file.write(text.replace(old, new))


# ---- the repository's passphrase ----

def passphrase_file(site):
    """Where it is kept, for the ways that need a file."""
    return os.path.join(site.folder, 'passphrase')


def phrase_in_key(site):
    """The key itself, in the configuration."""
    site.opening = {'password': PASSPHRASE}
    return {}


def phrase_in_file(site):
    """The file that password-file names."""
    site.opening = {'password-file': passphrase_file(site)}
    return {}


def phrase_in_command(site):
    """What password-command prints."""
    site.opening = {'password-command': 'cat ' + passphrase_file(site)}
    return {}


def phrase_in_variable(_site):
    """DBB_PASSWORD."""
    return {'DBB_PASSWORD': PASSPHRASE}


def phrase_in_variable_file(site):
    """DBB_PASSWORD_FILE."""
    return {'DBB_PASSWORD_FILE': passphrase_file(site)}


PHRASE_WAYS = [phrase_in_key, phrase_in_file, phrase_in_command,
               phrase_in_variable, phrase_in_variable_file]


@pytest.fixture
def sealed(site, server, sample):
    """A function: make a sealed repository, opened in one of these ways."""
    def make(way, databases=('app',)):
        site.write_secret(passphrase_file(site), PASSPHRASE)
        env = way(site)
        site.configure(server, databases)
        site.run('dbb-backup', 'init', env=env, code=DONE)
        return env
    return make


@pytest.mark.parametrize('way', PHRASE_WAYS, ids=lambda way: way.__name__)
def test_nothing_shows_the_repositorys_passphrase(
        sealed, site, server, drops, way):
    drops.append('secret_copy')
    env = sealed(way)
    new = os.path.join(site.folder, 'new')
    site.write_secret(new, 'another')
    tools = set()
    for name, *args in (('dbb-backup', '-v', '-v', 'run'),
                        ('dbb-backup', '--json', 'run'),
                        ('dbb-backup', 'config', 'show'),
                        ('dbb-backup', '--json', 'config', 'show'),
                        ('dbb-backup', '-v', '-v', 'key', 'add', 'new',
                         '--new-password-file', new),
                        ('dbb-backup', 'key', 'export', '--write-only',
                         'writer'),
                        ('dbb-restore', '-v', '-v', 'run', 'latest',
                         '--into', 'secret_copy', '--yes')):
        done, seen = watched(site, name, *args, env=env)
        assert done.code == DONE, done
        tools |= seen
    assert {'pg_dump', 'pg_restore'} <= tools, tools
    assert files_that_hold(site) == []
    assert not holds(server.log)


@pytest.mark.parametrize('way', PHRASE_WAYS, ids=lambda way: way.__name__)
def test_no_error_shows_the_repositorys_passphrase(
        sealed, site, server, way):
    """Wrong, and given for a repository that is not sealed."""
    env = sealed(way)
    key = os.path.join(site.repository, 'keys', 'default')
    site.run('dbb-backup', 'key', 'add', 'other', '--new-password-file',
             site.password_file, env=env, code=DONE)
    os.unlink(key)
    for flags in (['-v', '-v'], ['--json']):
        done, _ = watched(site, 'dbb-backup', *flags, 'list', env=env)
        assert done.code == WRONG_KEY, done
    opening, site.opening = site.opening, {}
    site.repository += '-open'
    site.configure(server)
    site.init()
    site.opening = opening
    site.configure(server)
    for flags in (['-v', '-v'], ['--json']):
        done, _ = watched(site, 'dbb-backup', *flags, 'run', env=env)
        assert done.code == USAGE, done


def memory_of(pid):
    """All that a process has in memory and may write to."""
    with open(f'/proc/{pid}/maps', encoding='utf-8') as maps, \
            open(f'/proc/{pid}/mem', 'rb') as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if rights.startswith('rw'):
                begin, end = (int(n, 16) for n in span.split('-'))
                memory.seek(begin)
                yield memory.read(end - begin)


@pytest.mark.parametrize('way, kept', [(phrase_in_file, False),
                                       (phrase_in_command, False),
                                       (phrase_in_key, True)])
def test_the_passphrase_is_wiped_once_the_repository_is_open(
        sealed, site, medium, as_root, way, kept):
    """One in the configuration itself is kept with it, which shows that
    looking finds what is there."""
    running = site.start('dbb-backup', 'run',
                         env=sealed(way, (medium,)))
    tool = running.half_way('pg_dump', written=20 * 1024 * 1024)
    try:
        found = any(PASSPHRASE.encode() in part
                    for part in memory_of(running.pid))
    finally:
        os.kill(tool, 18)
    assert running.wait().code == DONE
    assert found is kept


def test_a_configuration_with_a_password_that_others_may_read_is_told(
        site, server, sample):
    site.init()
    in_connection(site, server)
    os.chmod(site.config, 0o644)
    done = site.run('dbb-backup', '--json', 'run', code=FINDINGS)
    assert site.config in ' '.join(done.result['warnings'])
    assert not holds(done.raw)


def test_a_connection_string_that_cannot_be_parsed_is_not_repeated(
        site, server, sample):
    site.init()
    site.configure(server, password_file=None, connection=(
        f"host=127.0.0.1 password={PASSWORD} 'oops"))
    for flags in (['-v', '-v'], ['--json']):
        done, _ = watched(site, 'dbb-backup', *flags, 'run', env={})
        assert done.code == 2, done
        assert 'Pa55' not in done.out + done.err


def test_another_user_cannot_read_a_childs_environment(
        site, server, medium, as_root):
    site.configure(server, (medium,))
    site.init()
    running = site.start('dbb-backup', 'run')
    tool = running.half_way('pg_dump', written=20 * 1024 * 1024)
    nobody = pwd.getpwnam('nobody').pw_uid
    try:
        for pid in (tool, running.pid):
            for what in ('environ', 'fd/0', 'mem'):
                seen = subprocess.run(
                    ['setpriv', f'--reuid={nobody}', f'--regid={nobody}',
                     '--clear-groups', 'cat', f'/proc/{pid}/{what}'],
                    capture_output=True, check=False)
                assert seen.returncode != 0 and seen.stdout == b''
    finally:
        os.kill(tool, 18)
    assert running.wait().code == DONE


def test_a_password_on_the_command_line_is_refused(site, server, sample):
    site.init()
    site.backup()
    done = site.run('dbb-restore', '--json', 'run', 'latest', '--yes', '--to',
                    server.conninfo('app') + ' password=' + QUOTED)
    assert done.code == 2, done
    assert not holds(done.raw) and not holds(done.err)
    assert 'password' in done.error['message']
