# SPDX-License-Identifier: Apache-2.0
"""Each program in this folder must not compile, and must say why in few lines.

Lines `// expect: <regular expression>` at its top are searched in the output of every compiler. What the programs include
is compiled once for each compiler.
`run.py [name...]` runs some of them; `-v` prints what the compilers say.
"""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
INCLUDE = FOLDER.parents[1] / "include"
FLAGS = ["-std=c++20", "-fno-diagnostics-color", f"-I{INCLUDE}"]
PREFIX = "".join(f"#include <tenon/{name}.hpp>\n" for name in ("device", "model/graph", "akida/maps"))
LINES = {"g++": 20, "clang++-16": 30}


def precompile(compiler, folder):
    """The flags with which a compiler takes the prefix as it was compiled."""
    header = folder / "prefix.hpp"
    header.write_text(PREFIX)
    precompiled = folder / ("prefix.hpp.gch" if compiler == "g++" else "prefix.pch")
    subprocess.run([compiler, *FLAGS, "-x", "c++-header", str(header), "-o", str(precompiled)], check=True)
    return ["-include", str(header)] if compiler == "g++" else ["-include-pch", str(precompiled)]


def complaint(compiler, prefix, source):
    """None if the compiler refuses the program in the expected words, else what is wrong; and its output."""
    expected = re.findall(r"^// expect: (.*?)\s*$", source.read_text(), re.MULTILINE)
    run = subprocess.run([compiler, *FLAGS, "-fsyntax-only", *prefix, str(source)], capture_output=True, text=True, check=False)
    output = run.stdout + run.stderr
    if not expected:
        return "it has no `// expect:` line", output
    if run.returncode == 0:
        return "it compiles", output
    missing = [e for e in expected if not re.search(e, output)]
    if missing:
        return "not said: " + "; ".join(missing), output
    count = len(output.splitlines())
    if count > LINES[compiler]:
        return f"{count} lines, at most {LINES[compiler]} are allowed", output
    return None, output


def main():
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    sources = sorted(p for p in FOLDER.rglob("*.cpp") if not names or p.stem in names)
    compilers = [c for c in LINES if shutil.which(c)]
    jobs = [(c, s) for s in sources for c in compilers]
    if not jobs:
        print("no program or no compiler")
        return 77
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool, tempfile.TemporaryDirectory() as scratch:
        prefixes = dict(zip(compilers, pool.map(lambda c: precompile(c, pathlib.Path(scratch)), compilers)))
        results = pool.map(lambda job: complaint(job[0], prefixes[job[0]], job[1]), jobs)
        for (compiler, source), (wrong, output) in zip(jobs, results):
            if wrong:
                failed += 1
                print(f"{source.name}, {compiler}: {wrong}")
            if wrong or "-v" in sys.argv:
                print(output)
    print(f"{len(jobs) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
