"""Sums at positions: scatters, segments, counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.core.trace import producer
from axone.ops._common import (
    ShapeLike,
    TensorLike,
    compute,
    fill,
    reshape_to,
    shape_of,
    to_indices,
    to_tensor,
)


def linear_indices(name: str, indices: Tensor, sizes: Sequence[int]) -> Tensor:
    """Positions in the flattened leading axes from coordinates along the last axis of `indices`.

    Negative coordinates count from the end. A coordinate out of range gives a position out of range, which
    the operation that uses it reports.
    """
    depth, total = len(sizes), math.prod(sizes)
    dims = to_tensor(np.asarray(sizes, "int64"))
    zero = to_tensor(0, "int64")
    wrapped = compute("where", compute("less", indices, zero), compute("add", indices, dims), indices)
    strides = np.cumprod([1, *reversed(sizes[1:])], dtype="int64")[::-1].copy()
    flat = compute(
        "sum", compute("multiply", wrapped, to_tensor(strides)), axes=[indices.ndim - 1], keepdims=False
    )
    valid = compute("logical_and", compute("greater_equal", wrapped, zero), compute("less", wrapped, dims))
    valid = compute("all", valid, axes=[indices.ndim - 1], keepdims=False)
    return flat if depth == 0 else compute("where", valid, flat, to_tensor(total, "int64"))


def _rows(name: str, indices: Any, updates: Tensor, shape: Sequence[int]) -> tuple[Tensor, Tensor, list[int]]:
    """Flat positions, updates as (n, rest) and the flattened target's shape (rows, rest)."""
    places = to_indices(name, indices)
    depth = places.shape[-1] if places.ndim else 0
    if not 1 <= depth <= len(shape):
        raise ValueError(
            f"{name}: the last axis of `indices` {places.shape} must hold 1 to {len(shape)} coordinates"
        )
    expected = (*places.shape[:-1], *shape[depth:])
    if updates.shape != expected:
        raise ValueError(
            f"{name}: expected values of shape {expected}, got {updates.shape} (indices {places.shape})"
        )
    flat = linear_indices(name, places, shape[:depth])
    rest = math.prod(shape[depth:])
    return (
        reshape_to(flat, [flat.size]),
        reshape_to(updates, [flat.size, rest]),
        [math.prod(shape[:depth]), rest],
    )


@op
def scatter(indices: TensorLike, values: TensorLike, shape: ShapeLike) -> Tensor:
    """Adds values into a tensor of zeros.

    Args:
        indices: integers; the last axis holds one value's coordinates along the first axes of the result.
        values: tensor of shape `indices.shape[:-1] + shape[indices.shape[-1]:]`.
        shape: sizes of the result.

    Returns:
        A tensor of `shape`; values with equal coordinates are added up.

    Raises:
        IndexError: where a coordinate is out of range.

    Example:

    >>> axone.ops.scatter([[0], [2], [0]], [1.0, 2.0, 3.0], (4,))  # [4, 0, 2, 0]
    """
    updates, sizes = to_tensor(values), shape_of("scatter", shape)
    flat, rows, target = _rows("scatter", indices, updates, sizes)
    added = compute("scatter_add", fill(target, 0, updates.dtype), flat, rows, axis=0)
    return reshape_to(added, sizes)


_REDUCTIONS = {None: "update", "add": "add", "max": "max", "min": "min", "mul": "multiply"}


def joined(kind: str, target: Tensor, flat: Tensor, rows: Tensor) -> Tensor:
    """Updates (n, rest) joined to the rows of a target (rows, rest) at positions (n,)."""
    if kind == "add":
        return compute("scatter_add", target, flat, rows, axis=0)
    return compute("scatter_reduce", target, flat, rows, kind=kind)


@op
def scatter_update(
    inputs: TensorLike, indices: TensorLike, updates: TensorLike, reduction: str | None = None
) -> Tensor:
    """A copy of `inputs` with some elements or rows overwritten (or joined with others).

    Args:
        inputs: tensor.
        indices: integers; the last axis holds coordinates along the first axes of `inputs`.
        updates: tensor of shape `indices.shape[:-1] + inputs.shape[indices.shape[-1]:]`.
        reduction: None: overwrite, the last of equal coordinates wins; "add", "max", "min", "mul": join with
            what is there.

    Returns:
        A tensor of the shape and dtype of `inputs`; gradients reach both.

    Raises:
        IndexError: where a coordinate is out of range.
    """
    if reduction not in _REDUCTIONS:
        raise ValueError(
            f"scatter_update: `reduction` must be None, 'add', 'max', 'min' or 'mul', got {reduction!r}"
        )
    tensor = to_tensor(inputs)
    flat, rows, target = _rows("scatter_update", indices, to_tensor(updates, tensor.dtype), tensor.shape)
    return reshape_to(joined(_REDUCTIONS[reduction], reshape_to(tensor, target), flat, rows), tensor.shape)


def _limits(dtype: str) -> tuple[float, float]:
    """The smallest and the largest number of a dtype."""
    if dtype.startswith("float"):
        return -math.inf, math.inf
    return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)


def _segments(name: str, kind: str, summary: str, empty: str) -> Callable[..., Tensor]:
    """segment_sum and its kin."""

    def function(
        data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
    ) -> Tensor:
        tensor, ids = to_tensor(data), to_indices(name, segment_ids, "segment_ids")
        if tensor.ndim < 1 or ids.shape != tensor.shape[:1]:
            raise ValueError(
                f"{name}: `segment_ids` of shape {ids.shape} must name one segment per row of {tensor.shape}"
            )
        count = num_segments if num_segments is not None else int(ids.numpy().max(initial=-1)) + 1
        (count,) = shape_of(name, count)
        low, high = _limits(tensor.dtype)
        start = {"add": 0, "multiply": 1, "max": low, "min": high}[kind]
        rest = tensor.shape[1:]
        width = math.prod(rest)
        neutral = to_tensor(np.asarray(start, tensor.dtype))
        # Negative ids belong to no segment: their rows must change nothing.
        zero = to_tensor(0, "int64")
        nowhere = compute("less", ids, zero)
        rows = reshape_to(tensor, [tensor.shape[0], width])
        rows = compute("where", reshape_to(nowhere, [ids.size, 1]), neutral, rows)
        target = compute("broadcast_to", neutral, shape=[count, width])
        result = joined(kind, target, compute("where", nowhere, zero, ids), rows)
        return reshape_to(result, [count, *rest])

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    Args:
        data: tensor with at least one axis.
        segment_ids: vector of integers: the segment of each row; rows with a negative id are left out.
        num_segments: number of segments; None: the largest id + 1 (needs concrete ids).
        sorted: no effect; for Keras's signature.

    Returns:
        A tensor of shape `(num_segments,) + data.shape[1:]`; {empty} for a segment without rows.

    Raises:
        IndexError: an id is not below `num_segments`.
    """
    return op(function)


segment_sum = _segments("segment_sum", "add", "Sums of rows that belong to one segment.", "0")
segment_prod = _segments("segment_prod", "multiply", "Products of rows that belong to one segment.", "1")
segment_max = _segments(
    "segment_max", "max", "Largest of rows of one segment.", "the dtype's smallest number"
)
segment_min = _segments(
    "segment_min", "min", "Smallest of rows of one segment.", "the dtype's largest number"
)


@op
def bincount(
    x: TensorLike, weights: TensorLike | None = None, minlength: int = 0, sparse: bool = False
) -> Tensor:
    """Counts how often each number 0, 1, 2, ... occurs along the last axis.

    Args:
        x: vector or matrix of integers >= 0; must be concrete, for the result's length is its maximum + 1.
        weights: what each occurrence counts, in the shape of `x`; None: 1.
        minlength: least length of the result.
        sparse: must be False.

    Returns:
        Counts (int32, or the dtype of the weights), one row for each row of `x`.
    """
    if sparse:
        raise ValueError("bincount: sparse=True is not supported: there are no sparse tensors")
    numbers = to_indices("bincount", x, "x").numpy()
    if numbers.ndim not in (1, 2) or (numbers < 0).any():
        raise ValueError(f"bincount: expected one or two axes of integers >= 0, got shape {numbers.shape}")
    length = max(int(numbers.max(initial=-1)) + 1, minlength)
    amounts = fill(numbers.shape, 1, "int32") if weights is None else to_tensor(weights)
    if amounts.shape != numbers.shape:
        raise ValueError(
            f"bincount: `weights` of shape {amounts.shape} must have the shape of x, {numbers.shape}"
        )
    rows = numbers.shape[0] if numbers.ndim == 2 else 1
    places = numbers.reshape(rows, -1) + length * np.arange(rows)[:, None]
    counts = compute(
        "scatter_add", fill([rows * length], 0, amounts.dtype), to_tensor(places.reshape(-1).astype("int64")),
        reshape_to(amounts, [amounts.size]), axis=0,
    )  # fmt: skip
    return reshape_to(counts, [rows, length] if numbers.ndim == 2 else [length])


@op
def unravel_index(indices: TensorLike, shape: ShapeLike) -> tuple[Tensor, ...]:
    """Coordinates of flat positions in a tensor of `shape`: one tensor for each axis."""
    places = to_tensor(indices)
    result: list[Tensor] = []
    for size in reversed(shape_of("unravel_index", shape)):
        length = to_tensor(size, places.dtype)
        result.append(compute("mod", places, length))
        places = compute("floor_divide", places, length)
    return tuple(reversed(result))


Rule = Callable[..., tuple[Tensor, ...]]


def update_rows(rule: Rule, gradient: Tensor, *tables: Tensor) -> tuple[Tensor, ...]:
    """Apply an elementwise rule that changes nothing where the gradient is 0.

    Of a gradient that is rows added at positions, as that of an embedding's table, only these rows are
    computed: to the bit what the whole tables would become.

    Args:
        rule: function of (gradient, *tables) that returns the tables' new values.
        gradient: tensor.
        *tables: tensors of its shape.

    Returns:
        The new values of the tables.
    """
    trace = gradient.trace
    made = None if trace is None else trace.graph.node(gradient.value)
    found = None if trace is None else producer(gradient)
    if found is None or not isinstance(made, tuple) or made[0] != "scatter_sum" or made[2]["axis"] != 0:
        return rule(gradient, *tables)
    positions, rows = found[1]
    count, size = positions.size, gradient.shape[0]
    if count >= size:
        return rule(gradient, *tables)
    flat = [count, math.prod(gradient.shape[1:])]
    places = reshape_to(positions, [count])
    totals = reshape_to(compute("row_totals", positions, rows, size=size), flat)
    held = [reshape_to(table, [size, flat[1]]) for table in tables]
    new = rule(totals, *(compute("gather", table, places, axis=0) for table in held))
    put = (joined("update", table, places, row) for table, row in zip(held, new, strict=True))
    return tuple(reshape_to(table, list(gradient.shape)) for table in put)
