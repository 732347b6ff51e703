#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small trained networks beyond the CNN: a vision transformer and a streaming temporal network, and one after QAT.

    digits.py TENON

Of the networks under ../shared/models, at 8 and at 4 bits, `tenon quantize` calibrates with the stored samples; then
`tenon run` must give the integers that the reference stored for the last layer, for all 360 test inputs, `tenon
config` its configuration, and the accuracy must be within half a point of the reference's. The temporal network sees
one row of a digit at a time; what counts is its output at the last row. The network that was trained on in its
quantized form comes as a file of the reference and is run as it is.

Exits with 77, which Meson counts as skipped, where the networks, or NumPy are missing.
"""
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

MODELS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "models"
BITS_OPTIONS = {"input_weight_bits": "-i", "weight_bits": "-w", "activation_bits": "-a"}
TOLERANCE = 0.005  # of the accuracy


def quantize(tenon, folder, setting, target):
    bits = json.loads((folder / f"qparams_{setting}.json").read_text())
    options = [text for key, value in bits.items() for text in (BITS_OPTIONS[key], str(value))]
    batch = json.loads((folder / "results.json").read_text())["quantize"]["batch_size"]
    subprocess.run([tenon, "quantize", "-m", folder / "model.h5", *options, "-sa", folder / "samples.npz",
                    "-bs", str(batch), "-s", target], check=True, capture_output=True)


def run(tenon, model, inputs, work):
    """Integers of the layer `head` and the float output."""
    import numpy as np
    np.savez(work / "i.npz", x=inputs)
    subprocess.run([tenon, "run", "-m", model, "-i", work / "i.npz", "-o", work / "o.npz", "--layers"], check=True)
    with np.load(work / "o.npz") as results:
        return results["head/values"], results["output"]


def check(tenon, name, setting, work):
    """One line that says how a setting compares, and whether it is equal."""
    import numpy as np
    folder = MODELS / name
    trained_on = setting.endswith("_qat")
    model = folder / f"model_{setting}.h5" if trained_on else work / "q.h5"
    if not trained_on:
        quantize(tenon, folder, setting, model)
    with np.load(folder / "test.npz") as test:
        inputs, labels = test["inputs"], test["labels"]
    if name == "digits_tenn":  # (row, digit, 1, columns, 1)
        inputs = np.stack([inputs[:, t:t + 1] for t in range(inputs.shape[1])])
    integers, output = run(tenon, model, inputs, work)
    if name == "digits_tenn":
        integers, output = integers[-1], output[-1]
    subprocess.run([tenon, "config", "-m", model, "-o", work / "config.json"], check=True, capture_output=True)
    same_config = json.loads((work / "config.json").read_text()) == json.loads(
        (folder / f"config_{setting}.json").read_text())
    with np.load(folder / f"predictions_{setting}.npz") as stored:
        wanted = stored["head/values"]
    equal = int(np.sum(integers.reshape(wanted.shape) == wanted))
    accuracy = float(np.mean(np.argmax(output.reshape(wanted.shape), axis=1) == labels))
    results = json.loads((folder / "results.json").read_text())["accuracy"]
    reference = results["qat_w4" if trained_on else f"ptq_{setting}"]
    good = equal == wanted.size and same_config and abs(accuracy - reference) <= TOLERANCE
    return f"{name} {setting}: {equal} of {wanted.size} integers equal, configuration " \
           f"{'equal' if same_config else 'DIFFERENT'}, accuracy {accuracy:.4f}, reference {reference:.4f}", good


def main():
    tenon = sys.argv[1]
    if not MODELS.exists():
        print("skipped: no stored networks beside the project")
        return 77
    if missing := [name for name in ("numpy",) if importlib.util.find_spec(name) is None]:
        print(f"skipped: Python lacks {', '.join(missing)}")
        return 77
    failed = False
    for name, setting in (("digits_vit", "w8"), ("digits_vit", "w4"), ("digits_vit", "w4_qat"),
                          ("digits_tenn", "w8"), ("digits_tenn", "w4")):
        with tempfile.TemporaryDirectory() as work:
            line, good = check(tenon, name, setting, pathlib.Path(work))
        failed = failed or not good
        print(f"{'ok  ' if good else 'FAIL'} {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
