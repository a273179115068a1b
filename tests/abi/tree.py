# SPDX-License-Identifier: BSD-2-Clause
"""What the abi tests share: where things are, and what the headers say."""
import os
import pathlib
import re
import shlex
import subprocess

SOURCE = pathlib.Path(os.environ.get(
    "TEST_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("TEST_BUILD", SOURCE / "build"))
LIBRARY = BUILD / "lib" / ".libs" / "libdbbackup.so"
CC = shlex.split(os.environ.get("CC", "cc"))
CXX = shlex.split(os.environ.get("CXX", "c++"))

UMBRELLA = SOURCE / "include" / "dbbackup.h"
HEADERS = [UMBRELLA] + sorted((SOURCE / "include/dbbackup").glob("*.h"))


def run(*command, **options):
    """Run it, and have its words in the failure when it fails."""
    done = subprocess.run([str(part) for part in command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f"{shlex.join(map(str, command))}\n"
                             f"ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def without_comments(path):
    return re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.S)


def declared():
    """The functions that the public headers declare with DBB_API."""
    found = set()
    for header in HEADERS:
        found.update(re.findall(r"\bDBB_API\s[^;(]*?\b(dbb_\w+)\s*\(",
                                without_comments(header)))
    return found


def mapped():
    """The symbols that the map lists, and under which version."""
    text = without_comments(SOURCE / "lib" / "libdbbackup.map")
    found = {}
    for node, body in re.findall(r"([\w.]+)\s*\{(.*?)\}", text, flags=re.S):
        body = body.split("local:")[0].replace("global:", "")
        for name in re.findall(r"([^\s;]+);", body):
            if name in found:
                raise AssertionError(f"'{name}' is in the map twice")
            found[name] = node
    return found


def structs():
    """The visible structs of the headers: name -> names of the members."""
    found = {}
    for header in HEADERS:
        for body, name in re.findall(
                r"typedef struct \w+ \{(.*?)\}\s*(\w+);",
                without_comments(header), flags=re.S):
            found[name] = re.findall(r"(\w+)(?:\)\([^;]*\))?\s*;", body)
    return found


def constants():
    """The numbers that the headers define: name -> value."""
    found = {}
    for header in HEADERS:
        for name, value in re.findall(
                r"^#define (DBB_\w+)\s+\(?(-?\d+)u?\)?\s*$",
                without_comments(header), flags=re.M):
            found[name] = int(value)
    return found
