#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the command against one family of stored results of the reference, if they stand beside the project.

    run.py CHECKER.py TENON ARGUMENT [ARGUMENT ...]

CHECKER.py and the arguments are names under ../shared (tools/ for the checker). Exits with 77, which Meson counts as skipped,
where the results or NumPy and h5py are missing.
"""
import importlib.util
import pathlib
import subprocess
import sys

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared"


def main():
    checker, tenon, *arguments = sys.argv[1:]
    if not (SHARED / "tools" / checker).exists():
        print(f"skipped: no stored results of the reference at {SHARED.name}/ beside the project")
        return 77
    if missing := [name for name in ("numpy", "h5py") if importlib.util.find_spec(name) is None]:
        print(f"skipped: Python lacks {', '.join(missing)}")
        return 77
    paths = [str(SHARED / a) for a in arguments]
    return subprocess.run([sys.executable, str(SHARED / "tools" / checker), "--tenon", tenon, *paths]).returncode


if __name__ == "__main__":
    sys.exit(main())
