# SPDX-License-Identifier: Apache-2.0
"""The comparison with other runtimes, with programs in the place of runtimes that answer what this test tells them to."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import bar_chart
import compare
import roofline

# Answers with the next of its times, in each round.
SERVER = """#!{python}
import json, sys
times = iter({times})
print(json.dumps({{"version": "avx2"}}), flush=True)
for line in sys.stdin:
    minimum, median = next(times)
    print(json.dumps({{"min_us": minimum, "median_us": median, "runs": 10}}), flush=True)
"""


class Compare(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)

    def server(self, name, times):
        path = self.folder / name
        path.write_text(SERVER.format(python=sys.executable, times=times))
        path.chmod(0o755)
        return path

    def run_compare(self, *arguments):
        return subprocess.run([sys.executable, BENCHMARKS / "compare.py", "--seconds", "0.01", *arguments],
                              capture_output=True, text=True, check=False)

    def test_minimum_is_over_all_rounds_and_median_over_their_medians(self):
        server = self.server("kws_bench", [(9, 9), (8, 8), (7, 70), (6, 10), (5, 30)])
        result = self.run_compare("--tenon", f"kws={server}", "--rounds", "2", "--json", self.folder / "report.json",
                                  "--svg", self.folder / "report.svg")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("5.0 / 10.0", result.stdout)
        model = json.loads((self.folder / "report.json").read_text())["models"][0]
        self.assertEqual((model["model"], model["runtimes"]["tenon"]["min_us"], model["runtimes"]["tenon"]["runs"]),
                         ("kws", 5, 50))
        xml.etree.ElementTree.parse(self.folder / "report.svg")

    def test_a_variant_that_is_much_slower_does_not_go_on(self):
        fast = self.server("fast", [(1, 1)] * 4)
        slow = self.server("slow", [(2, 2)] * 3)  # would fail in a fourth round
        result = self.run_compare("--tenon", f"kws={fast}", "--tenon", f"kws={slow}", "--rounds", "1")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("left out: Tenon, slow: 2.0 us against 1.0", result.stderr)

    def test_a_program_that_ends_is_left_out_with_its_status(self):
        broken = self.folder / "broken"
        broken.write_text(f"#!{sys.executable}\nraise SystemExit(3)\n")
        broken.chmod(0o755)
        result = self.run_compare("--tenon", f"kws={broken}")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("broken: ended with status 3", result.stderr)

    def test_a_program_that_ends_between_rounds_is_left_out(self):
        short = self.server("short", [(1, 1)] * 4)
        result = self.run_compare("--tenon", f"kws={short}", "--rounds", "3")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("left out: Tenon, short: ended with status 1", result.stderr)

    def test_ratios_are_of_the_fastest_peer_over_the_fastest_tenon(self):
        def timed(runtime, minimum, median):
            return {"runtime": runtime, "variant": "", "version": "", "min_us": minimum, "median_us": median, "runs": 1}

        model = compare.summarize("kws", [timed("tenon", 2, 4), timed("litert", 3, 9), timed("tenon interpreter", 5, 5),
                                          timed("openvino", 6, 8), timed("litert", 7, 7)])
        self.assertEqual((model["best_peer"], model["ratio_min"], model["ratio_median"]), ("litert", 1.5, 2))

    def test_variants_of_a_file_belong_to_one_model(self):
        for name in ("kws.tflite", "mobilenet_v1_s8s8.onnx", "mobilenet_v1.onnx", "ad01_int8.onnx"):
            (self.folder / name).touch()
        self.assertEqual({name: len(files) for name, files in compare.find_models([self.folder]).items()},
                         {"ad01": 1, "kws": 1, "mobilenet_v1": 2})

    def test_a_wrong_argument_is_told(self):
        result = self.run_compare("--tenon", "kws=missing")
        self.assertEqual(result.returncode, 2)
        self.assertIn("--tenon kws=missing", result.stderr)


class Roofline(unittest.TestCase):
    PEAKS = {"gmac_per_s": {"vpmaddwd": 50, "vpmaddubsw+vpmaddwd": 100, "vpmaddubsw+vpaddw": 200},
             "gbyte_per_s": {"L1": 100, "L2": 50, "L3": 20, "DRAM": 4}}
    CACHES = {"L1": 1000, "L2": 10000, "L3": 100000}

    def limits(self, macs, weights):
        layer = {"cls": "QuantizedDense", "in": [100], "out": [100], "macs": macs}
        return roofline.limits("net", {"macs": macs, "weight_bytes": weights, "layers": [layer]}, self.PEAKS, self.CACHES)

    def test_many_multiplications_for_a_byte_are_bound_by_the_arithmetic(self):
        found = self.limits(1_000_000, 100)
        self.assertEqual((found["bound"], found["limit_us"], found["exact_us"], found["sums_us"], found["level"]),
                         ("compute", 10, 20, 5, "L1"))

    def test_weights_that_no_cache_holds_are_bound_by_the_memory(self):
        found = self.limits(400_000, 400_000)
        self.assertEqual((found["bound"], found["level"]), ("memory", "DRAM"))
        self.assertAlmostEqual(found["limit_us"], 100 + 0.002)


class BarChart(unittest.TestCase):
    def test_names_are_escaped(self):
        xml.etree.ElementTree.fromstring(bar_chart.grouped([("a<b", [("x & y", 1.0)])], ["x & y"], "<t>", ""))


if __name__ == "__main__":
    unittest.main()
