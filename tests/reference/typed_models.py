# SPDX-License-Identifier: Apache-2.0
"""Writes tests/model/reference_outputs.hpp: what the reference package makes of the models of typed_models.hpp.

    pip install quantizeml==0.17.1
    python tests/reference/typed_models.py [case...]

Named cases are only printed.
Weights, samples and inputs come from one linear congruential generator that the C++ tests have as well,
so only results are stored. Values are multiples of 1/64: the float sums of the first layers are exact.
"""
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers as K  # noqa: E402
from quantizeml.layers import (Activation, Add, AddPositionEmbs, Attention, BufferTempConv,  # noqa: E402
                               ClassToken, DepthwiseBufferTempConv, DepthwiseConv2DTranspose, ExtractToken,
                               LayerMadNormalization, QuantizationParams, Shiftmax, StatefulProjection,
                               StatefulRecurrent, reset_states)
from quantizeml.models import quantize, reset_buffers  # noqa: E402
from quantizeml.tensors import QFloat  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[1] / "model" / "reference_outputs.hpp"


class Generator:
    """x <- 1664525 x + 1013904223 modulo 2^32; the upper eight bits are the draw."""

    def __init__(self, seed):
        self.state = seed

    def byte(self):
        self.state = (1664525 * self.state + 1013904223) % 2**32
        return self.state >> 24

    def bytes(self, count):
        return np.array([self.byte() for _ in range(count)], np.int64)

    def weights(self, count):
        return ((self.bytes(count) % 65 - 32) / 64).astype(np.float32)


def chain():
    x = i = keras.Input((6, 6, 1))
    x = K.Conv2D(3, 3, padding="same")(x)
    x = K.MaxPool2D()(x)
    x = K.ReLU()(x)
    x = K.Flatten()(x)
    x = K.Dense(2)(x)
    return keras.Model(i, x)


def residual():
    i = keras.Input((7, 5, 3))
    x = K.ReLU()(K.Conv2D(4, 3, padding="same")(i))
    stem = K.ReLU()(K.Conv2D(5, 3, padding="same")(x))
    left = K.SeparableConv2D(5, 3, padding="same")(stem)
    right = K.ReLU(6.0)(K.DepthwiseConv2D(3, padding="same", use_bias=False)(stem))
    x = Add()([left, right])
    x = K.Concatenate()([K.Conv2D(3, 1)(x), K.ReLU()(K.Conv2D(2, 3, padding="same", use_bias=False)(x))])
    x = K.ReLU()(K.Conv2D(6, 1)(x))
    x = K.GlobalAveragePooling2D()(x)
    return keras.Model(i, K.Dense(4)(x))


def decoder():
    x = i = keras.Input((3, 2, 2))
    x = K.Rescaling(1 / 128)(x)
    x = K.ReLU()(K.Conv2D(4, 2)(x))
    x = K.ReLU()(K.Conv2DTranspose(3, 3, strides=2, padding="same")(x))
    x = K.BatchNormalization()(x)
    x = DepthwiseConv2DTranspose(3, strides=2, padding="same")(x)
    x = K.Permute((2, 1, 3))(x)
    return keras.Model(i, K.Dense(2, use_bias=False)(x))


def wide():
    x = i = keras.Input((9, 8, 4))
    x = K.Conv2D(6, 3, dilation_rate=2, groups=2)(x)
    x = K.ReLU()(x)
    x = K.Dropout(0.25)(x)
    x = K.Conv2D(6, 2, strides=2, groups=3, padding="same")(x)
    x = K.Reshape((2, 18))(x)
    return keras.Model(i, K.Dense(3)(x))


def transformer(shares=False):
    i = keras.Input((4, 6, 1))
    x = K.Conv2D(6, 2, strides=2, name="embedding")(K.Rescaling(1 / 128)(i))
    tokens = AddPositionEmbs(name="pos")(ClassToken(name="cls")(K.Reshape((6, 6))(x)))
    x = LayerMadNormalization(name="norm0")(tokens)
    q, k, v = (K.Dense(6, name=name)(x) for name in ("query", "key", "value"))
    x, _ = Attention(num_heads=2, softmax="shiftmax", name="look")([q, k, v])
    y = Add(name="sum0")([K.Dense(6, name="out")(x), tokens])
    x = K.Dense(8, name="mlp0")(LayerMadNormalization(name="norm1")(y))
    x = K.Dense(6, name="mlp1")(Activation("gelu", name="gelu")(x))
    x = K.BatchNormalization(name="last_norm")(Add(name="sum1")([x, y]))
    x = K.Dense(5, name="head")(ExtractToken(token=[0, 2, 3], name="some")(x))
    model = keras.Model(i, Shiftmax(name="shares")(x) if shares else x)
    model.order = ["embedding", "cls", "pos", "norm0", "query", "key", "value", "out", "norm1", "mlp0", "mlp1",
                   "last_norm", "head"]
    return model


def stream():
    x = i = keras.Input((2, 3, 2))
    x = K.ReLU()(BufferTempConv(4, kernel_size=3, use_bias=True, name="deep")(x))
    x = K.ReLU(4.0)(DepthwiseBufferTempConv(kernel_size=2, use_bias=True, name="wise")(x))
    x = K.ReLU()(K.Conv2D(3, 2)(x))
    x = BufferTempConv(3, kernel_size=2, name="last_frames")(x)
    return keras.Model(i, K.Dense(2)(K.GlobalAveragePooling2D()(x)))


def recurrent():
    x = i = keras.Input((4, 3), batch_size=1)
    x = StatefulProjection(5, name="p0")(x)
    x = StatefulRecurrent(name="r0")(x)
    x = K.ReLU()(StatefulProjection(6, downshape=(4, 10), subsample=2, name="p1")(x))
    x = StatefulRecurrent(name="r1")(StatefulProjection(3, name="p2")(x))
    return keras.Model(i, StatefulProjection(4, downshape=(2, 6), upshape=(4, 2), name="p3")(x))


CASES = {  # build, dtype, parameters, calibration, seed
    "chain": (chain, np.uint8, {}, {"num_samples": 6}, 1),
    "residual": (residual, np.uint8, {"activation_bits": 4, "weight_bits": 4},
                 {"num_samples": 6, "batch_size": 4, "epochs": 2}, 11),
    "decoder": (decoder, np.int8, {"last_output_bits": 8}, {"num_samples": 6, "batch_size": 2}, 3),
    "wide": (wide, np.int16, {"activation_bits": 16, "output_bits": 12, "per_tensor_activations": True,
                              "input_weight_bits": 10}, {"num_samples": 3}, 4),
    "transformer": (transformer, np.uint8, {}, {"num_samples": 6, "batch_size": 3}, 5),
    "transformer4": (lambda: transformer(shares=True), np.uint8, {"activation_bits": 4, "weight_bits": 4},
                     {"num_samples": 6, "batch_size": 6}, 6),
    "stream": (stream, np.uint8, {}, {"batch_size": 2, "epochs": 2}, 7),
    "stream4": (stream, np.int8, {"activation_bits": 4, "weight_bits": 4, "per_tensor_activations": True},
                {"batch_size": 1}, 8),
    "recurrent": (recurrent, np.int8, {"activation_bits": 16, "output_bits": 16}, {"epochs": 2}, 9),
}
SAMPLES, INPUTS = 6, 3
SEQUENCES = 3  # of the samples of a recurrent model


def elements(generator, count, dtype):
    """Elements of an input: bytes, signed bytes, or twelve signed bits."""
    if dtype == np.uint8:
        return generator.bytes(count)
    if dtype == np.int8:
        return generator.bytes(count) - 128
    return (generator.bytes(count) - 128) * 16


def is_stream(model):
    return any(isinstance(layer, (BufferTempConv, DepthwiseBufferTempConv, StatefulRecurrent)) for layer in model.layers)


def quantize_recurrent(model, samples, **arguments):
    """The package takes samples of its own for recurrent models only: these are given instead."""
    calibrate = sys.modules["quantizeml.models.calibrate"]
    saved = calibrate.generate_keras_random_samples
    calibrate.generate_keras_random_samples = lambda *a, **k: samples
    try:
        return quantize(model, samples=None, num_samples=len(samples), **arguments)
    finally:
        calibrate.generate_keras_random_samples = saved


def run(build, dtype, qparams, calibration, seed):
    keras.backend.clear_session()
    model = build()
    generator = Generator(seed)
    order = getattr(model, "order", [layer.name for layer in model.layers if layer.get_weights()])
    for layer in map(model.get_layer, order):
        values = []
        for w in layer.get_weights():
            draw = generator.weights(w.size).reshape(w.shape)
            values.append(np.abs(draw) + np.float32(0.5) if len(layer.get_weights()) == 4 and
                          len(values) in (0, 3) else draw)
        layer.set_weights(values)
    shape = model.input_shape[1:]
    size = int(np.prod(shape))
    samples = elements(generator, SAMPLES * size, dtype).reshape(SAMPLES, *shape)
    inputs = elements(generator, INPUTS * size, dtype).reshape(INPUTS, *shape)
    parameters = QuantizationParams(input_dtype=np.dtype(dtype), **qparams)
    if any(isinstance(layer, StatefulRecurrent) for layer in model.layers):
        sequences = samples.reshape(SEQUENCES, -1, shape[-1]).astype(np.float32)
        quantized = quantize_recurrent(model, sequences, qparams=parameters, **calibration)
    else:
        quantized = quantize(model, qparams=parameters, samples=samples.astype(np.float32), **calibration)
    names = [type(layer).__name__.replace("Quantized", "") for layer in quantized.layers[:-1]]
    inner = keras.Model(quantized.input, quantized.layers[-2].output)
    graph = tf.function(lambda v: inner(v, training=False))
    reset_buffers(quantized)
    reset_states(quantized)
    batches = inputs[:, None] if is_stream(model) else [inputs]
    results = [graph(tf.constant(x.astype(dtype))) for x in batches]
    result = results[-1]
    values = np.concatenate([np.asarray((r.fp if isinstance(r, QFloat) else r).values) for r in results])
    fixed = result.fp if isinstance(result, QFloat) else result
    scales = np.asarray(result.scales).ravel() if isinstance(result, QFloat) else np.zeros(0)
    return order, names, values, np.atleast_1d(np.asarray(fixed.frac_bits)), scales


def hexadecimal(value):
    digits, exponent = float(value).hex().split("p")
    return f"{digits.rstrip('0')}p{exponent}F"


def wrapped(values):
    text = ", ".join(values)
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) > 90:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n    ".join(lines)


def main():
    only = sys.argv[1:]
    text = ["// SPDX-License-Identifier: Apache-2.0", "#pragma once", "#include <cstdint>", "",
            "// Written by tests/reference/typed_models.py with quantizeml 0.17.1.",
            "namespace tenon_test::reference {"]
    for name, case in CASES.items():
        if only and name not in only:
            continue
        order, layers, values, frac_bits, scales = run(*case)
        print(name, order, values.shape)
        text += ["", *["// " + line.strip() for line in wrapped(layers).split("\n")],
                 f"inline constexpr std::int32_t {name}_outputs[] = {{",
                 "    " + wrapped([str(int(v)) for v in values.ravel()]) + "};",
                 f"inline constexpr std::int32_t {name}_frac_bits[] = {{{wrapped([str(int(f)) for f in frac_bits])}}};"]
        if scales.size:
            text += [f"inline constexpr float {name}_scales[] = {{",
                     "    " + wrapped([hexadecimal(s) for s in scales]) + "};"]
    text += ["", "}  // namespace tenon_test::reference", ""]
    print("\n".join(text)) if only else OUT.write_text("\n".join(text))


if __name__ == "__main__":
    main()
