# SPDX-License-Identifier: BSD-2-Clause
"""Back up databases as one set, and restore them: libdbbackup for Python.

>>> import dbbackup
>>> with dbbackup.Context() as ctx:
...     ctx.load("dbbackup.conf")
...     ctx.repository_init()
...     print(ctx.backup_run()["set"])

The results of the verbs are dictionaries, documented in doc/json.md. The C
library is found by the dynamic linker, or by $DBBACKUP_LIBRARY.
"""
from .context import Context, LogLevel, Phase, Progress, status_name, version
from .errors import (
    AccessDeniedError, AlreadyExistsError, AuthenticationError, BusyError,
    CanceledError, ConfigError, ConnectError, DamagedError, DbbError,
    FindingsError, InternalError, InvalidArgumentError, IOFailedError,
    NoRepositoryError, NoSpaceError, NotFoundError, OutOfMemoryError,
    SourceError, ToolError, UnsupportedError, VersionError, WrongKeyError)

__all__ = [
    "AccessDeniedError", "AlreadyExistsError", "AuthenticationError",
    "BusyError", "CanceledError", "ConfigError", "ConnectError", "Context",
    "DamagedError", "DbbError", "FindingsError", "IOFailedError",
    "InternalError", "InvalidArgumentError", "LogLevel", "NoRepositoryError",
    "NoSpaceError", "NotFoundError", "OutOfMemoryError", "Phase", "Progress",
    "SourceError", "ToolError", "UnsupportedError", "VersionError",
    "WrongKeyError", "status_name", "version",
]
