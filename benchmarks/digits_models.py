#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The vision transformer and the streaming network of examples/ as ONNX models, for compare.py.

    digits_models.py --out DIR            with the Python of setup_peers.sh

writes into DIR, from examples/digits_vit and examples/digits_tenn (float Keras models and their samples),
    digits_vit_float.onnx     what the Keras model computes: LayerMadNormalization, shiftmax
    digits_vit_usual.onnx     with LayerNormalization and softmax instead, which runtimes have fused kernels for
    digits_tenn_float.onnx    one row at a time; the memories of the temporal convolutions are inputs and outputs
    NAME_s8s8.onnx NAME_u8s8.onnx
                              QDQ with int8 or uint8 activations and int8 weights per channel, of the usual form for the
                              transformer
and prints the accuracy of each on the test images.
"""
import argparse
import pathlib

import h5py
import numpy as np
import onnx
import onnxruntime

import onnx_graph

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"
CHANNELS, HEADS, BLOCKS, TOKENS = 32, 4, 2, 17  # as examples/digits_vit/train.py has them
ROWS = 8


def read_weights(path):
    """Variables of a Keras file by layer and name."""
    weights = {}

    def add(name, item):
        if isinstance(item, h5py.Dataset):
            layer, variable = name.split(":")[0].rsplit("/", 1)
            weights[layer[:len(layer) // 2], variable] = item[()]  # Keras writes the name of a layer twice
    with h5py.File(path) as file:
        file["model_weights"].visititems(add)
    return weights


class Graph(onnx_graph.Graph):
    """With the variables of a Keras model."""

    def __init__(self, weights):
        super().__init__()
        self.weights = weights

    def dense(self, x, layer):
        return self.add("Add", self.add("MatMul", x, self.constant(self.weights[layer, "kernel"])),
                        self.constant(self.weights[layer, "bias"]))

    def convolution(self, x, layer, strides, pads, kernel=None):
        """A Keras kernel (height, width, channels, filters) on (batch, channels, height, width)."""
        kernel = self.weights[layer, "kernel"] if kernel is None else kernel
        bias = [self.constant(self.weights[layer, "bias"])] if (layer, "bias") in self.weights else []
        return self.add("Conv", x, self.constant(kernel.transpose(3, 2, 0, 1)), *bias, kernel_shape=list(kernel.shape[:2]),
                        strides=strides, pads=pads)


def shiftmax(g, x):
    two, log2 = g.constant(2), g.constant(np.log(2))
    x = g.add("Floor", x)
    x = g.add("Sub", x, g.add("ReduceMax", x, axes=[-1]))
    total = g.add("ReduceSum", g.add("Pow", two, x), g.shape(-1))
    return g.add("Pow", two, g.add("Sub", x, g.add("Round", g.add("Div", g.add("Log", total), log2))))


def norm(g, x, layer, usual):
    gamma, beta = (g.constant(g.weights[layer, name]) for name in ("gamma", "beta"))
    if usual:
        return g.add("LayerNormalization", x, gamma, beta, epsilon=1e-6)
    mean = g.add("ReduceMean", g.add("Abs", x), axes=[-1])
    return g.add("Add", g.add("Div", g.add("Mul", x, gamma), mean), beta)


def attention(g, x, block, usual):
    head = CHANNELS // HEADS
    split = g.shape(1, TOKENS, HEADS, head)
    q, k, v = (g.add("Transpose", g.add("Reshape", g.dense(x, f"{block}/{name}"), split), perm=perm)
               for name, perm in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])))
    scale = head ** -0.5 if usual else 2.0 ** -np.rint(np.log2(head) / 2)
    scores = g.add("Mul", g.add("MatMul", q, k), g.constant(scale))
    scores = g.add("Softmax", scores, axis=-1) if usual else shiftmax(g, scores)
    merged = g.add("Transpose", g.add("MatMul", scores, v), perm=[0, 2, 1, 3])
    return g.dense(g.add("Reshape", merged, g.shape(1, TOKENS, CHANNELS)), f"{block}/out")


def transformer(weights, usual):
    g = Graph(weights)
    x = g.convolution("input", "embedding", [2, 2], [0] * 4, weights["embedding", "kernel"] / 128)
    x = g.add("Transpose", g.add("Reshape", x, g.shape(1, CHANNELS, TOKENS - 1)), perm=[0, 2, 1])
    x = g.add("Concat", g.constant(weights["class_token", "cls"]), x, axis=1)
    x = g.add("Add", x, g.constant(weights["pos_embed", "pos_embedding"]))
    for block in (f"block{i}" for i in range(BLOCKS)):
        x = g.add("Add", attention(g, norm(g, x, f"{block}/norm0", usual), block, usual), x)
        y = g.dense(norm(g, x, f"{block}/norm1", usual), f"{block}/mlp0")
        y = g.add("Clip", y, g.constant(0), g.constant(8))
        x = g.add("Add", x, g.dense(y, f"{block}/mlp1"))
    # Of the last normalization, by stored statistics, only the class token is read: it goes into the classifier.
    scale = weights["last_norm", "gamma"] / np.sqrt(weights["last_norm", "moving_variance"] + 1e-6)
    offset = weights["last_norm", "beta"] - weights["last_norm", "moving_mean"] * scale
    kernel, bias = weights["head", "kernel"], weights["head", "bias"]
    x = g.add("Gather", x, g.constant(0, np.int64), axis=1)
    g.add("Gemm", x, g.constant(scale[:, None] * kernel), g.constant(bias + offset @ kernel), output="logits")
    return g.model("digits_vit", {"input": [1, 1, 8, 8]}, {"logits": [1, 10]})


def pads(width, kernel, stride):
    """What 'same' adds on the left and on the right."""
    total = max((-(-width // stride) - 1) * stride + kernel - width, 0)
    return [0, total // 2, 0, total - total // 2]


def streaming(weights):
    g = Graph(weights)
    states = {}

    def with_memory(x, layer, frames, channels, width):
        """The frames before, one after the other along the channels, and this one; what the next row finds."""
        shape = [1, (frames - 1) * channels, 1, width]
        states[layer] = shape
        clip = g.add("Concat", f"{layer}_before", x, axis=1)
        g.add("Slice", clip, g.shape(channels), g.shape(frames * channels), g.shape(1), output=f"{layer}_after")
        return clip

    x = g.add("Relu", g.convolution("input", "conv0", [1, 1], pads(8, 3, 1)))
    x = g.add("Relu", g.convolution(with_memory(x, "convt1", 4, 8, 8), "convt1", [1, 1], [0] * 4))
    x = g.add("Relu", g.convolution(x, "conv2", [1, 2], pads(8, 3, 2)))
    clip = g.add("Reshape", with_memory(x, "convt3", 5, 24, 4), g.shape(1, 5, 24, 4))
    products = g.add("Mul", clip, g.constant(weights["convt3", "kernel"][None, :, :, None]))
    x = g.add("ReduceSum", products, g.shape(1), keepdims=0)
    x = g.add("Relu", g.add("Reshape", x, g.shape(1, 24, 1, 4)))
    x = g.add("Relu", g.convolution(x, "conv4", [1, 2], pads(4, 3, 2)))
    x = g.add("Relu", g.convolution(x, "conv5", [1, 1], [0] * 4))
    g.add("Gemm", g.add("Flatten", x), g.constant(weights["head", "kernel"]), g.constant(weights["head", "bias"]),
          output="logits")
    inputs = {"input": [1, 1, 1, 8], **{f"{layer}_before": shape for layer, shape in states.items()}}
    outputs = {"logits": [1, 10], **{f"{layer}_after": shape for layer, shape in states.items()}}
    return g.model("digits_tenn", inputs, outputs)


def rows(session, image):
    """Feeds of a streaming model row by row, and its logits."""
    feed = {value.name: np.zeros(value.shape, np.float32) for value in session.get_inputs()}
    names = [value.name for value in session.get_outputs()]
    for row in image:
        feed["input"] = row.reshape(1, 1, 1, 8)
        results = dict(zip(names, session.run(None, feed)))
        yield dict(feed), results["logits"]
        feed.update({name.replace("_after", "_before"): value for name, value in results.items() if name != "logits"})


def whole(session, image):
    feed = {"input": image.reshape(1, 1, 8, 8)}
    yield feed, session.run(None, feed)[0]


def accuracy(path, inference, images, labels):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    last = [list(inference(session, image))[-1][1] for image in images]
    return np.mean(np.concatenate(last).argmax(-1) == labels)


def feeds_of(path, inference, images):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return [feed for image in images for feed, _ in inference(session, image)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    forms = {"digits_vit": {"float": lambda w: transformer(w, False), "usual": lambda w: transformer(w, True)},
             "digits_tenn": {"float": streaming}}
    for name, models in forms.items():
        weights = read_weights(EXAMPLES / name / "model.h5")
        with np.load(EXAMPLES / name / "test.npz") as stored:
            images, labels = stored["inputs"].astype(np.float32), stored["labels"]
        inference = rows if name == "digits_tenn" else whole
        files = []
        for form, make in models.items():
            files.append(args.out / f"{name}_{form}.onnx")
            onnx.save(make(weights), files[-1])
        with np.load(EXAMPLES / "digits_vit" / "samples.npz") as stored:  # whole digits; the training images of both
            feeds = feeds_of(files[-1], inference, stored["samples"][:64].astype(np.float32))
        files += onnx_graph.quantize(files[-1], feeds, args.out, name)
        for file in files:
            print(f"{file.name}: accuracy {accuracy(file, inference, images, labels):.3f}")


if __name__ == "__main__":
    main()
