#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the check for Akida hardware costs the compiler on a chain of 50 layers: CPU seconds and megabytes.

    akida.py [compiler...]     default: g++ and clang++-16, where they exist

Compiles the same model with and without `static_assert(akida::maps<…>)`, the least of three runs each, and exits with 1 if the
check takes a second or 200 MB more. The third program must fail: it shows that the check was really made.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
FLAGS = ["-std=c++20", "-O2", "-c", "-o", os.devnull, f"-I{INCLUDE}"]
SECONDS, MEGABYTES = 1.0, 200
PAIRS = 24  # of convolution and ReLU, between the input and a last convolution


def model(kernel):
    """Each pair has its own number of filters, so that nothing is a template that was instantiated before."""
    layers = ["Input<struct image, Shape{64, 64, 3}, std::uint8_t>"]
    for i in range(PAIRS):
        size = kernel if i == PAIRS - 1 else 3
        stride = 2 if i in (0, 4, 8) else 1
        layers.append(f"Conv2D<struct conv{i}, Conv2DParams{{.filters = {8 + i}, .kernel_size = {{{size}, {size}}}, "
                      f".strides = {{{stride}, {stride}}}, .padding = Padding::same}}>")
        layers.append(f"ReLU<struct relu{i}, ReLUParams{{.bounded = true, .max_value = 6}}>")
    layers.append("Conv2D<struct head, Conv2DParams{.filters = 10, .kernel_size = {1, 1}}>")
    return f"using Model = Sequential<{', '.join(layers)}>;\n"


def program(kernel, check):
    lines = ["#include <cstdint>", "#include <tenon/device.hpp>"]
    lines += ["#include <tenon/akida/maps.hpp>"] if check else []
    lines += ["using namespace tenon;", model(kernel), "static_assert(Model::macs > 0 && Model::layer_count == 50);"]
    lines += ["static_assert(akida::maps<Model, akida::v2>);"] if check else []
    return "\n".join(lines) + "\n"


def compile_once(compiler, source):
    """Exit code, CPU seconds, megabytes of the largest process."""
    process = subprocess.Popen([compiler, *FLAGS, str(source)], stderr=subprocess.DEVNULL)
    before = os.times()
    status = process.wait()
    after = os.times()
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return status, cpu


def peak_megabytes(compiler, source):
    """In a process of its own: the maximum over children never falls again."""
    script = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL); "
              "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)")
    run = subprocess.run([sys.executable, "-c", script, compiler, *FLAGS, str(source)], capture_output=True, text=True, check=True)
    return float(run.stdout)


def main():
    compilers = [c for c in sys.argv[1:] or ["g++", "clang++-16"] if shutil.which(c)]
    if not compilers:
        print("skipped: no compiler")
        return 77
    failed = False
    for compiler in compilers:
        with tempfile.TemporaryDirectory() as folder:
            cost = {}
            for check in (False, True):
                source = pathlib.Path(folder) / f"check_{check}.cpp"
                source.write_text(program(3, check))
                runs = [compile_once(compiler, source) for _ in range(3)]
                if any(status != 0 for status, _ in runs):
                    print(f"{compiler}: the model does not compile")
                    return 1
                cost[check] = min(seconds for _, seconds in runs), peak_megabytes(compiler, source)
            refused = pathlib.Path(folder) / "refused.cpp"
            refused.write_text(program(9, True))
            if compile_once(compiler, refused)[0] == 0:
                print(f"{compiler}: a kernel of 9 was accepted")
                return 1
        seconds, megabytes = (cost[True][k] - cost[False][k] for k in (0, 1))
        print(f"{compiler}: 50 layers {cost[False][0]:.2f} s, {cost[False][1]:.0f} MB; with the check "
              f"{seconds:+.2f} s, {megabytes:+.0f} MB")
        failed = failed or seconds >= SECONDS or megabytes >= MEGABYTES
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
