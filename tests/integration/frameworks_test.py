# SPDX-License-Identifier: Apache-2.0
"""The examples for Arduino, Zephyr and ESP-IDF on this machine, with stand-ins for what they call: all scores are those of the
host. The sketch sees the archive for Arduino and nothing else of Tenon."""
import pathlib
import sys
import tempfile
import zipfile

from programs import EXAMPLES, ROOT, WARNINGS, expect, must, need

STUBS = ROOT / "tests" / "integration" / "stubs"
SKETCH = '#include <Arduino.h>\n#include "Digits.ino"\nint main() {\n  setup();\n  loop();\n}\n'
IDF = f'#include "{(EXAMPLES / "esp_idf/main/main.cpp").as_posix()}"\nint main() {{ app_main(); }}\n'


def right(folder, source, *includes):
    must("g++", "-std=c++20", "-O0", *WARNINGS, *(f"-I{i}" for i in includes), source, "-o", folder / "program")
    lines = must(folder / "program").splitlines()
    expect(len(lines) == 10 and all("as on the host" in line for line in lines), f"{source}: {lines}")


def main():
    need("g++")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        must(sys.executable, ROOT / "tools" / "arduino_archive.py", folder / "Tenon.zip")
        with zipfile.ZipFile(folder / "Tenon.zip") as archive:
            archive.extractall(folder)
        library = folder / "Tenon"
        (library / "examples" / "Digits" / "sketch.cpp").write_text(SKETCH)
        right(folder, library / "examples" / "Digits" / "sketch.cpp", library / "src", STUBS)
        right(folder, EXAMPLES / "zephyr" / "main.cpp", ROOT / "include", STUBS)
        (folder / "idf.cpp").write_text(IDF)
        right(folder, folder / "idf.cpp", ROOT / "include")


if __name__ == "__main__":
    main()
