# SPDX-License-Identifier: Apache-2.0
"""The kernels for x86 processors that the tests do not run on compile without warnings: in each compiler, as part of a program
for any x86-64 and of one for the newest processor."""
import concurrent.futures
import pathlib
import platform
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
FLAGS = ["-std=c++20", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror",
         f"-I{HERE.parents[1] / 'include'}", "-c", HERE / "x86_targets.cpp", "-o", "/dev/null"]


def faults(command):
    done = subprocess.run([*command, *FLAGS], capture_output=True, text=True, check=False)
    return f"{' '.join(command)}:\n{done.stderr}" if done.returncode != 0 else ""


if platform.machine() not in ("x86_64", "AMD64"):
    sys.exit(77)
COMMANDS = [(compiler, target) for compiler in ("g++", "clang++-16") if shutil.which(compiler)
            for target in ("-march=x86-64", "-march=sapphirerapids")]
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    found = list(filter(None, pool.map(faults, COMMANDS)))
print("\n".join(found) or f"{len(COMMANDS)} compile")
sys.exit(1 if found or not COMMANDS else 0)
