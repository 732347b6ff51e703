#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the small convolutional network of the examples on the 8x8 digits that scikit-learn ships.

Needs `pip install tensorflow==2.15.1 scikit-learn` and writes, beside itself,
  model.h5      the float Keras model: uint8 pixels in, ten logits out
  samples.npz   256 training images for calibration
  test.npz      360 images and labels that training never saw
The digits are the test set of the UCI "Optical Recognition of Handwritten Digits" (CC BY 4.0), pixels 0..16 stretched to
0..240.
"""
import pathlib

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = pathlib.Path(__file__).parent


def network():
    layers = tf.keras.layers
    return tf.keras.Sequential([
        layers.Input((8, 8, 1), name="image"),
        layers.Rescaling(1 / 255, name="rescaling"),
        layers.Conv2D(16, 3, padding="same", use_bias=False, name="stem"),
        layers.BatchNormalization(name="stem_bn"),
        layers.ReLU(name="stem_relu"),
        layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="block1_dw"),
        layers.BatchNormalization(name="block1_dw_bn"),
        layers.ReLU(6.0, name="block1_dw_relu"),
        layers.Conv2D(32, 1, use_bias=False, name="block1_pw"),
        layers.BatchNormalization(name="block1_pw_bn"),
        layers.ReLU(6.0, name="block1_pw_relu"),
        layers.MaxPooling2D(2, padding="same", name="pool"),
        layers.Conv2D(32, 3, padding="same", use_bias=False, name="block2"),
        layers.BatchNormalization(name="block2_bn"),
        layers.ReLU(6.0, name="block2_relu"),
        layers.GlobalAveragePooling2D(name="average"),
        layers.Dense(10, name="logits"),
    ], name="digits")


def main():
    tf.keras.utils.set_random_seed(7)
    digits = load_digits()
    images = (digits.images * 15).astype(np.uint8)[..., None]
    train_x, test_x, train_y, test_y = train_test_split(
        images, digits.target, test_size=360, random_state=7, stratify=digits.target)
    steps = 60 * -(-len(train_x) // 32)
    model = network()
    model.compile(tf.keras.optimizers.Adam(tf.keras.optimizers.schedules.CosineDecay(3e-3, steps)),
                  tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
    model.fit(train_x, train_y, batch_size=32, epochs=60, verbose=2)
    print("accuracy on the test set:", model.evaluate(test_x, test_y, verbose=0)[1])
    model.save(HERE / "model.h5", include_optimizer=False)
    np.savez_compressed(HERE / "samples.npz", samples=train_x[:256])
    np.savez_compressed(HERE / "test.npz", inputs=test_x, labels=test_y.astype(np.int32))


if __name__ == "__main__":
    main()
