#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Quantized files go both ways: what Tenon quantized runs in QuantizeML with equal integers, and the other way round.

    same_integers.py --tenon build/tools/tenon [MODEL.h5:SAMPLES.npz[:DTYPE] ...]

Needs `pip install quantizeml==0.17.1`; exits with 77 without it. The default is the digits network of the examples.
For each model, at 8 and at 4 bits:
  1. `tenon quantize` writes a file; `quantizeml.models.load_model` loads it and predicts 32 inputs; `tenon run` computes
     the same; the outputs must be equal to 1e-6 and, divided by the scales of the last layer, equal as integers.
  2. `quantizeml.models.quantize` quantizes the float model with the same samples and saves it; `tenon run` runs that file;
     the outputs must be equal in the same way.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
try:
    import numpy as np
    from quantizeml.model_io import load_model
    from quantizeml.models import QuantizationParams, quantize
except ImportError as missing:
    print(f"{missing}: skipped")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples" / "digits"


def tenon_run(tenon, model, inputs, work):
    np.savez(work / "i.npz", x=inputs)
    subprocess.run([tenon, "run", "-m", model, "-i", work / "i.npz", "-o", work / "o.npz", "--layers"], check=True)
    with np.load(work / "o.npz") as file:
        return {key: file[key] for key in file.files}


def same(wanted, results):
    """Equal integers: the last quantized layer's values, recomputed from the reference's floats."""
    output = results["output"]
    layers = [key[:-len("/values")] for key in results if key.endswith("/values")]
    last = layers[-1]
    scale = results.get(last + "/scales", np.float32(1)) * np.exp2(-results[last + "/frac_bits"].astype(np.float64))
    integers = results[last + "/values"]
    if integers.shape == wanted.shape and not any(key.endswith("/float") and "dequantizer" not in key for key in results):
        if not np.array_equal(np.rint(wanted / scale), integers):
            return False
    return np.allclose(wanted, output, rtol=1e-6, atol=1e-7)


def check(tenon, path, samples_path, dtype, bits, work):
    with np.load(samples_path) as file:
        samples = np.concatenate([file[name] for name in file.files])
    inputs = samples[:32].astype(dtype)
    batch = min(100, len(samples))
    ours, theirs = work / "ours.h5", work / "theirs.h5"
    subprocess.run([tenon, "quantize", "-m", path, "-sa", samples_path, "-bs", str(batch), "-w", str(bits), "-a", str(bits),
                    "-id", dtype, "-s", ours], check=True, stdout=subprocess.DEVNULL)
    there = same(load_model(str(ours)).predict(inputs, verbose=0), tenon_run(tenon, ours, inputs, work))
    params = QuantizationParams(weight_bits=bits, activation_bits=bits, input_dtype=dtype)
    model = quantize(load_model(str(path)), qparams=params, samples=samples.astype(np.float32), num_samples=len(samples),
                     batch_size=batch)
    model.save(theirs, include_optimizer=False)
    back = same(model.predict(inputs, verbose=0), tenon_run(tenon, theirs, inputs, work))
    return there, back


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tenon", required=True, type=pathlib.Path)
    parser.add_argument("models", nargs="*", default=[f"{DIGITS / 'model.h5'}:{DIGITS / 'samples.npz'}"])
    args = parser.parse_args()
    passed = failed = 0
    for item in args.models:
        path, samples, *dtype = item.split(":")
        for bits in (8, 4):
            with tempfile.TemporaryDirectory() as work:
                there, back = check(args.tenon.resolve(), pathlib.Path(path), pathlib.Path(samples),
                                    dtype[0] if dtype else "uint8", bits, pathlib.Path(work))
            name = pathlib.Path(path).parent.name
            print(f"{name} {bits} bits: Tenon's file in QuantizeML {'equal' if there else 'DIFFERS'}, "
                  f"QuantizeML's file in Tenon {'equal' if back else 'DIFFERS'}")
            passed += there + back
            failed += 2 - there - back
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
