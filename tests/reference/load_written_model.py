# SPDX-License-Identifier: Apache-2.0
"""Models that Tenon read and wrote again load in QuantizeML and predict the same, float and quantized.

    load_written_model.py --rewrite build/tests/rewrite_model [MODEL.h5 ...]

Needs `pip install quantizeml==0.17.1`; exits with 77 without it. Without MODEL.h5 it makes its own models. Each
model is rewritten as it is, and once more after `quantizeml.models.quantize` with random samples.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
try:
    import keras
    import numpy as np
    import tensorflow as tf
    from quantizeml.model_io import load_model
    from quantizeml.models import QuantizationParams, quantize
except ImportError as missing:
    print(f"{missing}: skipped")
    sys.exit(77)

layers = keras.layers


def chain():
    """Sequential, with what sanitizing would fold."""
    return keras.Sequential([
        layers.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.Conv2D(4, 3, padding="same"),
        layers.BatchNormalization(), layers.ReLU(max_value=6), layers.MaxPool2D(), layers.DepthwiseConv2D(3),
        layers.Flatten(), layers.Dense(5)
    ], name="chain")


def branches():
    """Skip connections, two outputs, separable and transposed convolutions."""
    image = keras.Input((8, 8, 3))
    x = layers.ReLU()(layers.Conv2D(6, 3, padding="same")(image))
    y = layers.ReLU()(layers.SeparableConv2D(6, 3, padding="same")(x))
    z = layers.Concatenate()([layers.Add()([x, y]), y])
    up = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(z)
    return keras.Model(image, [layers.Dense(3)(layers.GlobalAveragePooling2D()(z)), up], name="branches")


def functions():
    """TensorFlow functions with keyword tensors and constants, and a layer that is called twice. Float only."""
    image = keras.Input((4, 4, 2))
    shared = layers.Conv2D(2, 3, padding="same")
    x = shared(tf.nn.relu(shared(image)))
    y = tf.reshape(1.0 - tf.concat([x, image], axis=-1), (-1, 16, 4))
    return keras.Model(image, tf.transpose(y, (0, 2, 1)) * 2.0, name="functions")


def randomized(model):
    generator = np.random.default_rng(7)
    for weight in model.weights:
        value = generator.normal(0, 0.3, weight.shape).astype(np.float32)
        weight.assign(np.abs(value) + 0.5 if "gamma" in weight.name or "variance" in weight.name else value)
    return model


def outputs(model, inputs):
    result = model(inputs)
    results = result if isinstance(result, (list, tuple)) else [result]
    return [np.asarray(r) for r in results]


def largest_difference(rewrite, path, work):
    """Between the model in a file and the same one rewritten, on random integers."""
    written = work / ("written_" + path.name)
    subprocess.run([rewrite, path, written], check=True)
    before, after = load_model(str(path)), load_model(str(written))
    shape = [2] + [size or 8 for size in before.inputs[0].shape[1:]]
    samples = np.random.default_rng(3).integers(0, 128, shape)
    inputs = tf.constant(samples, dtype=before.inputs[0].dtype)
    pairs = zip(outputs(before, inputs), outputs(after, inputs), strict=True)
    return max(float(np.max(np.abs(b - a))) for b, a in pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rewrite", required=True, type=pathlib.Path, help="the program rewrite_model")
    parser.add_argument("models", nargs="*", type=pathlib.Path, help="float models to take instead of our own")
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        paths = list(args.models)
        if not paths:
            for make in (chain, branches, functions):
                paths.append(work / f"{make.__name__}.h5")
                randomized(make()).save(paths[-1], include_optimizer=False)
        for path in paths:
            files = [path]
            if path.stem != "functions":
                for bits in (8, 4):
                    params = QuantizationParams(weight_bits=bits, activation_bits=bits)
                    quantized = quantize(load_model(str(path)), qparams=params, num_samples=8)
                    files.append(work / f"{path.parent.name}_{path.stem}_w{bits}a{bits}.h5")
                    quantized.save(files[-1], include_optimizer=False)
            for file in files:
                difference = largest_difference(args.rewrite.resolve(), file, work)
                failed += difference != 0
                print(f"{file.name}: largest difference {difference}")
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
