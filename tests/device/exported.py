# SPDX-License-Identifier: Apache-2.0
"""Exported models compute what the interpreter computes: on emulated boards, on this machine and as AArch64 code.

    exported.py TENON

The models are those of the digits in examples/, the transformer and the streaming one too, and, where the trained networks
stand beside the project, those of MLPerf Tiny. Several are compiled into one program, as much as all boards have memory for. Exits with 77 without NumPy; boards and AArch64 are left out, and named, where a compiler or an emulator is missing.
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


def programs():
    """The models of each program: name, float model, samples, options of quantization."""
    def trained(*names):
        return [(name, MODELS / name / "model.h5", MODELS / name / "samples.npz", []) for name in names
                if (MODELS / name / "model.h5").exists()]

    digits, vit, tenn = (ROOT / "examples" / name for name in ("digits", "digits_vit", "digits_tenn"))
    yield [("digits_8", digits / "model.h5", digits / "samples.npz", []),
           ("digits_4", digits / "model.h5", digits / "samples.npz", ["-w", "4", "-a", "4"]),
           ("digits_pt", digits / "model.h5", digits / "samples.npz", ["--per_tensor_activations"]),
           ("digits_vit", vit / "model.h5", vit / "samples.npz", []),
           ("digits_tenn", tenn / "model.h5", tenn / "samples.npz", STREAM), *trained("kws", "ad")]
    yield trained("resnet8", "vww")


def numbers(values):
    return ",".join(str(int(v)) for v in values.reshape(-1))


def make_case(tenon, name, model, samples, options, folder):
    """Quantizes and exports as NAME.hpp; the case in C++: the model, inputs and the interpreter's outputs."""
    import numpy as np
    with np.load(samples) as stored:
        frames = stored[stored.files[0]]
        inputs = frames[:CLIPS * STEPS:CLIPS, None] if options is STREAM else frames[:INPUTS]
    quantized, header = folder / f"{name}.h5", folder / f"{name}.hpp"
    np.savez(folder / "in.npz", x=inputs)
    for command in (["quantize", "-m", model, "-sa", samples, "-id", str(inputs.dtype), *options, "-s", quantized],
                    ["run", "-m", quantized, "-i", folder / "in.npz", "-o", folder / "out.npz", "--layers"],
                    ["export", "-m", quantized, "-o", header, "--namespace", name]):
        subprocess.run([tenon, *command], check=True, capture_output=True)
    text = header.read_text()
    source = text.split("using Source = stages::")[1].split(";")[0]
    with np.load(folder / "out.npz") as results:
        outputs = results[source + "/values"]
    kind = "std::uint8_t" if inputs.dtype == np.uint8 else "std::int8_t"
    return (f"struct {name}_case {{\n"
            f"  using Model = {name}::Model;\n"
            f"  static constexpr {kind} inputs[] = {{{numbers(inputs)}}};\n"
            f"  static constexpr std::int32_t outputs[] = {{{numbers(outputs)}}};\n"
            "};\n")


def write_cases(cases, folder):
    """cases.hpp, with a dictionary from names to cases."""
    (folder / "cases.hpp").write_text("".join(f'#include "{name}.hpp"\n' for name in cases) + "".join(cases.values()) +
                                      f"using Cases = std::tuple<{', '.join(name + '_case' for name in cases)}>;\n")


def on_board(board, folder):
    elf = folder / f"{board}.elf"
    built = run.build(board, "-O2", elf, run.FOLDER / "exported.cpp", [f"-I{folder}"])
    if built.returncode != 0:
        return built.stderr
    return run.links_banned(elf) or run.status(board, elf)


def on_host(compiler, flags, runner, folder):
    program = folder / "program"
    command = [compiler, *HOST_FLAGS, *flags, f"-I{folder}", str(run.FOLDER / "exported.cpp"), "-o", str(program)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        return built.stderr
    return subprocess.run([*runner, str(program)], check=False).returncode


def targets():
    """What can be built and run here: a name and a function from a folder to an exit status or a complaint, or None where a tool
    is missing."""
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


def complaints(names, result):
    """What is wrong with each model, or None."""
    if isinstance(result, str) or not 0 <= result < 1 << len(names):
        return dict.fromkeys(names, result if isinstance(result, str) else f"status {result}")
    return {name: "outputs are wrong" if result >> place & 1 else None for place, name in enumerate(names)}


def main():
    if importlib.util.find_spec("numpy") is None:
        print("skipped: Python lacks numpy")
        return 77
    tenon = sys.argv[1]
    passed = failed = skipped = 0
    for models in programs():
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            made = {model[0]: make_case(tenon, *model, folder) for model in models}
            for target, check in targets():
                cases = {name: case for name, case in made.items() if target not in ALIKE or name in ("digits_8", "kws")}
                if not cases:
                    continue
                if not check:
                    skipped += len(cases)
                    print(f"skip {', '.join(cases)} on {target}: no compiler or emulator")
                    continue
                write_cases(cases, folder)
                for name, wrong in complaints(list(cases), check(folder)).items():
                    failed += wrong is not None
                    passed += wrong is None
                    print(f"{'FAIL' if wrong else 'ok  '} {name} on {target}{': ' + wrong[-1500:] if wrong else ''}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
