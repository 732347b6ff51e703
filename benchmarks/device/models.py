# SPDX-License-Identifier: Apache-2.0
"""Exported models on emulated Cortex-M boards: instructions of one inference, flash, RAM and stack, beside CMSIS-NN.

models.py --tenon TENON --fw FW [--board m4 ...] [--setting 8 4 8_per_tensor ...] [--opt O3] [--markdown FILE] NAME=FOLDER ...

FOLDER holds model.h5 and samples.npz of a float network. FW is a script that builds a bare-metal program, runs it under QEMU and
prints a JSON object with its sizes and what the program reports (instructions, stack). The outputs on the board are compared with
those of `tenon run`.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from layers import CMSIS_NN

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETTINGS = {"8": [], "8_per_tensor": ["--per_tensor_activations"], "4": ["-w", "4"], "4_4": ["-w", "4", "-a", "4"]}
PROGRAM = """\
#include "model.hpp"
#include "case.hpp"
#include "fw.hpp"
using Model = exported::Model;
static Model net;
int main() {
  const std::span<const Model::Input, Model::input_size> input(cases::input);
  auto outputs = net(input);
  net.reset();
  const auto cost = fw::measure([&] {
    outputs = net(input);
    asm volatile("" : : "r"(outputs.data()) : "memory");
  });
  int wrong = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) wrong += outputs[i] == cases::output[i] ? 0 : 1;
  fw::Json json;
  json.add("insns", cost.insns).add("stack", cost.stack).add("wrong", wrong).add("arena", Model::arena_bytes)
      .add("weights", Model::weight_bytes).add("state", Model::state_bytes);
}
"""


def numbers(values):
    return ",".join(str(int(v)) for v in values.reshape(-1))


def make_case(tenon, source, options, folder):
    """The quantized model as a header, one input and what the interpreter makes of it."""
    with np.load(source / "samples.npz") as stored:
        samples = stored[stored.files[0]]
    quantized = folder / "q.h5"
    call = lambda *a: subprocess.run([tenon, *map(str, a)], check=True, capture_output=True)
    call("quantize", "-m", source / "model.h5", "-sa", source / "samples.npz", "-id", samples.dtype, *options, "-s", quantized)
    call("export", "-m", quantized, "-o", folder / "model.hpp", "--namespace", "exported")
    text = (folder / "model.hpp").read_text()
    size = int(text.split("input_size == ")[1].split()[0])
    one = samples.reshape(-1)[:size]
    frame = samples[:1] if samples[0].size == size else samples[:1, :1]
    np.savez(folder / "in.npz", x=frame)
    call("run", "-m", quantized, "-i", folder / "in.npz", "-o", folder / "out.npz", "--layers")
    with np.load(folder / "out.npz") as results:
        output = results[text.split("using Source = stages::")[1].split(";")[0] + "/values"]
    kind = f"std::{one.dtype}_t"
    (folder / "case.hpp").write_text(f"namespace cases {{\nconst {kind} input[] = {{{numbers(one)}}};\n"
                                     f"const std::int32_t output[] = {{{numbers(output)}}};\n}}\n")
    (folder / "program.cpp").write_text(PROGRAM)


def measure(fw, board, opt, folder):
    """Sizes are those of the program less an empty one; the code leaves out constants, input and expected output."""
    command = [fw, "run", "--json", "--board", board, "--opt", opt, "--timeout", "600", folder / "program.cpp", "--",
               f"-I{ROOT / 'include'}", f"-I{folder}", "-DNDEBUG"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout:
        raise SystemExit(f"{board}: {done.stderr[-2000:]}")
    report = json.loads(done.stdout)
    return {**report["lines"][-1], "code": report["net"]["text"], "ram": report["net"]["bss"] + report["net"]["data"],
            "banned": report["banned"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenon", required=True)
    parser.add_argument("--fw", required=True)
    parser.add_argument("--board", nargs="*", default=["m3", "m4", "m55"])
    parser.add_argument("--setting", nargs="*", default=["8"], choices=SETTINGS)
    parser.add_argument("--opt", default="O3")
    parser.add_argument("--markdown")
    parser.add_argument("models", nargs="+", metavar="NAME=FOLDER")
    args = parser.parse_args()
    lines = ["| model | bits | board | instructions | of CMSIS-NN | code | weights | arena | state | stack |",
             "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    print("\n".join(lines))
    wrong = 0
    for name, _, source in (m.partition("=") for m in args.models):
        for setting in args.setting:
            with tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                make_case(args.tenon, pathlib.Path(source), SETTINGS[setting], folder)
                for board in args.board:
                    m = measure(args.fw, board, args.opt, folder)
                    wrong += m["wrong"] + len(m["banned"])
                    peer = CMSIS_NN.get(board, {}).get(name)
                    ratio = f"{m['insns'] / peer:.2f}" if peer else ""
                    lines.append(f"| {name} | {setting.replace('_', ' ')} | {board} -{args.opt} | {m['insns']:,} | {ratio} | "
                                 f"{m['code']:,} | {m['weights']:,} | {m['arena']:,} | {m['state']:,} | {m['stack']} |"
                                 + (" WRONG" if m["wrong"] else ""))
                    print(lines[-1], flush=True)
    if args.markdown:
        pathlib.Path(args.markdown).write_text("\n".join(lines) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
