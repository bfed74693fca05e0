"""Order: sorts, ranks, quantiles, unique values."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import (
    TensorLike,
    axis_of,
    cast_to,
    compute,
    fill,
    promote,
    reshape_to,
    shape_of,
    to_float,
    to_indices,
    to_tensor,
)


@op
def sort(x: TensorLike, axis: int | None = -1) -> Tensor:
    """Sorts along an axis, smallest first, NaN last.

    Args:
        x: tensor with at least one axis.
        axis: axis to sort along; None: the flattened tensor.

    Returns:
        A tensor of the shape and dtype of `x`.
    """
    tensor, index = _line("sort", x, axis)
    return compute("sort", tensor, axis=index, descending=False)


@op
def argsort(x: TensorLike, axis: int | None = -1) -> Tensor:
    """Positions that sort along an axis; equal elements keep their order.

    Args:
        x: tensor with at least one axis.
        axis: axis to sort along; None: the flattened tensor.

    Returns:
        An int32 tensor of the shape of `x`.
    """
    tensor, index = _line("argsort", x, axis)
    return cast_to(compute("argsort", tensor, axis=index, descending=False), "int32")


def _line(name: str, x: Any, axis: int | None) -> tuple[Tensor, int]:
    """The tensor and its axis counted from the front; flattened for None."""
    tensor = to_tensor(x)
    if axis is None or tensor.ndim == 0:
        return reshape_to(tensor, [tensor.size]), 0
    return tensor, axis_of(name, axis, tensor.ndim)


@op
def argpartition(x: TensorLike, kth: int, axis: int | None = -1) -> Tensor:
    """Positions that put the k-th smallest element in its place, smaller ones before (here: a full sort)."""
    tensor, index = _line("argpartition", x, axis)
    axis_of("argpartition: `kth`", kth, tensor.shape[index])
    return argsort(tensor, index)


@op
def top_k(x: TensorLike, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """The k largest elements along the last axis, largest first.

    Args:
        x: tensor with at least one axis.
        k: how many.
        sorted: no effect: the result is always sorted.

    Returns:
        (values, int32 positions); of equal elements the first ones.

    Raises:
        ValueError: where the axis has fewer than `k` elements.
    """
    from axone.core.trace import emit

    tensor = to_tensor(x)
    if not tensor.ndim:
        raise ValueError("top_k: expected at least one axis, got a scalar")
    (count,) = shape_of("top_k", k)
    if count > tensor.shape[-1]:
        raise ValueError(
            f"top_k: k={k} is more than the {tensor.shape[-1]} elements of the last axis of {tensor.shape}"
        )
    values, positions = emit("top_k", [tensor], k=count)
    return values, cast_to(positions, "int32")


@op
def in_top_k(targets: TensorLike, predictions: TensorLike, k: int) -> Tensor:
    """Whether the target class is among the k highest predictions of its row.

    Args:
        targets: class numbers (n,).
        predictions: scores (n, classes).
        k: how many places count.

    Returns:
        Booleans (n,). Classes that tie with the target do not push it out; false where a score is not finite.
    """
    labels, scores = to_indices("in_top_k", targets, "targets"), to_float(predictions)
    if labels.ndim != 1 or scores.ndim != 2 or scores.shape[0] != labels.shape[0]:
        raise ValueError(
            f"in_top_k: expected targets (n,) and predictions (n, classes), "
            f"got {labels.shape} and {scores.shape}"
        )
    own = compute("take_along_axis", scores, reshape_to(labels, [labels.size, 1]), axis=1)
    above = compute(
        "sum", compute("cast", compute("greater", scores, own), dtype="int32"), axes=[1], keepdims=False
    )
    finite = compute("isfinite", reshape_to(own, [labels.size]))
    return compute("logical_and", compute("less", above, to_tensor(int(k), "int32")), finite)


@op
def searchsorted(sorted_sequence: TensorLike, values: TensorLike, side: str = "left") -> Tensor:
    """Positions at which values would keep a sorted vector sorted.

    Args:
        sorted_sequence: vector, smallest first.
        values: tensor of any shape.
        side: "left" (before equal elements) or "right" (after them).

    Returns:
        An int32 tensor of the shape of `values`.
    """
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted: `side` must be 'left' or 'right', got {side!r}")
    sequence, wanted = promote(sorted_sequence, values)
    if sequence.ndim != 1:
        raise ValueError(f"searchsorted: `sorted_sequence` must be a vector, got shape {sequence.shape}")
    column = reshape_to(wanted, [*wanted.shape, 1])
    before = compute("less" if side == "left" else "less_equal", sequence, column)
    return compute("sum", cast_to(before, "int32"), axes=[wanted.ndim], keepdims=False)


@op
def digitize(x: TensorLike, bins: TensorLike) -> Tensor:
    """Number of the bin that each element falls into: i where `bins[i - 1] <= x < bins[i]`.

    Args:
        x: tensor of any shape.
        bins: edges, smallest first.

    Returns:
        An int32 tensor of the shape of `x`.
    """
    return searchsorted(bins, x, "right")


def unique(
    x: TensorLike,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: float | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """The different values of a tensor, smallest first.

    Args:
        x: concrete tensor: the result's shape depends on its values.
        sorted: no effect: the result is always sorted.
        return_index: whether the first position of each value is returned too.
        return_inverse: whether each element's place among the values is returned too.
        return_counts: whether the number of occurrences is returned too.
        axis: compare slices of this axis; None: the flattened tensor.
        size: length to cut or fill the values to.
        fill_value: what fills; None: the smallest value.

    Returns:
        The values, or a tuple that starts with them.
    """
    array = to_tensor(x).numpy()
    found = np.unique(array, True, True, True, axis=axis)
    parts = [np.asarray(p) for p in found]
    if size is not None:
        place = 0 if axis is None else axis
        values = np.take(parts[0], np.arange(min(size, parts[0].shape[place])), axis=place)
        missing = size - values.shape[place]
        if missing > 0:
            extra = np.full_like(np.take(values, [0], axis=place), 0 if fill_value is None else fill_value)
            extra = np.take(values, [0], axis=place) if fill_value is None else extra
            values = np.concatenate([values, *[extra] * missing], axis=place)
        parts[0] = values
    wanted = [True, return_index, return_inverse, return_counts]
    tensors = tuple(
        to_tensor(p if i == 0 else p.astype("int32"))
        for i, (p, w) in enumerate(zip(parts, wanted, strict=True))
        if w
    )
    return tensors[0] if len(tensors) == 1 else tensors


@op
def diff(a: TensorLike, n: int = 1, axis: int = -1) -> Tensor:
    """Differences of neighbours along an axis, `n` times over."""
    from axone.ops.shape import part

    tensor = to_tensor(a)
    index = axis_of("diff", axis, tensor.ndim)
    if n < 0:
        raise ValueError(f"diff: `n` must not be negative, got {n}")
    for _ in range(n):
        length = tensor.shape[index]
        if length <= 1:
            return fill([0 if i == index else m for i, m in enumerate(tensor.shape)], 0, tensor.dtype)
        kind = "not_equal" if tensor.dtype == "bool" else "subtract"
        tensor = compute(kind, part(tensor, index, 1, length - 1), part(tensor, index, 0, length - 1))
    return tensor
