# SPDX-License-Identifier: Apache-2.0
"""`config` writes what `quantize -c` reads: unchanged it gives the same integers, and an edit of one layer is the only
difference of the next dump. The argument is the command."""
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


def run(folder, *arguments):
    subprocess.run([TENON, *map(str, arguments)], cwd=folder, check=True, capture_output=True, text=True)


def dump(folder, model):
    run(folder, "config", "-m", model, "-o", f"{model}.json")
    return json.loads((folder / f"{model}.json").read_text())


def integers(folder, model):
    run(folder, "run", "-m", model, "-i", folder / "in.npz", "-o", f"{model}.npz", "--layers")
    return dict(np.load(folder / f"{model}.npz"))


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    np.savez(folder / "in.npz", inputs=np.load(DIGITS / "test.npz")["inputs"][:20])
    quantize = ["quantize", "-m", DIGITS / "model.h5", "-sa", DIGITS / "samples.npz", "-w", "4", "-a", "4"]

    run(folder, *quantize, "-s", "first.h5")
    first = dump(folder, "first.h5")
    assert first["block2"]["weight_quantizer"] == {"bitwidth": 4}

    # The configuration alone, without the bit options, gives the same model.
    run(folder, *quantize[:5], "-c", "first.h5.json", "-s", "again.h5")
    assert dump(folder, "again.h5") == first
    before, after = integers(folder, "first.h5"), integers(folder, "again.h5")
    assert before.keys() == after.keys() and len(before) > 20
    for key in before:
        assert np.array_equal(before[key], after[key]), key

    edit = json.loads(json.dumps(first))
    edit["block2"]["weight_quantizer"]["bitwidth"] = 2
    edit["stem_relu"]["output_quantizer"]["bitwidth"] = 6
    (folder / "edit.json").write_text(json.dumps(edit))
    run(folder, *quantize[:5], "-c", "edit.json", "-s", "edited.h5")
    assert dump(folder, "edited.h5") == edit
    edited = integers(folder, "edited.h5")
    # 6 unsigned bits are used beyond 4; the layer in front of the edit is what it was.
    assert edited["stem_relu/values"].max() > 15 >= before["stem_relu/values"].max()
    assert np.array_equal(edited["stem/values"], before["stem/values"])
    assert not np.array_equal(edited["block2/values"], before["block2/values"])

    # The name of the file follows the configuration, beside the model.
    (folder / "digits.h5").write_bytes((DIGITS / "model.h5").read_bytes())
    run(folder, "quantize", "-m", "digits.h5", "-sa", DIGITS / "samples.npz", "-c", "edit.json")
    assert (folder / "digits_edit.h5").exists()
print("1 passed, 0 failed")
