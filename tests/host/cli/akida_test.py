# SPDX-License-Identifier: Apache-2.0
"""`quantize --akida`, `map` of a float file and `run --as`, on the network of the examples. The argument is the command."""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("no numpy")
    sys.exit(77)

TENON = pathlib.Path(sys.argv[1]).resolve()
DIGITS = pathlib.Path(__file__).resolve().parents[3] / "examples" / "digits"
MODEL, SAMPLES = DIGITS / "model.h5", DIGITS / "samples.npz"


def tenon(folder, *arguments, code=0):
    done = subprocess.run([TENON, *map(str, arguments)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done


def quantized(folder, name, *arguments):
    """The layers of a quantized file, by name; and what was said on the way."""
    done = tenon(folder, "quantize", "-m", MODEL, "-sa", SAMPLES, "-s", name, *arguments)
    layers = json.loads(tenon(folder, "summary", "-m", name, "--json").stdout)["layers"]
    return {layer["name"]: layer for layer in layers}, done.stderr


def chosen_bits(folder):
    v1, said = quantized(folder, "v1.h5", "--akida", "v1")
    assert v1["stem"]["weight_bits"] == 8 and v1["block2"]["weight_bits"] == 4
    assert v1["stem_relu"]["out_quantizer"]["bits"] == 4
    assert v1["stem_relu"]["out_quantizer"]["axis"] == "per-tensor"
    for words in ("will not map onto Akida v1", "TN4011: block1_dw", "TN4042: stem_relu", "SeparableConv2D"):
        assert words in said, words
    v2, said = quantized(folder, "v2.h5", "--akida", "v2")
    assert v2["stem"]["weight_bits"] == 8 and v2["block2"]["weight_bits"] == 8
    assert v2["stem_relu"]["out_quantizer"] == {"bits": 8, "axis": "per-axis", "buffer_bits": 32}
    assert "will not map" not in said
    own, said = quantized(folder, "own.h5", "--akida", "v1", "-w", "8", "-a", "2")
    assert own["block2"]["weight_bits"] == 8 and own["stem_relu"]["out_quantizer"]["bits"] == 2
    assert "TN4012: block1_pw" in said


def float_file(folder):
    """As it would be quantized: the bits of v1 break no rule, the layers do."""
    report = json.loads(tenon(folder, "map", "-m", MODEL, "--akida", "v1", "--json", code=1).stdout)
    categories = {refusal["category"] for refusal in report["refusals"]}
    assert {"BLOCK_PATTERN", "V1_RELU_UNBOUNDED"} <= categories, categories
    assert not categories & {"WEIGHT_BITS", "ACT_BITS", "V1_PER_TENSOR", "UNSIGNED_REQUIRED"}, categories
    assert json.loads(tenon(folder, "map", "-m", MODEL, "--akida", "v2", "--json").stdout)["maps"]["SixNodesIPv2"]


def hardware_integers(folder):
    with np.load(DIGITS / "test.npz") as data:
        np.savez(folder / "inputs.npz", inputs=data["inputs"][:64])

    def run(model, *arguments):
        said = tenon(folder, "run", "-m", model, "-i", "inputs.npz", "-o", "outputs.npz", "--layers", *arguments).stderr
        with np.load(folder / "outputs.npz") as data:
            return {name: data[name] for name in data.files}, said

    plain, _ = run("v1.h5")
    hardware, said = run("v1.h5", "--as", "akida_v1")
    assert "does not convert for Akida v1" in said
    assert np.array_equal(plain["stem/values"], hardware["stem/values"])
    apart = hardware["stem_relu/values"] - plain["stem_relu/values"]
    assert set(np.unique(apart)) <= {-1, 0, 1} and np.any(apart != 0)
    assert np.mean(apart != 0) < 0.1
    plain, _ = run("v2.h5")
    hardware, said = run("v2.h5", "--as", "akida_v2")
    assert said == "" and all(np.array_equal(plain[name], hardware[name]) for name in plain)


def refusals(folder):
    for arguments, number in (
        (["run", "-m", MODEL, "-i", SAMPLES, "-o", "none.npz", "--as", "akida_v1"], "TN5064"),
        (["run", "-m", "v2.h5", "-i", SAMPLES, "-o", "none.npz", "--as", "akida_v3"], "TN5063"),
        (["quantize", "-m", MODEL, "-s", "none.h5", "--akida", "v3"], "TN5063"),
    ):
        assert number in tenon(folder, *arguments, code=2).stderr, arguments
    assert not list(folder.glob("none*"))


with tempfile.TemporaryDirectory() as work:
    for test in (chosen_bits, float_file, hardware_integers, refusals):
        test(pathlib.Path(work))
