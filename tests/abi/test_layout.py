# SPDX-License-Identifier: BSD-2-Clause
"""The Python binding mirrors the headers: layouts, codes, functions."""
import ctypes
import pathlib
import sys
import tempfile
import unittest

import tree

sys.path.insert(0, str(tree.SOURCE / "bindings" / "python"))
from dbbackup import _native, context, errors  # noqa: E402

# Functions that the binding has no use for: Python has files of its own, a
# result comes as one document, and drivers are written in C.
NOT_BOUND = {
    "dbb_error_code", "dbb_error_set", "dbb_result_string",
    "dbb_result_number", "dbb_result_count",
}


def layout_in_c(structs):
    """Ask the compiler: {struct: {member: (offset, size)}}."""
    lines = ["#include <stdio.h>", "#include <dbbackup.h>",
             "#include <dbbackup/driver.h>", "int main(void) {"]
    for name, members in structs.items():
        lines.append(f'printf("{name} . 0 %zu\\n", sizeof({name}));')
        for member in members:
            lines.append(
                f'printf("{name} {member} %zu %zu\\n", offsetof({name}, '
                f'{member}), sizeof((({name} *)0)->{member}));')
    lines.append("return 0; }")
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder, "layout")
        program.with_suffix(".c").write_text("\n".join(lines) + "\n")
        tree.run(*tree.CC, "-std=c11", f"-I{tree.SOURCE}/include",
                 program.with_suffix(".c"), "-o", program)
        answer = tree.run(program)
    found = {}
    for line in answer.splitlines():
        name, member, offset, size = line.split()
        found.setdefault(name, {})[member] = (int(offset), int(size))
    return found


def layout_in_python(struct):
    found = {".": (0, ctypes.sizeof(struct))}
    for name, _ in struct._fields_:
        field = getattr(struct, name)
        found[name] = (field.offset, field.size)
    return found


class Layout(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.in_c = layout_in_c(tree.structs())

    def test_structs_are_the_same(self):
        for struct in _native.STRUCTS:
            with self.subTest(struct=struct.NAME):
                self.assertEqual(layout_in_python(struct),
                                 self.in_c[struct.NAME])

    def test_no_options_struct_is_forgotten(self):
        mirrored = {struct.NAME for struct in _native.STRUCTS}
        self.assertEqual(
            {n for n in tree.structs() if n.endswith("_options")} - mirrored,
            set())

    def test_structs_have_no_padding(self):
        for name, members in self.in_c.items():
            end = 0
            for member, (offset, size) in members.items():
                if member != ".":
                    self.assertEqual(offset, end, f"before {name}.{member}")
                    end = offset + size
            self.assertEqual(end, members["."][1], f"at the end of {name}")


class Names(unittest.TestCase):
    def test_each_code_has_its_class(self):
        codes = {value: name for name, value in tree.constants().items()
                 if name.startswith("DBB_E") or name == "DBB_FINDINGS"}
        self.assertEqual(codes, {code: cls.NAME for code, cls
                                 in errors.BY_CODE.items()})

    def test_codes_are_pinned(self):
        """Numbers of released codes; lines are added and never changed."""
        pinned = {
            "DBB_OK": 0, "DBB_FINDINGS": 1, "DBB_EINVAL": -10,
            "DBB_ECONFIG": -11, "DBB_ENOMEM": -20, "DBB_EIO": -30,
            "DBB_ENOSPC": -31, "DBB_EACCESS": -32, "DBB_ENOTFOUND": -33,
            "DBB_EEXIST": -34, "DBB_ECONNECT": -40, "DBB_EAUTH": -41,
            "DBB_ESOURCE": -42, "DBB_ETOOL": -43, "DBB_ENOREPO": -50,
            "DBB_EBUSY": -51, "DBB_EKEY": -52, "DBB_EDAMAGED": -53,
            "DBB_EVERSION": -54, "DBB_ECANCELED": -60,
            "DBB_EUNSUPPORTED": -70, "DBB_EINTERNAL": -90,
        }
        constants = tree.constants()
        self.assertEqual({n: constants.get(n) for n in pinned}, pinned)

    def test_phases_and_levels_are_the_headers(self):
        constants = tree.constants()
        for prefix, mirror in (("DBB_PHASE_", context.Phase),
                               ("DBB_LOG_", context.LogLevel)):
            self.assertEqual(
                {n: v for n, v in constants.items() if n.startswith(prefix)},
                {prefix + item.name: item.value for item in mirror})

    def test_each_function_is_bound_or_left_out_on_purpose(self):
        stores = {n for n in tree.declared() if n.startswith("dbb_store_")}
        self.assertEqual(
            set(_native.PROTOTYPES) | NOT_BOUND | stores, tree.declared())


if __name__ == "__main__":
    unittest.main()
