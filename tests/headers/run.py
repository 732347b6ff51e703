# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone, with host and device flags, and includes only what its folder may.

A header is compiled where nothing is visible but what it includes itself, directly or through others. That does not
take a compilation from nothing each:
- it is compiled in a chain, in which each header includes the one before it;
- clang takes a chain upon the precompiled form of a header that all of the chain include.
Only the headers of a chain that fails are compiled alone, to tell which it is.

`run.py [path-part...]` checks only the headers whose path contains one of the parts.
"""
import concurrent.futures
import functools
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import riscv  # noqa: E402

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
TENON = INCLUDE / "tenon"
# Each folder uses itself and those before it.
ORDER = ["number", "tensor", "check", "kernel", "layer", "model", "akida"]
STANDARD = set(
    "algorithm array bit compare concepts cstddef cstdint limits span tuple type_traits utility variant version".split())
# Intrinsics and xsimd, each only below kernel/<architecture>/.
ARCHITECTURE = {
    "x86": r"(immintrin|xsimd/.*)\.h(pp)?|cstring",  # hosts only
    "neon": r"arm_neon\.h|cstring",  # AArch64 only
    "cortex_m": r"(arm_acle|arm_mve|arm_neon)\.h",
}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror"]
CLANG = "clang++-16"
BASE = ["-std=c++20", "-fno-diagnostics-color", *WARNINGS, f"-I{INCLUDE}"]
DEVICE = [*BASE, "-fno-exceptions", "-fno-rtti"]
ARM = ["arm-none-eabi-g++", "-mthumb", *DEVICE]
OTHERS = [[*ARM, "-mcpu=cortex-m0"], [*ARM, "-mcpu=cortex-m3"], [*ARM, "-mcpu=cortex-m33"],
          [*ARM, "-mcpu=cortex-m55", "-mfloat-abi=hard"]]
AARCH64 = [("aarch64-linux-gnu-g++", *DEVICE, f"-march={architecture}") for architecture in
           ("armv8-a", "armv8.2-a+dotprod+i8mm")]
if riscv.flags():
    OTHERS.append([riscv.COMPILER, *riscv.flags(), *DEVICE])


def folder(header):
    """`number` … `akida`, `host`, or the file's own name at the top."""
    return header.relative_to(TENON).parts[0]


def on_device(header):
    return folder(header) in ORDER or folder(header) in ("device.hpp", "version.hpp")


def include_faults(header):
    """What the #include lines of this header may not have."""
    here = folder(header)
    faults = []
    for quote, name in includes(header):
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


@functools.cache
def includes(header):
    """Names in the #include lines of this header, each with its quote."""
    return re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)', header.read_text(), re.MULTILINE)


@functools.cache
def closure(header):
    """All project headers that this one includes, directly or through others."""
    direct = [INCLUDE / name for _, name in includes(header) if name.startswith("tenon/")]
    return frozenset(direct).union(*(closure(h) for h in direct if h.is_file()))


@functools.cache
def weight(header):
    """Roughly what reading this header costs: the text, and the libraries, which are larger than all of it."""
    files = closure(header) | {header}
    libraries = {name for f in files if f.is_file() for _, name in includes(f) if not name.startswith("tenon/")}
    large = ("nlohmann", "xtensor", "CLI", "fmt", "filesystem", "regex")
    return sum(f.stat().st_size for f in files if f.is_file()) + sum(
        400_000 if name.startswith(large) else 20_000 for name in libraries)


def commands(header, host):
    """The compilers and flags that must accept this header."""
    path = header.relative_to(TENON).parts
    native = BASE + (host if folder(header) in ("host", "tenon.hpp") else [])
    if path[:2] == ("kernel", "x86"):
        native = native + ["-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512vnni", "-mavx2"]
    if path[:2] != ("kernel", "x86") or platform.machine() in ("x86_64", "AMD64"):
        # Host headers take seconds each: one compiler takes each, the other sees them all at once (`main`).
        if folder(header) not in ("host", "tenon.hpp") or not shutil.which(CLANG):
            yield ("g++", *native)
        yield (CLANG, *native)
    if path[:2] == ("kernel", "neon") or path in (("kernel", "blocks.hpp"), ("device.hpp",)):
        yield from AARCH64
    if on_device(header) and path[:2] not in (("kernel", "x86"), ("kernel", "neon")):
        yield (*ARM, "-mcpu=cortex-m4")
        # Guards of processors are in kernel/cortex_m; of the other headers they see what device.hpp includes.
        if path[:2] == ("kernel", "cortex_m") or path in (("kernel", "arch.hpp"), ("device.hpp",)):
            yield from map(tuple, OTHERS)


def compile_text(command, headers):
    """What the compiler says of a program that includes these headers in this order; empty if nothing."""
    text = "".join(f"#include <{h.relative_to(INCLUDE).as_posix()}>\n" for h in headers)
    run = subprocess.run([*command, "-"], input=text, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else run.stdout + run.stderr or "failed"


def chains(headers):
    """The fewest lists in which each header includes the one before it (a largest matching of such pairs)."""
    before, after = {}, {}

    def place(header, seen):
        for larger in headers:
            if header in closure(larger) and larger not in seen:
                seen.add(larger)
                if larger not in before or place(before[larger], seen):
                    before[larger], after[header] = header, larger
                    return True
        return False

    for header in headers:
        place(header, set())
    for header in headers:
        if header not in before:
            chain = [header]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            yield chain


def compile_chains(pool, command, headers, upon=lambda: []):
    """For each header a function that waits for what the compiler says of it. `upon` gives further flags."""
    alone = [*command, "-fsyntax-only", "-x", "c++"]

    def compile_chain(chain):
        said = compile_text([*alone, *upon()], chain)
        return said and (compile_text(alone, chain) if upon() else said)

    for chain in chains(headers):
        whole = pool.submit(compile_chain, chain)
        for header in chain:
            yield header, lambda whole=whole, header=header: whole.result() and compile_text(alone, [header])


def hubs(headers):
    """Those headers whose precompiled form spares most, and for each header the one that it takes."""
    chosen, upon = [], dict.fromkeys(headers)

    def spared(hub, header):
        return max(0, weight(hub) - (weight(upon[header]) if upon[header] else 0)) if hub in closure(header) else 0

    total = sum(weight(h) for h in headers)
    while len(chosen) < 12:
        gain, best = max((sum(spared(hub, h) for h in headers), hub) for hub in headers)
        if gain * 60 < total:
            break
        chosen.append(best)
        upon.update({h: best for h in headers if spared(best, h) > 0})
    # One upon another is more than clang 16 can do.
    return chosen, {h: hub if h not in chosen else None for h, hub in upon.items()}


def compile_upon_hubs(pool, command, headers, store):
    """The same with some headers precompiled."""
    chosen, upon = hubs(headers)
    output = {h: f"{store}/{number}.pch" for number, h in enumerate(chosen)}

    def precompile(hub):
        return compile_text([*command, "-x", "c++-header", "-fpch-instantiate-templates", "-o", output[hub]], [hub])

    begun = {hub: pool.submit(precompile, hub) for hub in chosen}
    yield from ((hub, result.result) for hub, result in begun.items())
    # What is precompiled is part of what each header of the chain includes.
    for hub in [*chosen, None]:
        flags = (lambda hub=hub: ["-include-pch", output[hub]] if begun[hub].result() == "" else []) if hub else (lambda: [])
        yield from compile_chains(pool, command, [h for h in headers if upon[h] is hub and h not in chosen], flags)


def main():
    parts = sys.argv[1:]
    headers = sorted(h for h in TENON.rglob("*.hpp") if not parts or any(p in h.as_posix() for p in parts))
    host = host_includes()
    faults = {h: include_faults(h) + shape_faults(h) for h in headers}
    groups = {}
    for header in headers:
        for command in commands(header, host):
            if shutil.which(command[0]):
                groups.setdefault(command, []).append(header)
    pending = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool, tempfile.TemporaryDirectory() as store:
        # First what takes longest, so that the others are done beside it.
        together = [h for h in headers if folder(h) in ("host", "tenon.hpp")]
        if together and shutil.which("g++") and shutil.which(CLANG):
            whole = pool.submit(compile_text, ["g++", *BASE, *host, "-fsyntax-only", "-x", "c++"], together)
            pending.append((("g++", "all host headers together"), together[0], whole.result))
        for number, (command, group) in enumerate(groups.items()):
            if command[0] == CLANG:
                os.mkdir(f"{store}/{number}")
                results = compile_upon_hubs(pool, command, group, f"{store}/{number}")
            else:
                results = compile_chains(pool, command, group)
            pending += [(command, *result) for result in results]
        for command, header, result in pending:
            output = result()
            if output:
                faults[header].append(f"{command[0]} {' '.join(f for f in command if f.startswith('-m'))}:\n{output}")
    for header in headers:
        for fault in faults[header]:
            print(f"{header.relative_to(INCLUDE)}: {fault}")
    failed = sum(bool(f) for f in faults.values())
    passed = len(headers) - failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0 if headers else 77


if __name__ == "__main__":
    sys.exit(main())
