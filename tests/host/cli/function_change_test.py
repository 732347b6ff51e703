# SPDX-License-Identifier: Apache-2.0
"""A transform that changes the function of a model is told with the largest difference on the samples, and refused with
--strict. The argument is the command."""
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
random = np.random.default_rng(1)
kernel = random.integers(-8, 9, size=(3, 3, 1, 2)).astype(np.float32)
images = random.integers(0, 256, size=(4, 6, 6, 1)).astype(np.uint8)


def convolve(x, before, after):
    """3x3 with stride 2 on an image of 6x6 with rows and columns of zeros around; integers, so the sums are exact."""
    x = np.pad(x.astype(float), ((0, 0), (before, after), (before, after), (0, 0)))
    out = np.zeros((len(x), 3, 3, 2))
    for row in range(3):
        for column in range(3):
            window = x[:, 2 * row:2 * row + 3, 2 * column:2 * column + 3, 0]
            out[:, row, column] = np.einsum("nyx,yxf->nf", window, kernel[:, :, 0])
    return out


def write_model(path, padding):
    chain = [
        ("InputLayer", {"name": "x", "dtype": "float32", "batch_input_shape": [None, 6, 6, 1]}),
        ("ZeroPadding2D", {"name": "pad", "padding": padding, "data_format": "channels_last"}),
        ("Conv2D", {"name": "conv", "filters": 2, "kernel_size": [3, 3], "strides": [2, 2], "padding": "valid", "use_bias": False}),
    ]
    layers = []
    for i, (class_name, config) in enumerate(chain):
        inbound = [[[chain[i - 1][1]["name"], 0, 0, {}]]] if i else []
        layers.append({"class_name": class_name, "name": config["name"], "config": config, "inbound_nodes": inbound})
    config = {"name": "net", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["conv", 0, 0]]}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": config})
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = ["x", "pad", "conv"]
        for name in ("x", "pad"):
            weights.create_group(name).attrs["weight_names"] = np.array([], "S1")
        weights.create_group("conv").attrs["weight_names"] = ["conv/kernel:0"]
        weights["conv"]["conv/kernel:0"] = kernel


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    np.savez(folder / "samples.npz", x=images)

    def quantize(*options):
        command = [TENON, "quantize", "-m", "net.h5", "-sa", "samples.npz", "-s", "out.h5", *options]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True)

    # One row and column on each side is not what `same` does with stride 2.
    write_model(folder / "net.h5", [[1, 1], [1, 1]])
    change = np.abs(convolve(images, 1, 1) - convolve(images, 0, 1)).max()
    magnitude = np.abs(convolve(images, 1, 1)).max()
    refused = quantize("--strict")
    assert refused.returncode == 2 and not (folder / "out.h5").exists()
    assert refused.stderr.splitlines()[-1].startswith("tenon: TN3036: remove_zero_padding: layer 'pad': ")
    done = quantize()
    assert done.returncode == 0 and (folder / "out.h5").exists()
    numbers = re.search(r"on 4 samples .* by up to ([\d.]+), their largest magnitude being ([\d.]+)", done.stderr)
    assert numbers and [float(n) for n in numbers.groups()] == [change, magnitude], (done.stderr, change, magnitude)

    # The rows below and the columns on the right are: nothing changes, nothing is told.
    (folder / "out.h5").unlink()
    write_model(folder / "net.h5", [[0, 1], [0, 1]])
    exact = quantize("--strict")
    assert exact.returncode == 0 and "remove_zero_padding" not in exact.stderr, exact.stderr
print("1 passed, 0 failed")
