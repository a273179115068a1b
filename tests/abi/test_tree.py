# SPDX-License-Identifier: BSD-2-Clause
"""Promises about the source itself: which way includes point, licences."""
import re
import unittest

import tree

# Each room of lib/ and the rooms that it may look into.
BELOW = {
    "util": set(),
    "net": {"util"},
    "store": {"net", "util"},
    "repo": {"store", "net", "util"},
    "source": {"net", "util"},
    "ops": {"source", "repo", "store", "net", "util"},
    "api": {"ops", "source", "repo", "store", "net", "util"},
}
CODE = {".c", ".h", ".py", ".am", ".inc", ".ac", ".map"}


def sources(folder, *suffixes):
    return sorted(path for path in (tree.SOURCE / folder).rglob("*")
                  if path.suffix in suffixes)


def includes(path):
    return re.findall(r'^#include "([^"]+)"', path.read_text(), flags=re.M)


class Tree(unittest.TestCase):
    def test_includes_point_down(self):
        for room, below in BELOW.items():
            for path in sources(f"lib/{room}", ".c", ".h"):
                for name in includes(path):
                    target = name.split("/")[0] if "/" in name else room
                    self.assertIn(target, below | {room},
                                  f"{path} includes {name}")

    def test_programs_see_the_public_headers_alone(self):
        rooms = "|".join(BELOW)
        for path in sources("frontends", ".c", ".h"):
            self.assertNotRegex(path.read_text(),
                                rf'#include ["<](lib/)?({rooms})/', path)

    def test_libcurl_has_one_user(self):
        for path in sources("lib", ".c", ".h"):
            if path.parent.name != "net":
                self.assertNotIn("<curl/", path.read_text(), path)

    def test_each_file_names_its_licence(self):
        for folder in ("lib", "include", "frontends", "bindings", "tests",
                       "doc"):
            for path in sources(folder, *CODE):
                if path.stat().st_size == 0:
                    continue
                head = path.read_text().split("\n")[:2]
                self.assertIn("SPDX-License-Identifier: BSD-2-Clause",
                              "\n".join(head), path)

    def test_base_names_are_unique(self):
        names = [path.name for path in sources("lib", ".c")]
        twice = {name for name in names if names.count(name) > 1}
        self.assertEqual(twice, set())

    def test_nothing_is_left_to_do(self):
        mark = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]))
        for folder in ("lib", "include", "frontends", "bindings"):
            for path in sources(folder, ".c", ".h", ".py"):
                self.assertNotRegex(path.read_text(), mark, path)


if __name__ == "__main__":
    unittest.main()
