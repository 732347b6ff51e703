# SPDX-License-Identifier: Apache-2.0
"""NumPy and h5py read what Tenon writes. The argument is the program write_files."""
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


def check_npz(path):
    archive = np.load(path)
    kinds = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
    assert archive.files == [n + "/" + k for k in kinds for n in ("layer", "scalar")] + ["none"], archive.files
    for kind in kinds:
        values, scalar = archive["layer/" + kind], archive["scalar/" + kind]
        assert values.dtype == np.dtype("<" + kind) and values.tolist() == [[0, 1, 2], [3, 4, 100]], kind
        assert scalar.dtype == values.dtype and scalar.shape == () and scalar == 7, kind
    assert archive["none"].shape == (0, 3)


def check_h5(path):
    with h5py.File(path) as file:
        weights = file["model_weights"]
        assert file.attrs["model_config"] == "x" * 100000 + "é"
        # Keras reads `layer_names`, or else all parts of it in turn.
        assert "layer_names" not in weights.attrs
        parts = [weights.attrs[f"layer_names{i}"] for i in range(2)]
        assert np.concatenate(parts).tolist() == [f"layer_{i}" for i in range(5000)]
        assert weights.attrs["weight_names"].tolist() == ["conv/kernel:0", "hé"]
        assert weights.attrs["none"].shape == (0,)
        kernel = weights["conv"]["conv/kernel:0"]
        assert kernel.dtype == np.dtype("<f4") and kernel[()].tolist() == [[0, 1, 2], [3, 4, 100]]
        assert weights["conv"]["rate:0"].shape == () and weights["conv"]["rate:0"][()] == 100


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    subprocess.run([sys.argv[1], name], check=True)
    assert sorted(p.name for p in folder.iterdir()) == ["out.h5", "out.npz"]
    check_npz(folder / "out.npz")
    check_h5(folder / "out.h5")
print("2 passed, 0 failed")
