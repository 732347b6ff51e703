# SPDX-License-Identifier: Apache-2.0
"""Writes tests/host/cli/quantization_error.json: the errors that QuantizeML 0.17.1 measures on the digits network.

    quantization_error.py TENON

The files come from the command, the samples are the first 16 of the test set. Needs the packages quantizeml and tensorflow.
"""
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from quantizeml import analysis
from quantizeml.analysis.quantization_error import keras_quantization_error
from quantizeml.analysis.tools import print_metric_table
from quantizeml.model_io import load_model

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples" / "digits"
OPTIONS = {"per_tensor": ["--per_tensor_activations"], "per_axis": ["-w", "4", "-a", "4"]}
MEASURES = {
    "single": analysis.measure_layer_quantization_error,
    "cumulative": analysis.measure_cumulative_quantization_error,
}

samples = np.load(DIGITS / "test.npz")["inputs"][:16]
keras_quantization_error.generate_keras_random_samples = lambda *_, **__: samples


def table(summary, name):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        print_metric_table(summary, name)
    return text.getvalue()


results = {}
with tempfile.TemporaryDirectory() as folder:
    for kind, options in OPTIONS.items():
        file = pathlib.Path(folder) / f"{kind}.h5"
        subprocess.run([sys.argv[1], "quantize", "-m", DIGITS / "model.h5", "-sa", DIGITS / "samples.npz", "-s", file, *options],
                       check=True)
        floats, quantized = load_model(str(DIGITS / "model.h5")), load_model(str(file))
        for mode, measure in MEASURES.items():
            for target in (None, "block2"):
                key = " ".join([kind, mode] + (["-tl", target] if target else []))
                results[key] = table(measure(floats, quantized, target_layer=target, batch_size=16), quantized.name)
        # QuantizeML cannot measure all weights of a model with a bounded ReLU.
        for target in ("stem", "logits"):
            summary = analysis.measure_weight_quantization_error(load_model(str(file)), target_layer=target)
            results[f"{kind} weight -tl {target}"] = table(summary, quantized.name)
target = ROOT / "tests" / "host" / "cli" / "quantization_error.json"
target.write_text(json.dumps(results, indent=1) + "\n")
