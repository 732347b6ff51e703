# SPDX-License-Identifier: Apache-2.0
"""Instructions of the layers of four networks on emulated Cortex-M boards, beside those of CMSIS-NN.

layers.py --fw PATH [--board m4] [--opt Os] [--network kws] [--bits 8] [--no-shifts] [--no-check]

PATH is the script `fw` that builds a program, runs it under QEMU and counts its instructions.
"""
import argparse
import json
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
NETWORKS = ["kws", "ic", "vww", "ad"]
# Instructions of one inference by CMSIS-NN, at -O3.
CMSIS_NN = {
    "m3": {"kws": 10_542_060, "ic": 41_753_612, "vww": 32_073_483, "ad": 952_830},
    "m4": {"kws": 7_842_012, "ic": 29_869_642, "vww": 24_710_648, "ad": 579_247},
    "m55": {"kws": 1_781_881, "ic": 4_806_397, "vww": 6_423_262, "ad": 146_860},
}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--fw", required=True)
    p.add_argument("--board", default="m4", choices=["m3", "m4", "m7", "m55"])
    p.add_argument("--opt", default="Os")
    p.add_argument("--network", choices=NETWORKS, nargs="*", default=NETWORKS)
    p.add_argument("--bits", type=int, default=8, choices=[4, 8])
    p.add_argument("--no-shifts", action="store_true", help="inputs are aligned already")
    p.add_argument("--no-check", action="store_true", help="without the comparison with the reference")
    p.add_argument("--keep", help="leave the program there")
    p.add_argument("--profile", action="store_true")
    args = p.parse_args()
    wrong = 0
    for network in args.network:
        command = [args.fw, "profile" if args.profile else "run", "--board", args.board, "--opt", args.opt, "--timeout", "600",
                   *([] if args.profile else ["--json"]), *(["--keep", args.keep] if args.keep else []),
                   str(FOLDER / "layers.cpp"), "--", f"-I{ROOT / 'include'}", f"-I{ROOT / 'tests'}",
                   f"-DTENON_NETWORK={NETWORKS.index(network)}", f"-DTENON_WEIGHT_BITS={args.bits}",
                   f"-DTENON_SHIFTED={int(not args.no_shifts)}", f"-DTENON_CHECKED={int(not args.no_check)}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if args.profile:
            print(done.stdout)
            continue
        if not done.stdout:
            return 1
        report = json.loads(done.stdout)
        for line in report["lines"]:
            if not isinstance(line, dict):
                print(line)
            elif "layer" in line:
                print(f"  {line['layer']:24} {line['times']} x {line['insns']:>10,}  stack {line['stack']:4} "
                      f"scratch {line['scratch']:5}{'' if line['equal'] else '  WRONG'}")
            else:
                peer = CMSIS_NN.get(args.board, {}).get(network)
                ratio = f", {line['insns'] / peer:.3f} of CMSIS-NN" if peer else ""
                print(f"{network} {args.board} {args.opt}: {line['insns']:,} instructions{ratio}, stack {line['stack']}, "
                      f"scratch {line['scratch']}, {line['wrong']} wrong")
                wrong += line["wrong"]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
