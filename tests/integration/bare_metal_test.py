# SPDX-License-Identifier: Apache-2.0
"""The example for bare metal builds with make and with CMake, without warnings, and runs on the emulated board."""
import os
import pathlib
import shutil
import tempfile

from programs import EXAMPLES, expect, must, need

FOLDER = EXAMPLES / "bare_metal"


def main():
    need("arm-none-eabi-g++", "make")
    run = shutil.which("qemu-system-arm") is not None
    with tempfile.TemporaryDirectory() as name:
        build = pathlib.Path(name)
        make = ["make", "-C", FOLDER, f"BUILD={build / 'make'}"]
        flags = must(*make, "-n")
        expect("-Wconversion" in flags and "-fno-exceptions" in flags, "no warnings are asked for")
        must(*make, "CFLAGS=-mcpu=cortex-m4 -mthumb -Os -ffunction-sections -fdata-sections -Wall -Wextra -Wpedantic "
                    "-Wconversion -Wsign-conversion -Wshadow -Werror")
        if run:
            must(*make, "run")
        if shutil.which("cmake"):
            options = ["-S", FOLDER, "-B", build / "cmake", f"-DCMAKE_TOOLCHAIN_FILE={FOLDER / 'arm-none-eabi.cmake'}"]
            must("cmake", *options, env={**os.environ, "CXXFLAGS": "-Werror"})
            must("cmake", "--build", build / "cmake", *(["--target", "run"] if run else []))
    print("ran" if run else "built, not run: qemu-system-arm is not on this machine")


if __name__ == "__main__":
    main()
