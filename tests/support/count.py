# SPDX-License-Identifier: Apache-2.0
"""Prints `N passed, N failed, N skipped` from Meson's testlog.json.

A program that counts its own cases (doctest's summary, or a last line of the same form) adds those;
any other one counts as one. A program that failed without a failed case (a crash) is one failure.
"""
import json
import re
import sys

DOCTEST = re.compile(r"test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped")
PLAIN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)


def cases(entry):
    output = entry.get("stdout") or ""
    own = (DOCTEST.findall(output) or PLAIN.findall(output) or [None])[-1]
    good = entry["result"] in ("OK", "EXPECTEDFAIL")
    if entry["result"] == "SKIP":
        return 0, 0, 1
    if own is None:
        return int(good), int(not good), 0
    passed, failed, skipped = (int(n or 0) for n in own)
    return passed, failed or int(not good), skipped


def main():
    with open(sys.argv[1], encoding="utf-8") as log:
        entries = [json.loads(line) for line in log if line.strip()]
    for entry in entries:
        if entry["result"] not in ("OK", "EXPECTEDFAIL", "SKIP"):
            print(f"{entry['result']}: {entry['name']}", file=sys.stderr)
    totals = [sum(column) for column in zip(*map(cases, entries))] or [0, 0, 0]
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
