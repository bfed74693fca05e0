"""Writes models that only Keras 2 makes, with predictions: `make_old_models.py files/old_models.zip`."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import zipfile
from typing import Any

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import tensorflow as tf


def partly_frozen() -> Any:
    layers = [
        keras.layers.Dense(3, input_shape=(4,)),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(2),
    ]
    inner = keras.Sequential(layers)
    inner.layers[0].trainable = False
    return keras.Sequential([inner, keras.layers.Dense(1)])


def functions() -> Any:
    x = keras.Input((4,))
    y = tf.nn.relu(keras.layers.Dense(4)(x) * 2.0 + x)
    return keras.Model(x, tf.reduce_mean(y, axis=1, keepdims=True))


def teachable_machine() -> Any:
    """A functional base within a Sequential within a Sequential, compiled with an old optimizer."""
    x = keras.Input((8, 8, 3))
    y = keras.layers.Conv2D(4, 3, use_bias=False)(keras.layers.ZeroPadding2D()(x))
    y = keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(y))
    y = keras.layers.DepthwiseConv2D(3, use_bias=False)(y)
    features = keras.Sequential([keras.Model(x, y), keras.layers.GlobalAveragePooling2D()])
    head = [keras.layers.Dense(5, activation="relu", input_shape=(4,))]
    head += [keras.layers.Dense(2, activation="softmax", use_bias=False)]
    model = keras.Sequential([features, keras.Sequential(head)])
    model.compile(keras.optimizers.legacy.Adam(1e-3), "categorical_crossentropy", metrics=["acc"])
    model.fit(np.ones((2, 8, 8, 3), "float32"), np.eye(2), verbose=0)
    return model


def main(target: str) -> None:
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for make in (partly_frozen, functions, teachable_machine):
            model = make()
            for weight in model.weights:
                weight.assign(np.abs(rng.normal(size=weight.shape)) + 0.1)
            x = rng.normal(size=(3, *model.input_shape[1:])).astype("float32")
            stored = io.BytesIO()
            np.savez(stored, x=x, y=model.predict(x, verbose=0))
            archive.writestr(f"{make.__name__}.npz", stored.getvalue())
            with tempfile.TemporaryDirectory() as folder:
                model.save(f"{folder}/model.h5")
                archive.write(f"{folder}/model.h5", f"{make.__name__}.h5")


if __name__ == "__main__":
    main(sys.argv[1])
