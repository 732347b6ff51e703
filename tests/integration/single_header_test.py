# SPDX-License-Identifier: Apache-2.0
"""device.hpp in one file serves exported models as the tree does: the same outputs on the host, and it compiles for Cortex-M4,
M55 and RISC-V. Nothing else of Tenon is in sight."""
import pathlib
import re
import shutil
import sys
import tempfile

from programs import BARE, EXAMPLES, ROOT, WARNINGS, expect, must, need

sys.path.insert(0, str(ROOT / "tests" / "support"))
import riscv  # noqa: E402

PROGRAM = EXAMPLES / "bare_metal" / "main.cpp"


def main():
    need("g++")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        header = folder / "include" / "tenon" / "device.hpp"
        must(sys.executable, ROOT / "tools" / "single_header.py", "-o", header)
        text = header.read_text()
        expect("SPDX-License-Identifier" in text.splitlines()[0] and "Tenon 0." in text.splitlines()[1], "no licence or version")
        included = re.findall(r"^\s*#\s*include\s*(.*)", text, re.MULTILINE)
        expect(not any("tenon/" in i for i in included), "includes more of Tenon")
        expect(len(included) == len(set(included)), "includes a header twice")
        sections = re.findall(r"^// <(tenon/.*)>$", text, re.MULTILINE)
        expect(len(sections) == len(set(sections)) and "tenon/model/exported.hpp" in sections, "not every header once")

        flags = ["-std=c++20", *WARNINGS, f"-I{header.parents[1]}", PROGRAM]
        must("g++", "-O0", *flags, "-o", folder / "program")
        must(folder / "program")
        bare = {"arm-none-eabi-g++": [BARE, [*BARE, "-mcpu=cortex-m55", "-mfloat-abi=hard"]]}
        if riscv.flags():
            bare[riscv.COMPILER] = [riscv.flags()]
        for compiler, processors in bare.items():
            for processor in processors if shutil.which(compiler) else []:
                must(compiler, "-O1", *processor, *flags, "-c", "-o", folder / "program.o")


if __name__ == "__main__":
    main()
