# SPDX-License-Identifier: Apache-2.0
"""Firmware with a model that the compiler quantized, and with one that was exported: it links without heap, exceptions or
floating point, and computes the integers of the reference on emulated boards of Arm and RISC-V.

Exits with 77 without a compiler for any of them; without an emulator nothing is run.
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "support"))
import riscv  # noqa: E402

INCLUDE = FOLDER.parents[1] / "include"
COMPILER = "arm-none-eabi-g++"
QEMU = "qemu-system-arm"
# name: processor, emulated machine, ROM and RAM (origin, size)
MPS2 = (0x0, 0x400000, 0x20000000, 0x400000)
BOARDS = {
    "m0": (["-mcpu=cortex-m0"], "microbit", (0x0, 0x40000, 0x20000000, 0x4000)),
    "m3": (["-mcpu=cortex-m3"], "mps2-an385", MPS2),
    "m4": (["-mcpu=cortex-m4"], "mps2-an386", MPS2),
    "m33": (["-mcpu=cortex-m33", "-mfloat-abi=hard"], "mps2-an505", (0x10000000, 0x400000, 0x38000000, 0x200000)),
    "m7": (["-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard"], "mps2-an500", MPS2),
    "m55": (["-mcpu=cortex-m55", "-mfloat-abi=hard"], "mps3-an547", (0x0, 0x80000, 0x20000000, 0x80000)),
    "riscv32": (None, "virt", (0x80000000, 0x100000, 0x80100000, 0x100000)),
}
ARM = ["-mthumb", "-specs=nosys.specs"]
RISCV = ["-msmall-data-limit=0", "-nodefaultlibs"]
FLAGS = ["-std=c++20", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-unwind-tables",
         "-ffunction-sections", "-fdata-sections", "-nostartfiles", "-Wl,--gc-sections",
         "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror",
         f"-I{INCLUDE}", f"-I{FOLDER.parent}"]
BANNED = re.compile(r"\b(malloc|_malloc_r|calloc|_sbrk|_Zn[wa]j|__cxa_throw|__cxa_begin_catch|_Unwind_\w+|__dynamic_cast"
                    r"|abort|printf|__aeabi_[fd]\w+|__aeabi_u?[il]2[fd]|__(add|sub|mul|div|float\w*|fix\w*)[sd]f\w*)\b")


def has_compiler(board):
    return riscv.flags() is not None if board == "riscv32" else shutil.which(COMPILER) is not None


def emulator(board):
    return "qemu-system-riscv32" if board == "riscv32" else QEMU


def build(board, level, elf, source=FOLDER / "firmware.cpp", extra=()):
    processor, _, (rom, rom_size, ram, ram_size) = BOARDS[board]
    memory = [f"-Wl,--defsym={name}={value:#x}" for name, value in
              zip(("ROM_ORIGIN", "ROM_SIZE", "RAM_ORIGIN", "RAM_SIZE"), (rom, rom_size, ram, ram_size))]
    if board == "riscv32":
        compiler, startup, libraries = [riscv.COMPILER, *riscv.flags(), *RISCV], "startup_riscv.cpp", ["-lc", "-lgcc"]
    else:
        compiler, startup, libraries = [COMPILER, *processor, *ARM], "startup.cpp", []
    command = [*compiler, level, *FLAGS, *extra, *memory, "-T", str(FOLDER / "board.ld"),
               str(source), str(FOLDER / startup), *libraries, "-o", str(elf)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def links_banned(elf):
    """What firmware must not pull in, if it is there."""
    nm = "riscv64-unknown-elf-nm" if elf.stem.startswith("riscv32") else "arm-none-eabi-nm"
    symbols = subprocess.run([nm, str(elf)], capture_output=True, text=True, check=True).stdout
    banned = sorted(set(m.group(0) for m in BANNED.finditer(symbols)))
    return "links " + ", ".join(banned) if banned else None


def status(board, elf):
    """The exit status of the application, or a complaint."""
    bios = ["-bios", "none"] if board == "riscv32" else []
    command = [emulator(board), "-M", BOARDS[board][1], *bios, "-display", "none", "-monitor", "none", "-serial", "none", "-kernel", str(elf),
               "-semihosting-config", "enable=on,target=native"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).returncode
    except subprocess.TimeoutExpired:
        return "does not end"


def emulate(board, elf):
    """What is wrong with the outputs, or None."""
    result = status(board, elf)
    return result if isinstance(result, str) else f"{result} outputs are wrong" if result else None


def complaint(board, level, source, folder):
    """Why this board's firmware is not as it should be, or None; and whether it ran."""
    elf = folder / f"{board}{level}{source.stem}.elf"
    built = build(board, level, elf, source)
    if built.returncode != 0:
        return built.stderr, False
    banned = links_banned(elf)
    if banned or not shutil.which(emulator(board)):
        return banned, False
    return emulate(board, elf), True


def cases():
    """Board, level of optimization, program."""
    for board in BOARDS:
        yield board, "-Os", FOLDER / "firmware.cpp"
        if board in ("m4", "m55"):
            yield board, "-O3", FOLDER / "firmware.cpp"
        yield board, "-Os", FOLDER / "digits.cpp"
    for board in ("m3", "m4", "m7", "m55"):  # fused blocks by the kernels of these processors, and by the reference
        yield board, "-Os", FOLDER / "blocks.cpp"


def main():
    """`run.py [board...]` takes only these."""
    chosen = sys.argv[1:] or BOARDS
    if not any(has_compiler(board) for board in chosen):
        print("there is no compiler for a board on this machine")
        return 77
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        begun = [(case, has_compiler(case[0]) and pool.submit(complaint, *case, pathlib.Path(folder)))
                 for case in cases() if case[0] in chosen]
        for (board, level, source), result in begun:
            if not result:
                skipped += 1
                print(f"{board} {level} {source.stem}: skipped, no compiler")
                continue
            wrong, ran = result.result()
            failed += wrong is not None
            passed += wrong is None
            skipped += wrong is None and not ran
            print(f"{board} {level} {source.stem}: {wrong or ('ran' if ran else 'links')}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
