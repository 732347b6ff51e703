#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time of one inference by Tenon and by other runtimes: one machine, one run, one thread, batch 1, one processor.

    setup_peers.sh build
    compare.py --models DIR... [--tenon NAME=EXECUTABLE...] [--tenon-command TENON --quantized NAME=MODEL.h5...]
               [--json FILE] [--svg FILE] [--rounds N] [--seconds S] [--cpu N] [--only NAME...] [--peers RUNTIME...]

DIR has NAME.tflite, NAME.onnx and NAME_VARIANT.onnx, int8. An EXECUTABLE comes from exported.py; --quantized models are
also run by `tenon bench`. Every runtime loads each file once, in a process of its own on the same processor (as root, with
real-time priority), and is asked for a round of `--seconds` in turn, `--rounds` times, so that what else the machine does
meets all alike. First all variants have three rounds; those that take more than 1.5 times as long as the fastest of their
runtime do not go on. The fastest minimum of a runtime's variants counts. Ratios are the fastest peer's time over that of
Tenon: above 1, Tenon is faster.
"""
import argparse
import datetime
import json
import math
import os
import pathlib
import platform
import shlex
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bar_chart
from peer_worker import PATHS

VARIANTS = ("int8", "direct", "s8s8", "u8s8", "float", "usual")
TENON = ("tenon", "tenon interpreter")
SCREENING_ROUNDS, SCREENING_FACTOR = 3, 1.5
NAMES = {"litert": "LiteRT", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "tenon": "Tenon",
         "tenon interpreter": "Tenon interpreter"}


def prepare(cpu):
    """What a measured process does before it starts: on one processor, undisturbed by others where that is allowed."""
    os.sched_setaffinity(0, {cpu})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pass


class Worker:
    """A process that is asked for rounds; `start` says why it cannot be."""

    def __init__(self, runtime, variant, command, cpu):
        self.runtime, self.variant, self.rounds, self.version, self.error = runtime, variant, [], "", ""
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, bufsize=1, preexec_fn=lambda: prepare(cpu))
        ready = self.answer()
        self.version, self.error = ready.get("version", ""), ready.get("error", "")

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            return {"error": f"ended with status {self.process.wait()}"}
        return json.loads(line)

    def round(self, seconds):
        try:
            self.process.stdin.write(f"{seconds}\n")
            answer = self.answer()
        except BrokenPipeError:
            answer = {"error": f"ended with status {self.process.wait()}"}
        if "error" in answer:
            self.error = answer["error"]
        else:
            self.rounds.append(answer)

    def min_us(self):
        return min(r["min_us"] for r in self.rounds)

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.stdout.close()
        self.process.wait()


class CommandWorker(Worker):
    """`tenon bench`, started for each round."""

    def __init__(self, runtime, variant, command, cpu):
        self.runtime, self.variant, self.rounds, self.version, self.error = runtime, variant, [], "", ""
        self.command, self.cpu = command, cpu

    def round(self, seconds):
        result = subprocess.run([*self.command, "--seconds", str(seconds)], capture_output=True, text=True, check=False,
                                preexec_fn=lambda: prepare(self.cpu))
        if result.returncode != 0:
            self.error = " ".join(result.stderr.split())[:300] or f"ended with status {result.returncode}"
        else:
            self.rounds.append(json.loads(result.stdout.splitlines()[-1]))
            self.version = self.rounds[-1].get("arch", "")

    def close(self):
        pass


def model_name(path):
    name, _, variant = path.stem.rpartition("_")
    return name if name and variant in VARIANTS else path.stem


def find_models(folders):
    """Files by model, in the order of the names."""
    models = {}
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if path.suffix in (".tflite", ".onnx"):
                models.setdefault(model_name(path), []).append(path)
    return models


def start_workers(name, files, args):
    workers = []
    for runtime in args.peers:
        _, suffixes, paths = PATHS[runtime]
        for file in (file for file in files if file.suffix in suffixes):
            for path in paths:
                command = [args.python, HERE / "peer_worker.py", runtime, path, file, str(args.cpu)]
                workers.append(Worker(runtime, f"{path} {file.name}", command, args.cpu))
    for executable in args.tenon.get(name, []):
        workers.append(Worker("tenon", executable.name, [executable.resolve(), "--serve"], args.cpu))
    for model in args.quantized.get(name, []):
        command = [args.tenon_command, "bench", "-m", model, "--json"]
        workers.append(CommandWorker("tenon interpreter", model.name, command, args.cpu))
    return workers


def keep(workers, condition, reason):
    """Those that meet the condition; the others end here and say why."""
    kept = []
    for worker in workers:
        if condition(worker):
            kept.append(worker)
        else:
            print(f"  left out: {NAMES[worker.runtime]}, {worker.variant}: {reason(worker)}", file=sys.stderr)
            worker.close()
    return kept


def measure_model(name, files, args):
    """Results of the runtimes, fastest variant each, fastest runtime first."""
    print(f"{name}:", file=sys.stderr)
    workers = keep(start_workers(name, files, args), lambda w: not w.error, lambda w: w.error)
    for _ in range(SCREENING_ROUNDS):
        for worker in workers:
            worker.round(args.seconds)
        workers = keep(workers, lambda w: not w.error, lambda w: w.error)
    best = {}
    for worker in workers:
        best[worker.runtime] = min(best.get(worker.runtime, math.inf), worker.min_us())
    workers = keep(workers, lambda w: w.min_us() <= SCREENING_FACTOR * best[w.runtime],
                   lambda w: f"{w.min_us():.1f} us against {best[w.runtime]:.1f}")
    for _ in range(args.rounds):
        for worker in workers:
            if not worker.error:
                worker.round(args.seconds)
    workers = keep(workers, lambda w: not w.error, lambda w: w.error)
    results = [{"runtime": worker.runtime, "variant": worker.variant, "version": worker.version,
                "min_us": worker.min_us(),
                "median_us": statistics.median(r["median_us"] for r in worker.rounds),
                "runs": sum(r["runs"] for r in worker.rounds) if "runs" in worker.rounds[0] else None}
               for worker in workers]
    for worker in workers:
        worker.close()
    return sorted(results, key=lambda result: result["min_us"])


def summarize(name, results):
    """One entry per runtime, and the fastest peer's time over that of Tenon's fastest."""
    fastest = {}
    for result in results:
        fastest.setdefault(result["runtime"], result)
    model = {"model": name, "runtimes": fastest, "all": results}
    peers = [result for runtime, result in fastest.items() if runtime not in TENON]
    tenon = [result for runtime, result in fastest.items() if runtime in TENON]
    if peers and tenon:
        ours = min(tenon, key=lambda result: result["min_us"])
        model["best_peer"] = min(peers, key=lambda result: result["min_us"])["runtime"]
        for key in ("min", "median"):
            model[f"ratio_{key}"] = min(p[f"{key}_us"] for p in peers) / ours[f"{key}_us"]
    return model


def machine():
    """Processor and system, without anything that names this very machine."""
    info = {"processor": platform.processor() or platform.machine(), "system": f"{platform.system()} {platform.machine()}",
            "cpus": os.cpu_count(), "simd": []}
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return info
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    info["processor"] = fields.get("model name", info["processor"])
    info["family_model_stepping"] = "/".join(fields.get(key, "?") for key in ("cpu family", "model", "stepping"))
    flags = set(fields.get("flags", fields.get("Features", "")).split())
    wanted = ("avx2", "fma", "avx_vnni", "avx512_vnni", "amx_int8", "asimd", "asimddp", "i8mm")
    info["simd"] = [flag for flag in wanted if flag in flags]
    return info


def cell(result):
    return f"{result['min_us']:.1f} / {result['median_us']:.1f}" if result else "-"


def table(report):
    """Markdown that also reads as plain text."""
    runtimes = [r for r in NAMES if any(r in model["runtimes"] for model in report["models"])]
    header = ["us, minimum / median", *(NAMES[r] for r in runtimes), "best peer / Tenon"]
    rows = [header]
    for model in report["models"]:
        ratio = f"{model['ratio_min']:.2f} / {model['ratio_median']:.2f}" if "ratio_min" in model else "-"
        rows.append([model["model"], *(cell(model["runtimes"].get(r)) for r in runtimes), ratio])
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    lines = []
    for row in rows:
        cells = [text.ljust(width) if column == 0 else text.rjust(width)
                 for column, (text, width) in enumerate(zip(row, widths))]
        lines.append("| " + " | ".join(cells) + " |")
    lines.insert(1, "|" + "|".join("-" * (width + 2) if column == 0 else "-" * (width + 1) + ":"
                                   for column, width in enumerate(widths)) + "|")
    return "\n".join(lines)


def description(report):
    m = report["machine"]
    versions = ", ".join(f"{NAMES[name]} {', '.join(sorted(versions))}" for name, versions in report["versions"].items())
    return "\n".join([
        f"machine: {m['processor']} (family/model/stepping {m.get('family_model_stepping', '?')}), {m['cpus']} CPUs, "
        f"{' '.join(m['simd'])}, {m['system']}; one thread, batch 1, pinned",
        f"versions: {versions}",
        f"rounds: {report['rounds']} of {report['seconds']} s for each, alternating",
        f"command: {report['command']}"])


def chart(report):
    """Bars of each model over the fastest peer's minimum."""
    groups = []
    for model in report["models"]:
        bars = [(NAMES[r], model["runtimes"][r]["min_us"]) for r in NAMES if r in model["runtimes"]]
        groups.append((model["model"], bars))
    m = report["machine"]
    return bar_chart.grouped(groups, [NAMES[r] for r in NAMES], "Time of one inference, one thread, batch 1 (minimum, us)",
                             f"{m['processor']}, {' '.join(m['simd'])}; bars relative to the slowest of each model")


def named_paths(arguments, option, parser):
    found = {}
    for argument in arguments:
        name, separator, path = argument.partition("=")
        if not separator or not pathlib.Path(path).is_file():
            parser.error(f"{option} {argument}: expected NAME=FILE of a file that exists")
        found.setdefault(name, []).append(pathlib.Path(path))
    return found


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=pathlib.Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--tenon", action="append", default=[], metavar="NAME=EXECUTABLE")
    parser.add_argument("--tenon-command", type=pathlib.Path, metavar="TENON")
    parser.add_argument("--quantized", action="append", default=[], metavar="NAME=MODEL.h5")
    parser.add_argument("--peers", nargs="*", choices=PATHS, default=list(PATHS))
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these models")
    parser.add_argument("--python", type=pathlib.Path, default=pathlib.Path("build/peers/bin/python"),
                        help="Python of setup_peers.sh (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=0.1, help="of each round (default: %(default)s)")
    parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--svg", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    args.tenon = named_paths(args.tenon, "--tenon", parser)
    args.quantized = named_paths(args.quantized, "--quantized", parser)
    if args.quantized and not args.tenon_command:
        parser.error("--quantized needs --tenon-command")
    if args.peers and args.models and not args.python.exists():
        parser.error(f"{args.python} does not exist: run setup_peers.sh first")
    args.python = args.python.absolute()  # not resolved: the link is what makes it the environment's
    return args


def main():
    args = parse()
    models = find_models(args.models)
    for name in [*args.tenon, *args.quantized]:
        models.setdefault(name, [])
    if args.only:
        models = {name: files for name, files in models.items() if name in args.only}
    report = {"date": datetime.date.today().isoformat(), "machine": machine(),
              "command": shlex.join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]),
              "rounds": args.rounds, "seconds": args.seconds, "versions": {}, "models": []}
    for name, files in sorted(models.items()):
        model = summarize(name, measure_model(name, files, args))
        report["models"].append(model)
        for result in model["all"]:
            known = report["versions"].setdefault(result["runtime"], [])
            if result["version"] not in known:
                known.append(result["version"])
    print(description(report))
    print()
    print(table(report))
    if args.json:
        args.json.write_text(json.dumps(report, indent=1) + "\n")
    if args.svg:
        args.svg.write_text(chart(report))


if __name__ == "__main__":
    main()
