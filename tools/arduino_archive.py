# SPDX-License-Identifier: Apache-2.0
"""arduino_archive.py OUTPUT.zip: Tenon as a library of Arduino (Sketch, Include Library, Add .ZIP Library).

Arduino wants its headers in a folder `src`, which this tree does not have; the archive has device.hpp in one file there, `tenon.h`
that sketches include, and the sketch of examples/arduino.
"""
import pathlib
import sys
import zipfile

import single_header

ROOT = pathlib.Path(__file__).resolve().parents[1]
TOP = "tenon/device.hpp"
STORED = {
    "library.properties": "examples/arduino/library.properties",
    "LICENSE": "LICENSE",
    "examples/Digits/Digits.ino": "examples/arduino/Digits.ino",
    "examples/Digits/digits.hpp": "examples/bare_metal/digits.hpp",
    "examples/Digits/images.hpp": "examples/bare_metal/images.hpp",
}
MADE = {
    "src/tenon.h": f"{single_header.LICENCE}\n#pragma once\n#include <{TOP}>\n",
    f"src/{TOP}": single_header.Amalgamation(TOP).text(TOP, single_header.version()),
}

with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    for name, text in {**{n: (ROOT / p).read_text(encoding="utf-8") for n, p in STORED.items()}, **MADE}.items():
        archive.writestr(zipfile.ZipInfo(f"Tenon/{name}"), text, zipfile.ZIP_DEFLATED)  # the same bytes at any time
