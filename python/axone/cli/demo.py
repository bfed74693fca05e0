"""`axone demo`: a dense 784-128-10 network learns MNIST's handwritten digits."""

from __future__ import annotations

import importlib.util
import sys
import time
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from axone import layers, models, utils
from axone.cli.picture import write_picture
from axone.datasets import _find, mnist
from axone.datasets._idx import Split

Data: TypeAlias = tuple[Split, Split]
_FULL_EPOCHS, _SAMPLE_EPOCHS = 5, 15


def _data() -> tuple[Data, bool]:
    """The full set where this disk has it, else the sample; says which. True with the full one."""
    place = _find.find(mnist.SOURCE, "mnist.npz")
    if place is not None:
        print(f"data: full MNIST, 60000 + 10000 images, from {place}")
        return _find.read(mnist.SOURCE, place), True
    print(f"data: axone's MNIST sample, {mnist.SAMPLE_TRAIN} + {mnist.SAMPLE_TEST} images")
    print("      (set AXONE_DATA, or call axone.datasets.mnist.load_data() once, to train on the full set)")
    return mnist.load_sample(), False


def build() -> models.Sequential:
    """The network: 784 pixels, 128 hidden units, 10 classes; 101,770 parameters."""
    return models.Sequential(
        [
            layers.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def demo(epochs: int | None, batch_size: int, seed: int, picture: str | None) -> int:
    """Trains, tests and shows the network.

    Args:
        epochs: passes over the data; None chooses by the data's size.
        batch_size: images a step.
        seed: seeds every generator.
        picture: the PNG's path; None writes none.

    Returns:
        The exit status: 0; 1 where the data is damaged or the picture cannot be written.
    """
    try:
        ((x_train, y_train), (x_test, y_test)), full = _data()
    except (OSError, ValueError) as error:
        print(f"axone demo: {error}", file=sys.stderr)
        return 1
    utils.set_random_seed(seed)
    model = build()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    epochs = epochs or (_FULL_EPOCHS if full else _SAMPLE_EPOCHS)
    start = time.perf_counter()
    history = model.fit(_scaled(x_train), y_train, batch_size=batch_size, epochs=epochs, validation_split=0.1)
    seconds = time.perf_counter() - start
    loss, accuracy = model.evaluate(_scaled(x_test), y_test, verbose=0)
    print(f"trained {epochs} epochs in {seconds:.2f} s")
    print(f"test accuracy {accuracy:.4f}, test loss {loss:.4f}, on {len(x_test)} images it has never seen")
    if picture is None:
        return 0
    if importlib.util.find_spec("matplotlib") is None:
        print("no picture: matplotlib is not installed (pip install 'axone[plot]')")
        return 0
    probabilities = np.asarray(model.predict(_scaled(x_test), verbose=0))
    try:
        print(f"picture: {write_picture(picture, history.history, x_test, y_test, probabilities)}")
    except OSError as error:
        print(f"axone demo: cannot write {picture}: {error}", file=sys.stderr)
        return 1
    return 0


def _scaled(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.divide(images, 255, dtype=np.float32)
