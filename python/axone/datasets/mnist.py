"""MNIST: 70,000 grey images of handwritten digits, 28x28 pixels, in ten classes.

Yann LeCun, Corinna Cortes and Christopher J. C. Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

from pathlib import Path

from axone.datasets._find import Source, load
from axone.datasets._idx import Split, read_folder

__all__ = ["load_data", "load_sample"]

SOURCE = Source(
    name="mnist",
    train=60000,
    test=10000,
    files={"mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"},
)
SAMPLE_TRAIN, SAMPLE_TEST = 6000, 1000


def load_data(path: str = "mnist.npz") -> tuple[Split, Split]:
    """Loads the whole set.

    Looked for in the folder that the environment variable AXONE_DATA names, then in `~/.axone/datasets`, then
    in `~/.keras/datasets`: the file `path`, or a folder `mnist` of the four original IDX files, packed or
    plain. Found nowhere, it is downloaded (11 MB) to `~/.axone/datasets`.

    Args:
        path: name of the .npz file in those folders, or an absolute path.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, all uint8: images `(60000, 28, 28)` and `(10000, 28, 28)` with
        values 0 to 255, labels `(60000,)` and `(10000,)` with values 0 to 9.

    Raises:
        ConnectionError: it is not on this disk and could not be downloaded; says where to put it.
        ValueError: a file is damaged.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = mnist.load_data()
        >>> x_train = x_train / 255.0
    """
    return load(SOURCE, path)


def load_sample() -> tuple[Split, Split]:
    """Loads the sample that comes with axone: MNIST's first 6,000 training and first 1,000 test images.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, all uint8: images `(6000, 28, 28)` and `(1000, 28, 28)`,
        labels `(6000,)` and `(1000,)`.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = mnist.load_sample()
        >>> y_train[:5]
        array([5, 0, 4, 1, 9], dtype=uint8)
    """
    return read_folder(Path(__file__).parent / "mnist_sample", SAMPLE_TRAIN, SAMPLE_TEST)
