# SPDX-License-Identifier: Apache-2.0
"""images.py OUTPUTS: writes images.hpp, of each digit the first image of ../digits/test.npz and its scores in OUTPUTS, which
`tenon run --layers` wrote."""
import pathlib
import sys

import numpy as np

folder = pathlib.Path(__file__).resolve().parent
with np.load(folder.parent / "digits" / "test.npz") as data:
    inputs, labels = data["inputs"], data["labels"]
with np.load(sys.argv[1]) as data:
    outputs = data["logits/values"]


def braces(rows):
    return "    {" + ",\n     ".join(", ".join(str(v) for v in row) for row in rows) + "},"


first = [int(np.argmax(labels == digit)) for digit in range(10)]
lines = ["// SPDX-License-Identifier: Apache-2.0",
         "// Images of 8 times 8 pixels, one of each digit, and what `tenon run` says to them; written by images.py.",
         "#pragma once",
         "#include <cstdint>",
         "",
         "inline constexpr std::uint8_t images[10][64] = {",
         *(braces(inputs[i].reshape(8, 8)) for i in first),
         "};",
         "inline constexpr std::int32_t expected_scores[10][10] = {",
         *(braces([outputs[i]]) for i in first),
         "};"]
(folder / "images.hpp").write_text("\n".join(lines) + "\n")
