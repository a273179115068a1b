#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Count what tests said: prints "PASSED FAILED SKIPPED", and on standard
error the words of those that failed.

usage: tally.py automake BUILD   cases of the last `make check`
       tally.py programs BUILD   the same, each test program counted as one
       tally.py junit FILE       pytest's report
"""
import pathlib
import re
import sys
import xml.etree.ElementTree

CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$",
                   re.M)
COUNTED = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$",
                     re.M)
SKIPPED = re.compile(r"^skipped: ", re.M)
TAIL = 60  # lines of a failed test's log


def said(log):
    """[passed, failed, skipped] by a test program's own words, or None."""
    totals = [0, 0, 0]
    for checks, failures, errors in CHECK.findall(log):
        bad = int(failures) + int(errors)
        totals[0] += int(checks) - bad
        totals[1] += bad
    # Check knows no skipped case; ours say so in a line, and then return.
    if totals[0]:
        unshown = min(len(SKIPPED.findall(log)), totals[0])
        totals[0] -= unshown
        totals[2] += unshown
    for counts in COUNTED.findall(log):
        totals = [a + int(b or 0) for a, b in zip(totals, counts)]
    return totals if any(totals) else None


def one_program(trs, cases):
    result = re.search(r"^:test-result: (\w+)", trs.read_text(), re.M)
    result = result.group(1) if result else "ERROR"
    log = trs.with_suffix(".log")
    text = log.read_text(errors="replace") if log.exists() else ""
    totals = said(text) if cases else None
    if result == "SKIP":
        totals = totals or [0, 0, 1]
    elif result in ("PASS", "XFAIL"):
        totals = totals or [1, 0, 0]
    else:
        totals = totals or [0, 1, 0]
        totals[1] = max(totals[1], 1)  # it died before it could say so
    if totals[1]:
        print(f"==== {trs.with_suffix('')}: {result}", file=sys.stderr)
        print("\n".join(text.splitlines()[-TAIL:]), file=sys.stderr)
    return totals


def automake(build, cases):
    reports = [trs for folder in ("bindings", "tests")
               for trs in sorted(pathlib.Path(build, folder).rglob("*.trs"))]
    if not reports:
        return [0, 1, 0]  # nothing ran at all
    return [sum(column) for column in
            zip(*(one_program(trs, cases) for trs in reports))]


def junit(file):
    totals = [0, 0, 0]
    for case in xml.etree.ElementTree.parse(file).iter("testcase"):
        bad = [e for e in case if e.tag in ("failure", "error")]
        skipped = case.find("skipped")
        kind = 1 if bad else 2 if skipped is not None else 0
        totals[kind] += 1
        if kind:
            name = f"{case.get('classname')}: {case.get('name')}"
            why = (bad[0] if bad else skipped).get("message") or ""
            print(f"{'failed' if bad else 'skipped'}: {name}: "
                  f"{why.splitlines()[0] if why else ''}", file=sys.stderr)
    return totals if any(totals) else [0, 1, 0]


def main():
    how, where = sys.argv[1:]
    if how == "junit":
        totals = junit(where)
    else:
        totals = automake(where, how == "automake")
    print(*totals)


if __name__ == "__main__":
    main()
