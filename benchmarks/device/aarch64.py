# SPDX-License-Identifier: Apache-2.0
"""Exported models on an emulated AArch64 board: instructions of one inference with each set of kernels.

aarch64.py --tenon TENON [--opt O2] [--markdown FILE] [NAME=FOLDER ...]

FOLDER holds model.h5 and samples.npz of a float network; without any, those of MLPerf Tiny beside the project. The outputs on the
board are compared with those of `tenon run`. Exits with 77 without networks, a compiler or an emulator.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
MODELS = ROOT.parent / "shared" / "models"
COMPILER = "aarch64-linux-gnu-g++"
QEMU = "qemu-system-aarch64"
ARCHITECTURES = {"portable": "armv8-a", "neon": "armv8-a", "neon_dot": "armv8.2-a+dotprod", "neon_i8mm": "armv8.2-a+dotprod+i8mm"}
FLAGS = ["-std=c++20", "-static", "-nostdlib", "-fno-pic", "-no-pie", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics",
         "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-Wl,--build-id=none", "-Wl,--defsym=ROM_ORIGIN=0x40080000",
         "-Wl,--defsym=ROM_SIZE=0x1000000", "-Wl,--defsym=RAM_ORIGIN=0x42000000", "-Wl,--defsym=RAM_SIZE=0x2000000",
         "-T", str(ROOT / "tests" / "device" / "board.ld"), f"-I{ROOT / 'include'}"]
# A tick of the counter is 16 ns, and with this shift an instruction takes as long.
BOARD = ["-M", "virt", "-cpu", "max", "-m", "128", "-nodefaults", "-icount", "shift=4", "-display", "none", "-monitor", "none", "-serial", "none",
         "-semihosting-config", "enable=on,target=native"]


def measure(architecture, opt, folder):
    """Instructions, or what is wrong."""
    elf = folder / f"{architecture}.elf"
    command = [COMPILER, *FLAGS, f"-{opt}", f"-march={ARCHITECTURES[architecture]}", f"-DTENON_ARCH={architecture}", f"-I{folder}",
               FOLDER / "aarch64.cpp", FOLDER / "startup_aarch64.cpp", "-lgcc", "-o", elf]
    built = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if built.returncode != 0:
        return built.stderr[-2000:]
    ran = subprocess.run([QEMU, *BOARD, "-kernel", str(elf)], capture_output=True, text=True, timeout=600, check=False)
    if ran.returncode != 0:
        return f"status {ran.returncode}: {ran.stderr or 'outputs are wrong'}"
    return int((ran.stdout + ran.stderr).split()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenon", required=True)
    parser.add_argument("--opt", default="O2")
    parser.add_argument("--markdown")
    parser.add_argument("models", nargs="*", metavar="NAME=FOLDER")
    args = parser.parse_args()
    chosen = args.models or [f"{name}={MODELS / name}" for name in ("kws", "resnet8", "vww", "ad")
                             if (MODELS / name / "model.h5").exists()]
    lacks = [tool for tool in (COMPILER, QEMU) if not shutil.which(tool)] or ([] if chosen else ["networks"])
    if lacks:
        print(f"skipped: no {', '.join(lacks)}")
        return 77
    from models import SETTINGS, make_case
    lines = [f"| network | bits | {' | '.join(ARCHITECTURES)} |", "| --- | --- |" + " ---: |" * len(ARCHITECTURES)]
    print("\n".join(lines))
    wrong = 0
    for name, _, source in (m.partition("=") for m in chosen):
        for setting in ("8", "8_per_tensor"):
            with tempfile.TemporaryDirectory() as folder:
                make_case(args.tenon, pathlib.Path(source), SETTINGS[setting], pathlib.Path(folder))
                found = [measure(architecture, args.opt, pathlib.Path(folder)) for architecture in ARCHITECTURES]
            wrong += sum(isinstance(f, str) for f in found)
            lines.append(f"| {name} | {setting.replace('_', ' ')} | " + " | ".join(
                f"WRONG {f}" if isinstance(f, str) else f"{f:,}" for f in found) + " |")
            print(lines[-1], flush=True)
    if args.markdown:
        pathlib.Path(args.markdown).write_text("\n".join(lines) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
