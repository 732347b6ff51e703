#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""MobileNetV1 1.0 at 224 x 224 and a vision transformer of DeiT-tiny's shape with random weights, for every runtime.

    large_models.py --out DIR [--only mobilenet_v1|deit_tiny]

needs `pip install quantizeml==0.17.1` (TensorFlow 2.15, ONNX Runtime and onnx come with it) and writes for each network
    NAME.h5                       float Keras model with an integer input: what `tenon quantize` takes
    NAME.tflite                   int8 in, int8 out, converted from Keras
    NAME_s8s8.onnx NAME_u8s8.onnx QDQ with int8 or uint8 activations and int8 weights per channel
    NAME_samples.npz              calibration inputs, the same for all
Time does not depend on the weights; they are scaled so that activations keep their size through the layers. The transformer
has ReLU in its MLPs everywhere; Tenon's has QuantizeML's LayerMadNormalization and Shiftmax where the others normalize by the
variance and use softmax.
"""
import argparse
import os
import pathlib
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import onnx
import tensorflow as tf
from quantizeml import layers as qml

import onnx_graph

SIZE, CLASSES, SAMPLES = 224, 1000, 8
SCALE = 1 / 255

# (filters of the pointwise convolution, stride of the depthwise one)
MOBILENET_BLOCKS = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1),
                    (512, 1), (1024, 2), (1024, 1)]
PATCH, WIDTH, DEPTH, HEADS, HIDDEN = 16, 192, 12, 3, 768
TOKENS = (SIZE // PATCH) ** 2 + 1


def he_normal(rng, shape, inputs):
    return (rng.standard_normal(shape) * np.sqrt(2 / inputs)).astype(np.float32)


def set_random_weights(model):
    """Kernels by their number of inputs, everything else near what it is in a new model."""
    rng = np.random.default_rng(7)
    for layer in model.layers:
        values = []
        for variable in layer.weights:
            name, shape = variable.name.split("/")[-1], tuple(variable.shape)
            if "depthwise" in name:
                values.append(he_normal(rng, shape, shape[0] * shape[1]))
            elif "kernel" in name:
                values.append(he_normal(rng, shape, np.prod(shape[:-1])))
            elif "gamma" in name:
                values.append(np.ones(shape, np.float32))
            else:
                values.append((rng.standard_normal(shape) * 0.1).astype(np.float32))
        layer.set_weights(values)


# ---- Keras: for Tenon and for LiteRT

def keras_mobilenet(rescale):
    image = tf.keras.Input((SIZE, SIZE, 3), name="input")
    x = tf.keras.layers.Rescaling(SCALE, name="rescaling")(image) if rescale else image
    x = tf.keras.layers.Conv2D(32, 3, strides=2, padding="same", name="conv_0")(x)
    x = tf.keras.layers.ReLU(6, name="conv_0/relu")(x)
    for i, (filters, stride) in enumerate(MOBILENET_BLOCKS, 1):
        x = tf.keras.layers.DepthwiseConv2D(3, strides=stride, padding="same", name=f"dw_{i}")(x)
        x = tf.keras.layers.ReLU(6, name=f"dw_{i}/relu")(x)
        x = tf.keras.layers.Conv2D(filters, 1, padding="same", name=f"pw_{i}")(x)
        x = tf.keras.layers.ReLU(6, name=f"pw_{i}/relu")(x)
    x = tf.keras.layers.GlobalAveragePooling2D(name="pooling")(x)
    x = tf.keras.layers.Dense(CLASSES, name="classes")(x)
    return tf.keras.Model(image, x, name="mobilenet_v1")


class ClassToken(tf.keras.layers.Layer):
    def build(self, shape):
        self.cls = self.add_weight("cls", (1, 1, shape[-1]))

    def call(self, x):
        return tf.concat([tf.broadcast_to(self.cls, (tf.shape(x)[0], 1, WIDTH)), x], 1)


class Positions(tf.keras.layers.Layer):
    def build(self, shape):
        self.positions = self.add_weight("positions", (1, *shape[1:]))

    def call(self, x):
        return x + self.positions


class SoftmaxAttention(tf.keras.layers.Layer):
    def call(self, inputs):
        q, k, v = (tf.transpose(tf.reshape(x, (-1, TOKENS, HEADS, WIDTH // HEADS)), (0, 2, 1, 3)) for x in inputs)
        scores = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) * (WIDTH // HEADS) ** -0.5)
        return tf.reshape(tf.transpose(tf.matmul(scores, v), (0, 2, 1, 3)), (-1, TOKENS, WIDTH))


def keras_transformer(rescale):
    """With QuantizeML's layers where `rescale`, else with those that a float model of other runtimes has."""
    layers = tf.keras.layers

    def norm(name):
        return qml.LayerMadNormalization(epsilon=1e-6, name=name) if rescale else layers.LayerNormalization(
            epsilon=1e-6, name=name)

    def add(name):
        return qml.Add(name=name) if rescale else layers.Add(name=name)

    image = tf.keras.Input((SIZE, SIZE, 3), name="input")
    x = layers.Rescaling(SCALE, name="rescaling")(image) if rescale else image
    x = layers.Conv2D(WIDTH, PATCH, strides=PATCH, name="embedding")(x)
    x = layers.Reshape((TOKENS - 1, WIDTH), name="to_tokens")(x)
    x = (qml.ClassToken if rescale else ClassToken)(name="class_token")(x)
    x = (qml.AddPositionEmbs if rescale else Positions)(name="positions")(x)
    for i in range(DEPTH):
        y = norm(f"block_{i}/norm_0")(x)
        q, k, v = (layers.Dense(WIDTH, name=f"block_{i}/{name}")(y) for name in ("query", "key", "value"))
        if rescale:
            y = qml.Attention(num_heads=HEADS, softmax="shiftmax", name=f"block_{i}/attention")([q, k, v])[0]
        else:
            y = SoftmaxAttention(name=f"block_{i}/attention")([q, k, v])
        y = layers.Dense(WIDTH, name=f"block_{i}/out")(y)
        x = add(f"block_{i}/add_0")([y, x])
        y = norm(f"block_{i}/norm_1")(x)
        y = layers.Dense(HIDDEN, name=f"block_{i}/mlp_0")(y)
        y = layers.ReLU(name=f"block_{i}/relu")(y)
        y = layers.Dense(WIDTH, name=f"block_{i}/mlp_1")(y)
        x = add(f"block_{i}/add_1")([x, y])
    x = norm("norm")(x)
    x = qml.ExtractToken(token=0, name="token")(x) if rescale else layers.Lambda(lambda x: x[:, 0], name="token")(x)
    x = layers.Dense(CLASSES, name="classes")(x)
    return tf.keras.Model(image, x, name="deit_tiny")


def write_tflite(model, samples, path):
    def representative():
        for sample in samples:
            yield [sample[None]]

    # From a function of fixed batch: a batch of unknown size keeps shapes dynamic, which XNNPACK refuses.
    function = tf.function(lambda x: model(x)).get_concrete_function(tf.TensorSpec((1, SIZE, SIZE, 3), tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    path.write_bytes(converter.convert())


# ---- ONNX: for ONNX Runtime and OpenVINO

class Graph(onnx_graph.Graph):
    """With random weights."""

    def __init__(self):
        super().__init__()
        self.rng = np.random.default_rng(7)

    def kernel(self, shape, inputs):
        return self.constant(he_normal(self.rng, shape, inputs))

    def bias(self, *shape):
        return self.constant((self.rng.standard_normal(shape) * 0.1).astype(np.float32))

    def convolution(self, x, filters, channels, size, stride, pads, groups=1):
        kernel = self.kernel((filters, channels // groups, size, size), size * size * channels // groups)
        return self.add("Conv", x, kernel, self.bias(filters), kernel_shape=[size, size], strides=[stride, stride],
                        pads=pads, group=groups)

    def dense(self, x, units, inputs):
        return self.add("Add", self.add("MatMul", x, self.kernel((inputs, units), inputs)), self.bias(units))

    def classifier(self, name, output):
        return self.model(name, {"input": [1, 3, SIZE, SIZE]}, {output: [1, CLASSES]})


def same_pads(stride):
    return [0, 0, 1, 1] if stride == 2 else [1, 1, 1, 1]  # even sizes and kernels of 3, as Keras pads them


def onnx_mobilenet():
    g = Graph()
    low, high = g.constant(np.float32(0)), g.constant(np.float32(6))
    x = g.add("Clip", g.convolution("input", 32, 3, 3, 2, same_pads(2)), low, high)
    channels = 32
    for filters, stride in MOBILENET_BLOCKS:
        x = g.add("Clip", g.convolution(x, channels, channels, 3, stride, same_pads(stride), channels), low, high)
        x = g.add("Clip", g.convolution(x, filters, channels, 1, 1, [0] * 4), low, high)
        channels = filters
    x = g.add("Flatten", g.add("GlobalAveragePool", x))
    x = g.add("Gemm", x, g.kernel((channels, CLASSES), channels), g.bias(CLASSES))
    return g.classifier("mobilenet_v1", x)


def onnx_transformer():
    g = Graph()
    head = WIDTH // HEADS

    def norm(x):
        gamma, beta = g.constant(np.ones(WIDTH, np.float32)), g.bias(WIDTH)
        return g.add("LayerNormalization", x, gamma, beta, epsilon=1e-6)

    x = g.convolution("input", WIDTH, 3, PATCH, PATCH, [0] * 4)
    x = g.add("Transpose", g.add("Reshape", x, g.shape(1, WIDTH, TOKENS - 1)), perm=[0, 2, 1])
    x = g.add("Add", g.add("Concat", g.bias(1, 1, WIDTH), x, axis=1), g.bias(1, TOKENS, WIDTH))
    split, merged = g.shape(1, TOKENS, HEADS, head), g.shape(1, TOKENS, WIDTH)
    scale = g.constant(np.float32(head ** -0.5))
    for _ in range(DEPTH):
        y = norm(x)
        q, k, v = (g.add("Transpose", g.add("Reshape", g.dense(y, WIDTH, WIDTH), split), perm=perm)
                   for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]))
        y = g.add("Softmax", g.add("Mul", g.add("MatMul", q, k), scale), axis=-1)
        y = g.add("Reshape", g.add("Transpose", g.add("MatMul", y, v), perm=[0, 2, 1, 3]), merged)
        x = g.add("Add", x, g.dense(y, WIDTH, WIDTH))
        y = g.add("Relu", g.dense(norm(x), HIDDEN, WIDTH))
        x = g.add("Add", x, g.dense(y, WIDTH, HIDDEN))
    x = g.add("Gather", norm(x), g.constant(0, np.int64), axis=1)
    return g.classifier("deit_tiny", g.dense(x, CLASSES, WIDTH))


def write_onnx(model, samples, folder, name):
    feeds = [{"input": sample.transpose(2, 0, 1)[None]} for sample in samples]
    with tempfile.TemporaryDirectory() as scratch:
        source = pathlib.Path(scratch) / "float.onnx"
        onnx.save(model, source)
        list(onnx_graph.quantize(source, feeds, folder, name))


NETWORKS = {"mobilenet_v1": (keras_mobilenet, onnx_mobilenet), "deit_tiny": (keras_transformer, onnx_transformer)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--only", choices=NETWORKS, action="append")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(3).integers(0, 256, (SAMPLES, SIZE, SIZE, 3), dtype=np.uint8)
    scaled = pixels.astype(np.float32) * np.float32(SCALE)
    for name in args.only or NETWORKS:
        make_keras, make_onnx = NETWORKS[name]
        np.savez_compressed(args.out / f"{name}_samples.npz", samples=pixels)
        model = make_keras(rescale=True)
        set_random_weights(model)
        model.save(args.out / f"{name}.h5")
        write_onnx(make_onnx(), scaled, args.out, name)
        model = make_keras(rescale=False)
        set_random_weights(model)
        write_tflite(model, scaled, args.out / f"{name}.tflite")
        print(f"{name}: .h5, .onnx and .tflite are in {args.out}")


if __name__ == "__main__":
    main()
