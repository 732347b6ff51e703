# SPDX-License-Identifier: Apache-2.0
"""Each program in this folder must not compile, and must say why in few lines.

Lines `// expect: <regular expression>` at its top are searched in the output of every compiler.
`run.py [name...]` runs some of them; `-v` prints what the compilers say.
"""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
INCLUDE = FOLDER.parents[1] / "include"
FLAGS = ["-std=c++20", "-fsyntax-only", "-fno-diagnostics-color", f"-I{INCLUDE}"]
LINES = {"g++": 20, "clang++-16": 30}


def complaint(compiler, source):
    """None if the compiler refuses the program in the expected words, else what is wrong; and its output."""
    expected = re.findall(r"^// expect: (.*?)\s*$", source.read_text(), re.MULTILINE)
    run = subprocess.run([compiler, *FLAGS, str(source)], capture_output=True, text=True, check=False)
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
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (compiler, source), (wrong, output) in zip(jobs, pool.map(lambda j: complaint(*j), jobs)):
            if wrong:
                failed += 1
                print(f"{source.name}, {compiler}: {wrong}")
            if wrong or "-v" in sys.argv:
                print(output)
    print(f"{len(jobs) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
