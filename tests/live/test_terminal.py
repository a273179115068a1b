# SPDX-License-Identifier: BSD-2-Clause
"""On a terminal: a progress line, a question before replacing, and Ctrl-C
typed as a person types it."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

import pytest

import processes
from programs import CANCELED, DONE, USAGE, Running, program

MB = 1024 * 1024


class Terminal:
    """A program on a terminal of its own, 100 columns wide."""

    def __init__(self, site, command):
        self.controller, terminal = pty.openpty()
        fcntl.ioctl(self.controller, termios.TIOCSWINSZ,
                    struct.pack('HHHH', 30, 100, 0, 0))
        self.said = b''
        # setsid --ctty gives it the terminal, as a login shell would.
        self.running = Running(
            ['setsid', '--ctty', *command],
            site.environment({'TERM': 'xterm'}), site.folder,
            fds={'stdin': terminal, 'stdout': terminal, 'stderr': terminal})
        os.close(terminal)

    def listen(self, seconds, until=None):
        """Take what is shown, for a while or until a text shows."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if until is not None and until in self.said:
                return True
            if not select.select([self.controller], [], [], 0.1)[0]:
                if self.running.process.poll() is not None:
                    return False
                continue
            try:
                part = os.read(self.controller, 65536)
            except OSError:     # the other end is closed
                return False
            self.said += part
        return until is not None and until in self.said

    def type(self, text):
        """As from the keyboard."""
        os.write(self.controller, text)

    def end(self, seconds=120):
        """Listen to the end; the exit code."""
        self.listen(seconds)
        code = self.running.wait(10).code
        os.close(self.controller)
        return code


@pytest.mark.parametrize('second, code', [(b'battery', DONE),
                                          (b'butter', USAGE)])
def test_a_new_passphrase_is_asked_for_twice_and_not_shown(
        site, sample, second, code):
    old = os.path.join(site.folder, 'passphrase')
    site.write_secret(old, 'correct horse')
    site.opening = {'password-file': old}
    site.configure(site.server)
    site.init()
    terminal = Terminal(site, [program('dbb-backup'), '-c', site.config,
                               'key', 'add', 'new'])
    assert terminal.listen(20, b'New passphrase: '), terminal.said
    terminal.type(b'battery\n')
    assert terminal.listen(20, b'Once more: '), terminal.said
    terminal.type(second + b'\n')
    assert terminal.end() == code, terminal.said
    assert b'battery' not in terminal.said
    assert os.path.exists(os.path.join(site.repository, 'keys', 'new')) == \
        (code == DONE)


def test_ctrl_c_at_the_question_for_a_passphrase_adds_nothing(site, sample):
    old = os.path.join(site.folder, 'passphrase')
    site.write_secret(old, 'correct horse')
    site.opening = {'password-file': old}
    site.configure(site.server)
    site.init()
    terminal = Terminal(site, [program('dbb-backup'), '-c', site.config,
                               'key', 'add', 'new'])
    assert terminal.listen(20, b'New passphrase: '), terminal.said
    terminal.type(b'batt\x03')
    assert terminal.end() == CANCELED, terminal.said
    assert os.listdir(os.path.join(site.repository, 'keys')) == ['default']
    assert b'batt' not in terminal.said


@pytest.fixture
def command(site, server, medium):
    """Makes the command line for the 100 MB database."""
    site.configure(server, (medium,))
    site.init()
    return lambda name, *args: [program(name), '-c', site.config, *args]


def test_a_progress_line_is_drawn_in_place(site, command):
    terminal = Terminal(site, command('dbb-backup', 'run'))
    assert terminal.end() == DONE
    text = terminal.said.decode()
    drawn = [part for part in text.replace('\r\n', '\n').split('\r')
             if 'main' in part]
    assert drawn, text
    assert any('medium' in part or 'MB' in part or 'MiB' in part
               for part in drawn), text
    # No line is wider than the terminal: it would not be drawn in place.
    for line in text.replace('\r', '\n').split('\n'):
        assert len(strip(line)) <= 100, line


def test_without_a_terminal_there_is_one_line_a_stream(site, command):
    done = site.run('dbb-backup', 'run', code=DONE)
    assert '\r' not in done.err and '\x1b' not in done.err + done.out
    lines = [line for line in done.err.splitlines() if 'medium' in line]
    assert 1 <= len(lines) <= 3, done


def test_ctrl_c_typed_ends_a_backup_with_130(site, command):
    terminal = Terminal(site, command('dbb-backup', 'run'))
    tool = terminal.running.half_way('pg_dump', written=20 * MB)
    terminal.type(b'\x03')
    os.kill(tool, 18)
    assert terminal.end(20) == CANCELED
    assert not processes.leftovers()
    assert site.sets() == []


def test_replacing_asks_first_and_no_means_no(site, server, command):
    site.backup()
    before = server.psql("SELECT oid FROM pg_database"
                         " WHERE datname = 'medium'")
    terminal = Terminal(site, command('dbb-restore', 'run', 'latest',
                                      '--replace'))
    assert terminal.listen(20, b'?'), terminal.said
    assert b'medium' in terminal.said
    terminal.type(b'n\n')
    assert terminal.end(20) == CANCELED, terminal.said
    assert server.psql("SELECT oid FROM pg_database"
                       " WHERE datname = 'medium'") == before


def strip(line):
    """A line without its control sequences."""
    return re.sub('\x1b\\[[0-9;?]*[A-Za-z]', '', line)
