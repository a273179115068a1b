# SPDX-License-Identifier: BSD-2-Clause
"""An installed tree is complete: pkg-config finds it, the program of the
README compiles, links and runs against it, the programs start."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import tree

EMBED = tree.SOURCE / "doc" / "examples" / "embed.c"


def configured(name):
    """A variable of the build's Makefile."""
    text = (tree.BUILD / "Makefile").read_text()
    return re.search(rf"^{name} = (.*)$", text, flags=re.M).group(1)


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        env = {n: v for n, v in os.environ.items()
               if n not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}
        tree.run("make", "-s", "-C", tree.BUILD, "install",
                 f"DESTDIR={cls.folder.name}", env=env)
        cls.prefix = cls.folder.name + configured("prefix")
        cls.pc = next(pathlib.Path(cls.prefix).rglob("libbackup.pc"))
        cls.lib = next(pathlib.Path(cls.prefix).rglob(
            "libdbbackup.so")).parent
        cls.env = {"PATH": os.environ["PATH"],
                   "LD_LIBRARY_PATH": str(cls.lib)}

    def pkg_config(self, *options):
        return tree.run(
            "pkg-config", f"--define-variable=prefix={self.prefix}",
            *options, "libbackup",
            env=dict(os.environ, PKG_CONFIG_PATH=str(self.pc.parent)))

    def test_every_header_is_there(self):
        for header in tree.HEADERS:
            path = header.relative_to(tree.SOURCE)
            self.assertTrue(pathlib.Path(self.prefix, path).is_file(), path)

    def test_the_readme_program_compiles_links_and_runs(self):
        program = pathlib.Path(self.folder.name, "embed")
        tree.run(*tree.CC, "-std=c11", "-Wall", "-Wextra", "-Werror", EMBED,
                 "-o", program,
                 *self.pkg_config("--cflags", "--libs").split())
        # Nothing is configured here: it is to say so. tests/live runs it
        # against a server.
        done = subprocess.run([program], env=self.env, text=True,
                              cwd=self.folder.name, capture_output=True)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(done.stdout, "")
        self.assertIn("configured", done.stderr)

    def test_linking_asks_for_nothing_else(self):
        self.assertEqual(self.pkg_config("--libs").split()[-1], "-ldbbackup")
        self.assertEqual(self.pkg_config("--modversion").strip(),
                         configured("PACKAGE_VERSION"))

    def test_the_programs_start(self):
        for name in ("dbb-backup", "dbb-restore"):
            said = tree.run(pathlib.Path(self.prefix, "bin", name),
                            "--version", env=self.env)
            self.assertIn(configured("PACKAGE_VERSION"), said)

    def test_the_readme_shows_the_program(self):
        code = EMBED.read_text().split("\n", 1)[1]
        readme = (tree.SOURCE / "README.md").read_text()
        self.assertIn(f"```c\n{code}```\n", readme)


if __name__ == "__main__":
    unittest.main()
