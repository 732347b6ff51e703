# SPDX-License-Identifier: Apache-2.0
"""Bad input of every command ends with exit code 2, one numbered message and no file. The argument is the command."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
except ImportError:
    print("no numpy or no h5py")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[3]
TENON = pathlib.Path(sys.argv[1]).resolve()
DIGITS = ROOT / "examples" / "digits"


def edited_model(target, change):
    """A copy of the model whose configuration went through `change`."""
    shutil.copy(DIGITS / "model.h5", target)
    with h5py.File(target, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change({layer["config"]["name"]: layer for layer in config["config"]["layers"]})
        file.attrs["model_config"] = json.dumps(config)


def make_inputs(folder):
    images = np.load(DIGITS / "samples.npz")[np.load(DIGITS / "samples.npz").files[0]]
    shutil.copy(DIGITS / "model.h5", folder / "net.h5")
    data = (folder / "net.h5").read_bytes()
    (folder / "cut.h5").write_bytes(data[: len(data) // 2])
    (folder / "text.h5").write_text("this is no HDF5 file\n" * 50)
    (folder / "empty.h5").write_bytes(b"")
    shutil.copy(DIGITS / "model.h5", folder / "net.txt")
    np.savez(folder / "good.npz", x=images)
    npz = (folder / "good.npz").read_bytes()
    (folder / "cut.npz").write_bytes(npz[: len(npz) // 2])
    np.save(folder / "array.npy", images)
    np.savez(folder / "rank.npz", x=images.reshape(len(images), -1))
    np.savez(folder / "size.npz", x=images[:, :6])
    np.savez(folder / "shapes.npz", x=images, y=images[:, :6])
    np.savez(folder / "none.npz", x=images[:0])
    holes = images.astype(np.float32)
    holes[3, 2, 1, 0] = np.nan
    np.savez(folder / "nan.npz", x=holes)
    np.savez(folder / "objects.npz", x=np.array([None, "a"], dtype=object))
    (folder / "broken.json").write_text('{"stem": ')
    (folder / "list.json").write_text("[]")
    for name, entry in {
        "field": {"stem": {"weight_quantizer": {"bits": 4}}},
        "bits": {"stem": {"weight_quantizer": {"bitwidth": 77}}},
        "kind": {"stem": {"weight_quantizer": {"bitwidth": "four"}}},
        "one_bit": {"stem": {"weight_quantizer": {"bitwidth": 1}}},
        "axis": {"stem_relu": {"output_quantizer": {"axis": "both"}}},
    }.items():
        (folder / f"{name}.json").write_text(json.dumps(entry))

    def mystery(layers):
        layers["stem"]["class_name"] = "Mystery"
        layers["rescaling"]["class_name"] = "Mystery"

    edited_model(folder / "mystery.h5", mystery)
    edited_model(folder / "filters.h5", lambda layers: layers["stem"]["config"].update(filters="many"))
    edited_model(folder / "other_filters.h5", lambda layers: layers["stem"]["config"].update(filters=17))


Q = ["quantize", "-s", "out.h5", "-m"]
E = ["analysis", "quantization_error", "-m"]
CASES = [  # number of the error, arguments
    (5045, []),
    (5045, ["frobnicate"]),
    (5045, Q + ["net.h5", "--frobnicate"]),
    (5045, ["quantize"]),
    (5045, Q + ["net.h5", "-w", "x"]),
    (5045, Q + ["net.h5", "-bs", "0"]),
    (5045, Q + ["net.h5", "--input_shape", "a"]),
    (5001, Q + ["missing.h5"]),
    (5020, Q + ["text.h5"]),
    (5020, Q + ["cut.h5"]),
    (5020, Q + ["empty.h5"]),
    (5043, Q + ["net.txt"]),
    (5031, Q + ["filters.h5"]),
    (5032, Q + ["other_filters.h5"]),
    (3035, Q + ["mystery.h5"]),
    (3032, Q + ["quantized.h5"]),
    (5001, Q + ["net.h5", "-sa", "missing.npz"]),
    (5002, Q + ["net.h5", "-sa", "cut.npz"]),
    (5002, Q + ["net.h5", "-sa", "array.npy"]),
    (1004, Q + ["net.h5", "-sa", "rank.npz"]),
    (1007, Q + ["net.h5", "-sa", "shapes.npz"]),
    (5009, Q + ["net.h5", "-sa", "none.npz"]),
    (5007, Q + ["net.h5", "-sa", "nan.npz"]),
    (5004, Q + ["net.h5", "-sa", "objects.npz"]),
    (2018, Q + ["net.h5", "-w", "1"]),
    (2018, Q + ["net.h5", "-a", "40"]),
    (2011, Q + ["net.h5", "-sa", "good.npz", "-b", "8"]),
    (2019, Q + ["net.h5", "-id", "float32"]),
    (3033, Q + ["net.h5", "-qu", "zz"]),
    (1008, Q + ["net.h5", "--input_shape", "0,8,1"]),
    (1004, Q + ["net.h5", "--input_shape", "64"]),
    (5001, Q + ["net.h5", "-c", "missing.json"]),
    (5030, Q + ["net.h5", "-c", "broken.json"]),
    (5042, Q + ["net.h5", "-c", "list.json"]),
    (5040, Q + ["net.h5", "-c", "field.json"]),
    (5040, Q + ["net.h5", "-c", "bits.json"]),
    (5040, Q + ["net.h5", "-c", "kind.json"]),
    (5040, Q + ["net.h5", "-c", "one_bit.json"]),
    (5040, Q + ["net.h5", "-c", "axis.json"]),
    (5010, ["quantize", "-m", "net.h5", "-sa", "good.npz", "-s", "no_folder/out.h5"]),
    (5001, ["config", "-m", "missing.h5", "-o", "out.json"]),
    (5020, ["config", "-m", "text.h5", "-o", "out.json"]),
    (5010, ["config", "-m", "net.h5", "-o", "no_folder/out.json"]),
    (5045, ["insert_rescaling", "-m", "net.h5", "-d", "out.h5", "-s", "2"]),
    (5001, ["insert_rescaling", "-m", "missing.h5", "-d", "out.h5", "-s", "2", "-o", "0"]),
    (5043, ["insert_rescaling", "-m", "net.h5", "-d", "out.onnx", "-s", "2", "-o", "0"]),
    (5044, ["insert_rescaling", "-m", "net.h5", "-d", "out.h5", "-s", "1e60", "-o", "0"]),
    (5001, ["sanitize", "-m", "missing.h5", "-o", "out.h5"]),
    (5001, ["check", "-m", "missing.h5"]),
    (3037, ["check", "-m", "net.h5"]),
    (1009, ["check", "-m", "quantized.h5", "-sa", "size.npz"]),
    (5007, ["check", "-m", "quantized.h5", "-sa", "nan.npz"]),
    (5045, E + ["quantized.h5", "double"]),
    (5044, E + ["quantized.h5", "single"]),
    (3037, E + ["net.h5", "single", "-fm", "net.h5"]),
    (3032, E + ["quantized.h5", "single", "-fm", "quantized.h5"]),
    (3039, E + ["quantized.h5", "single", "-fm", "net.h5", "-tl", "zz"]),
    (3038, E + ["quantized.h5", "weight", "-tl", "pool"]),
    (1009, E + ["quantized.h5", "single", "-fm", "net.h5", "-sa", "size.npz"]),
    (5010, E + ["quantized.h5", "weight", "--html", "no_folder/out.html"]),
    (5001, ["analysis", "kernel_distribution", "-m", "missing.h5", "-l", "out"]),
    (5010, ["analysis", "kernel_distribution", "-m", "net.h5", "-l", "net.txt/out"]),
    (1009, ["run", "-m", "quantized.h5", "-i", "size.npz", "-o", "out.npz"]),
    (5006, ["evaluate", "-m", "quantized.h5", "-d", "good.npz"]),
    (5020, ["summary", "-m", "cut.h5"]),
    (5001, ["bench", "-m", "missing.h5"]),
    (5066, ["bench", "-m", "quantized.h5", "--arch", "cortex_m"]),
]


def fault_of(number, arguments, folder, files):
    done = subprocess.run([TENON, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("tenon: warning: ")]
    if done.returncode != 2:
        return f"exit code {done.returncode}: {done.stderr.strip()}"
    if len(lines) != 1 or not lines[0].startswith(f"tenon: TN{number}: "):
        return f"expected one line with TN{number}, got: {done.stderr.strip()}"
    if not (ROOT / "docs" / "errors" / f"TN{number}.md").exists():
        return f"no page about TN{number}"
    added = {p.name for p in folder.rglob("*")} - files
    return f"left files behind: {sorted(added)}" if added else ""


faults = 0
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    make_inputs(folder)
    subprocess.run([TENON, "quantize", "-m", "net.h5", "-sa", "good.npz", "-s", "quantized.h5"], cwd=folder, check=True,
                   capture_output=True)
    files = {p.name for p in folder.rglob("*")}
    for number, arguments in CASES:
        if fault := fault_of(number, arguments, folder, files):
            faults += 1
            print(f"tenon {' '.join(arguments)}: {fault}")
print(f"{len(CASES) - faults} passed, {faults} failed")
sys.exit(1 if faults else 0)
