# SPDX-License-Identifier: Apache-2.0
"""Writes the corpus of the fuzzer with h5py, NumPy and onnx: `python3 make_corpus.py`, in this folder."""
import io
import json
import pathlib
import zipfile

import h5py
import numpy as np
import onnx
from onnx import helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent / "corpus"
VLEN = h5py.string_dtype()
rng = np.random.default_rng(1)


def save(target, name, data):
    folder = HERE / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())


def entry(class_name, name, inbound=None, **config):
    made = {"class_name": class_name, "config": {"name": name, **config}}
    if inbound is not None:
        made["name"] = name
        made["inbound_nodes"] = [[[n, 0, 0, {}] for n in inbound]] if inbound else []
    return made


CHAIN = {"class_name": "Sequential", "config": {"name": "m", "layers": [
    entry("InputLayer", "in", batch_input_shape=[None, 4, 4, 2], dtype="float32"),
    entry("Conv2D", "c", filters=3, kernel_size=[3, 3], padding="same", activation="relu"),
    entry("Flatten", "f"), entry("Dense", "d", units=2)]}}

CONV = dict(kernel_size=[3, 3], padding="same", use_bias=False)
BRANCHES = {"class_name": "Functional", "config": {
    "name": "m", "input_layers": [["in", 0, 0]], "output_layers": [["soft", 0, 0]], "layers": [
        entry("InputLayer", "in", [], batch_input_shape=[None, 6, 6, 3], dtype="float32"),
        entry("Rescaling", "r", ["in"], scale=0.5, offset=[-1, 0, 1]),
        entry("ZeroPadding2D", "z", ["r"], padding=[[1, 1], [1, 1]]),
        entry("Permute", "p", ["z"], dims=[2, 1, 3]),
        entry("Activation", "a", ["p"], activation="swish"),
        entry("MaxPooling2D", "m", ["a"], pool_size=[2, 2]),
        entry("LeakyReLU", "l", ["m"], alpha=0.1),
        entry("Add", "s", ["m", "l"]), entry("Concatenate", "k", ["s", "l", "m"], axis=-1),
        entry("AveragePooling2D", "g", ["k"], pool_size=[4, 4]), entry("Reshape", "v", ["g"], target_shape=[9]),
        entry("Softmax", "soft", ["v"])]}}

NESTED = {"class_name": "Functional", "config": {
    "name": "m", "input_layers": [["in", 0, 0]], "output_layers": [["n", 2, 0]], "layers": [
        entry("InputLayer", "in", [], batch_shape=[None, 4], dtype="float32"),
        {**entry("Sequential", "n"), "name": "n", "config": {"name": "n", "layers": [
            entry("InputLayer", "i", batch_input_shape=[None, 4]), entry("ReLU", "q", max_value=None)]},
         "inbound_nodes": [[["in", 0, 0, {}]], [["n", 1, 0, {}]]]}]}}

FUNCTIONS = {"class_name": "Functional", "config": {
    "name": "m", "input_layers": ["in", 0, 0], "output_layers": ["t", 0, 0], "layers": [
        entry("InputLayer", "in", [], batch_input_shape=[None, 4, 4]),
        {**entry("TFOpLambda", "t", function="__operators__.add"), "name": "t",
         "inbound_nodes": [["in", 0, 0, {"y": ["in", 0, 0], "name": None}]]}]}}


def quantized(quant_config):
    chain = json.loads(json.dumps(CHAIN))
    layer = chain["config"]["layers"][1]
    layer["class_name"] = "Custom>QuantizedConv2D"
    layer["config"] |= {"activation": "linear", "quant_config": quant_config}
    return chain


WEIGHTS = {"c": {"kernel:0": (3, 3, 2, 3), "bias:0": (3,)}, "d": {"kernel:0": (48, 2), "bias:0": (2,)}}


def write_h5(file, model, weights, chunked):
    file.attrs["keras_version"] = "2.15.0"
    file.attrs["model_config"] = json.dumps(model)
    root = file.create_group("model_weights")
    root.attrs["layer_names"] = np.array([n.encode() for n in weights], "S8")
    for layer, variables in weights.items():
        group = root.create_group(layer)
        group.attrs.create("weight_names", [f"{layer}/{v}" for v in variables], dtype=VLEN)
        for variable, shape in variables.items():
            options = dict(chunks=shape, compression="gzip") if chunked else {}
            group.create_dataset(f"{layer}/{variable}", data=rng.normal(size=shape).astype("f4"), **options)


def h5(model, weights, chunked=False, **options):
    stream = io.BytesIO()
    with h5py.File(stream, "w", **options) as file:
        write_h5(file, model, weights, chunked)
    return stream.getvalue()


def archive(model):
    weights = io.BytesIO()
    with h5py.File(weights, "w", libver="latest") as file:
        for group, shapes in {"conv2d": [(3, 3, 2, 3), (3,)], "dense": [(48, 2), (2,)]}.items():
            for i, shape in enumerate(shapes):
                file.create_dataset(f"layers/{group}/vars/{i}", data=rng.normal(size=shape).astype("f4"))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "2.15.0"}))
        file.writestr("config.json", json.dumps(model))
        file.writestr("model.weights.h5", weights.getvalue())
    return stream.getvalue()


def onnx_file(nodes, shape, constants):
    values = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
    last = nodes[-1].output[0]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", 1, ["N", *shape])],
        [helper.make_tensor_value_info(last, 1, None)], values)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()


def normal(*shape):
    return rng.normal(size=shape).astype("f4")


def onnx_files():
    node = helper.make_node
    small = [node("Conv", ["x", "k", "b"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]), node("Relu", ["c"], ["r"]),
             node("Flatten", ["r"], ["f"]), node("Gemm", ["f", "w"], ["y"], transB=1)]
    save("onnx", "small.onnx", onnx_file(small, (2, 4, 4), {"k": normal(2, 2, 3, 3), "b": normal(2), "w": normal(2, 8)}))
    many = [
        node("Sub", ["x", "mean"], ["s"]), node("Pad", ["s", "pads"], ["p"]), node("Conv", ["p", "k"], ["c"], group=4),
        node("BatchNormalization", ["c", "g", "g", "g", "g"], ["bn"]), node("Sigmoid", ["bn"], ["sig"]),
        node("Mul", ["bn", "sig"], ["sw"]), node("MaxPool", ["sw"], ["mp"], kernel_shape=[2, 2], ceil_mode=1),
        node("Transpose", ["mp"], ["t"], perm=[0, 2, 3, 1]), node("Transpose", ["t"], ["u"], perm=[0, 3, 1, 2]),
        node("Add", ["u", "mp"], ["a"]), node("Concat", ["a", "mp"], ["cc"], axis=1),
        node("Resize", ["cc", "", "scales"], ["rs"]), node("ConvTranspose", ["rs", "kt"], ["ct"], strides=[2, 2]),
        node("Shape", ["ct"], ["sh"]), node("Gather", ["sh", "zero"], ["n"]), node("Concat", ["n", "rest"], ["to"], axis=0),
        node("GlobalAveragePool", ["ct"], ["ga"]), node("Reshape", ["ga", "to"], ["v"]),
        node("Unsqueeze", ["v", "two"], ["us"]), node("Squeeze", ["us", "two"], ["sq"]),
        node("MatMul", ["sq", "m"], ["mm"]), node("Add", ["mm", "mb"], ["ma"]), node("Softmax", ["ma"], ["y"])]
    save("onnx", "many.onnx", onnx_file(many, (4, 5, 5), {
        "mean": normal(1, 4, 1, 1), "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1]), "k": normal(4, 1, 3, 3),
        "g": np.abs(normal(4)), "scales": np.array([1, 1, 2, 2], "f4"), "kt": normal(8, 3, 2, 2), "zero": np.array([0]),
        "rest": np.array([-1]), "two": np.array([2]), "m": normal(3, 2), "mb": normal(2)}))
    strange = [node("Reshape", ["x", "to"], ["r"]), node("Erf", ["r"], ["e"]), node("ReduceMean", ["e"], ["m"], axes=[2, 3], keepdims=0),
               node("Clip", ["m", "lo", "hi"], ["cl"]), node("NonZero", ["cl"], ["nz"]), node("Identity", ["nz"], ["y"])]
    save("onnx", "strange.onnx", onnx_file(strange, (2, 9), {"to": np.array([0, 2, 3, 3]), "lo": np.float32(-1), "hi": np.float32(1)}))


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def npz(write, **arrays):
    stream = io.BytesIO()
    write(stream, **arrays)
    return stream.getvalue()


SKETCH = {"quantization": {"input_dtype": "uint8", "weight_bits": 8, "activation_bits": 8}, "input_shape": [8, 8, 3],
          "layers": [
              {"cls": "InputLayer", "name": "in", "inbound": [], "dtype": "uint8", "in": [8, 8, 3], "out": [8, 8, 3]},
              {"cls": "QuantizedConv2D", "name": "c", "inbound": ["in"], "in": [8, 8, 3], "out": [8, 8, 4], "filters": 4,
               "kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "weight_bits": 8, "out_quantizer": None},
              {"cls": "QuantizedReLU", "name": "r", "inbound": ["c"], "in": [8, 8, 4], "out": [8, 8, 4], "max_value": 6.0,
               "out_quantizer": {"bits": 4, "axis": "per-axis"}},
              {"cls": "Dequantizer", "name": "q", "inbound": ["r"], "in": [8, 8, 4], "out": [8, 8, 4]}]}


def main():
    save("keras_h5", "chain.h5", h5(CHAIN, WEIGHTS))
    save("keras_h5", "deflated.h5", h5(CHAIN, WEIGHTS, chunked=True))
    save("keras_h5", "latest.h5", h5(CHAIN, WEIGHTS, libver="latest"))
    ranges = {"c": WEIGHTS["c"] | {"output_quantizer/range_max:0": (3,), "output_quantizer/rescaling_rate:0": (3,)}}
    save("keras_h5", "branches.h5", h5(BRANCHES, {}))
    save("keras_h5", "quantized.h5", h5(quantized({"output_quantizer": {"bitwidth": 8, "axis": "per-axis"}}), ranges | {"d": WEIGHTS["d"]}))
    save("keras_zip", "chain.keras", archive(CHAIN))
    for name, model in {"branches": BRANCHES, "nested": NESTED, "functions": FUNCTIONS, "chain": CHAIN}.items():
        save("model_config", name + ".json", model)
    onnx_files()
    save("npy", "floats.npy", npy(normal(2, 3)))
    save("npy", "fortran.npy", npy(np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3))))
    save("npz", "stored.npz", npz(np.savez, a=np.arange(4, dtype="u1"), b=normal(2)))
    save("npz", "deflated.npz", npz(np.savez_compressed, a=np.zeros((3, 4), "f4")))
    full = {"conv": {"weight_quantizer": {"bitwidth": 4, "signed": True, "axis": -1}, "bias_quantizer": {"bitwidth": 8},
                     "buffer_bitwidth": 28, "output_quantizer": {"bitwidth": 8, "signed": True, "axis": "per-axis", "scale_bits": 8}},
            "relu": {"max_value_quantizer": {"bitwidth": 8}, "output_quantizer": {"bitwidth": 4, "buffer_bitwidth": 32}},
            "gap": {"buffer_bitwidth": 32}, "dense": {}}
    save("quant_config", "full.json", full)
    save("quant_config", "small.json", {"conv": {"weight_quantizer": {"bitwidth": 4}}})
    save("sketch", "sketch.json", SKETCH)


main()
