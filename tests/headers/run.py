# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone, with host and device flags, and includes only what its folder may.

`run.py [path-part...]` checks only the headers whose path contains one of the parts.
"""
import concurrent.futures
import pathlib
import platform
import re
import shutil
import subprocess
import sys

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
TENON = INCLUDE / "tenon"
# Each folder uses itself and those before it.
ORDER = ["number", "tensor", "check", "kernel", "layer", "model", "akida"]
STANDARD = set(
    "algorithm array bit compare concepts cstddef cstdint limits span tuple type_traits utility variant version".split())
# Intrinsics and xsimd, each only below kernel/<architecture>/.
ARCHITECTURE = {
    "x86": r"(immintrin|xsimd/.*)\.h(pp)?|cstring",  # hosts only
    "arm": r"(arm_neon|arm_sve|xsimd/.*)\.h(pp)?",
    "cortex_m": r"(arm_acle|arm_mve|arm_neon)\.h",
}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror"]
BASE = ["-std=c++20", "-fsyntax-only", "-fno-diagnostics-color", *WARNINGS, f"-I{INCLUDE}"]
DEVICE = [*BASE, "-mthumb", "-fno-exceptions", "-fno-rtti"]


def folder(header):
    """`number` … `akida`, `host`, or the file's own name at the top."""
    return header.relative_to(TENON).parts[0]


def on_device(header):
    return folder(header) in ORDER or folder(header) in ("device.hpp", "version.hpp")


def include_faults(header):
    """What the #include lines of this header may not have."""
    here = folder(header)
    faults = []
    for quote, name in re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)', header.read_text(), re.MULTILINE):
        parts = name.split("/")
        if quote == '"':
            faults.append(f'"{name}": write <tenon/…>')
        elif parts[0] == "tenon":
            if not (INCLUDE / name).is_file():
                faults.append(f"<{name}> does not exist")
            elif here in ORDER and parts[1] in ORDER and ORDER.index(parts[1]) > ORDER.index(here):
                faults.append(f"<{name}>: {here} comes before {parts[1]}")
            elif on_device(header) and not on_device(INCLUDE / name):
                faults.append(f"<{name}> is not for devices")
        elif on_device(header) and name not in STANDARD:
            architecture = header.relative_to(TENON).parts[1] if here == "kernel" else ""
            if not re.fullmatch(ARCHITECTURE.get(architecture, "$^"), name):
                faults.append(f"<{name}> is not for devices")
    return faults


def shape_faults(header):
    lines = header.read_text().splitlines()
    faults = []
    if not lines or lines[0] != "// SPDX-License-Identifier: Apache-2.0":
        faults.append("the first line is not the licence")
    if "#pragma once" not in lines:
        faults.append("no #pragma once")
    return faults


def host_includes():
    """Include folders of the host libraries, as warnings-free system headers."""
    run = subprocess.run(["pkg-config", "--cflags-only-I", "hdf5", "zlib", "libzip", "nlohmann_json", "xtensor", "fmt"],
                         capture_output=True, text=True, check=False)
    return ["-isystem" + flag[2:] for flag in run.stdout.split()]


def commands(header, host):
    """The compilers and flags that must accept this header."""
    path = header.relative_to(TENON).parts
    native = BASE + (host if folder(header) in ("host", "tenon.hpp") else [])
    if path[:2] == ("kernel", "x86"):
        native = native + ["-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512vnni", "-mavx2"]
    if path[:2] != ("kernel", "x86") or platform.machine() in ("x86_64", "AMD64"):
        yield ["g++", *native]
        # Host headers take seconds each: the second compiler sees them all in the umbrella header.
        if folder(header) != "host":
            yield ["clang++-16", *native]
    if on_device(header) and path[:2] not in (("kernel", "x86"), ("kernel", "arm")):
        yield ["arm-none-eabi-g++", "-mcpu=cortex-m4", *DEVICE]
        if path[:2] == ("kernel", "cortex_m"):
            yield ["arm-none-eabi-g++", "-mcpu=cortex-m0plus", *DEVICE]
            yield ["arm-none-eabi-g++", "-mcpu=cortex-m55", "-mfloat-abi=hard", *DEVICE]


def compile_alone(command, header):
    text = f"#include <{header.relative_to(INCLUDE).as_posix()}>\n"
    run = subprocess.run([*command, "-x", "c++", "-"], input=text, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else run.stdout + run.stderr or "failed"


def main():
    parts = sys.argv[1:]
    headers = sorted(h for h in TENON.rglob("*.hpp") if not parts or any(p in h.as_posix() for p in parts))
    host = host_includes()
    faults = {h: include_faults(h) + shape_faults(h) for h in headers}
    jobs = [(c, h) for h in headers for c in commands(h, host) if shutil.which(c[0])]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (command, header), output in zip(jobs, pool.map(lambda j: compile_alone(*j), jobs)):
            if output:
                faults[header].append(f"{command[0]} {command[1]}:\n{output}")
    for header in headers:
        for fault in faults[header]:
            print(f"{header.relative_to(INCLUDE)}: {fault}")
    failed = sum(bool(f) for f in faults.values())
    passed = len(headers) - failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0 if headers else 77


if __name__ == "__main__":
    sys.exit(main())
