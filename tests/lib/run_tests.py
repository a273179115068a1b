#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run one file of unittest cases, and end with "N passed, N failed, N
skipped", which tests/all adds up. Exit status: 0, 1, or 77 when all were
skipped."""
import importlib.util
import pathlib
import sys
import unittest


def load(path):
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def bad_cases(result):
    """Cases that failed, each once, however many subtests of it did."""
    cases = [case for case, _ in result.failures + result.errors]
    return {getattr(case, "test_case", case).id() for case in cases}


def main():
    tests = load(pathlib.Path(sys.argv[1]).resolve())
    result = unittest.TextTestRunner(sys.stdout, verbosity=2).run(tests)
    failed = len(bad_cases(result)) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    passed = result.testsRun - failed - skipped
    if not result.testsRun and not failed:
        failed = 1  # a file without cases proves nothing
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    if failed:
        return 1
    return 77 if skipped and not passed else 0


if __name__ == "__main__":
    sys.exit(main())
