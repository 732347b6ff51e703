# SPDX-License-Identifier: Apache-2.0
"""`check` against what NumPy makes of the same files: bounds from the weights, scales from the configuration, clamped
outputs from the integers in front of the quantizer. The argument is the command."""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
except ImportError:
    print("no numpy or no h5py")
    sys.exit(77)

TENON = pathlib.Path(sys.argv[1]).resolve()
DIGITS = pathlib.Path(__file__).resolve().parents[3] / "examples" / "digits"


def tenon(folder, *arguments, code=0):
    done = subprocess.run([TENON, *map(str, arguments)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stdout


def check(folder, model, *arguments, code=0):
    report = json.loads(tenon(folder, "check", "-m", model, "--json", *arguments, code=code))
    return {layer["layer"]: layer for layer in report["layers"]}, report["findings"]


def variables(path, layer):
    with h5py.File(path) as file:
        group = file["model_weights"][layer]
        return {n.split("/", 1)[1].split(":")[0]: group[n][()] for n in group.attrs["weight_names"]}


def float_layers():
    with h5py.File(DIGITS / "model.h5") as file:
        return {x["config"]["name"]: x["config"] for x in json.loads(file.attrs["model_config"])["config"]["layers"]}


def quantized_kernel(kernel, bits, axes):
    top = 2.0 ** (bits - 1) - 1
    scale = np.maximum(np.abs(kernel).max(axis=axes, keepdims=True) * np.float32(1 / np.float32(top)), 1e-6)
    return np.round(kernel / scale), scale


def bounds(folder):
    """Every input of the stem is an integer up to 256 in magnitude, so no sum is larger than 256 * sum |w|."""
    layers, findings = check(folder, "per_tensor.h5")
    assert findings == []
    stem = variables(folder / "per_tensor.h5", "stem")
    weights, _ = quantized_kernel(stem["kernel"], 8, (0, 1, 2))
    plain = 256 * np.abs(weights).sum(axis=(0, 1, 2))
    largest = np.array(layers["stem"]["largest_sums"])
    assert largest.shape == plain.shape and np.all(largest >= plain)
    # The bias, on the scale of the sums, is the rest; its own 8 bits make it inexact.
    scale = (np.abs(stem["kernel"]).max(axis=(0, 1, 2)) / 127) * float_layers()["rescaling"]["scale"]
    rest = np.abs(stem["bias"]) / scale
    assert np.all(np.abs(largest - plain - rest) <= 0.02 * rest + 1), (largest - plain, rest)
    assert layers["stem"]["buffer_value_bits"] == 27 and "samples" not in layers["stem"]


def scales(folder):
    """With 8 bits a scale is exact to 1 / 256 (a power of two to 1 / 255); with one bit, to a factor of two."""
    layers, _ = check(folder, "per_tensor.h5")
    for layer in layers.values():
        assert all(e <= 1 / 255 for e in layer["scale_errors"]), layer["layer"]
    config = json.loads((folder / "config.json").read_text())
    config["stem_relu"]["output_quantizer"]["scale_bits"] = 1
    (folder / "coarse.json").write_text(json.dumps(config))
    tenon(folder, "quantize", "-m", DIGITS / "model.h5", "-sa", DIGITS / "samples.npz", "-c", "coarse.json", "-s", "coarse.h5")
    layers, findings = check(folder, "coarse.h5", code=1)
    worst = max(layers["stem_relu"]["scale_errors"])
    assert 0.05 < worst <= 1
    assert [(f["layer"], f["kind"]) for f in findings] == [("stem_relu", "inaccurate_scales")]
    assert findings[0]["value"] == worst and findings[0]["limit"] == 0.05
    assert findings[0]["channels"][0] == int(np.argmax(layers["stem_relu"]["scale_errors"]))


def clamped(folder):
    """Calibrated with darker images, outputs of bright ones leave the range: their number from the integers of the layer
    in front, which has no quantizer."""
    images = np.load(DIGITS / "samples.npz")
    images = images[images.files[0]]
    np.savez(folder / "dark.npz", x=images // 8)
    np.savez(folder / "bright.npz", inputs=images)
    tenon(folder, "quantize", "-m", DIGITS / "model.h5", "-sa", "dark.npz", "--per_tensor_activations", "-s", "dark.h5")
    layers, findings = check(folder, "dark.h5", "-sa", "bright.npz", code=1)
    assert {f["kind"] for f in findings} == {"clamped"}
    tenon(folder, "run", "-m", "dark.h5", "-i", "bright.npz", "-o", "out.npz", "--layers")
    out = np.load(folder / "out.npz")
    rate = variables(folder / "dark.h5", "stem_relu")["output_quantizer/rescaling_rate"]
    sums = out["stem/values"] * out["stem/scales"] * 2.0 ** -out["stem/frac_bits"]
    relu = np.clip(sums, 0, None)
    if (top := float_layers()["stem_relu"].get("max_value")) is not None:
        relu = np.clip(relu, None, top)
    result = relu * rate * 2.0 ** out["stem_relu/frac_bits"]
    counted = np.array(layers["stem_relu"]["samples"]["clamped_outputs"])
    # Rounding of the scale moves what is within half a percent of the limit.
    axes = tuple(range(result.ndim - 1))
    assert np.all(counted >= (result > 127.5 * 1.005).sum(axis=axes))
    assert np.all(counted <= (result > 127.5 * 0.995).sum(axis=axes))
    assert counted.sum() > 0.01 * result.size
    assert layers["stem_relu"]["samples"]["elements"] == [result.size // result.shape[-1]] * result.shape[-1]
    assert np.array_equal(layers["stem"]["samples"]["largest_sum"], np.abs(out["stem/values"]).max(axis=axes))
    assert np.all(layers["stem"]["samples"]["largest_sum"] <= np.array(layers["stem"]["largest_sums"]))


def narrow_buffer(folder):
    """With a buffer of 14 value bits the bound of the stem is beyond it, and the integers of the run stand at the limit."""
    config = json.loads((folder / "config.json").read_text())
    config["stem"]["buffer_bitwidth"] = 15
    (folder / "narrow.json").write_text(json.dumps(config))
    tenon(folder, "quantize", "-m", DIGITS / "model.h5", "-sa", DIGITS / "samples.npz", "-c", "narrow.json", "-s", "narrow.h5")
    images = np.load(DIGITS / "samples.npz")
    np.savez(folder / "in.npz", inputs=images[images.files[0]])
    layers, findings = check(folder, "narrow.h5", "-sa", "in.npz", code=1)
    found = [f for f in findings if f["kind"] == "saturating_sums"]
    assert [f["layer"] for f in found] == ["stem"] and found[0]["limit"] == 2 ** 14
    tenon(folder, "run", "-m", "narrow.h5", "-i", "in.npz", "-o", "out.npz", "--layers")
    values = np.load(folder / "out.npz")["stem/values"]
    at_limit = ((values == 2 ** 14 - 1) | (values == -(2 ** 14))).sum(axis=(0, 1, 2))
    assert np.array_equal(layers["stem"]["samples"]["saturated_sums"], at_limit) and at_limit.sum() > 0


def not_calibrated(folder):
    with h5py.File(folder / "per_tensor.h5") as source, h5py.File(folder / "fresh.h5", "w") as target:
        for key, value in source.attrs.items():
            target.attrs[key] = value
        source.copy("model_weights", target)
        target["model_weights/stem_relu/stem_relu/output_quantizer/range_max:0"][...] = 1
    _, findings = check(folder, "fresh.h5", code=1)
    assert ("stem_relu", "not_calibrated") in [(f["layer"], f["kind"]) for f in findings]
    lines = tenon(folder, "check", "-m", "fresh.h5", "--legacy").splitlines()
    assert "stem_relu/output_quantizer is not calibrated." in lines


TESTS = [bounds, scales, clamped, narrow_buffer, not_calibrated]
with tempfile.TemporaryDirectory() as name:
    place = pathlib.Path(name)
    tenon(place, "quantize", "-m", DIGITS / "model.h5", "-sa", DIGITS / "samples.npz", "--per_tensor_activations", "-s",
          "per_tensor.h5")
    tenon(place, "config", "-m", "per_tensor.h5", "-o", "config.json")
    for test in TESTS:
        test(place)
print(f"{len(TESTS)} passed, 0 failed")
