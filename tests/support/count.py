# SPDX-License-Identifier: Apache-2.0
"""Prints `N passed, N failed, N skipped` from Meson's testlog.json; before it, what the slowest tests took, why tests
were skipped, and what each failed test said.

A program that counts its own cases (doctest's summary, or a last line of the same form) adds those;
any other one counts as one. A program that failed without a failed case (a crash) is one failure.
"""
import json
import re
import sys

DOCTEST = re.compile(r"test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped")
PLAIN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)
GOOD = ("OK", "EXPECTEDFAIL")
SLOWEST = 5
LINES = 40  # of a failed test's output, from its end


def cases(entry):
    output = entry.get("stdout") or ""
    own = (DOCTEST.findall(output) or PLAIN.findall(output) or [None])[-1]
    good = entry["result"] in GOOD
    if entry["result"] == "SKIP":
        return 0, 0, 1
    if own is None:
        return int(good), int(not good), 0
    passed, failed, skipped = (int(n or 0) for n in own)
    return passed, failed or int(not good), skipped


def text(entry):
    return "\n".join(part.rstrip() for part in (entry.get("stdout"), entry.get("stderr")) if part and part.strip())


def report(entries):
    slowest = sorted(entries, key=lambda e: -e["duration"])[:SLOWEST]
    print("slowest: " + ", ".join(f"{e['name']} {e['duration']:.0f} s" for e in slowest))
    for entry in entries:
        if entry["result"] == "SKIP":
            print(f"skipped: {entry['name']}: " + text(entry).removeprefix("skipped: ").partition("\n")[0])
    for entry in entries:
        if entry["result"] not in (*GOOD, "SKIP"):
            lines = text(entry).splitlines()
            print(f"\n{entry['result']}: {entry['name']} (exit status {entry['returncode']}, {entry['duration']:.1f} s)")
            if len(lines) > LINES:
                print(f"  ({len(lines) - LINES} lines before these)")
            print("\n".join("  " + line for line in lines[-LINES:]) or "  it printed nothing")


def main():
    with open(sys.argv[1], encoding="utf-8") as log:
        entries = [json.loads(line) for line in log if line.strip()]
    report(entries)
    totals = [sum(column) for column in zip(*map(cases, entries))] or [0, 0, 0]
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
