# SPDX-License-Identifier: Apache-2.0
"""Exported models compute what the interpreter computes: on emulated boards, on this machine and as AArch64 code.

    exported.py TENON

The models are those of the digits in examples/, the transformer and the streaming one too, and, where the trained networks
stand beside the project, those of MLPerf Tiny. Exits with 77 without NumPy; boards and AArch64 are left out, and named, where a compiler or an emulator is missing.
"""
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import tempfile

import run

ROOT = run.FOLDER.parents[1]
MODELS = ROOT.parent / "shared" / "models"
HOST_FLAGS = ["-std=c++20", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror",
              f"-I{run.INCLUDE}"]
BOARDS = ("m3", "m4", "m7", "m55")
AARCH64 = {"aarch64": "armv8-a", "aarch64, dot": "armv8.2-a+dotprod", "aarch64, i8mm": "armv8.2-a+dotprod+i8mm"}
ALIKE = ("m7", "aarch64, dot")  # nearly the kernels of another target, hence only for some of the models
INPUTS = 2  # an emulated board takes a while for each
CLIPS, STEPS = 16, 6  # the frames of so many clips stand side by side in the samples of streams; of the first one, so many


STREAM = ["-bs", str(CLIPS)]


def models():
    """Name, float model, samples, input type, options of quantization."""
    digits = ROOT / "examples" / "digits"
    yield "digits_8", digits / "model.h5", digits / "samples.npz", []
    yield "digits_4", digits / "model.h5", digits / "samples.npz", ["-w", "4", "-a", "4"]
    yield "digits_pt", digits / "model.h5", digits / "samples.npz", ["--per_tensor_activations"]
    yield "digits_vit", ROOT / "examples/digits_vit/model.h5", ROOT / "examples/digits_vit/samples.npz", []
    yield "digits_tenn", ROOT / "examples/digits_tenn/model.h5", ROOT / "examples/digits_tenn/samples.npz", STREAM
    for name in ("kws", "resnet8", "vww", "ad"):
        if (MODELS / name / "model.h5").exists():
            yield name, MODELS / name / "model.h5", MODELS / name / "samples.npz", []


def numbers(values):
    return ",".join(str(int(v)) for v in values.reshape(-1))


def make_case(tenon, model, samples, options, folder):
    """Quantizes and exports; writes inputs and the interpreter's outputs as case.hpp."""
    import numpy as np
    with np.load(samples) as stored:
        frames = stored[stored.files[0]]
        inputs = frames[:CLIPS * STEPS:CLIPS, None] if options is STREAM else frames[:INPUTS]
    quantized, header = folder / "q.h5", folder / "model.hpp"
    np.savez(folder / "in.npz", x=inputs)
    for command in (["quantize", "-m", model, "-sa", samples, "-id", str(inputs.dtype), *options, "-s", quantized],
                    ["run", "-m", quantized, "-i", folder / "in.npz", "-o", folder / "out.npz", "--layers"],
                    ["export", "-m", quantized, "-o", header, "--namespace", "exported"]):
        subprocess.run([tenon, *command], check=True, capture_output=True)
    text = header.read_text()
    source = text.split("using Source = stages::")[1].split(";")[0]
    with np.load(folder / "out.npz") as results:
        outputs = results[source + "/values"]
    kind = "std::uint8_t" if inputs.dtype == np.uint8 else "std::int8_t"
    (folder / "case.hpp").write_text(
        "namespace cases {\n"
        f"inline constexpr {kind} inputs[] = {{{numbers(inputs)}}};\n"
        f"inline constexpr std::int32_t outputs[] = {{{numbers(outputs)}}};\n"
        "}\n")


def defines(folder):
    return [f'-DMODEL_HEADER="{folder / "model.hpp"}"', "-DMODEL_NAMESPACE=exported", f"-I{folder}"]


def on_board(board, folder):
    elf = folder / f"{board}.elf"
    built = run.build(board, "-O2", elf, run.FOLDER / "exported.cpp", defines(folder))
    if built.returncode != 0:
        return built.stderr
    return run.links_banned(elf) or run.emulate(board, elf)


def on_host(compiler, flags, runner, folder):
    program = folder / "program"
    command = [compiler, *HOST_FLAGS, *flags, *defines(folder), str(run.FOLDER / "exported.cpp"), "-o", str(program)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        return built.stderr
    status = subprocess.run([*runner, str(program)], check=False).returncode
    return f"status {status}: outputs are wrong" if status else None


def targets():
    """What can be built and run here: a name and a function from a folder to a complaint, or None where a tool is missing."""
    yield "host", lambda folder: on_host("g++", ["-march=native"], [], folder)
    yield "host, portable", lambda folder: on_host("g++", [], [], folder)
    aarch64 = shutil.which("aarch64-linux-gnu-g++") and shutil.which("qemu-aarch64")
    for target, architecture in AARCH64.items():
        flags = ["-static", f"-march={architecture}"]
        yield target, aarch64 and (lambda folder, flags=flags: on_host("aarch64-linux-gnu-g++", flags, ["qemu-aarch64", "-cpu", "max"],
                                                                       folder))
    boards = shutil.which(run.COMPILER) and shutil.which(run.QEMU)
    for board in BOARDS:
        yield board, boards and (lambda folder, board=board: on_board(board, folder))


def main():
    if importlib.util.find_spec("numpy") is None:
        print("skipped: Python lacks numpy")
        return 77
    tenon = sys.argv[1]
    passed = failed = skipped = 0
    for name, model, samples, options in models():
        with tempfile.TemporaryDirectory() as folder:
            make_case(tenon, model, samples, options, pathlib.Path(folder))
            for target, check in targets():
                if target in ALIKE and name not in ("digits_8", "kws"):
                    continue
                if not check:
                    skipped += 1
                    print(f"skip {name} on {target}: no compiler or emulator")
                    continue
                wrong = check(pathlib.Path(folder))
                failed += wrong is not None
                passed += wrong is None
                print(f"{'FAIL' if wrong else 'ok  '} {name} on {target}{': ' + wrong[-1500:] if wrong else ''}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
