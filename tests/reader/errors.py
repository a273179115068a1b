# SPDX-License-Identifier: BSD-2-Clause
"""What can go wrong with a repository, each with an exit code."""

import contextlib


class ReaderError(Exception):
    """Something could not be read; the text says what, outside in."""
    code = 1


class NotFound(ReaderError):
    """There is nothing of that name."""


class NoRepository(ReaderError):
    """The folder is no repository."""
    code = 10


class WrongKey(ReaderError):
    """The passphrase opens no key."""
    code = 12


class Damaged(ReaderError):
    """What is stored is not what was written."""
    code = 13


class Incompatible(ReaderError):
    """Made by a version that this reader does not know."""
    code = 14


@contextlib.contextmanager
def reading(what):
    """Errors within begin with what was being read."""
    try:
        yield
    except ReaderError as error:
        raise type(error)(f'{what}: {error}') from error


def require(condition, why):
    """Call it damaged unless the condition holds."""
    if not condition:
        raise Damaged(why)
