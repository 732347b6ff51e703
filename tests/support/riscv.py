# SPDX-License-Identifier: Apache-2.0
"""The compiler for 32-bit RISC-V, as Debian has it: C from picolibc; C++ headers, of which device headers take only what is
the same for all processors, from the library for Arm of the same release of g++."""
import pathlib
import shutil
import subprocess

COMPILER = "riscv64-unknown-elf-g++"
PROCESSOR = ["-march=rv32imac", "-mabi=ilp32", "-specs=picolibc.specs"]


def release(compiler):
    return subprocess.run([compiler, "-dumpfullversion"], capture_output=True, text=True, check=False).stdout.strip()


def flags():
    """The flags to compile with, or None where something is missing."""
    if not shutil.which(COMPILER):
        return None
    links = subprocess.run([COMPILER, *PROCESSOR, "-E", "-x", "c", "-"], input="#include <string.h>\n", capture_output=True,
                           text=True, check=False)
    own = subprocess.run([COMPILER, *PROCESSOR, "-fsyntax-only", "-x", "c++", "-"], input="#include <algorithm>\n",
                         capture_output=True, text=True, check=False)
    if links.returncode != 0:
        return None
    if own.returncode == 0:
        return PROCESSOR
    for headers in sorted(pathlib.Path("/usr/include/newlib/c++").glob("*/arm-none-eabi")):
        if headers.parent.name.split(".")[0] == release(COMPILER).split(".")[0]:
            return [*PROCESSOR, f"-isystem{headers.parent}", f"-isystem{headers}"]
    return None
