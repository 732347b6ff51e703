# SPDX-License-Identifier: Apache-2.0
"""`analysis` against the tables of QuantizeML (quantization_error.json, made by tests/reference/quantization_error.py),
against NumPy where QuantizeML fails, and the statistics of kernels against NumPy. The argument is the command."""
import csv
import json
import pathlib
import re
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
EXPECTED = json.loads((pathlib.Path(__file__).parent / "quantization_error.json").read_text())
OPTIONS = {"per_tensor": ["--per_tensor_activations"], "per_axis": ["-w", "4", "-a", "4"]}


def tenon(folder, *arguments):
    done = subprocess.run([TENON, *map(str, arguments)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def same_tables(folder):
    """The same text; a last decimal may differ, as sums of floats are taken in another order."""
    for key, expected in EXPECTED.items():
        kind, *rest = key.split()
        found = tenon(folder, "analysis", "quantization_error", "-m", f"{kind}.h5", "-fm", DIGITS / "model.h5", "-sa",
                      "in.npz", *rest)
        number = re.compile(r"\d+\.\d{4}")
        assert number.sub("#", found) == number.sub("#", expected), (key, found, expected)
        difference = np.abs(np.array(number.findall(found), float) - np.array(number.findall(expected), float))
        assert difference.max() < 2e-4, (key, difference.max())
    assert len(EXPECTED) == 12


def reports(folder):
    """The page is one file that loads nothing and names every layer; JSON has the numbers of the table."""
    arguments = ["analysis", "quantization_error", "-m", "per_axis.h5", "-fm", DIGITS / "model.h5", "cumulative", "--seed", "7"]
    table = tenon(folder, *arguments, "--html", "page.html")
    data = json.loads(tenon(folder, *arguments, "--json"))
    page = (folder / "page.html").read_text()
    assert table == tenon(folder, *arguments) and table != tenon(folder, *arguments[:-1], "8")
    assert not re.search(r"<script|https?:|src=|href=|url\(", page) and page.count("<svg") == 2
    for name, values in data["errors"].items():
        assert name in page and f"{values['SMAPE']:.4f}" in table and name in table
    assert len(data["errors"]) == table.count("(Quantized")


def flattened(folder):
    """A Dense behind the Flatten of a per-axis tensor, alone: QuantizeML fails here. Its error from the integers of a run
    and the weights of both files."""
    with h5py.File(DIGITS / "model.h5") as source, h5py.File(folder / "flat.h5", "w") as target:
        config = json.loads(source.attrs["model_config"])
        layers = config["config"]["layers"]
        names = [layer["config"]["name"] for layer in layers]
        # The first convolution, its ReLU, and a Dense on the flattened map.
        kept = [layer for layer in layers if layer["config"]["name"] in ("image", "rescaling", "stem", "stem_relu")]
        assert len(kept) == 4 and layers[names.index("logits")]["class_name"] == "Dense"
        flatten = {"class_name": "Flatten", "config": {"name": "flatten", "trainable": True, "dtype": "float32"}}
        chain = [*kept, flatten, layers[names.index("logits")]]
        for before, layer in zip(chain, chain[1:]):
            layer["name"] = layer["config"]["name"]
            layer["inbound_nodes"] = [[[before["config"]["name"], 0, 0, {}]]]
        config["class_name"] = "Functional"
        config["config"].update(layers=chain, input_layers=[["image", 0, 0]], output_layers=[["logits", 0, 0]])
        target.attrs["model_config"] = json.dumps(config)
        weights = target.create_group("model_weights")
        weights.attrs["layer_names"] = [layer["config"]["name"] for layer in chain]
        random = np.random.default_rng(3)
        kernel = random.normal(size=(8 * 8 * 16, 10)).astype(np.float32)
        bias = random.normal(size=10).astype(np.float32)
        stem = source["model_weights/stem"]
        for name in weights.attrs["layer_names"]:
            weights.create_group(name).attrs["weight_names"] = np.array([], "S1")
        weights["stem"].attrs["weight_names"] = stem.attrs["weight_names"]
        for name in stem.attrs["weight_names"]:
            weights["stem"][name] = stem[name][()]
        weights["logits"].attrs["weight_names"] = ["logits/kernel:0", "logits/bias:0"]
        weights["logits"]["logits/kernel:0"] = kernel
        weights["logits"]["logits/bias:0"] = bias
    tenon(folder, "quantize", "-m", "flat.h5", "-sa", DIGITS / "samples.npz", "-s", "flat_q.h5")
    data = json.loads(tenon(folder, "analysis", "quantization_error", "-m", "flat_q.h5", "-fm", "flat.h5", "-sa", "in.npz",
                            "single", "--json"))
    tenon(folder, "run", "-m", "flat_q.h5", "-i", "in.npz", "-o", "flat.npz", "--layers")
    run = np.load(folder / "flat.npz")
    with h5py.File(folder / "flat_q.h5") as file:
        rate = file["model_weights/stem_relu/stem_relu/output_quantizer/rescaling_rate:0"][()]
    assert rate.shape == (16,) and not np.all(rate == 1)
    inputs = run["flatten/values"] * 2.0 ** -run["flatten/frac_bits"] / np.tile(rate, 64)
    wanted, got = inputs @ kernel + bias, run["output"].astype(float)
    smape = np.mean(np.abs(wanted - got) / (np.abs(wanted) + np.abs(got)))
    found = data["errors"]["logits (QuantizedDense)"]
    assert abs(found["SMAPE"] - smape) < 1e-4 * smape + 1e-6, (found, smape)
    assert found["Saturation (%)"] == 0


def kernels(folder):
    """Quartiles, means and histograms of every output channel, of floats and of integers."""
    tenon(folder, "analysis", "kernel_distribution", "-m", "per_axis.h5", "-l", "logs")
    assert sorted(p.name for p in (folder / "logs").iterdir()) == ["per_axis.csv", "per_axis.html", "per_axis.json"]
    data = {layer["layer"]: layer for layer in json.loads((folder / "logs/per_axis.json").read_text())["layers"]}
    with h5py.File(folder / "per_axis.h5") as file:
        kernel = file["model_weights/block1_dw/block1_dw/depthwise_kernel:0"][()]
    channels = data["block1_dw"]["channels"]
    integers = np.round(kernel / (np.abs(kernel).max(axis=(0, 1, 3), keepdims=True) / 7))
    assert len(channels) == kernel.shape[2] == 16
    for c, channel in enumerate(channels):
        values = integers[:, :, c, 0].ravel()
        quartiles = np.percentile(values, [0, 25, 50, 75, 100])
        names = ["minimum", "lower_quartile", "median", "upper_quartile", "maximum"]
        assert np.allclose([channel[n] for n in names], quartiles), (c, channel, quartiles)
        assert np.isclose(channel["mean"], values.mean()) and np.isclose(channel["standard_deviation"], values.std())
        assert sum(channel["histogram"]) == channel["count"] == 9
    rows = list(csv.DictReader((folder / "logs/per_axis.csv").open()))
    assert len(rows) == sum(len(layer["channels"]) for layer in data.values())

    tenon(folder, "analysis", "kernel_distribution", "-m", "flat.h5", "-l", "logs")
    floats = {layer["layer"]: layer for layer in json.loads((folder / "logs/flat.json").read_text())["layers"]}
    with h5py.File(folder / "flat.h5") as file:
        kernel = file["model_weights/logits/logits/kernel:0"][()]
    for c, channel in enumerate(floats["logits"]["channels"]):
        assert np.isclose(channel["median"], np.median(kernel[:, c])) and channel["count"] == len(kernel)
        low, high = floats["logits"]["histogram_range"]
        assert channel["histogram"] == np.histogram(kernel[:, c].astype(float), bins=50, range=(low, high))[0].tolist()


TESTS = [same_tables, reports, flattened, kernels]
with tempfile.TemporaryDirectory() as name:
    place = pathlib.Path(name)
    np.savez(place / "in.npz", inputs=np.load(DIGITS / "test.npz")["inputs"][:16])
    for kind, options in OPTIONS.items():
        tenon(place, "quantize", "-m", DIGITS / "model.h5", "-sa", DIGITS / "samples.npz", "-s", f"{kind}.h5", *options)
    for test in TESTS:
        test(place)
print(f"{len(TESTS)} passed, 0 failed")
