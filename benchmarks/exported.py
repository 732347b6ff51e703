#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Executables that time networks as `tenon export` writes them, for `compare.py --tenon`.

    exported.py --tenon build/tools/tenon --out DIR NAME=QUANTIZED.h5... [--compiler C++...] [--arguments]

Writes DIR/NAME.hpp, compiles exported_bench.cpp with it by every compiler (default: g++ and clang++-16, where they exist) at
-O3 -march=native into DIR/NAME_COMPILER, runs each once and compares the outputs' checksums between compilers. Prints what
each run says, or with --arguments the `--tenon NAME=EXECUTABLE` arguments of compare.py.

NAME=MODEL.h5,SAMPLES.npz[,OPTION...] quantizes a float model first, e.g. kws=kws.h5,samples.npz,-w,8,-id,int8
"""
import argparse
import json
import pathlib
import shlex
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
FLAGS = ["-std=c++20", "-O3", "-march=native", "-DNDEBUG", f"-I{HERE.parent / 'include'}"]


class Failure(Exception):
    """A command that failed; the text is what it wrote."""


def run(command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Failure(f"{shlex.join(str(part) for part in command)}\n{errors(result.stderr)}")
    return result.stdout


def errors(text):
    """The first lines of a compiler's output that are errors, or all of what a short message says."""
    lines = [line for line in text.splitlines() if "error: " in line]
    return "\n".join(lines[:5]) or text[-2000:]


def quantize(tenon, name, model, samples, options, folder):
    quantized = folder / f"{name}.h5"
    run([tenon, "quantize", "-m", model, "-sa", samples, "-s", quantized, *options])
    return quantized


def export(tenon, name, quantized, folder):
    header = folder / f"{name}.hpp"
    run([tenon, "export", "-m", quantized, "-o", header, "--namespace", name])
    return header


def build(compiler, name, header, folder):
    executable = folder / f"{name}_{pathlib.Path(compiler).name}"
    run([compiler, *FLAGS, f'-DTENON_MODEL_HEADER="{header.resolve()}"', f"-DTENON_MODEL_NAMESPACE={name}",
         f'-DTENON_MODEL_NAME="{name}"', HERE / "model" / "exported_bench.cpp", "-o", executable])
    return executable


def checksum(executable):
    """What the model computes for the bench's input, as the first line of --serve says."""
    result = subprocess.run([executable.resolve(), "--serve"], input="", capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Failure(f"{executable}: {result.stderr[-3000:]}")
    return json.loads(result.stdout)["checksum"]


def make(tenon, name, files, compilers, folder):
    """Executables of one network by each compiler that can, and what the others said."""
    model, *rest = files
    quantized = quantize(tenon, name, model, rest[0], rest[1:], folder) if rest else model
    header = export(tenon, name, quantized, folder)
    executables, failures = [], []
    for compiler in compilers:
        try:
            executables.append(build(compiler, name, header, folder))
        except Failure as failure:
            failures.append(failure)
    if len({checksum(executable) for executable in executables}) > 1:
        raise Failure("the outputs depend on the compiler")
    return executables, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="+", metavar="NAME=MODEL.h5[,SAMPLES.npz[,OPTION...]]")
    parser.add_argument("--tenon", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--compiler", action="append", metavar="C++")
    parser.add_argument("--arguments", action="store_true")
    args = parser.parse_args()
    compilers = args.compiler or [c for c in ("g++", "clang++-16") if shutil.which(c)]
    args.out.mkdir(parents=True, exist_ok=True)
    failed = False
    for network in args.networks:
        name, separator, files = network.partition("=")
        if not separator or not name.isidentifier():
            parser.error(f"{network}: expected NAME=MODEL.h5[,SAMPLES.npz[,OPTION...]] where NAME can be a C++ namespace")
        try:
            executables, failures = make(args.tenon, name, files.split(","), compilers, args.out)
        except Failure as failure:
            executables, failures = [], [failure]
        for executable in executables:
            if args.arguments:
                print(f"--tenon={name}={executable}")
            else:
                print(f"{executable.name}: {run([executable.resolve()])}", end="")
        for failure in failures:
            print(f"{name}: {failure}", file=sys.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
