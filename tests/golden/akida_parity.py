#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tenon run --as` gives the integers of the Akida emulator, and without it those of the quantized model.

    akida_parity.py TENON WITH_RANGES

Compares what enters the last Dequantizer with stored integers of both, for the models of ../shared/golden/akida/parity. They were
calibrated on a pass of random initial weights too, so their samples do not say their ranges: akida_ranges.json has these, and
WITH_RANGES (with_ranges.cpp) quantizes with them. Exits with 77, which Meson counts as skipped, without the models or NumPy.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parents[2] / "shared/golden/akida/parity"


def integers(tenon, model, folder, last, options, work):
    """What enters the Dequantizer: the integers of layer `last`."""
    import numpy as np
    inputs = np.load(folder / "io.npz")["inputs"]
    described = json.loads((folder / "model.json").read_text())
    if described["temporal"]:
        inputs = inputs[:, None]  # (steps, streams, ...): one stream
    np.savez(work / "inputs.npz", inputs)
    subprocess.run([tenon, "run", "-m", model, "-i", work / "inputs.npz", "-o", work / "outputs.npz", "--layers", *options],
                   check=True, stderr=subprocess.DEVNULL)
    return np.load(work / "outputs.npz")[f"{last}/values"]


def main():
    tenon, with_ranges = sys.argv[1:]
    try:
        import numpy as np
    except ImportError:
        np = None
    folders = sorted(p.parent for p in MODELS.glob("*/io.npz"))
    if not folders or np is None:
        print("skipped: there are no stored results of the emulator, or no NumPy")
        return 77
    failed = 0
    for folder in folders:
        described = json.loads((folder / "model.json").read_text())
        stored = np.load(folder / "io.npz")
        last = described["layers"][-1]["inbound"][0]
        with tempfile.TemporaryDirectory() as name:
            work = pathlib.Path(name)
            model = work / "quantized.h5"
            subprocess.run([with_ranges, folder / "model.json", HERE / "akida_ranges.json", folder.name, folder / "float.h5", model],
                           check=True)
            for key, options in ("keras_out", []), ("akida_out", ["--as", "akida_" + described["version"]]):
                wrong = int(np.sum(integers(tenon, model, folder, last, options, work).reshape(-1) != stored[key].reshape(-1)))
                failed += wrong > 0
                if wrong:
                    print(f"{folder.name}: {wrong} of {stored[key].size} integers differ from {key}")
    print(f"{2 * len(folders) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
