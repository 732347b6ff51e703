# SPDX-License-Identifier: Apache-2.0
"""Writes tests/layer/toolkit_outputs.hpp: what the reference package makes of single transformer and TENN layers.

    pip install quantizeml==0.17.1
    python tests/reference/toolkit_layers.py

Variables and inputs are drawn here and stored with the results; sizes are as small as the behaviour allows. Outputs of
8 bits and less: beyond 24 bits the reference rounds its integers to float32, which Tenon does not.
"""
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ["ASSERT_ENABLED"] = "0"
os.environ["LUT_ENABLED"] = "1"

import numpy as np  # noqa: E402
import quantizeml.layers as ql  # noqa: E402
import tensorflow as tf  # noqa: E402
from quantizeml.tensors import FixedPoint, QFloat  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[1] / "layer" / "toolkit_outputs.hpp"


def output(bits=8, axis="per-axis"):
    return {"output_quantizer": {"bitwidth": bits, "axis": axis}}


def fixed(shape, bits, frac_bits):
    """One number of fractional bits, or a list with one a channel."""
    return shape, bits, frac_bits, None


def scaled(shape, bits, frac_bits, scales):
    return shape, bits, frac_bits, scales


SCALES = [2.0**-7, 0.011, 0.0063]
ON_TOKENS = (1, 3, 4)

# name: class, arguments, configuration, inputs (shape with batch, value bits, fractional bits, scales), steps
CASES = {
    "shiftmax_per_axis": ("QuantizedShiftmax", {}, {}, [fixed((1, 3, 5), 7, [5, 3, 4, 6, 2])], 1),
    "shiftmax_negative": ("QuantizedShiftmax", {}, {"exp_bitwidth": 6}, [fixed((1, 2, 4), 7, -3)], 1),
    "attention": ("QuantizedAttention", {"num_heads": 2}, output(),
                  [fixed(ON_TOKENS, 7, 5), fixed(ON_TOKENS, 7, 4), fixed(ON_TOKENS, 7, [4, 6, 5, 4])], 1),
    "attention_last": ("QuantizedAttention", {"num_heads": 1}, {"softmax": {"exp_bitwidth": 5}},
                       [fixed(ON_TOKENS, 3, 2), fixed(ON_TOKENS, 7, 6), fixed(ON_TOKENS, 7, 3)], 1),
    "class_token": ("QuantizedClassToken", {}, {}, [scaled((1, 2, 3), 16, 0, SCALES)], 1),
    "class_token_4_bits": ("QuantizedClassToken", {}, {"cls_quantizer": {"bitwidth": 4}},
                           [scaled((1, 2, 3), 16, 2, SCALES)], 1),
    "add_position_embs": ("QuantizedAddPositionEmbs", {}, output(), [scaled((1, 2, 3), 16, 0, SCALES)], 1),
    "add_position_embs_4_bits": ("QuantizedAddPositionEmbs", {}, {"pe_quantizer": {"bitwidth": 4}, **output(4)},
                                 [scaled((1, 2, 3), 16, 3, SCALES)], 1),
    "extract_token": ("QuantizedExtractToken", {"token": [3, 0, 1]}, {},
                      [fixed((1, 4, 3), 7, [2, 5, 3])], 1),
    "layer_mad_normalization": ("QuantizedLayerNormalization", {}, output(),
                                [fixed((1, 3, 5), 7, [5, 3, 4, 6, 2])], 1),
    "layer_mad_normalization_4_bits": ("QuantizedLayerNormalization", {},
                                       {"gamma_quantizer": {"bitwidth": 4}, "beta_quantizer": {"bitwidth": 4},
                                        **output(4, "per-tensor")}, [fixed((1, 3, 5), 7, 3)], 1),
    "activation_gelu": ("QuantizedActivation", {"activation": "gelu"}, output(8, "per-tensor"),
                        [fixed((1, 40), 5, 2)], 1),
    "activation_swish": ("QuantizedActivation", {"activation": "swish"}, output(8, "per-tensor"),
                         [fixed((1, 40), 5, 2)], 1),
    "activation_hard_silu": ("QuantizedActivation", {"activation": "hard_silu"}, output(8, "per-tensor"),
                             [fixed((1, 40), 5, 2)], 1),
    "activation_leaky_relu": ("QuantizedActivation", {"activation": "leaky_relu", "alpha": 0.3}, output(8, "per-tensor"),
                              [fixed((1, 40), 5, 2)], 1),
    "buffer_temp_conv": ("QuantizedBufferTempConv", {"filters": 3, "kernel_size": 3, "use_bias": True},
                         {"weight_quantizer": {"bitwidth": 8}, **output()}, [fixed((1, 1, 2, 2), 7, [3, 5])], 5),
    "buffer_temp_conv_scaled": ("QuantizedBufferTempConv", {"filters": 2, "kernel_size": 2},
                                {"weight_quantizer": {"bitwidth": 4}}, [scaled((1, 2, 1, 3), 8, 0, 0.25)], 4),
    "depthwise_buffer_temp_conv": ("QuantizedDepthwiseBufferTempConv", {"kernel_size": 3, "use_bias": True},
                                   {"weight_quantizer": {"bitwidth": 8}, **output()},
                                   [fixed((1, 1, 2, 3), 7, [3, 5, 4])], 5),
    "projection": ("QuantizedStatefulProjection", {"units": 3, "downshape": (4, 6), "subsample": 2},
                   {"weight_quantizer": {"bitwidth": 8}, **output()}, [fixed((1, 4, 3, 2), 7, [4, 6])], 1),
    "projection_upshape": ("QuantizedStatefulProjection", {"units": 4, "upshape": (6, 2)},
                           {"weight_quantizer": {"bitwidth": 8}, **output()}, [fixed((1, 3, 2), 7, 5)], 1),
    "recurrent": ("QuantizedStatefulRecurrent", {}, {"a_quantizer": {"bitwidth": 8}, **output(8, "per-tensor")},
                  [scaled((1, 3, 3), 16, 0, SCALES)], 3),
    "recurrent_fixed": ("QuantizedStatefulRecurrent", {},
                        {"a_quantizer": {"bitwidth": 4}, **output(12, "per-tensor")},
                        [fixed((1, 2, 3), 7, [6, 3, 4])], 3),
}


def draw(rng, name, shape):
    """A variable; multiples of 1/64, so that they can be read in the header."""
    if name == "range_max":
        return 2.0 ** rng.integers(2, 6, shape)
    if name == "rescaling_rate":
        return np.ones(shape)
    if name in ("A_real", "A_imag"):
        return rng.integers(-48, 49, shape) / 64
    return rng.integers(-96, 97, shape) / 64


def elements(rng, shape, bits):
    """Integers of an input: bytes, the whole range of fewer bits, or a part of it that outputs can show."""
    low, high = (0, 256) if bits == 8 else (max(-2**bits, -500), min(2**bits, 500))
    return rng.integers(low, high, shape)


def make(seed, class_name, arguments, config, inputs, steps):
    rng = np.random.default_rng(seed)
    layer = getattr(ql, class_name)(name="layer", quant_config=config, **arguments)

    def wrap(x, spec):
        _, bits, frac_bits, scales = spec
        value = FixedPoint(x, bits, tf.constant(frac_bits, tf.float32))
        return value if scales is None else QFloat(value, tf.constant(scales, tf.float32))

    def call(*xs):
        xs = [wrap(x, spec) for x, spec in zip(xs, inputs)]
        y = layer(xs if len(xs) > 1 else xs[0])
        flat = []
        for q in y if isinstance(y, tuple) else (y,):
            point = q.fp if isinstance(q, QFloat) else q
            flat.append((point.values, point.frac_bits, q.scales if isinstance(q, QFloat) else tf.constant([])))
        return flat

    func = tf.function(call)
    data = []
    for _ in range(steps):
        data.append([elements(rng, *spec[:2]) for spec in inputs])
    func(*[tf.constant(x, tf.float32) for x in data[0]])  # builds
    variables = {}
    for v in layer.variables:
        name = v.name.split("/")[-1].split(":")[0]
        if name in ("kernel", "bias", "gamma", "beta", "cls", "pos_embedding", "A_real", "A_imag", "range_max",
                    "rescaling_rate"):
            v.assign(np.asarray(draw(rng, name, tuple(v.shape)), np.float32))
            variables[name.lower()] = v.numpy()
    for reset in ("reset_buffer", "reset_layer_states"):
        if hasattr(layer, reset):
            getattr(layer, reset)()
    results = [func(*[tf.constant(x, tf.float32) for x in step]) for step in data]
    outputs = []
    for k, (_, frac_bits, scales) in enumerate(results[0]):
        values = np.stack([r[k][0].numpy() for r in results])
        outputs.append((values, frac_bits.numpy(), scales.numpy()))
    return [np.stack([step[k] for step in data]) for k in range(len(inputs))], variables, outputs


def number(value):
    if isinstance(value, (float, np.floating)):
        digits, exponent = float(value).hex().split("p")
        return f"{digits.rstrip('0').rstrip('.')}p{exponent}F" if value else "0"
    return str(int(value))


def listed(values, cast):
    return "{" + ", ".join(number(cast(v)) for v in np.ravel(values)) + "}"


def tensor(shape, value_bits, frac_bits, scales, values):
    dims = ", ".join(str(d) for d in shape)
    return (f"{{Shape{{{dims}}}, {value_bits}, {listed(frac_bits, int)}, {listed(scales, np.float32)}, "
            f"{listed(values, int)}}}")


def wrapped(text, width=110):
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) + 1 > width:
            lines, line = lines + [line], "     " + word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join(lines + [line])


def main():
    OUT.parent.mkdir(exist_ok=True)
    text = ["// SPDX-License-Identifier: Apache-2.0", "#pragma once", "#include \"layer/layer_case.hpp\"", "",
            "// Written by tests/reference/toolkit_layers.py with quantizeml 0.17.1.",
            "namespace tenon_test::reference {", ""]
    for seed, (name, spec) in enumerate(CASES.items()):
        data, variables, outputs = make(seed, *spec)
        parts = []
        for x, (shape, bits, frac_bits, scales) in zip(data, spec[3]):
            parts.append(tensor(shape[1:], bits, frac_bits, [] if scales is None else scales, x))
        listing = ", ".join(f"{{\"{key}\", {listed(value, np.float32)}}}" for key, value in variables.items())
        made = ", ".join(tensor(v.shape[2:], 0, f, s, v) for v, f, s in outputs)
        text.append(wrapped(f"inline const LayerCase {name}{{{{{', '.join(parts)}}}, {{{listing}}}, {{{made}}}}};"))
        text.append("")
    text.append("}  // namespace tenon_test::reference")
    OUT.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
