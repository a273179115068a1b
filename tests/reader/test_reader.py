# SPDX-License-Identifier: BSD-2-Clause
"""The worked example of doc/format.md is what the reader and the library
read, and golden repositories stay readable."""
import contextlib
import hashlib
import io
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get("TEST_SOURCE", HERE.parents[1]))
BUILD = pathlib.Path(os.environ.get("TEST_BUILD", SOURCE / "build"))
GOLDEN = SOURCE / "tests" / "data" / "golden"
CONTENT = b"hello, world\n"
# Of the two sets that each golden repository has, as in test_golden.c.
SUMS = ["4dc2e039f0c62feb3a6bd91ef30476d143c3d3990dc20f5721d7081aeab756f1",
        "be1bba572463b7270fa2823512dc6e2aed6ad24196370094b5ba1ea092db0fa6"]

try:
    import chunks
    import ciphers
    import example
    import example_sealed
    import parameters
    import sets
    from errors import ReaderError, WrongKey
    from store import Store
    from streams import Streams
    MISSING = ""
except ImportError as error:
    if os.environ.get("CI") == "true":
        raise
    MISSING = f"python3-zstandard, python3-cryptography: {error}"


def page():
    """The worked example as it stands in doc/format.md."""
    text = (SOURCE / "doc" / "format.md").read_text(encoding="utf-8")
    return text.split("\n## A worked example\n")[1].split("\n## ")[0]


def reader(folder, *args, code=0, passphrase="golden"):
    """Run the reader; what it wrote, or said."""
    done = subprocess.run(
        [sys.executable, HERE / "dbb_reader.py", folder, *args],
        env={**os.environ, "DBB_PASSWORD": passphrase}, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != code:
        raise AssertionError(f"ended with {done.returncode}: {done.stderr}")
    return done.stdout if code == 0 else done.stderr.decode()


def make_folder(folder):
    """The repository of the worked example, from its hex on the page."""
    blocks = re.findall(r"^`([^`]+)`(?:,\n(\d+) bytes)?:\n```(?:json)?\n"
                        r"(.*?)^```$", page(), flags=re.M | re.S)
    for name, size, block in blocks:
        data = block.encode() if not size else bytes.fromhex("".join(
            line.split("  ")[0] for line in block.splitlines()))
        if size and len(data) != int(size):
            raise AssertionError(f"'{name}' has {len(data)} bytes")
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return [name for name, _, _ in blocks]


def values():
    """The names and values of the sealed half."""
    found, name = {}, None
    for line in page().rsplit("```", 2)[1].splitlines():
        if line.startswith("  "):
            found[name] += line[2:]
        elif line:
            name = line[:-1]
            found[name] = ""
    return found


@unittest.skipIf(MISSING, MISSING)
class Example(unittest.TestCase):
    def test_the_page_shows_what_example_py_prints(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            example.show_open()
            print()
            example_sealed.show_sealed()
        halves = out.getvalue().split("\n\n")
        self.assertEqual(len(halves), 2)
        for half in halves:
            self.assertIn(half, page())

    def test_the_reader_reads_it(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(len(make_folder(folder)), 4)
            self.assertEqual(
                reader(folder, "extract", "latest", "main", "greeting"),
                CONTENT)

    def test_the_library_reads_it(self):
        with tempfile.TemporaryDirectory() as folder:
            make_folder(folder)
            config = pathlib.Path(folder, "example.conf")
            config.write_text(f"[repository]\nurl = file://{folder}\n")
            config.chmod(0o600)
            done = subprocess.run(
                [BUILD / "frontends" / "dbb-restore", "-q", "-c", config,
                 "cat", "latest", "main", "greeting"], check=False,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual((done.stdout, done.stderr), (CONTENT, b""))
            done = subprocess.run(
                [BUILD / "frontends" / "dbb-backup", "-c", config, "verify",
                 "--read-data"], check=False, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_flipped_bit_of_a_pack_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            name = make_folder(folder)[1]
            path = pathlib.Path(folder, name)
            whole = path.read_bytes()
            for at in range(16, 16 + 21 + 96):    # what the set needs
                flipped = bytearray(whole)
                flipped[at] ^= 1 << at % 8
                path.write_bytes(flipped)
                with self.assertRaises(ReaderError):
                    read_here(folder)
            path.write_bytes(whole)
            self.assertEqual(read_here(folder), CONTENT)

    def test_a_chunk_that_is_not_what_its_id_says_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, make_folder(folder)[1])
            identity = example.chunk_id(CONTENT)
            there = chunks.Chunks(Store(folder), ciphers.Open())
            self.assertEqual(there.read(identity), (CONTENT, 1))
            path.write_bytes(path.read_bytes().replace(CONTENT,
                                                       CONTENT.upper()))
            with self.assertRaisesRegex(ReaderError, "what its id says"):
                there.read(identity)


def read_here(folder):
    """Read the example's stream in this process."""
    store = Store(folder)
    cipher = ciphers.Open()
    stream = sets.Set(store, cipher, sets.find(store, "latest")) \
        .stream("main", "greeting")
    return b"".join(Streams(chunks.Chunks(store, cipher)).read(stream))


@unittest.skipIf(MISSING, MISSING)
class SealedExample(unittest.TestCase):
    """What the page's sealed half says, opened by the reader."""

    def setUp(self):
        self.text = values()
        self.of = {name: bytes.fromhex(digits) for name, digits in
                   self.text.items() if name != "key: described"}
        self.cipher = ciphers.Sealed(self.of["W"], self.of["S"])

    def test_the_key_opens(self):
        words = self.text["key: described"].split(" ")
        kdf = dict(zip(("algorithm", "n", "r", "p", "salt"),
                       [words[4], *map(int, words[5:8]), words[8]]))
        key = {"format": 1, "kind": words[1], "created_at": words[2],
               "repository": words[3], "kdf": kdf,
               "nonce": self.text["key: nonce"],
               "sealed": self.text["key: sealed"],
               "sha256": self.text["key: sha256"]}
        about = {"id": words[3], "public_key": self.text["P"]}
        opened = parameters.open_key(json.dumps(key).encode(), about,
                                     b"golden")
        self.assertEqual(opened.writer_key, self.of["W"])
        self.assertEqual(opened.public, self.of["P"])
        with self.assertRaises(WrongKey):
            parameters.open_key(json.dumps(key).encode(), about, b"gold")

    def test_the_id_of_a_chunk(self):
        data, count, found = chunks.split(self.of["chunk: plain"],
                                          self.cipher.identify)
        self.assertEqual((data, count, found),
                         (CONTENT, 1, self.of["chunk: id"]))

    def test_the_boxes_open(self):
        self.assertEqual(self.cipher.content_key(self.of["content box"]),
                         self.of["content box: content key"])
        self.assertEqual(
            self.cipher.unbox(b"proofs", self.of[
                "writer box: aad, a header of proofs"],
                self.of["writer box"]),
            self.of["writer box: plain, time and one name"])

    def test_chunks_open(self):
        for kind in ("data", "list"):
            raw = self.of[f"{kind}: entry"]
            entry = chunks.Entry(*struct.unpack("<32sIIIBB2x", raw), raw)
            sealed = self.of[f"{kind}: sealed"]
            self.assertEqual(entry.stored, len(sealed))
            self.assertEqual(
                self.cipher.chunk(self.of["content box"], entry, sealed),
                self.of["chunk: plain"])


@unittest.skipIf(MISSING, MISSING)
class Golden(unittest.TestCase):
    """What earlier libraries made."""

    def test_both_sets_give_the_text_that_was_stored(self):
        for kind in ("format1-open", "format1-sealed"):
            with self.subTest(kind):
                found = sorted(p.name for p in GOLDEN.glob(f"{kind}/sets/*"))
                self.assertEqual(
                    [hashlib.sha256(reader(
                        GOLDEN / kind, "extract", name, "notes",
                        "notes.dump")).hexdigest() for name in found], SUMS)

    def test_every_object_is_what_the_page_says(self):
        for kind in ("format1-open", "format1-sealed"):
            with self.subTest(kind):
                said = reader(GOLDEN / kind, "check").decode()
                for below in ("packs/", "condemned/", "proofs/"):
                    self.assertIn(below, said)

    def test_a_wrong_passphrase_is_told(self):
        said = reader(GOLDEN / "format1-sealed", "list", code=12,
                      passphrase="silver")
        self.assertIn("the passphrase does not open it", said)


if __name__ == "__main__":
    unittest.main()
