# SPDX-License-Identifier: BSD-2-Clause
"""Each public header is complete by itself, in C and in C++."""
import shutil
import tempfile
import pathlib
import unittest

import tree

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Werror",
          "-fsyntax-only", f"-I{tree.SOURCE}/include"]


def including(header):
    return header.relative_to(tree.SOURCE / "include").as_posix()


class Headers(unittest.TestCase):
    def compile_each(self, compiler, suffix, standard):
        for header in tree.HEADERS:
            with self.subTest(header=including(header)), \
                    tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder, "alone" + suffix)
                # Twice: the guard holds.
                file.write_text(f"#include <{including(header)}>\n" * 2 +
                                "int alone;\n")
                tree.run(*compiler, f"-std={standard}", *STRICT, file)

    def test_each_compiles_alone_as_c11(self):
        self.compile_each(tree.CC, ".c", "c11")

    def test_each_compiles_alone_as_cxx17(self):
        if shutil.which(tree.CXX[0]) is None:
            self.skipTest("no C++ compiler; apt-get install g++")
        self.compile_each(tree.CXX, ".cc", "c++17")

    def test_the_umbrella_includes_all_but_the_second_tier(self):
        text = tree.UMBRELLA.read_text()
        for header in tree.HEADERS[1:]:
            line = f"#include <{including(header)}>\n"
            self.assertEqual(line in text, header.stem != "driver", line)

    def test_no_configuration_macro_leaks_into_them(self):
        for header in tree.HEADERS:
            self.assertNotRegex(tree.without_comments(header),
                                r"\b(HAVE_\w+|_GNU_SOURCE|config\.h)\b")

    def test_options_grow_at_the_end(self):
        """Each options struct begins with its size and has an initialiser;
        no member is an enum, a bool or a bit-field."""
        for header in tree.HEADERS:
            text = tree.without_comments(header)
            for name, members in tree.structs().items():
                if f"}} {name};" not in text:
                    continue
                with self.subTest(struct=name):
                    self.assertEqual(members[0], "size")
                    if name.endswith("_options"):
                        self.assertIn(f"#define {name.upper()}_INIT", text)
            self.assertNotRegex(text, r"\b(bool|_Bool|enum)\b")


if __name__ == "__main__":
    unittest.main()
