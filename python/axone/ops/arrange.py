"""Copies, turns, shifts and borders of tensors."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import (
    Axis,
    ShapeLike,
    TensorLike,
    axes_of,
    axis_of,
    compute,
    reshape_to,
    shape_of,
    to_tensor,
)
from axone.ops._common import broadcast_to as broadcast_tensor
from axone.ops.shape import listed, part, swapaxes


@op
def tile(x: TensorLike, repeats: ShapeLike) -> Tensor:
    """Lays copies of a tensor side by side.

    Args:
        x: tensor of any shape.
        repeats: copies along each axis; axes are aligned at the end, as in NumPy.

    Returns:
        A tensor whose axis i is `repeats[i]` times as long.
    """
    tensor, counts = to_tensor(x), shape_of("tile", repeats)
    rank = builtins.max(tensor.ndim, len(counts))
    shape = [1] * (rank - tensor.ndim) + list(tensor.shape)
    counts = [1] * (rank - len(counts)) + counts
    narrow = [n for size in shape for n in (1, size)]
    wide = [n for count, size in zip(counts, shape, strict=True) for n in (count, size)]
    spread = broadcast_tensor(reshape_to(tensor, narrow), wide)
    return reshape_to(spread, [count * size for count, size in zip(counts, shape, strict=True)])


@op
def repeat(x: TensorLike, repeats: int | Sequence[int], axis: int | None = None) -> Tensor:
    """Repeats each element along an axis.

    Args:
        x: tensor of any shape.
        repeats: copies of every element: one number, or one for each position.
        axis: axis to repeat along; None: the flattened tensor.

    Returns:
        A tensor that is longer along that axis.
    """
    tensor = to_tensor(x)
    if axis is None:
        tensor, axis = reshape_to(tensor, [tensor.size]), 0
    index = axis_of("repeat", axis, tensor.ndim)
    counts = shape_of("repeat", repeats)
    if len(counts) == 1:
        return compute("repeat", tensor, repeats=counts[0], axis=index)
    if len(counts) != tensor.shape[index]:
        raise ValueError(f"repeat: {len(counts)} repeats for an axis of length {tensor.shape[index]}")
    positions = np.repeat(np.arange(len(counts), dtype="int64"), counts)
    return compute("gather", tensor, to_tensor(positions), axis=index)


@op
def flip(x: TensorLike, axis: Axis = None) -> Tensor:
    """Reverses the order along axes; None: along all."""
    tensor = to_tensor(x)
    axes = axes_of("flip", axis, tensor.ndim)
    return compute("flip", tensor, axes=axes) if axes else tensor


@op
def fliplr(x: TensorLike) -> Tensor:
    """Reverses the second axis (left and right)."""
    return flip(x, 1)


@op
def flipud(x: TensorLike) -> Tensor:
    """Reverses the first axis (up and down)."""
    return flip(x, 0)


@op
def rot90(array: TensorLike, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tensor:
    """Turns a tensor by `k` quarters in the plane of two axes, from the first towards the second."""
    tensor = to_tensor(array)
    a, b = (axis_of("rot90", axis, tensor.ndim) for axis in axes)
    if a == b:
        raise ValueError(f"rot90: `axes` must differ, got {tuple(axes)}")
    if k % 4 == 1:
        return swapaxes(flip(tensor, b), a, b)
    if k % 4 == 2:
        return flip(tensor, (a, b))
    return flip(swapaxes(tensor, a, b), b) if k % 4 == 3 else tensor


@op
def roll(x: TensorLike, shift: int | Sequence[int], axis: Axis = None) -> Tensor:
    """Shifts elements along axes; what leaves at the end comes in at the front.

    Args:
        x: tensor of any shape.
        shift: places to shift by: one number, or one for each axis.
        axis: axis or axes; None: the flattened tensor, which then gets its shape back.

    Returns:
        A tensor of the shape of `x`.
    """
    tensor = to_tensor(x)
    if axis is None:
        return reshape_to(
            roll(reshape_to(tensor, [tensor.size]), builtins.sum(listed(shift)), 0), tensor.shape
        )
    axes = [axis_of("roll", a, tensor.ndim) for a in listed(axis)]
    shifts = listed(shift) * len(axes) if len(listed(shift)) == 1 else listed(shift)
    if len(shifts) != len(axes):
        raise ValueError(f"roll: {len(shifts)} shifts for {len(axes)} axes")
    for a, s in zip(axes, shifts, strict=True):
        length = tensor.shape[a]
        cut = -s % length if length else 0
        if cut:
            tensor = compute(
                "concatenate", part(tensor, a, cut, length - cut), part(tensor, a, 0, cut), axis=a
            )
    return tensor


@op
def pad(
    x: TensorLike, pad_width: Any, mode: str = "constant", constant_values: float | None = None
) -> Tensor:
    """Adds elements before and after each axis.

    Args:
        x: tensor of any shape.
        pad_width: a number, a pair (before, after), or one such pair for each axis.
        mode: "constant", "reflect" (mirrored without the edge), "symmetric" (mirrored with it), "edge",
            "wrap".
        constant_values: what "constant" adds; None: 0.

    Returns:
        A longer tensor.

    Raises:
        ValueError: for an unknown mode, negative widths, or a mirror of an empty axis.
    """
    tensor = to_tensor(x)
    try:
        widths = np.broadcast_to(np.asarray(pad_width, "int64"), (tensor.ndim, 2))
    except (ValueError, TypeError):
        raise ValueError(f"pad: `pad_width` {pad_width} does not fit the {tensor.ndim} axes of x") from None
    if (widths < 0).any():
        raise ValueError(f"pad: `pad_width` must not be negative, got {pad_width}")
    if mode == "constant":
        value = 0.0 if constant_values is None else float(constant_values)
        return compute("pad", tensor, low=widths[:, 0].tolist(), high=widths[:, 1].tolist(), value=value)
    if mode not in ("reflect", "symmetric", "edge", "wrap"):
        raise ValueError(f"pad: unknown mode {mode!r}; expected constant, reflect, symmetric, edge or wrap")
    if constant_values is not None:
        raise ValueError(f"pad: `constant_values` goes with mode 'constant' only, got mode {mode!r}")
    for a, (low, high) in enumerate(widths.tolist()):
        if low or high:
            if tensor.shape[a] == 0:
                raise ValueError(
                    f"pad: axis {a} is empty (shape {tensor.shape}): mode {mode!r} finds nothing to copy"
                )
            kind: Any = mode
            positions = np.pad(np.arange(tensor.shape[a], dtype="int64"), (low, high), mode=kind)
            tensor = compute("gather", tensor, to_tensor(positions), axis=a)
    return tensor


@op
def meshgrid(*x: TensorLike, indexing: str = "xy") -> list[Tensor]:
    """Coordinate tensors of a grid from one vector for each axis.

    Args:
        x: vectors (scalars count as vectors of length 1).
        indexing: "xy" (the first two axes exchanged, as for pictures) or "ij".

    Returns:
        As many tensors as vectors, all of the grid's shape.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: `indexing` must be 'xy' or 'ij', got {indexing!r}")
    vectors = [to_tensor(v) for v in x]
    rank, swap = len(vectors), indexing == "xy" and len(vectors) > 1
    places = [1, 0, *range(2, rank)] if swap else list(range(rank))
    shape = [vectors[p].size for p in places]
    return [
        broadcast_tensor(reshape_to(v, [v.size if places[a] == i else 1 for a in range(rank)]), shape)
        for i, v in enumerate(vectors)
    ]
