# SPDX-License-Identifier: BSD-2-Clause
"""One exception class for each status code of the library.

Catch :class:`DbbError` for all of them. A class also derives from Python's
own exception where there is one that says the same (``ValueError``,
``PermissionError`` and the like are looked for by code that knows nothing of
this library).
"""
from __future__ import annotations

from typing import Any, Dict, Optional, Type


class DbbError(Exception):
    """A call failed.

    code       the status code, ``-31``
    name       its name, ``"DBB_ENOSPC"``
    message    what was being done to what, ending with the cause
    hint       what to do next, or ``""``
    remote     the server's own status (SQLSTATE, errno's name), or ``""``
    retryable  True when the same call may succeed later as it is
    result     what the call found out all the same, or None
    """

    CODE = 0
    NAME = ""

    def __init__(self, message: str = "", hint: str = "", remote: str = "",
                 retryable: bool = False, code: Optional[int] = None,
                 result: Optional[Dict[str, Any]] = None) -> None:
        super().__init__(message)
        self.code = self.CODE if code is None else code
        self.name = self.NAME or f"status {self.code}"
        self.message = message
        self.hint = hint
        self.remote = remote
        self.retryable = retryable
        self.result = result

    def __str__(self) -> str:
        if self.hint:
            return f"{self.message}\nhint: {self.hint}"
        return self.message


class FindingsError(DbbError):
    """The work was done, and what was restored differs from the set. The
    differences are in ``result``."""
    CODE, NAME = 1, "DBB_FINDINGS"


class InvalidArgumentError(DbbError, ValueError):
    """An argument of the call makes no sense."""
    CODE, NAME = -10, "DBB_EINVAL"


class ConfigError(DbbError):
    """The configuration is wrong."""
    CODE, NAME = -11, "DBB_ECONFIG"


class OutOfMemoryError(DbbError, MemoryError):
    CODE, NAME = -20, "DBB_ENOMEM"


class IOFailedError(DbbError):
    """Reading or writing failed."""
    CODE, NAME = -30, "DBB_EIO"


class NoSpaceError(DbbError):
    """No space is left in the store."""
    CODE, NAME = -31, "DBB_ENOSPC"


class AccessDeniedError(DbbError):
    """We have no right to do this."""
    CODE, NAME = -32, "DBB_EACCESS"


class NotFoundError(DbbError, LookupError):
    """No such object, set, source or stream."""
    CODE, NAME = -33, "DBB_ENOTFOUND"


class AlreadyExistsError(DbbError):
    """It exists, and was not to be replaced."""
    CODE, NAME = -34, "DBB_EEXIST"


class ConnectError(DbbError):
    """The server cannot be reached."""
    CODE, NAME = -40, "DBB_ECONNECT"


class AuthenticationError(DbbError):
    """The server refused who we are."""
    CODE, NAME = -41, "DBB_EAUTH"


class SourceError(DbbError):
    """The database or its tool failed."""
    CODE, NAME = -42, "DBB_ESOURCE"


class ToolError(DbbError):
    """A client program is missing or too old."""
    CODE, NAME = -43, "DBB_ETOOL"


class NoRepositoryError(DbbError):
    """There is no repository at that place."""
    CODE, NAME = -50, "DBB_ENOREPO"


class BusyError(DbbError):
    """Someone else is at work."""
    CODE, NAME = -51, "DBB_EBUSY"


class WrongKeyError(DbbError):
    CODE, NAME = -52, "DBB_EKEY"


class DamagedError(DbbError):
    """Stored data is damaged or missing."""
    CODE, NAME = -53, "DBB_EDAMAGED"


class VersionError(DbbError):
    """Made by, or for, an incompatible version."""
    CODE, NAME = -54, "DBB_EVERSION"


class CanceledError(DbbError):
    """Stopped because the caller said so."""
    CODE, NAME = -60, "DBB_ECANCELED"


class UnsupportedError(DbbError):
    """Not possible with this store or version."""
    CODE, NAME = -70, "DBB_EUNSUPPORTED"


class InternalError(DbbError):
    """A defect of the library."""
    CODE, NAME = -90, "DBB_EINTERNAL"


BY_CODE: Dict[int, Type[DbbError]] = {
    cls.CODE: cls for cls in (
        FindingsError, InvalidArgumentError, ConfigError, OutOfMemoryError,
        IOFailedError, NoSpaceError, AccessDeniedError, NotFoundError,
        AlreadyExistsError, ConnectError, AuthenticationError, SourceError,
        ToolError, NoRepositoryError, BusyError, WrongKeyError, DamagedError,
        VersionError, CanceledError, UnsupportedError, InternalError)
}


def error_class(code: int) -> Type[DbbError]:
    """The class for a status code; DbbError for one that is newer than this
    package."""
    return BY_CODE.get(code, DbbError)
