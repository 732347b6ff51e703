#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a small vision transformer of the toolkit's layers on the 8x8 digits that scikit-learn ships.

Needs `pip install quantizeml==0.17.1 scikit-learn` and writes, beside itself,
  model.h5      the float Keras model: uint8 pixels in, ten logits out
  samples.npz   256 training images for calibration
  test.npz      360 images and labels that training never saw
Sixteen patches of 2x2 pixels and a class token; two blocks of attention with shiftmax and an MLP with a bounded ReLU, each
behind a LayerMadNormalization. The digits are the test set of the UCI "Optical Recognition of Handwritten Digits" (CC BY
4.0), pixels 0..16 stretched to 0..240.
The stored model has this network and was trained on this data; another run gives other weights.
"""
import pathlib

import keras
import numpy as np
from keras import layers as K
from quantizeml.layers import (Add, AddPositionEmbs, Attention, ClassToken, ExtractToken,
                               LayerMadNormalization)
from sklearn.datasets import load_digits

HERE = pathlib.Path(__file__).parent
SEED = 1
CHANNELS, HEADS, BLOCKS, MLP = 32, 4, 2, 64


def network():
    image = K.Input((8, 8, 1), name="input")
    x = K.Rescaling(1 / 128, name="rescale")(image)
    x = K.Conv2D(CHANNELS, 2, strides=2, name="embedding")(x)
    x = K.Reshape((16, CHANNELS), name="to_tokens")(x)
    x = AddPositionEmbs(name="pos_embed")(ClassToken(name="class_token")(x))
    for b in range(BLOCKS):
        block = f"block{b}"
        y = LayerMadNormalization(epsilon=1e-6, name=f"{block}/norm0")(x)
        q, k, v = (K.Dense(CHANNELS, name=f"{block}/{name}")(y) for name in ("query", "key", "value"))
        y, _ = Attention(num_heads=HEADS, softmax="shiftmax", name=f"{block}/attention")([q, k, v])
        y = K.Dropout(0.1, name=f"{block}/drop0")(K.Dense(CHANNELS, name=f"{block}/out")(y))
        x = Add(name=f"{block}/add0")([y, x])
        y = LayerMadNormalization(epsilon=1e-6, name=f"{block}/norm1")(x)
        y = K.ReLU(max_value=8.0, name=f"{block}/relu")(K.Dense(MLP, name=f"{block}/mlp0")(y))
        y = K.Dropout(0.1, name=f"{block}/drop1")(K.Dense(CHANNELS, name=f"{block}/mlp1")(y))
        x = Add(name=f"{block}/add1")([x, y])
    x = K.BatchNormalization(epsilon=1e-6, name="last_norm")(x)
    x = ExtractToken(token=0, name="extract")(x)
    return keras.Model(image, K.Dense(10, name="head")(x))


def main():
    keras.utils.set_random_seed(SEED)
    digits = load_digits()
    images = (digits.images * 15).astype(np.uint8)[..., None]
    order = np.random.default_rng(SEED).permutation(len(images))
    train, test = order[:-360], order[-360:]
    train_x, test_x = images[train], images[test]
    train_y, test_y = digits.target[train], digits.target[test]
    epochs = 60
    steps = epochs * -(-len(train_x) // 64)
    model = network()
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps)),
                  keras.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
    model.fit(train_x, train_y, batch_size=64, epochs=epochs, verbose=2)
    print("accuracy on the test set:", model.evaluate(test_x, test_y, batch_size=360, verbose=0)[1])
    model.save(HERE / "model.h5", include_optimizer=False)
    np.savez_compressed(HERE / "samples.npz", samples=train_x[:256])
    np.savez_compressed(HERE / "test.npz", inputs=test_x, labels=test_y.astype(np.int32))


if __name__ == "__main__":
    main()
