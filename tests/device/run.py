# SPDX-License-Identifier: Apache-2.0
"""Firmware with a model that the compiler quantized: it links without heap, exceptions or floating point, and
computes the integers of the reference on emulated boards. So do the kernels of fused blocks.

Exits with 77 without arm-none-eabi-g++; without qemu-system-arm nothing is run.
"""
import itertools
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
INCLUDE = FOLDER.parents[1] / "include"
COMPILER = "arm-none-eabi-g++"
QEMU = "qemu-system-arm"
# name: processor, emulated machine, ROM and RAM (origin, size)
MPS2 = (0x0, 0x400000, 0x20000000, 0x400000)
BOARDS = {
    "m0": (["-mcpu=cortex-m0"], "microbit", (0x0, 0x40000, 0x20000000, 0x4000)),
    "m3": (["-mcpu=cortex-m3"], "mps2-an385", MPS2),
    "m4": (["-mcpu=cortex-m4"], "mps2-an386", MPS2),
    "m7": (["-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard"], "mps2-an500", MPS2),
    "m55": (["-mcpu=cortex-m55", "-mfloat-abi=hard"], "mps3-an547", (0x0, 0x80000, 0x20000000, 0x80000)),
}
# program: boards and levels
PROGRAMS = {
    "firmware": (list(BOARDS), ["-Os", "-O3"]),
    "blocks": (["m3", "m4", "m7", "m55"], ["-Os"]),
}
FLAGS = ["-std=c++20", "-mthumb", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-unwind-tables",
         "-ffunction-sections", "-fdata-sections", "-nostartfiles", "-specs=nosys.specs", "-Wl,--gc-sections",
         "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror",
         f"-I{INCLUDE}", f"-I{FOLDER.parent}"]
BANNED = re.compile(r"\b(malloc|_malloc_r|calloc|_sbrk|_Zn[wa]j|__cxa_throw|__cxa_begin_catch|_Unwind_\w+|__dynamic_cast"
                    r"|abort|printf|__aeabi_[fd]\w+|__aeabi_u?[il]2[fd]|__(add|sub|mul|div|float\w*|fix\w*)[sd]f\w*)\b")


def build(source, board, level, elf, extra=()):
    processor, _, (rom, rom_size, ram, ram_size) = BOARDS[board]
    memory = [f"-Wl,--defsym={name}={value:#x}" for name, value in
              zip(("ROM_ORIGIN", "ROM_SIZE", "RAM_ORIGIN", "RAM_SIZE"), (rom, rom_size, ram, ram_size))]
    command = [COMPILER, *processor, level, *FLAGS, *extra, *memory, "-T", str(FOLDER / "board.ld"),
               str(source), str(FOLDER / "startup.cpp"), "-o", str(elf)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def links_banned(elf):
    """What firmware must not pull in, if it is there."""
    symbols = subprocess.run(["arm-none-eabi-nm", str(elf)], capture_output=True, text=True, check=True).stdout
    banned = sorted(set(m.group(0) for m in BANNED.finditer(symbols)))
    return "links " + ", ".join(banned) if banned else None


def emulate(board, elf):
    """What is wrong with the outputs, or None."""
    command = [QEMU, "-M", BOARDS[board][1], "-display", "none", "-monitor", "none", "-serial", "none", "-kernel", str(elf),
               "-semihosting-config", "enable=on,target=native"]
    try:
        status = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).returncode
    except subprocess.TimeoutExpired:
        return "does not end"
    return f"{status} outputs are wrong" if status else None


def complaint(program, board, level, folder):
    """Why this board's firmware is not as it should be, or None; and whether it ran."""
    elf = folder / f"{program}-{board}{level}.elf"
    built = build(FOLDER / f"{program}.cpp", board, level, elf)
    if built.returncode != 0:
        return built.stderr, False
    banned = links_banned(elf)
    if banned or not shutil.which(QEMU):
        return banned, False
    return emulate(board, elf), True


def main():
    if not shutil.which(COMPILER):
        print(f"{COMPILER} is not on this machine")
        return 77
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as folder:
        for program, (boards, levels) in PROGRAMS.items():
            for board, level in itertools.product(boards, levels):
                wrong, ran = complaint(program, board, level, pathlib.Path(folder))
                failed += wrong is not None
                passed += wrong is None
                skipped += not ran
                print(f"{program} {board} {level}: {wrong or ('ran' if ran else 'links')}")
    print(f"{passed} passed, {failed} failed, {skipped if not shutil.which(QEMU) else 0} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
