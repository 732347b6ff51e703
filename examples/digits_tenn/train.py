#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a small streaming network, which sees a digit row by row, on the 8x8 digits that scikit-learn ships.

Needs `pip install quantizeml==0.17.1 scikit-learn` and writes, beside itself,
  model.h5      the float Keras model: one row (1, 8, 1) of uint8 pixels in, ten logits out, temporal convolutions between
  samples.npz   frames for calibration: 16 digits side by side, row after row, sixteen times one after the other
  test.npz      360 digits and labels that training never saw; the prediction is the output of the last row
It is trained in its form over whole clips (convolutions over time instead of memories), with the label at every row. The
digits are the test set of the UCI "Optical Recognition of Handwritten Digits" (CC BY 4.0), pixels 0..16 stretched to 0..240.
The stored model has this network and was trained on this data; another run gives other weights.
"""
import pathlib

import keras
import numpy as np
from keras import layers as K
from quantizeml.layers import BufferTempConv, DepthwiseBufferTempConv
from sklearn.datasets import load_digits

HERE = pathlib.Path(__file__).parent
SEED = 1
ROWS, SHORT, LONG = 8, 4, 5  # rows of a digit, frames of the two memories


def clip_network():
    """All rows at once: (8, 1, 8, 1) to (8, 10). Padding in front of the first row stands for the zeros of a fresh memory."""
    clip = K.Input((ROWS, 1, 8, 1))
    x = K.ReLU()(K.Conv3D(8, (1, 1, 3), padding="same", name="conv0")(clip))
    x = K.ZeroPadding3D(((SHORT - 1, 0), (0, 0), (0, 0)))(x)
    x = K.ReLU()(K.Conv3D(24, (SHORT, 1, 1), name="convt1")(x))
    x = K.ReLU()(K.Conv3D(24, (1, 1, 3), strides=(1, 1, 2), padding="same", name="conv2")(x))
    x = K.ZeroPadding3D(((LONG - 1, 0), (0, 0), (0, 0)))(x)
    x = K.ReLU()(K.Conv3D(24, (LONG, 1, 1), groups=24, use_bias=False, name="convt3")(x))
    x = K.ReLU()(K.Conv3D(32, (1, 1, 3), strides=(1, 1, 2), padding="same", name="conv4")(x))
    x = K.ReLU()(K.Conv3D(32, (1, 1, 2), name="conv5")(x))
    return keras.Model(clip, K.Dense(10, name="head")(K.Reshape((ROWS, 32))(x)))


def network():
    """One row at a time."""
    row = K.Input((1, 8, 1), name="input")
    x = K.ReLU(name="relu0")(K.Conv2D(8, (1, 3), padding="same", name="conv0")(row))
    x = K.ReLU(name="relu1")(BufferTempConv(24, kernel_size=SHORT, use_bias=True, name="convt1")(x))
    x = K.Conv2D(24, (1, 3), strides=(1, 2), padding="same", name="conv2")(x)
    x = K.ReLU(name="relu2")(x)
    x = K.ReLU(name="relu3")(DepthwiseBufferTempConv(kernel_size=LONG, use_bias=False, name="convt3")(x))
    x = K.Conv2D(32, (1, 3), strides=(1, 2), padding="same", name="conv4")(x)
    x = K.ReLU(name="relu4")(x)
    x = K.ReLU(name="relu5")(K.Conv2D(32, (1, 2), name="conv5")(x))
    return keras.Model(row, K.Dense(10, name="head")(K.Flatten(name="flatten")(x)))


def transfer(clips, model):
    """The weights of whole clips, scaled to pixels of 0 to 255, in the layout of the streaming layers."""
    for layer in model.layers:
        if not layer.get_weights():
            continue
        kernel, *bias = clips.get_layer(layer.name).get_weights()
        if isinstance(layer, BufferTempConv):  # (T, 1, 1, C, F): frame by frame
            kernel = kernel.reshape(1, 1, -1, kernel.shape[-1])
        elif isinstance(layer, DepthwiseBufferTempConv):
            kernel = kernel.reshape(kernel.shape[0], kernel.shape[-1])
        elif isinstance(layer, K.Conv2D):
            kernel = kernel[0] / 128 if layer.name == "conv0" else kernel[0]
        layer.set_weights([kernel, *bias])


def main():
    keras.utils.set_random_seed(SEED)
    digits = load_digits()
    images = (digits.images * 15).astype(np.uint8)[..., None]
    order = np.random.default_rng(SEED).permutation(len(images))
    train, test = order[:-360], order[-360:]
    train_x, test_x = images[train], images[test]
    train_y, test_y = digits.target[train], digits.target[test]
    epochs = 50
    steps = epochs * -(-len(train_x) // 64)
    clips = clip_network()
    clips.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(4e-3, steps)),
                  keras.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
    clips.fit(train_x[:, :, None] / 128.0, np.repeat(train_y[:, None], ROWS, 1), batch_size=64, epochs=epochs, verbose=2)
    last = clips.predict(test_x[:, :, None] / 128.0, verbose=0)[:, -1].argmax(-1)
    print("accuracy on the test set:", (last == test_y).mean())
    model = network()
    transfer(clips, model)
    model.save(HERE / "model.h5", include_optimizer=False)
    samples = np.concatenate([train_x[g:g + 16, t:t + 1] for g in range(0, 256, 16) for t in range(ROWS)])
    np.savez_compressed(HERE / "samples.npz", samples=samples)
    np.savez_compressed(HERE / "test.npz", inputs=test_x, labels=test_y.astype(np.int32))


if __name__ == "__main__":
    main()
