# SPDX-License-Identifier: BSD-2-Clause
"""What runs on this machine, read from /proc; nothing is killed by name.

This process is made the reaper of all that its descendants leave behind, so
that a child which outlives its program shows as one of ours.
"""

import ctypes
import os
import subprocess
import threading
import time

PR_SET_CHILD_SUBREAPER = 36

_known = set()
_knowing = threading.Lock()     # a child that just began is known


def become_reaper():
    """Let orphans below us come to us instead of to init."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), 'prctl(PR_SET_CHILD_SUBREAPER)')


def start(command, **options):
    """A helper process of the tests themselves (a server, a client)."""
    with _knowing:
        process = subprocess.Popen(command, **options)
        _known.add(process.pid)
    return process


def _stat(pid):
    """(parent, state) of a process; None when it is gone."""
    try:
        with open(f'/proc/{pid}/stat', encoding='latin-1') as file:
            fields = file.read().rpartition(')')[2].split()
        return int(fields[1]), fields[0]
    except (OSError, IndexError):
        return None


def table():
    """Every process: pid -> (parent, state)."""
    found = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            stat = _stat(int(name))
            if stat is not None:
                found[int(name)] = stat
    return found


def descendants(pid):
    """All processes below `pid`."""
    everyone = table()
    found, fresh = [], [pid]
    while fresh:
        fresh = [p for p, (parent, _) in everyone.items() if parent in fresh]
        found += fresh
    return found


def name(pid):
    """The program's name, '' when it is gone."""
    try:
        with open(f'/proc/{pid}/comm', encoding='utf-8') as file:
            return file.read().strip()
    except OSError:
        return ''


def cmdline(pid):
    """The arguments, each ended by NUL; b'' when it is gone."""
    try:
        with open(f'/proc/{pid}/cmdline', 'rb') as file:
            return file.read()
    except OSError:
        return b''


def executable(pid):
    """The path of the program that it runs; None when it is gone."""
    try:
        return os.readlink(f'/proc/{pid}/exe')
    except OSError:
        return None


def environ(pid):
    """The environment it was started with; b'' when it is gone."""
    try:
        with open(f'/proc/{pid}/environ', 'rb') as file:
            return file.read()
    except OSError:
        return b''


def moved(pid):
    """(bytes read, bytes written) by read(2) and write(2) so far."""
    try:
        with open(f'/proc/{pid}/io', encoding='utf-8') as file:
            fields = dict(line.split(': ') for line in file)
        return int(fields['rchar']), int(fields['wchar'])
    except (OSError, KeyError):
        return 0, 0


def leftovers(patience=0.0):
    """Names of living processes that our programs left behind."""
    deadline = time.monotonic() + patience
    while True:
        alive = []
        with _knowing:
            everyone = table()
        for pid, (parent, state) in everyone.items():
            if parent != os.getpid() or pid in _known:
                continue
            if state == 'Z':
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    pass
            else:
                alive.append(f'{pid} {name(pid)}')
        if not alive or time.monotonic() >= deadline:
            return alive
        time.sleep(0.02)


def wait_half_way(parent, tool, read=0, written=0, patience=60):
    """Wait until the child `tool` of `parent` has read or written so many
    bytes; returns its pid. None when the parent ended before."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        stat = _stat(parent)
        if stat is None or stat[1] == 'Z':
            return None
        for pid in descendants(parent):
            if name(pid) != tool:
                continue
            got, gave = moved(pid)
            if got >= read and gave >= written and (read or written):
                return pid
        time.sleep(0.002)
    raise AssertionError(f'{tool} did not get that far in {patience} s')
