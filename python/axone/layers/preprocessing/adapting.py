"""What `adapt` of the preprocessing layers is given, as batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from axone.core.tensor import Operators, convert_to_numpy
from axone.layers.preprocessing.texts import is_text


def first_part(batch: Any) -> Any:
    """Return x of a batch `(x, y)` or `(x, y, sample_weight)`."""
    return batch[0] if isinstance(batch, tuple) else batch


def is_array(data: Any) -> bool:
    """Return True for one array (or what becomes one, such as a data frame), False for batches."""
    if isinstance(data, Operators) or hasattr(data, "__array__"):
        return True
    if not isinstance(data, (list, tuple)):
        return False
    return not data or not hasattr(data[0], "shape") or not data[0].shape


def batches(data: Any, steps: int | None = None) -> Iterator[np.ndarray]:
    """Yield the arrays in `data`.

    Args:
        data: an array, a nested list of numbers or strings, or an iterable of batches; of a batch `(x, y)`
            only x counts.
        steps: number of batches to take; None for all.

    Raises:
        TypeError: `data` is neither.
        ValueError: there is no batch.
    """
    if is_array(data):
        yield to_array(data)
        return
    if not hasattr(data, "__iter__"):
        raise TypeError(
            f"adapt: expected an array or an iterable of batches, got {data!r} (a {type(data).__name__})."
        )
    count = 0
    for batch in data:
        if steps is not None and count >= steps:
            break
        yield to_array(first_part(batch))
        count += 1
    if count == 0:
        raise ValueError("adapt: the data yields no batch.")


def to_array(data: Any) -> np.ndarray:
    """Return a batch as a NumPy array; strings in lists stay objects, each of its own length."""
    if isinstance(data, (list, tuple)) and is_text(data):
        return np.asarray(data, object)
    array: np.ndarray = convert_to_numpy(data)
    return array
