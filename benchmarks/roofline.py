#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where networks stand against what one core of this machine can do.

    roofline.py --tenon build/tools/tenon NAME=QUANTIZED.h5... [--measured REPORT.json...] [--markdown FILE] [--svg FILE]

Compiles and runs peaks.cpp (the best of --runs), takes multiply-accumulates and weight bytes of every layer from
`tenon summary --json`, and prints for each network the least time that its arithmetic and its weights need. REPORT.json is
what compare.py --json wrote on the same machine: the fastest Tenon and the fastest peer are put beside the limit.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bar_chart
import compare

LEVELS = ("L1", "L2", "L3", "DRAM")
# Exact only where the ranges of weights and inputs prove that two, or several, products fit into 16 bits.
PAIRS, SUMS = "vpmaddubsw+vpmaddwd", "vpmaddubsw+vpaddw"
COLOURS = {"tenon": "#d1495b", "peer": "#40617f"}


def cache_bytes():
    """Size of each level of data cache that a core sees, from the system's description of the first processor."""
    sizes = {}
    for cache in pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        if (cache / "type").read_text().strip() != "Instruction":
            size = (cache / "size").read_text().strip()
            unit = {"K": 2**10, "M": 2**20}[size[-1]]
            sizes[f"L{(cache / 'level').read_text().strip()}"] = int(size[:-1]) * unit
    return sizes


def measure_peaks(compiler, cpu, runs):
    """The largest of what several runs found."""
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "peaks"
        subprocess.run([compiler, "-std=c++20", "-O3", "-march=native", HERE / "peaks.cpp", "-o", program], check=True)
        found = [json.loads(subprocess.run([program, str(cpu)], capture_output=True, text=True, check=True,
                                           preexec_fn=lambda: compare.prepare(cpu)).stdout) for _ in range(runs)]
    return {group: {name: max(run[group][name] for run in found) for name in found[0][group]} for group in found[0]}


def summary(tenon, model):
    result = subprocess.run([tenon, "summary", "-m", model, "--json"], capture_output=True, text=True, check=True)
    return json.loads(result.stdout)


def level_of(size, caches):
    """The first level that holds `size` bytes for the next inference, with a quarter of it left for everything else."""
    return next((level for level in LEVELS[:-1] if size <= 0.75 * caches.get(level, 0)), "DRAM")


def elements(shape):
    count = 1
    for size in shape:
        count *= size
    return count


def limits(name, network, peaks, caches):
    """All times in microseconds. Weights are read once; activations are written and read once at one byte each."""
    rates = peaks["gmac_per_s"]
    macs, weights = network["macs"], network["weight_bytes"]
    layers = [layer for layer in network["layers"] if layer.get("macs", 0) > 0]
    sizes = [elements(layer["in"]) + elements(layer["out"]) for layer in layers]
    bandwidth, level = peaks["gbyte_per_s"], level_of(weights, caches)

    def compute(rate):
        return macs / rate * 1e-3

    memory = (weights / bandwidth[level] + sum(sizes) / bandwidth[level_of(max(sizes), caches)]) * 1e-3
    in_32_bits = compute(max(rate for instruction, rate in rates.items() if instruction != SUMS))
    return {"model": name, "macs": macs, "weight_bytes": weights, "level": level,
            "depthwise": sum(layer["macs"] for layer in layers if "Depthwise" in layer["cls"]) / macs,
            "exact_us": compute(max(rate for instruction, rate in rates.items() if instruction not in (PAIRS, SUMS))),
            "compute_us": in_32_bits, "sums_us": compute(rates[SUMS]) if SUMS in rates else None, "memory_us": memory,
            "limit_us": max(in_32_bits, memory), "bound": "compute" if in_32_bits >= memory else "memory"}


def measured(reports):
    """Model: fastest peer and fastest Tenon, of several reports of one machine."""
    found = {}
    for report in reports:
        for model in report["models"]:
            for runtime, result in model["runtimes"].items():
                side = "tenon" if runtime in compare.TENON else "peer"
                best = found.setdefault(model["model"], {})
                if side not in best or result["min_us"] < best[side][1]:
                    best[side] = compare.NAMES[runtime], result["min_us"]
    return found


def markdown_table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def share(limit, best, side):
    if side not in best:
        return "-"
    name, time = best[side]
    return f"{time:.1f} ({name}, {100 * limit / time:.0f} %)"


HEADER = ["model", "million MACs", "of them depthwise", "weights (kB)", "held in", "MACs per weight byte",
          "any values (us)", "pairs fit (us)", "sums fit (us)", "memory (us)", "limit (us)", "Tenon (us, limit's share)",
          "best peer (us, limit's share)"]


def rows_of(networks, found):
    for n in networks:
        best = found.get(n["model"], {})
        yield [n["model"], f"{n['macs'] / 1e6:.2f}", f"{100 * n['depthwise']:.0f} %", f"{n['weight_bytes'] / 1000:.1f}",
               n["level"], f"{n['macs'] / n['weight_bytes']:.0f}", f"{n['exact_us']:.1f}", f"{n['compute_us']:.1f}",
               f"{n['sums_us']:.1f}" if n["sums_us"] else "-", f"{n['memory_us']:.1f}", f"{n['limit_us']:.1f} ({n['bound']})",
               share(n["limit_us"], best, "tenon"), share(n["limit_us"], best, "peer")]


def page(machine, peaks, networks, found, svg):
    rates = ", ".join(f"{name} {rate:.0f}" for name, rate in peaks["gmac_per_s"].items())
    bytes_per_second = ", ".join(f"{name} {rate:.1f}" for name, rate in peaks["gbyte_per_s"].items())
    picture = [f"![Roofline]({svg.name})", ""] if svg else []
    return "\n".join([
        "# How far from the machine's limits",
        "",
        f"Measured on one core of {machine['processor']} (family/model/stepping {machine.get('family_model_stepping', '?')}, "
        f"{' '.join(machine['simd'])}), {machine['system']}; written by `benchmarks/roofline.py`.",
        "",
        f"- Multiply-accumulates, GMAC/s: {rates}.",
        f"- Bytes read, GB/s: {bytes_per_second}.",
        "",
        "The times of the arithmetic are those of the fastest instructions that are exact for any values, that are exact where "
        "ranges prove that two products fit into 16 bits (VNNI and AMX need no proof), and where several sums of products do. "
        "That of the memory is weights, read once, and activations, written and read once at one byte each, at the "
        "bandwidth of the cache that holds them. The limit is the larger of the second and the last. No network reaches it: "
        "depthwise layers use few lanes of these instructions, every output is requantized, and short rows leave tails. Without "
        "VNNI, Tenon makes 3x3 convolutions of stride 1 by Winograd's minimal filtering, with 4/9 of the products in words, which "
        "the limit leaves out.",
        "",
        markdown_table(HEADER, rows_of(networks, found)),
        "",
        *picture])


def chart(machine, peaks, networks, found):
    """Rate over intensity: roofs of each level of memory under that of the arithmetic."""
    rates = peaks["gmac_per_s"]
    roof = max(rate for name, rate in rates.items() if name != SUMS)
    axes = bar_chart.LogAxes((0.1, 1000), (0.5, 10000 if roof > 300 else 300), "multiply-accumulates per byte of weights",
                             "GMAC/s of one core")
    parts = [bar_chart.text(16, 26, "Networks under the roofs of one core", 16, weight="bold"),
             bar_chart.text(16, 46, f"{machine['processor']}, {' '.join(machine['simd'])}", 12, colour="#555"), *axes.grid()]
    low, high = axes.x_range
    for level in LEVELS:
        bandwidth = peaks["gbyte_per_s"][level]
        start, ridge = max(low, axes.y_range[0] / bandwidth), roof / bandwidth
        parts.append(axes.line([(start, start * bandwidth), (min(ridge, high), min(ridge, high) * bandwidth)], "#888", "4 3"))
        middle = max(start * 1.1, min(ridge, high) / 4)
        parts.append(bar_chart.text(axes.x(middle) + 4, axes.y(middle * bandwidth) + 12, level, 11, colour="#666"))
    for name, rate in rates.items():
        parts.append(axes.line([(max(low, rate / peaks["gbyte_per_s"]["L1"]), rate), (high, rate)], "#444",
                               "2 3" if name == SUMS or rate < roof else ""))
        parts.append(bar_chart.text(axes.x(high) + 6, axes.y(rate) + 4, name, 10, colour="#444"))
    points = [(n["macs"] / n["weight_bytes"], n["macs"] / time * 1e-3, COLOURS[side], n["model"]) for n in networks
              for side, (_, time) in found.get(n["model"], {}).items()]
    parts += axes.points(points)
    for i, (side, label) in enumerate((("tenon", "Tenon"), ("peer", "fastest peer"))):
        parts.append(f'<circle cx="{500 + 80 * i}" cy="42" r="4.5" fill="{COLOURS[side]}"/>')
        parts.append(bar_chart.text(508 + 80 * i, 46, label, 12))
    return bar_chart.document(820, 490, parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="+", metavar="NAME=QUANTIZED.h5")
    parser.add_argument("--tenon", type=pathlib.Path, required=True)
    parser.add_argument("--measured", type=pathlib.Path, nargs="+", default=[], metavar="REPORT.json")
    parser.add_argument("--compiler", default="clang++-16" if shutil.which("clang++-16") else "g++")
    parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--svg", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    peaks, caches = measure_peaks(args.compiler, args.cpu, args.runs), cache_bytes()
    networks = []
    for network in args.networks:
        name, separator, model = network.partition("=")
        if not separator:
            parser.error(f"{network}: expected NAME=QUANTIZED.h5")
        networks.append(limits(name, summary(args.tenon, model), peaks, caches))
    found = measured([json.loads(report.read_text()) for report in args.measured])
    machine = compare.machine()
    text = page(machine, peaks, networks, found, args.svg)
    if args.markdown:
        args.markdown.write_text(text)
    else:
        print(text)
    if args.svg:
        args.svg.write_text(chart(machine, peaks, networks, found))


if __name__ == "__main__":
    main()
