"""CIFAR-10: 60,000 colour images, 32x32 pixels, in ten classes.

Alex Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
"""

from __future__ import annotations

import numpy as np

from axone.datasets._cifar import Array, read_batches
from axone.datasets._remote import RemoteFile

__all__ = ["load_data"]

_FILE = RemoteFile(
    "cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    instead="the unpacked folder cifar-10-batches-py",
)


def load_data() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Loads the whole set.

    Classes: 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck.

    Looked for, as the archive `cifar-10-python.tar.gz` or the folder `cifar-10-batches-py`, in the folder
    that AXONE_DATA names, `~/.axone/datasets` and `~/.keras/datasets`, else downloaded (170 MB).

    Returns:
        `(x_train, y_train), (x_test, y_test)`, uint8: images (50000, 32, 32, 3) and (10000, 32, 32, 3),
        labels (50000, 1) and (10000, 1).

    Raises:
        ConnectionError: it is not on this disk and could not be downloaded; says where to put it.
        ValueError: a file is damaged.
    """
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    *train, test = read_batches(_FILE, "cifar-10-batches-py", names, "labels")
    x_train, y_train = (np.concatenate(parts) for parts in zip(*train, strict=True))
    return (x_train, y_train), test
