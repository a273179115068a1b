# SPDX-License-Identifier: BSD-2-Clause
"""What the library exports is what the map lists is what the headers
declare; and what it may not use, it does not use."""
import re
import unittest

import tree

# The library writes to no standard stream, never exits, and leaves signals,
# locale, umask and environment alone; and no call without bounds.
BANNED = {
    "stdin", "stdout", "stderr", "printf", "vprintf", "puts", "putchar",
    "perror", "exit", "quick_exit", "abort", "signal", "setlocale", "umask",
    "setenv", "putenv", "unsetenv", "clearenv", "system", "popen", "chdir",
    "strcpy", "strcat", "sprintf", "vsprintf", "gets", "scanf", "mktemp",
    "tmpnam", "tempnam", "atoi", "atol", "atoll", "atof", "strtok", "rand",
    "localtime", "gmtime", "strerror", "getlogin",
}


def symbols(*options):
    """The dynamic symbols of the library: name -> version."""
    found = {}
    for line in tree.run("nm", "-D", *options, tree.LIBRARY).splitlines():
        name, _, version = line.split()[-1].partition("@")
        found[name] = version.lstrip("@")
    return found


class Exports(unittest.TestCase):
    def test_the_map_lists_what_the_headers_declare(self):
        self.assertEqual(set(tree.mapped()), tree.declared())

    def test_the_map_names_each_symbol(self):
        self.assertFalse([name for name in tree.mapped() if "*" in name])

    def test_the_library_exports_what_the_map_lists(self):
        exported = symbols("--defined-only")
        nodes = set(tree.mapped().values())
        self.assertEqual(
            {n: v for n, v in exported.items() if n not in nodes},
            tree.mapped())

    def test_the_soname(self):
        dynamic = tree.run("readelf", "-d", tree.LIBRARY)
        self.assertIn("[libdbbackup.so.0]", dynamic)
        self.assertNotIn("RPATH", dynamic)
        self.assertNotIn("RUNPATH", dynamic)

    def test_uses_nothing_that_a_library_may_not(self):
        used = {re.sub(r"^__(\w+)_chk$", r"\1", name)
                for name in symbols("--undefined-only")}
        self.assertEqual(used & BANNED, set())


if __name__ == "__main__":
    unittest.main()
