# SPDX-License-Identifier: Apache-2.0
"""The block kernels for AArch64 equal the reference: the unit tests of blocks, compiled for Advanced SIMD alone, with dot products
and with matrix products of int8, under an emulator; each buffer ends in front of memory that nobody may touch.

    aarch64.py [ARCHITECTURE...]

Exits with 77 without a compiler, an emulator or doctest.
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
COMPILER = "aarch64-linux-gnu-g++"
QEMU = "qemu-aarch64"
ARCHITECTURES = {"neon": "armv8-a", "neon_dot": "armv8.2-a+dotprod", "neon_i8mm": "armv8.2-a+dotprod+i8mm"}
SUPPORT = ["support/main.cpp", "support/guarded_memory.cpp"]  # compiled once, for the first architecture
PRODUCTS = ["kernel/conv2d_block_test.cpp", "kernel/dense_block_test.cpp"]
# With these kernels, all architectures have those of Advanced SIMD.
ALIKE = ["kernel/depthwise_conv2d_block_test.cpp", "kernel/add_block_test.cpp", "kernel/add_rows_test.cpp",
         "kernel/global_average_pool_block_test.cpp"]
FLAGS = ["-std=c++20", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror",
         "-DDOCTEST_CONFIG_SUPER_FAST_ASSERTS", f"-I{TESTS.parent / 'include'}", f"-I{TESTS}"]


def run(command, **options):
    return subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          **options)


def missing():
    for tool in (COMPILER, QEMU):
        if not shutil.which(tool):
            return tool
    found = run([COMPILER, "-fsyntax-only", "-x", "c++", "-"], input="#include <doctest/doctest.h>\n")
    return None if found.returncode == 0 else "doctest, among the headers of the compiler"


def compile_source(name, source, folder):
    output = folder / f"{name}_{pathlib.Path(source).stem}.o"
    return output, run([COMPILER, *FLAGS, f"-march={ARCHITECTURES[name]}", "-c", TESTS / source, "-o", output])


def link_and_run(name, objects, folder):
    """What is wrong, or an empty string; and the last line of the program."""
    program = folder / name
    linked = run([COMPILER, "-static", *objects, "-o", program])
    if linked.returncode != 0:
        return linked.stdout, ""
    ran = run([QEMU, "-cpu", "max", program])
    lines = [line for line in ran.stdout.splitlines() if "test cases:" in line]
    good = ran.returncode == 0 and lines
    return "" if good else ran.stdout or f"status {ran.returncode}", lines[-1] if lines else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architectures", nargs="*", metavar="ARCHITECTURE", help=", ".join(ARCHITECTURES))
    args = parser.parse_args()
    lacks = missing()
    if lacks:
        print(f"skipped: no {lacks}")
        return 77
    names = args.architectures or list(ARCHITECTURES)
    failed = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = pathlib.Path(folder)
        support = [pool.submit(compile_source, "neon", source, folder) for source in SUPPORT]
        pending = {name: [pool.submit(compile_source, name, source, folder)
                          for source in PRODUCTS + (ALIKE if name == "neon" else [])] for name in names}
        for name, jobs in pending.items():
            compiled = [job.result() for job in support + jobs]
            wrong = "".join(result.stdout for _, result in compiled if result.returncode != 0)
            said = ""
            if not wrong:
                wrong, said = link_and_run(name, [output for output, _ in compiled], folder)
            failed += bool(wrong)
            print(f"{'FAIL' if wrong else 'ok  '} {name}: {wrong[-3000:] or said}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
