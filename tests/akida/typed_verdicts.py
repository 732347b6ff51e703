# SPDX-License-Identifier: Apache-2.0
"""Writes every model of verdicts.json as C++ constants; compilers must reach the measured verdicts.

`typed_verdicts.py [compiler...]` compiles the result (default: g++ and clang++-16, where they exist) and prints how
long it took. With `--print` it writes the program to stdout instead.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import time

FOLDER = pathlib.Path(__file__).resolve().parent
INCLUDE = FOLDER.parents[1] / "include"
KINDS = {
    "InputLayer": "input", "QuantizedConv2D": "conv2d", "QuantizedDepthwiseConv2D": "depthwise_conv2d",
    "QuantizedSeparableConv2D": "separable_conv2d", "QuantizedConv2DTranspose": "conv2d_transpose",
    "QuantizedDepthwiseConv2DTranspose": "depthwise_conv2d_transpose", "QuantizedMaxPool2D": "max_pooling2d",
    "QuantizedGlobalAveragePooling2D": "global_average_pooling2d", "QuantizedReLU": "relu",
    "QuantizedActivation": "activation", "QuantizedFlatten": "flatten", "QuantizedReshape": "reshape",
    "QuantizedPermute": "permute", "QuantizedDense": "dense", "QuantizedBufferTempConv": "buffer_temp_conv",
    "QuantizedDepthwiseBufferTempConv": "depthwise_buffer_temp_conv", "QuantizedAdd": "add",
    "QuantizedConcatenate": "concatenate", "QuantizedBatchNormalization": "batch_normalization",
    "QuantizedLayerNormalization": "layer_mad_normalization", "QuantizedExtractToken": "extract_token",
    "QuantizedRescaling": "rescaling", "QuantizedDropout": "dropout", "Dequantizer": "dequantizer",
}
TOOLCHAINS = {"2.14": "v2_14", "2.19": "v2_19"}


def braces(values):
    return "{" + ", ".join(str(v) for v in values) + "}"


def first_shape(shape):
    return shape[0] if isinstance(shape[0], list) else shape


def layer_text(layer, positions, outputs):
    """Designated initializers of one Layer, in the order of its members."""
    kind = layer["cls"]
    inbound = [positions[name] for name in layer["inbound"]]
    given = first_shape(layer["in"]) if "in" in layer else outputs[inbound[0]]
    fields = [f".kind = LayerKind::{KINDS[kind]}" if kind in KINDS else ".software = true"]
    if inbound:
        fields += [f".inbound = {braces(inbound)}", f".inbound_count = {len(inbound)}"]
    fields += [f".input = Shape{braces(given)}", f".output = Shape{braces(first_shape(layer['out']))}"]
    if kind == "InputLayer":
        fields.append(f".data_type = DataType::{layer['dtype']}")
    convolves = "kernel_size" in layer and isinstance(layer["kernel_size"], list)
    channels = first_shape(layer["out"])[-1]
    if convolves or "units" in layer or "kernel_size" in layer:
        fields.append(f".filters = {layer.get('filters', layer.get('units', channels))}")
    if "kernel_size" in layer:
        fields.append(f".kernel = {braces(layer['kernel_size'] if convolves else [layer['kernel_size'], 1])}")
    if "strides" in layer:
        fields.append(f".strides = {braces(layer['strides'])}")
    if "dilation_rate" in layer:
        fields.append(f".dilation = {braces(layer['dilation_rate'])}")
    if "pool_size" in layer:
        fields.append(f".pool_size = {braces(layer['pool_size'])}")
    if "padding" in layer:
        fields.append(f".padding = Padding::{layer['padding']}")
    if "groups" in layer:
        fields.append(f".groups = {layer['groups']}")
    bits = layer.get("weight_bits", layer.get("dw_weight_bits"))
    if bits:
        fields.append(f".weight_bits = {bits}")
    if "pw_weight_bits" in layer:
        fields.append(f".pointwise_weight_bits = {layer['pw_weight_bits']}")
    if kind == "QuantizedReLU":
        fields.append(f".bounded = {str('max_value' in layer).lower()}")
    quantizer = layer.get("out_quantizer")
    if quantizer:
        fields.append(f".output_bits = {quantizer['bits']}")
        fields.append(f".per_axis = {str(quantizer['axis'] == 'per-axis').lower()}")
    return "{" + ", ".join(fields) + "}"


def kept_per_axis(layers):
    """v1 refuses these on purpose, although the tool chain does not."""
    return any(layer.get("out_quantizer", {}).get("axis") == "per-axis" for layer in layers)


def assertions(name, case):
    for toolchain, expected in (("2.14", case), ("2.19", case.get("2.19", {}))):
        for version in ("v1", "v2"):
            if version not in expected:
                continue
            verdict = f"{name}_{version}_{TOOLCHAINS[toolchain]}"
            want = expected[version]
            yield f"constexpr auto {verdict} = evaluate<{name}.size()>({name}, {version}, Toolchain::{TOOLCHAINS[toolchain]});"
            refused = version == "v1" and kept_per_axis(case["layers"])
            yield f"static_assert({verdict}.converts == {str(want['converts'] and not refused).lower()});"
            if refused:
                yield f"static_assert({verdict}.has(Category::V1_PER_TENSOR) || !{want['converts']:d});"
                continue
            if toolchain == "2.14" and want.get("category"):
                yield f"static_assert({verdict}.has(Category::{want['category']}));"
            for device, maps in want.get("maps", {}).items():
                yield f"static_assert({verdict}.maps(Device::{device}) == {str(maps).lower()});"


def program(cases):
    lines = ["#include <array>", "#include <tenon/akida/evaluate.hpp>",
             "using namespace tenon;", "using namespace tenon::akida;"]
    for number, case in enumerate(cases):
        positions, outputs, layers = {}, [], []
        for layer in case["layers"]:
            layers.append(layer_text(layer, positions, outputs))
            positions[layer["name"]] = len(outputs)
            outputs.append(first_shape(layer["out"]))
        name = f"case_{number}"
        lines.append(f"// {case['id']}")
        lines.append(f"constexpr std::array<Layer, {len(layers)}> {name}{{{{{', '.join(layers)}}}}};")
        lines += assertions(name, case)
    return "\n".join(lines) + "\n"


def main():
    cases = json.loads((FOLDER / "verdicts.json").read_text())["cases"]
    text = program(cases)
    if "--print" in sys.argv:
        print(text)
        return 0
    compilers = [c for c in sys.argv[1:] or ["g++", "clang++-16"] if shutil.which(c)]
    failed = 0
    for compiler in compilers:
        start = time.monotonic()
        run = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", f"-I{INCLUDE}", "-x", "c++", "-"],
                             input=text, capture_output=True, text=True, check=False)
        failed += run.returncode != 0
        print(f"{compiler}: {text.count('static_assert')} assertions, {time.monotonic() - start:.1f} s")
        print("\n".join(run.stderr.splitlines()[:20]))
    return 1 if failed else 0 if compilers else 77


if __name__ == "__main__":
    sys.exit(main())
