# SPDX-License-Identifier: Apache-2.0
"""Inference by whole stages gives the outputs of inference layer by layer, and `tenon export` refuses what it cannot write.

The argument is the command. Without `--layers`, `tenon run` fuses layers into the blocks of exported models; with it, every layer
is computed by itself, as the stored results of the reference prove it. The models are those of examples/, at several bits.
"""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("no numpy")
    sys.exit(77)

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples"
TENON = pathlib.Path(sys.argv[1]).resolve()
LARGE = EXAMPLES.parents[1] / "shared" / "models" / "resnet8"
BITS = ([], ["-w", "4", "-a", "4"], ["-w", "4", "-a", "8", "--per_tensor_activations"], ["-i", "8", "-w", "3", "-a", "16"])


def call(*arguments):
    return subprocess.run([TENON, *map(str, arguments)], capture_output=True, text=True, check=False)


def compare(source, options, folder):
    """What differs between stages, stages shared by threads, and layers, or None."""
    with np.load(source / "test.npz") as test:
        inputs = test["inputs"][:16]
    if source.name == "digits_tenn":  # (steps, streams, ...): a row of an image at a time
        inputs = np.stack([inputs[:, t:t + 1] for t in range(inputs.shape[1])])
    np.savez(folder / "in.npz", x=inputs)
    steps = (["quantize", "-m", source / "model.h5", "-sa", source / "samples.npz", *options, "-s", folder / "q.h5"],
             ["run", "-m", folder / "q.h5", "-i", folder / "in.npz", "-o", folder / "stages.npz"],
             ["run", "-m", folder / "q.h5", "-i", folder / "in.npz", "-o", folder / "threads.npz", "--threads", "3"],
             ["run", "-m", folder / "q.h5", "-i", folder / "in.npz", "-o", folder / "layers.npz", "--layers"])
    for step in steps:
        done = call(*step)
        if done.returncode != 0:
            return f"{step[0]}: {done.stderr}"
    with np.load(folder / "layers.npz") as layers:
        expected = layers["output"]
    for way in ("stages", "threads"):
        with np.load(folder / f"{way}.npz") as found:
            if not np.array_equal(found["output"], expected):
                return f"{way}: {np.sum(found['output'] != expected)} of {expected.size} outputs differ"
    return None if np.any(expected) else "all outputs are 0"


def refusals(folder):
    """Faults of refusing: wrong number, wrong exit code, or a file left behind."""
    quantized = folder / "q.h5"
    call("quantize", "-m", EXAMPLES / "digits" / "model.h5", "-sa", EXAMPLES / "digits" / "samples.npz", "-s", quantized)
    target = folder / "net.hpp"
    for number, arguments in (("TN5065", ["-m", EXAMPLES / "digits" / "model.h5", "-o", target]),
                              ("TN5066", ["-m", quantized, "-o", target, "--arch", "cortex-m4"]),
                              ("TN5067", ["-m", quantized, "-o", target, "--namespace", "8bit-net"]),
                              ("TN5001", ["-m", folder / "absent.h5", "-o", target]),
                              ("TN5010", ["-m", quantized, "-o", folder / "absent" / "net.hpp"])):
        done = call("export", *arguments)
        if done.returncode != 2 or number not in done.stderr or target.exists():
            yield f"export {arguments}: status {done.returncode}, {done.stderr.strip()!r}, file {target.exists()}"


def main():
    failed = 0
    cases = [(EXAMPLES / "digits", options) for options in BITS]
    cases += [(EXAMPLES / name, options) for name in ("digits_vit", "digits_tenn") for options in BITS[:2]]
    if (LARGE / "model.h5").exists():  # with layers that threads share
        cases.append((LARGE, ["-id", "uint8"]))
    for source, options in cases:
        with tempfile.TemporaryDirectory() as folder:
            wrong = compare(source, options, pathlib.Path(folder))
        failed += wrong is not None
        print(f"{'FAIL' if wrong else 'ok  '} {source.name} {' '.join(options)}{': ' + wrong if wrong else ''}")
    with tempfile.TemporaryDirectory() as folder:
        for fault in refusals(pathlib.Path(folder)):
            failed += 1
            print(f"FAIL {fault}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
