# SPDX-License-Identifier: BSD-2-Clause
"""Context: the configuration, the callbacks and the verbs."""
from __future__ import annotations

import ctypes
import enum
import io
import json
import sys
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import (Any, BinaryIO, Callable, Dict, Iterable, List, Mapping,
                    Optional, Type, Union)
from os import PathLike

from . import _native
from .errors import DbbError, error_class

Path = Union[str, bytes, "PathLike[str]", "PathLike[bytes]"]
Result = Dict[str, Any]

_OK, _FINDINGS = 0, 1

_here = threading.local()  # .context: whose call this thread is in
_hook = threading.Lock()


def _listen() -> None:
    """Be told of what ctypes drops. Ctrl-C may strike between C and the
    first line of a callback, or behind its last: there nothing can catch it,
    and ctypes hands it to sys.unraisablehook and goes on."""
    with _hook:
        before = sys.unraisablehook
        if getattr(before, "dbbackup", False):
            return

        def listen(lost: Any) -> None:
            context = getattr(_here, "context", None)
            if context is None or "ctypes callback" not in (
                    lost.err_msg or ""):
                before(lost)
            else:
                context._stop(lost.exc_value)

        listen.dbbackup = True  # type: ignore[attr-defined]
        sys.unraisablehook = listen


class Phase(enum.IntEnum):
    """What a long call is doing."""
    PREPARE = 1
    READ = 2
    COMMIT = 3
    RESTORE = 4
    COMPARE = 5
    VERIFY = 6
    DONE = 7
    PRUNE = 8


class LogLevel(enum.IntEnum):
    ERROR = 1
    WARNING = 2
    INFO = 3
    DEBUG = 4


@dataclass(frozen=True)
class Progress:
    """Where a long call stands. bytes_total 0 means that nobody knows."""
    phase: int
    source: str
    stream: str
    bytes_done: int
    bytes_total: int
    bytes_stored: int
    stream_bytes: int
    elapsed_ms: int


class Context:
    """Configuration, callbacks and verbs; one thread at a time uses it.

    >>> with Context() as ctx:
    ...     ctx.load("dbbackup.conf")
    ...     print(ctx.backup_run()["set"])

    A failed call raises the DbbError of its status code. What a callback
    raises stops the running call, and is raised again from that call; so
    does Ctrl-C.
    """

    def __init__(self) -> None:
        self._lib = _native.library()
        self._handle: Optional[int] = None
        self._running = False
        self._canceled = False
        self._raised: Optional[BaseException] = None
        self._progress: Optional[Callable[[Progress], Any]] = None
        self._log: Optional[Callable[[int, str], Any]] = None
        # ctypes does not keep what C holds: these must live as long.
        self._progress_fn = _native.PROGRESS_FN(self._on_progress)
        self._log_fn = _native.LOG_FN(self._on_log)

        handle = ctypes.c_void_p()
        status = self._lib.dbb_context_new(ctypes.byref(handle))
        if status < 0:
            raise error_class(status)("making a context failed", code=status)
        self._handle = handle.value
        # Always set: it is where Ctrl-C is noticed within a long call.
        self._lib.dbb_context_set_progress(
            self._handle, self._progress_fn, None)

    def close(self) -> None:
        """Release it. Harmless twice; cancel() is harmless afterwards."""
        if self._running:
            raise RuntimeError("a call is running on this context")
        handle, self._handle = self._handle, None
        if handle is not None:
            self._lib.dbb_context_free(handle)

    def __enter__(self) -> "Context":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]],
                 value: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None and not self._running:
            self.close()

    # ---- configuration ----

    def load(self, file: Optional[Path] = None,
             environment: Optional[Mapping[str, str]] = None) -> None:
        """Read the configuration: the file (None: the usual places, "": no
        file) and the environment (None: the process's own)."""
        pairs = None
        if environment is not None:
            pairs = [f"{name}={value}" for name, value in environment.items()]
        self._call("dbb_context_load", _native.encode(file, "file"),
                   _native.array(pairs, "environment"))

    def set(self, section: str, key: str, value: Optional[str]) -> None:
        """Set one key, which goes before file and environment; None takes it
        back. The section is "repository" or "postgres main"."""
        self._call("dbb_context_set", _native.encode(section, "section"),
                   _native.encode(key, "key"),
                   _native.encode(value, "value"))

    def config(self) -> Result:
        """Every key with its value (secrets hidden) and its origin."""
        return self._result("dbb_config_show")

    def config_check(self) -> None:
        """Raise ConfigError, or what the failing part says, when the
        configuration cannot work. No server is asked."""
        self._call("dbb_config_check")

    # ---- callbacks ----

    def on_progress(self, callback: Optional[Callable[[Progress], Any]]
                    ) -> None:
        """Call it when a phase or stream changes and at least once a second
        of a long call. It stops the call by raising."""
        self._progress = callback

    def on_log(self, callback: Optional[Callable[[int, str], Any]],
               level: int = LogLevel.INFO) -> None:
        """Call it with (level, line) for each line up to the level, perhaps
        from another thread."""
        self._idle()
        self._log = callback
        self._lib.dbb_context_set_log(
            self._handle, int(level),
            self._log_fn if callback else _native.LOG_FN(), None)

    def cancel(self) -> None:
        """Stop the running call, which then raises CanceledError, and those
        to come, until resume(). From any thread or a signal handler."""
        self._canceled = True
        if self._handle is not None:
            self._lib.dbb_context_cancel(self._handle)

    def resume(self) -> None:
        """Take cancel() back."""
        self._canceled = False
        if self._handle is not None:
            self._lib.dbb_context_resume(self._handle)

    # ---- verbs ----

    def repository_init(self) -> Result:
        """Make the repository and the history table; harmless twice."""
        return self._result("dbb_repository_init")

    def backup_run(self, sources: Optional[Iterable[str]] = None,
                   labels: Optional[Mapping[str, str]] = None,
                   dry_run: bool = False) -> Result:
        """Back up the sources (None: all) as one set; its id is
        ``result["set"]``."""
        pairs = None
        if labels is not None:
            pairs = [f"{key}={value}" for key, value in labels.items()]
        options = _native.BackupOptions(
            size=ctypes.sizeof(_native.BackupOptions),
            sources=_native.array(sources, "sources"),
            labels=_native.array(pairs, "labels"),
            dry_run=int(bool(dry_run)))
        return self._result("dbb_backup_run", ctypes.byref(options))

    def restore(self, set: str = "latest",
                sources: Optional[Iterable[str]] = None,
                into: Optional[str] = None, to: Optional[str] = None,
                replace: bool = False, safety_set: bool = True) -> Result:
        """Restore a set and compare the result with the set's facts. Nothing
        that exists is touched without ``replace``. FindingsError says that
        the restored differs: its ``result`` says in what."""
        options = _native.RestoreOptions(
            size=ctypes.sizeof(_native.RestoreOptions),
            set=_native.encode(set, "set"),
            sources=_native.array(sources, "sources"),
            into=_native.encode(into, "into"), to=_native.encode(to, "to"),
            replace=int(bool(replace)),
            no_safety_set=int(not safety_set))
        return self._result("dbb_restore", ctypes.byref(options), strict=True)

    def list_sets(self, source: Optional[str] = None) -> Result:
        """The sets, oldest first, in ``result["sets"]``; those that cannot
        be read in ``result["damaged"]``."""
        return self._result("dbb_set_list", _native.encode(source, "source"))

    def show(self, set: str = "latest") -> Result:
        """One set: streams, facts, warnings."""
        return self._result("dbb_set_show", _native.encode(set, "set"),
                            None)

    def verify(self, sets: Optional[Iterable[str]] = None,
               read_data: bool = False,
               read_percent: int = 0) -> Result:
        """Is everything there, and (read_data) is it what was stored?
        With read_percent only so much is read, what was read longest ago
        first. DamagedError when not; its ``result`` says what."""
        options = _native.VerifyOptions(
            size=ctypes.sizeof(_native.VerifyOptions),
            sets=_native.array(sets, "sets"),
            read_data=int(bool(read_data or read_percent)),
            read_percent=read_percent)
        return self._result("dbb_verify", ctypes.byref(options))

    def rebuild_index(self) -> Result:
        """Make the index again from the packs; ``result["damaged"]`` are
        packs that do not tell what they hold."""
        return self._result("dbb_index_rebuild")

    def prune(self, dry_run: bool = False) -> Result:
        """Remove the sets that no rule under [retention] keeps, and free what
        no set needs: condemned now, deleted after the repository's grace.
        Each decision is in ``result["sets"]``, with its reason."""
        options = _native.PruneOptions(
            size=ctypes.sizeof(_native.PruneOptions),
            dry_run=int(bool(dry_run)))
        return self._result("dbb_prune", ctypes.byref(options))

    def cat(self, set: str, source: str, stream: str, out: BinaryIO) -> None:
        """Write one stream's plain bytes to a binary file object."""
        def take(address: int, size: int, _payload: Any) -> int:
            return self._guard(_write_all, out, address, size)

        self._call("dbb_stream_cat", _native.encode(set, "set"),
                   _native.encode(source, "source"),
                   _native.encode(stream, "stream"),
                   _native.WRITE_FN(take), None)

    def export(self, set: str, directory: Path) -> Result:
        """Write all streams of a set as plain files below a folder that is
        empty or does not exist."""
        return self._result("dbb_export", _native.encode(set, "set"),
                            _native.encode(directory, "directory"))

    # ---- the keys of a sealed repository ----

    def key_add(self, name: str, passphrase: Optional[str] = None,
                passphrase_file: Optional[Path] = None) -> Result:
        """Add a key that opens the repository with a passphrase of its own:
        itself, or the file that holds it."""
        options = _native.KeyAddOptions(
            size=ctypes.sizeof(_native.KeyAddOptions),
            passphrase=_native.encode(passphrase, "passphrase"),
            passphrase_file=_native.encode(passphrase_file,
                                           "passphrase_file"))
        return self._result("dbb_key_add", _native.encode(name, "name"),
                            ctypes.byref(options))

    def key_list(self) -> Result:
        """The keys in ``result["keys"]``; those that are not whole, or of
        another repository, in ``result["damaged"]``."""
        return self._result("dbb_key_list")

    def key_remove(self, name: str) -> Result:
        """Remove a key; never the last whole one."""
        return self._result("dbb_key_remove", _native.encode(name, "name"))

    def key_export_write_only(self, file: Path) -> Result:
        """Write the key file for a machine that backs up and reads nothing
        back: ``[repository] key-file`` names it there."""
        return self._result("dbb_key_export", _native.encode(file, "file"),
                            _native.KEY_WRITE_ONLY)

    # ---- how a call is made ----

    def _idle(self) -> None:
        if self._handle is None:
            raise RuntimeError("the context is closed")
        if self._running:
            raise RuntimeError("a call is running on this context")

    def _call(self, name: str, *arguments: Any) -> int:
        """Call a function that takes the context first."""
        return self._run(name, None, self._handle, *arguments)

    def _result(self, name: str, *arguments: Any,
                strict: bool = False) -> Result:
        """Call a function that makes a result. It may do so and fail: then
        the exception carries it."""
        out = ctypes.c_void_p()
        try:
            status = self._run(name, out, ctypes.byref(out), self._handle,
                               *arguments)
            result = self._document(out)
        finally:
            self._lib.dbb_result_free(out)
        if status == _FINDINGS and strict:
            raise error_class(status)("done, and what was restored differs",
                                      code=status, result=result)
        return result or {}

    def _run(self, name: str, out: Optional[ctypes.c_void_p],
             *arguments: Any) -> int:
        self._idle()
        _listen()
        self._raised = None
        outer = getattr(_here, "context", None)
        try:
            self._running = True
            _here.context = self
            status = getattr(self._lib, name)(*arguments)
        finally:
            _here.context = outer
            self._running = False
        raised, self._raised = self._raised, None
        if raised is not None:
            if not self._canceled:
                self._lib.dbb_context_resume(self._handle)
            raise raised
        if status < 0:
            raise self._error(status, self._document(out))
        return status

    def _document(self, out: Optional[ctypes.c_void_p]) -> Optional[Result]:
        if out is None or not out.value:
            return None
        return json.loads(_native.text(self._lib.dbb_result_json(out)))

    def _error(self, status: int, result: Optional[Result]) -> DbbError:
        lib = self._lib
        error = lib.dbb_context_error(self._handle)
        return error_class(status)(
            _native.text(lib.dbb_error_message(error)),
            hint=_native.text(lib.dbb_error_hint(error)),
            remote=_native.text(lib.dbb_error_remote(error)),
            retryable=bool(lib.dbb_error_retryable(error)),
            code=status, result=result)

    # ---- callbacks from C: an exception must not pass through it ----

    def _guard(self, function: Callable[..., Any], *arguments: Any) -> int:
        """0, or 1 when the function raised: the call is to stop. The first
        exception is kept."""
        try:
            function(*arguments)
        except BaseException as problem:  # Ctrl-C among them
            self._stop(problem)
        return 1 if self._raised is not None else 0

    def _stop(self, problem: Optional[BaseException]) -> None:
        """Keep what was raised, and stop the call that is running."""
        if self._raised is None:
            self._raised = problem
        if self._running:
            self._lib.dbb_context_cancel(self._handle)

    def _on_progress(self, at: Any, _payload: Any) -> int:
        return self._guard(self._tell_progress, at)

    def _tell_progress(self, at: Any) -> None:
        if self._progress is None:
            return
        c = at.contents
        self._progress(Progress(
            phase=_phase(c.phase), source=_native.text(c.source),
            stream=_native.text(c.stream), bytes_done=c.bytes_done,
            bytes_total=c.bytes_total, bytes_stored=c.bytes_stored,
            stream_bytes=c.stream_bytes, elapsed_ms=c.elapsed_ms))

    def _on_log(self, level: int, line: bytes, _payload: Any) -> None:
        callback = self._log
        if callback is not None:
            self._guard(lambda: callback(level, _native.text(line)))


def _phase(number: int) -> int:
    """A phase that is newer than this package stays a plain number."""
    try:
        return Phase(number)
    except ValueError:
        return number


def _write_all(out: BinaryIO, address: int, size: int) -> None:
    """A raw file may take less than it is given, and a blocked one nothing:
    it says None, as do simple writers that took all."""
    with _native.buffer(address, size) as view:
        done = 0
        while done < size:
            taken = out.write(view[done:])
            if taken is None and isinstance(out, io.RawIOBase):
                raise BlockingIOError("the file is blocked")
            done += size - done if taken is None else taken


def version() -> str:
    """The library's release, "0.1.0"."""
    return _native.text(_native.library().dbb_version())


def status_name(status: int) -> str:
    """The name of a status code, "DBB_ENOSPC"."""
    return _native.text(_native.library().dbb_status_name(status))


__all__: List[str] = ["Context", "LogLevel", "Phase", "Progress",
                      "status_name", "version"]
