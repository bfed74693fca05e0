"""Tables: shuffled by Keras's rule and cut into training and test rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from axone.datasets._pickles import load_npz

Array: TypeAlias = np.ndarray[Any, Any]
Table: TypeAlias = tuple[tuple[Array, Array], tuple[Array, Array]]


def read_xy(path: Path) -> tuple[Array, Array]:
    """Read arrays x and y of an .npz file; ValueError where they are missing."""
    arrays = load_npz(path)
    if not {"x", "y"} <= set(arrays):
        raise ValueError(f"{path}: expected arrays x and y, got {sorted(arrays)}.")
    return arrays["x"], arrays["y"]


def split(x: Array, y: Array, test_split: float, seed: int) -> Table:
    """Shuffle rows with NumPy's legacy generator, as Keras does, and cut the last ones off.

    Raises:
        ValueError: test_split does not lie in [0, 1).
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"test_split must lie in [0, 1), got {test_split!r}.")
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])
