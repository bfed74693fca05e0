"""NumPy helpers for labels and vectors."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Turns class numbers into one-hot rows.

    Args:
        x: Integers in [0, num_classes), any shape; a last axis of size 1 is dropped.
        num_classes: Number of classes; `None` stands for `max(x) + 1`.

    Returns:
        float64 array of shape `x.shape + (num_classes,)`.

    Raises:
        ValueError: a class number lies outside [0, num_classes), or `x` is empty and `num_classes` is None.

    Example:
        >>> to_categorical([0, 2], 3)
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    labels = np.asarray(x)
    if labels.dtype.kind not in "biuf":
        raise ValueError(
            f"to_categorical: `x` must hold class numbers, got {labels.dtype}. np.unique(x, "
            "return_inverse=True)[1] numbers the classes of text."
        )
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError("to_categorical: `x` holds NaN or infinity, which is no class number.")
    labels = labels.astype("int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if not num_classes:
        if labels.size == 0:
            raise ValueError("to_categorical: `x` is empty, so `num_classes` must be given.")
        num_classes = int(labels.max()) + 1
    flat = labels.reshape(-1)
    if flat.size and (flat.min() < 0 or flat.max() >= num_classes):
        raise ValueError(
            f"to_categorical: class numbers must lie in [0, {num_classes}), "
            f"but `x` spans [{flat.min()}, {flat.max()}]."
        )
    rows = np.zeros((flat.size, num_classes))
    rows[np.arange(flat.size), flat] = 1.0
    return rows.reshape(*labels.shape, num_classes)


def normalize(x: Any, axis: int = -1, order: float = 2) -> Any:
    """Divides `x` by its norm along an axis; a zero vector stays zero.

    Args:
        x: Array, or a tensor (then the result is a tensor).
        axis: Axis along which norms are taken.
        order: Order of the norm: 1, 2, ... or `np.inf`.

    Returns:
        What `x` is, of the same shape.
    """
    from axone.core.tensor import is_tensor

    if is_tensor(x):
        from axone.core.trace import emit

        if order != 2:
            raise ValueError(f"normalize: a tensor can be divided by its norm of order 2 only, got {order}.")
        length = emit("sqrt", [emit("sum", [x * x], axes=[axis], keepdims=True)])
        return x / emit("where", [length > 0, length, length + 1])
    x = np.asarray(x)
    length = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(length == 0, 1, length)
