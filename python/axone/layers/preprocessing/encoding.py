"""Category numbers as vectors: the output modes that the preprocessing layers share."""

from __future__ import annotations

import math
from typing import Any

from axone import ops
from axone.core.tensor import Tensor

OLD_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}


def output_mode(owner: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return the mode's name of today.

    Raises:
        ValueError: naming the layer, if it is not one of `allowed`.
    """
    mode = OLD_MODES.get(value, value) if isinstance(value, str) else value
    if mode not in allowed:
        raise ValueError(
            f"{owner}: output_mode must be one of {', '.join(map(repr, allowed))}, got {value!r}."
        )
    return str(mode)


def no_sparse(owner: str, sparse: Any) -> bool:
    """Return False; there are no sparse tensors.

    Raises:
        ValueError: naming the layer, if `sparse` is true.
    """
    if sparse:
        raise ValueError(f"{owner}: sparse=True is not supported, the output is dense; drop the argument.")
    return False


def count_in_rows(indices: Any, rows: Any, count: int, depth: int, dtype: str, weights: Any = None) -> Any:
    """Return how often each category occurs in each row.

    Args:
        indices: category numbers, flat; those outside of [0, depth) are dropped.
        rows: row of each, flat, int64.
        count: number of rows.
        depth: number of categories.
        dtype: dtype of the result.
        weights: what each occurrence counts, flat; None: 1.

    Returns:
        Tensor of shape (count, depth).
    """
    indices = ops.cast(indices, "int64")
    inside = ops.logical_and(indices >= 0, indices < depth)
    slots = ops.where(inside, rows * depth + indices, count * depth)
    weights = ops.ones_like(slots, dtype=dtype) if weights is None else ops.cast(weights, dtype)
    # One slot more than cells takes what is dropped.
    sums = ops.segment_sum(weights, slots, num_segments=count * depth + 1)
    return ops.reshape(sums[: count * depth], (count, depth))


def encode(indices: Any, mode: str, depth: int, dtype: str, weights: Any = None) -> Any:
    """Return category numbers in one of the output modes.

    Args:
        indices: integer tensor (..., samples).
        mode: "int", "one_hot" (a vector for each element; a last axis of size 1 is dropped), "multi_hot" or
            "count" (a vector for each row along the last axis).
        depth: number of categories; numbers outside of [0, depth) are dropped.
        dtype: dtype of the result.
        weights: in mode "count" what each element counts, shape of `indices`.

    Returns:
        Tensor: the shape of `indices` for "int", (..., samples, depth) for "one_hot", else (..., depth).
    """
    if mode == "int":
        return ops.cast(indices, dtype)
    indices = ops.convert_to_tensor(indices)
    if mode == "one_hot":
        if len(indices.shape) > 1 and indices.shape[-1] == 1:
            indices = ops.squeeze(indices, axis=-1)
        return ops.one_hot(indices, depth, dtype=dtype)
    if len(indices.shape) == 0:
        indices = ops.expand_dims(indices, -1)
    lead, samples = tuple(indices.shape[:-1]), indices.shape[-1]
    count = math.prod(lead)
    rows = ops.repeat(ops.arange(count, dtype="int64"), samples)
    if weights is not None:
        weights = ops.reshape(ops.broadcast_to(weights, indices.shape), (-1,))
    counts: Tensor = count_in_rows(ops.reshape(indices, (-1,)), rows, count, depth, dtype, weights)
    if mode == "multi_hot":
        counts = ops.minimum(counts, ops.cast(1, dtype))
    return ops.reshape(counts, (*lead, depth))
