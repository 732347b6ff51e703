# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: the tree, and commands that must succeed."""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror"]
BARE = ["-mcpu=cortex-m4", "-mthumb", "-fno-exceptions", "-fno-rtti"]


def need(*programs):
    """Ends the test as skipped where one of these is missing."""
    for program in programs:
        if not shutil.which(program):
            print(f"skipped: {program} is not on this machine")
            sys.exit(77)


def must(*command, **options):
    """What the command printed; ends the test if it fails."""
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(condition, text):
    if not condition:
        sys.exit(text)
