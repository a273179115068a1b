# SPDX-License-Identifier: BSD-2-Clause
"""The binding without any server; DBBACKUP_LIBRARY names the library."""
import ctypes
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bindings" / "python"))

import dbbackup  # noqa: E402
from dbbackup import _native, context, errors  # noqa: E402

EMPTY = {}  # an environment in which nobody configured anything


class WithRepository(unittest.TestCase):
    """A context over an empty repository in a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.ctx = dbbackup.Context()
        self.addCleanup(self.ctx.close)
        self.ctx.load("", EMPTY)
        self.ctx.set("repository", "url", f"file://{self.folder}/repository")


class Errors(unittest.TestCase):
    def test_each_class_has_a_code_and_name_of_its_own(self):
        self.assertEqual(len(errors.BY_CODE),
                         len({c.NAME for c in errors.BY_CODE.values()}))
        for code, cls in errors.BY_CODE.items():
            self.assertEqual(dbbackup.status_name(code), cls.NAME)
            self.assertIn(cls.__name__, dbbackup.__all__)

    def test_an_unknown_code_is_the_base_class(self):
        self.assertIs(errors.error_class(-9999), dbbackup.DbbError)

    def test_carries_message_hint_and_code(self):
        with dbbackup.Context() as ctx:
            with self.assertRaises(dbbackup.ConfigError) as caught:
                ctx.set("repository", "compresion", "3")
                ctx.load("", EMPTY)
        self.assertEqual(caught.exception.code, -11)
        self.assertEqual(caught.exception.name, "DBB_ECONFIG")
        self.assertIn("compresion", caught.exception.message)

    def test_shows_the_hint_below_the_message(self):
        error = dbbackup.NoSpaceError("storing 'x': full", hint="free some")
        self.assertEqual(str(error), "storing 'x': full\nhint: free some")

    def test_pythons_own_kinds_catch_theirs(self):
        self.assertTrue(issubclass(dbbackup.NotFoundError, LookupError))
        self.assertTrue(issubclass(dbbackup.InvalidArgumentError, ValueError))
        self.assertTrue(issubclass(dbbackup.OutOfMemoryError, MemoryError))

    def test_no_repository(self):
        with tempfile.TemporaryDirectory() as folder, \
                dbbackup.Context() as ctx:
            ctx.load("", EMPTY)
            ctx.set("repository", "url", f"file://{folder}/none")
            with self.assertRaises(dbbackup.NoRepositoryError) as caught:
                ctx.list_sets()
        self.assertNotEqual(caught.exception.hint, "")


class Arguments(unittest.TestCase):
    def setUp(self):
        self.ctx = dbbackup.Context()
        self.addCleanup(self.ctx.close)

    def test_refuses_a_nul(self):
        with self.assertRaises(ValueError):
            self.ctx.set("repository", "url", "file:///x\0y")

    def test_refuses_one_text_for_a_list(self):
        with self.assertRaises(TypeError):
            self.ctx.backup_run(sources="main")

    def test_refuses_a_number_for_a_text(self):
        with self.assertRaises(TypeError):
            self.ctx.show(7)

    def test_takes_a_path(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "dbbackup.conf")
            file.write_text("[repository]\nurl = file:///nowhere\n")
            self.ctx.load(file, EMPTY)
        values = [k["value"] for k in self.ctx.config()["keys"]
                  if (k["section"], k["key"]) == ("repository", "url")]
        self.assertEqual(values, ["file:///nowhere"])

    def test_a_file_that_is_not_there(self):
        with self.assertRaises(dbbackup.DbbError) as caught:
            self.ctx.load("/nonexistent/dbbackup.conf", EMPTY)
        self.assertIn("/nonexistent/dbbackup.conf", str(caught.exception))

    def test_the_environment_is_the_one_given(self):
        self.ctx.load("", {"DBB_REPOSITORY_URL": "file:///given"})
        values = [k["value"] for k in self.ctx.config()["keys"]
                  if (k["section"], k["key"]) == ("repository", "url")]
        self.assertEqual(values, ["file:///given"])


class Lifetime(unittest.TestCase):
    def test_close_twice_is_harmless(self):
        ctx = dbbackup.Context()
        ctx.close()
        ctx.close()
        ctx.cancel()

    def test_a_closed_context_refuses_work(self):
        ctx = dbbackup.Context()
        ctx.close()
        with self.assertRaises(RuntimeError):
            ctx.list_sets()

    def test_many_contexts_live_side_by_side(self):
        contexts = [dbbackup.Context() for _ in range(50)]
        for ctx in contexts:
            ctx.load("", EMPTY)
            ctx.close()


class Keys(WithRepository):
    """The keys of a sealed repository."""

    def setUp(self):
        super().setUp()
        self.ctx.set("repository", "password", "correct horse")
        made = self.ctx.repository_init()
        self.assertIs(made["repository"]["sealed"], True)

    def names(self):
        return [key["name"] for key in self.ctx.key_list()["keys"]]

    def test_a_key_comes_and_goes(self):
        self.ctx.key_add("two", passphrase="battery staple")
        self.assertEqual(self.names(), ["default", "two"])
        self.ctx.set("repository", "password", "battery staple")
        self.ctx.key_remove("default")
        self.assertEqual(self.names(), ["two"])
        with self.assertRaises(dbbackup.InvalidArgumentError):
            self.ctx.key_remove("two")
        self.ctx.set("repository", "password", "correct horse")
        with self.assertRaises(dbbackup.WrongKeyError):
            self.ctx.list_sets()

    def test_the_passphrase_may_be_in_a_file(self):
        file = self.folder / "passphrase"
        file.write_text("battery staple\n")
        self.ctx.key_add("two", passphrase_file=file)
        self.ctx.set("repository", "password", "battery staple")
        self.assertEqual(self.names(), ["default", "two"])

    def test_it_takes_one_passphrase(self):
        for given in ({}, {"passphrase": ""},
                      {"passphrase": "x", "passphrase_file": "y"}):
            with self.assertRaises(dbbackup.InvalidArgumentError):
                self.ctx.key_add("two", **given)
        self.assertEqual(self.names(), ["default"])

    def test_the_write_only_key_changes_no_keys(self):
        file = self.folder / "writer.key"
        self.ctx.key_export_write_only(file)
        with self.assertRaises(dbbackup.AlreadyExistsError):
            self.ctx.key_export_write_only(file)
        self.ctx.set("repository", "password", None)
        self.ctx.set("repository", "key-file", str(file))
        self.assertEqual(self.names(), ["default"])
        self.assertEqual(self.ctx.list_sets()["sets"], [])
        with self.assertRaises(dbbackup.WrongKeyError):
            self.ctx.key_add("two", passphrase="x")
        with self.assertRaises(dbbackup.WrongKeyError):
            self.ctx.key_remove("default")

    def test_a_repository_that_is_not_sealed_has_none(self):
        self.ctx.set("repository", "password", None)
        self.ctx.set("repository", "url", f"file://{self.folder}/open")
        self.ctx.repository_init()
        with self.assertRaises(dbbackup.UnsupportedError):
            self.ctx.key_list()


class Verbs(WithRepository):
    def test_init_and_list_an_empty_repository(self):
        made = self.ctx.repository_init()
        self.assertTrue(made["repository"]["created"])
        self.assertFalse(
            self.ctx.repository_init()["repository"]["created"])
        self.assertEqual(self.ctx.list_sets()["sets"], [])

    def test_a_set_that_is_not_there(self):
        self.ctx.repository_init()
        with self.assertRaises(dbbackup.NotFoundError):
            self.ctx.show("20200101T000000Z-0000")
        with self.assertRaises(dbbackup.NotFoundError):
            self.ctx.cat("20200101T000000Z-0000", "main", "x", io.BytesIO())

    def test_verify_an_empty_repository(self):
        self.ctx.repository_init()
        self.assertEqual(self.ctx.verify(read_data=True)["sets"], [])

    def test_prune_an_empty_repository(self):
        self.ctx.repository_init()
        self.assertTrue(self.ctx.prune()["warnings"])
        self.ctx.set("retention", "keep-last", "3")
        pruned = self.ctx.prune(dry_run=True)
        self.assertEqual(pruned["sets"], [])
        self.assertEqual(pruned["removed"], 0)
        self.assertEqual(pruned["warnings"], [])
        self.assertIs(pruned["dry_run"], True)

    def test_cancel_stays_until_resume(self):
        self.ctx.repository_init()
        self.ctx.cancel()
        with self.assertRaises(dbbackup.CanceledError):
            self.ctx.verify()
        self.ctx.resume()
        self.ctx.verify()

    def test_what_strikes_around_a_callback_is_not_lost(self):
        """Ctrl-C before the first line that could catch it."""
        def struck(*_arguments):
            raise KeyboardInterrupt()

        self.ctx.repository_init()
        real = self.ctx._lib
        at, statuses = _native.ProgressStruct(size=1), []

        class Telling:
            """The library, with a progress told in the midst of a call."""
            def __getattr__(inner, name):
                if name != "dbb_verify":
                    return getattr(real, name)

                def call(*arguments):
                    self.ctx._guard = struck
                    self.ctx._progress_fn(ctypes.pointer(at), None)
                    del self.ctx._guard
                    statuses.append(real.dbb_verify(*arguments))
                    return statuses[0]
                return call

        self.ctx._lib = Telling()
        with self.assertRaises(KeyboardInterrupt):
            self.ctx.verify()
        self.ctx._lib = real
        self.assertEqual(errors.error_class(statuses[0]),
                         dbbackup.CanceledError)
        self.ctx.verify()  # and no longer canceled


class Callbacks(unittest.TestCase):
    """What C would call, called as C would."""

    def setUp(self):
        self.ctx = dbbackup.Context()
        self.addCleanup(self.ctx.close)

    def progress(self):
        at = _native.ProgressStruct(
            size=1, phase=2, source=b"main", stream=b"app.dump",
            bytes_done=10, bytes_total=20)
        return self.ctx._progress_fn(ctypes.pointer(at), None)

    def test_progress_arrives_whole(self):
        seen = []
        self.ctx.on_progress(seen.append)
        self.assertEqual(self.progress(), 0)
        self.assertEqual(seen, [dbbackup.Progress(
            phase=dbbackup.Phase.READ, source="main", stream="app.dump",
            bytes_done=10, bytes_total=20, bytes_stored=0, stream_bytes=0,
            elapsed_ms=0)])

    def test_what_a_callback_raises_stops_the_call(self):
        def burst(_progress):
            raise ZeroDivisionError("mine")
        self.ctx.on_progress(burst)
        self.assertEqual(self.progress(), 1)
        self.assertIsInstance(self.ctx._raised, ZeroDivisionError)

    def test_a_log_callback_that_raises_stops_the_call_and_is_raised(self):
        class Mine(Exception):
            pass

        def burst(_level, _line):
            raise Mine()

        self.ctx.load("", EMPTY)
        self.ctx.on_log(burst, dbbackup.LogLevel.DEBUG)
        real = self.ctx._lib

        class Logging:
            """The library, with one line logged in the midst of a call."""
            def __getattr__(inner, name):
                if name != "dbb_set_list":
                    return getattr(real, name)

                def call(*arguments):
                    self.ctx._log_fn(4, b"line", None)
                    return real.dbb_set_list(*arguments)
                return call

        self.ctx._lib = Logging()
        with self.assertRaises(Mine):
            self.ctx.list_sets()
        self.ctx._lib = real
        self.ctx.on_log(None)
        with self.assertRaises(dbbackup.DbbError) as caught:
            self.ctx.list_sets()
        self.assertNotIsInstance(caught.exception, dbbackup.CanceledError)

    def test_what_others_lose_is_told_as_before(self):
        script = ("import ctypes, dbbackup\n"
                  "ctx = dbbackup.Context()\n"
                  "ctx.load('', {})\n"
                  "ctypes.CFUNCTYPE(None)(lambda: 1 / 0)()\n")
        env = dict(os.environ, PYTHONPATH=str(ROOT / "bindings" / "python"))
        done = subprocess.run([sys.executable, "-c", script], env=env,
                              capture_output=True, text=True, check=True)
        self.assertIn("ZeroDivisionError", done.stderr)

    def test_a_callback_may_not_use_its_own_context(self):
        self.ctx._running = True
        try:
            with self.assertRaises(RuntimeError):
                self.ctx.list_sets()
        finally:
            self.ctx._running = False

    def test_a_raw_file_may_take_little_at_a_time(self):

        class Small(io.RawIOBase):
            def __init__(self):
                self.data = b""

            def write(self, data):
                self.data += bytes(data[:3])
                return min(3, len(data))

        data = ctypes.create_string_buffer(b"0123456789", 10)
        out = Small()
        context._write_all(out, ctypes.addressof(data), 10)
        self.assertEqual(out.data, b"0123456789")


class Outcomes(unittest.TestCase):
    """What each outcome of a call becomes; the call itself is not made."""

    def outcome(self, status, method, *arguments):
        ctx = dbbackup.Context()
        self.addCleanup(ctx.close)
        real = ctx._lib

        class Answering:
            """The library, with one call that ends as the test says."""
            def __getattr__(inner, name):
                if name in ("dbb_restore", "dbb_verify", "dbb_backup_run"):
                    def call(out, *_others):
                        out._obj.value = 1
                        return status
                    return call
                return {"dbb_result_json": lambda _out: b'{"set":"x"}',
                        "dbb_result_free": lambda _out: None,
                        }.get(name) or getattr(real, name)

        ctx._lib = Answering()
        try:
            return getattr(ctx, method)(*arguments)
        finally:
            ctx._lib = real

    def test_a_restore_that_differs_is_an_error_with_its_result(self):
        with self.assertRaises(dbbackup.FindingsError) as caught:
            self.outcome(1, "restore")
        self.assertEqual(caught.exception.result, {"set": "x"})
        self.assertEqual(caught.exception.code, 1)

    def test_a_backup_with_warnings_is_a_result(self):
        self.assertEqual(self.outcome(1, "backup_run"), {"set": "x"})

    def test_damage_is_an_error_with_its_result(self):
        with self.assertRaises(dbbackup.DamagedError) as caught:
            self.outcome(-53, "verify")
        self.assertEqual(caught.exception.result, {"set": "x"})


class Library(unittest.TestCase):
    def test_a_wrong_path_is_an_error_and_not_a_guess(self):
        script = ("import dbbackup\n"
                  "try:\n    dbbackup.version()\n"
                  "except ImportError as problem:\n    print(problem)\n")
        env = dict(os.environ, DBBACKUP_LIBRARY="/nonexistent.so",
                   PYTHONPATH=str(ROOT / "bindings" / "python"))
        done = subprocess.run([sys.executable, "-c", script], env=env,
                              capture_output=True, text=True, check=True)
        self.assertIn("/nonexistent.so", done.stdout)
        self.assertIn("DBBACKUP_LIBRARY", done.stdout)

    def test_the_package_is_of_the_librarys_release(self):
        project = (ROOT / "bindings/python/pyproject.toml").read_text()
        self.assertIn(f'\nversion = "{dbbackup.version()}"\n', project)


if __name__ == "__main__":
    unittest.main()
