# SPDX-License-Identifier: Apache-2.0
"""Runs libFuzzer with sanitizers on every target, for a minute in total, from the corpus of this folder.

`smoke.py [seconds]`; skipped (77) where no clang with the fuzzer's library is installed.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FLAGS = ["-std=c++20", "-O0", "-g1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all",
         f"-I{ROOT / 'include'}", f"-I{HERE}"]
LIBRARIES = ["-lzip", "-lz", "-lfmt"]


def fuzzing_compiler(folder):
    source = folder / "empty.cpp"
    source.write_text('extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }\n')
    for name in ("clang++", "clang++-16", "clang++-15", "clang++-14"):
        if shutil.which(name):
            tried = subprocess.run([name, "-fsanitize=fuzzer,address,undefined", source, "-o", folder / "empty"],
                                   capture_output=True, check=False)
            if tried.returncode == 0:
                return name
    return None


def is_current(program, makefile):
    """Whether nothing that the program was made of is newer."""
    if not program.is_file() or not makefile.is_file():
        return False
    files = makefile.read_text().replace("\\\n", " ").split()
    paths = [pathlib.Path(f) for f in files if not f.endswith(":")]
    return all(p.exists() and p.stat().st_mtime <= program.stat().st_mtime for p in [*paths, HERE / "libfuzzer.cpp"])


def build(compiler, folder):
    program, makefile = folder / "fuzz", folder / "fuzz.d"
    if not is_current(program, makefile):
        folder.mkdir(parents=True, exist_ok=True)
        compile_targets = [compiler, *FLAGS, "-MMD", "-MF", makefile, "-c", HERE / "targets.cpp", "-o", folder / "targets.o"]
        link = [compiler, *FLAGS, HERE / "libfuzzer.cpp", folder / "targets.o", "-o", program, *LIBRARIES]
        for command in (compile_targets, link):
            subprocess.run(command, check=True)
    return program


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    targets = sorted(p.name for p in (HERE / "corpus").iterdir())
    failures = []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        compiler = fuzzing_compiler(scratch)
        if compiler is None:
            print("no clang++ with libFuzzer: install clang and its libclang-rt-…-dev")
            return 77
        # Beside other build products, so that it is compiled once.
        program = build(compiler, ROOT / "build" / "fuzz")
        for target in targets:
            found = scratch / target
            found.mkdir()
            run = subprocess.run(
                [program, f"--target={target}", f"-max_total_time={max(1, seconds // len(targets))}", "-timeout=10",
                 "-rss_limit_mb=2048", "-max_len=20000", f"-artifact_prefix={ROOT}/build/fuzz/{target}-",
                 found, HERE / "corpus" / target], capture_output=True, text=True, errors="replace", check=False)
            lines = run.stderr.splitlines()
            print(target, next((line for line in reversed(lines) if line.startswith("Done ")), "failed"))
            if run.returncode != 0:
                failures.append(target)
                print("\n".join([line for line in lines if not line.startswith("#")][-40:]))
    return 1 if failures else 0


sys.exit(main())
