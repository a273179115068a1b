# SPDX-License-Identifier: BSD-2-Clause
"""The C library as ctypes sees it: finding it, its structs, its prototypes.

This mirrors include/dbbackup/*.h; tests/abi compares the layouts, the codes
and the names with the headers.
"""
from __future__ import annotations

import ctypes
import ctypes.util
import os
from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, c_int,
                    c_size_t, c_uint32, c_uint64, c_void_p)
from typing import Any, List, Optional

SONAME = "libdbbackup.so.0"


class BackupOptions(Structure):
    NAME = "dbb_backup_options"
    _fields_ = [
        ("size", c_size_t),
        ("sources", POINTER(c_char_p)),
        ("labels", POINTER(c_char_p)),
        ("dry_run", c_uint32),
        ("reserved", c_uint32),
    ]


class RestoreOptions(Structure):
    NAME = "dbb_restore_options"
    _fields_ = [
        ("size", c_size_t),
        ("set", c_char_p),
        ("sources", POINTER(c_char_p)),
        ("into", c_char_p),
        ("to", c_char_p),
        ("replace", c_uint32),
        ("no_safety_set", c_uint32),
    ]


class VerifyOptions(Structure):
    NAME = "dbb_verify_options"
    _fields_ = [
        ("size", c_size_t),
        ("sets", POINTER(c_char_p)),
        ("read_data", c_uint32),
        ("reserved", c_uint32),
        ("read_percent", c_uint32),
        ("reserved2", c_uint32),
    ]


class KeyAddOptions(Structure):
    NAME = "dbb_key_add_options"
    _fields_ = [
        ("size", c_size_t),
        ("passphrase", c_char_p),
        ("passphrase_file", c_char_p),
    ]


class PruneOptions(Structure):
    NAME = "dbb_prune_options"
    _fields_ = [
        ("size", c_size_t),
        ("dry_run", c_uint32),
        ("reserved", c_uint32),
    ]


class ProgressStruct(Structure):
    NAME = "dbb_progress"
    _fields_ = [
        ("size", c_size_t),
        ("phase", c_uint32),
        ("reserved", c_uint32),
        ("source", c_char_p),
        ("stream", c_char_p),
        ("bytes_done", c_uint64),
        ("bytes_total", c_uint64),
        ("bytes_stored", c_uint64),
        ("stream_bytes", c_uint64),
        ("elapsed_ms", c_uint64),
    ]


STRUCTS = (BackupOptions, RestoreOptions, VerifyOptions, PruneOptions,
           KeyAddOptions, ProgressStruct)

KEY_WRITE_ONLY = 1

WRITE_FN = CFUNCTYPE(c_int, c_void_p, c_size_t, c_void_p)
LOG_FN = CFUNCTYPE(None, c_int, c_char_p, c_void_p)
PROGRESS_FN = CFUNCTYPE(c_int, POINTER(ProgressStruct), c_void_p)

_STATUS = c_int
_OUT = POINTER(c_void_p)  # of a handle that the call makes

# name: (returns, takes); an opaque handle is a void pointer.
PROTOTYPES = {
    "dbb_version": (c_char_p, []),
    "dbb_status_name": (c_char_p, [c_int]),
    "dbb_error_code": (c_int, [c_void_p]),
    "dbb_error_message": (c_char_p, [c_void_p]),
    "dbb_error_hint": (c_char_p, [c_void_p]),
    "dbb_error_remote": (c_char_p, [c_void_p]),
    "dbb_error_retryable": (c_int, [c_void_p]),
    "dbb_context_new": (_STATUS, [_OUT]),
    "dbb_context_free": (None, [c_void_p]),
    "dbb_context_error": (c_void_p, [c_void_p]),
    "dbb_context_load": (_STATUS, [c_void_p, c_char_p, POINTER(c_char_p)]),
    "dbb_context_set": (_STATUS, [c_void_p, c_char_p, c_char_p, c_char_p]),
    "dbb_context_set_log": (None, [c_void_p, c_int, LOG_FN, c_void_p]),
    "dbb_context_set_progress": (None, [c_void_p, PROGRESS_FN, c_void_p]),
    "dbb_context_cancel": (None, [c_void_p]),
    "dbb_context_resume": (None, [c_void_p]),
    "dbb_config_check": (_STATUS, [c_void_p]),
    "dbb_config_show": (_STATUS, [_OUT, c_void_p]),
    "dbb_repository_init": (_STATUS, [_OUT, c_void_p]),
    "dbb_backup_run": (_STATUS, [_OUT, c_void_p, POINTER(BackupOptions)]),
    "dbb_restore": (_STATUS, [_OUT, c_void_p, POINTER(RestoreOptions)]),
    "dbb_stream_cat": (_STATUS, [c_void_p, c_char_p, c_char_p, c_char_p,
                                 WRITE_FN, c_void_p]),
    "dbb_export": (_STATUS, [_OUT, c_void_p, c_char_p, c_char_p]),
    "dbb_set_list": (_STATUS, [_OUT, c_void_p, c_char_p]),
    "dbb_set_show": (_STATUS, [_OUT, c_void_p, c_char_p, c_void_p]),
    "dbb_verify": (_STATUS, [_OUT, c_void_p, POINTER(VerifyOptions)]),
    "dbb_key_add": (_STATUS, [_OUT, c_void_p, c_char_p,
                              POINTER(KeyAddOptions)]),
    "dbb_key_list": (_STATUS, [_OUT, c_void_p]),
    "dbb_key_remove": (_STATUS, [_OUT, c_void_p, c_char_p]),
    "dbb_key_export": (_STATUS, [_OUT, c_void_p, c_char_p, c_uint32]),
    "dbb_index_rebuild": (_STATUS, [_OUT, c_void_p]),
    "dbb_prune": (_STATUS, [_OUT, c_void_p, POINTER(PruneOptions)]),
    "dbb_result_json": (c_char_p, [c_void_p]),
    "dbb_result_free": (None, [c_void_p]),
}

_library: Optional[ctypes.CDLL] = None


def candidates() -> List[str]:
    """Where the library is looked for, in this order. $DBBACKUP_LIBRARY, once
    set, is the only place: a wrong one is an error, not a guess."""
    named = os.environ.get("DBBACKUP_LIBRARY")
    if named:
        return [named]
    found = ctypes.util.find_library("dbbackup")
    return ([found] if found else []) + [SONAME]


def library() -> ctypes.CDLL:
    """The library, loaded at the first call."""
    global _library
    if _library is None:
        _library = _load()
    return _library


def _load() -> ctypes.CDLL:
    problems = []
    for path in dict.fromkeys(candidates()):
        try:
            lib = ctypes.CDLL(path)
        except OSError as problem:
            problems.append(str(problem))
            continue
        for name, (returns, takes) in PROTOTYPES.items():
            function = getattr(lib, name)
            function.restype = returns
            function.argtypes = takes
        return lib
    raise ImportError(
        "libdbbackup is not there: " + "; ".join(problems) +
        ". Install it, or name it: DBBACKUP_LIBRARY=/path/to/" + SONAME)


def text(value: Optional[bytes]) -> str:
    """What the library says, as text; names may hold any byte."""
    return "" if value is None else value.decode("utf-8", "surrogateescape")


def encode(value: Any, what: str) -> Optional[bytes]:
    """A text or path for the library. A NUL within would be cut there."""
    if value is None:
        return None
    data = os.fspath(value)
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogateescape")
    if not isinstance(data, bytes):
        raise TypeError(f"{what} is to be a text, not {type(value).__name__}")
    if b"\0" in data:
        raise ValueError(f"{what} contains a NUL")
    return data


def array(values: Any, what: str) -> Any:
    """A NULL-ended array of texts; None stays NULL."""
    if values is None:
        return None
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{what} is to be a list of texts, not one text")
    items = [encode(value, what) for value in values]
    return (c_char_p * (len(items) + 1))(*items, None)


_view = ctypes.pythonapi.PyMemoryView_FromMemory
_view.restype = ctypes.py_object
_view.argtypes = [c_void_p, ctypes.c_ssize_t, c_int]
_READ_ONLY = 0x100  # PyBUF_READ


def buffer(address: int, size: int) -> memoryview:
    """Bytes that are borrowed from the library, without copying them."""
    return _view(address, size, _READ_ONLY) if size else memoryview(b"")
