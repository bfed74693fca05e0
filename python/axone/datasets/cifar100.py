"""CIFAR-100: 60,000 colour images, 32x32 pixels, in a hundred classes of twenty kinds.

Alex Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
"""

from __future__ import annotations

from axone.datasets._cifar import Array, read_batches
from axone.datasets._remote import RemoteFile

__all__ = ["load_data"]

_FILE = RemoteFile(
    "cifar-100-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    instead="the unpacked folder cifar-100-python",
)


def load_data(label_mode: str = "fine") -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Loads the whole set; found as `cifar10.load_data` finds its own.

    Args:
        label_mode: "fine" for the hundred classes, "coarse" for the twenty kinds.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, uint8: images (50000, 32, 32, 3) and (10000, 32, 32, 3),
        labels (50000, 1) and (10000, 1).

    Raises:
        ConnectionError: it is not on this disk and could not be downloaded; says where to put it.
        ValueError: a file is damaged, or there is no such label mode.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"label_mode must be 'fine' or 'coarse', got {label_mode!r}.")
    train, test = read_batches(_FILE, "cifar-100-python", ["train", "test"], f"{label_mode}_labels")
    return train, test
