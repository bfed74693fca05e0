"""Quantiles, also of what is left without NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import (
    Axis,
    TensorLike,
    axes_of,
    cast_to,
    compute,
    permuted,
    reduced_shape,
    reshape_to,
    to_float,
    to_tensor,
)

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _lines(name: str, x: TensorLike, q: TensorLike, axis: Axis, method: str) -> tuple[Tensor, Any, list[int]]:
    """The elements as sorted lines along the last axis, the shares, and the axes that were joined."""
    shares = np.asarray(q, "float64")
    if method not in _METHODS:
        raise ValueError(f"{name}: `method` must be one of {', '.join(_METHODS)}, got {method!r}")
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(f"{name}: `q` must lie between 0 and 1, got {q}")
    tensor = to_float(x)
    axes = axes_of(name, axis, tensor.ndim)
    rest = [a for a in range(tensor.ndim) if a not in axes]
    length = math.prod(tensor.shape[a] for a in axes)
    if not length:
        raise ValueError(f"{name}: no elements along the axes of shape {tensor.shape}")
    line = reshape_to(permuted(tensor, rest + axes), [*[tensor.shape[a] for a in rest], length])
    return compute("sort", line, axis=len(rest), descending=False), shares, axes


def _placed(values: Tensor, shares: Any, shape: tuple[int, ...], axes: list[int], keepdims: bool) -> Tensor:
    """Quantiles along the last axis put in front, with the reduced axes kept or not."""
    rank = values.ndim - 1
    values = permuted(values, [rank, *range(rank)])
    return reshape_to(values, [*shares.shape, *reduced_shape(shape, axes, keepdims)])


@op
def quantile(
    x: TensorLike, q: TensorLike, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Values below which a share `q` of the elements lies.

    Args:
        x: tensor.
        q: share or shares from 0 to 1: numbers, not computed in a model.
        axis: axis or axes; None: all.
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: whether reduced axes stay, with size 1.

    Returns:
        A floating-point tensor; the axes of `q` stand first. NaN where the line holds one.

    Raises:
        ValueError: for a share outside 0..1, an unknown method or an empty axis.
    """
    line, shares, axes = _lines("quantile", x, q, axis, method)
    place = shares.ravel() * (line.shape[-1] - 1)
    low, high = np.floor(place), np.ceil(place)
    axis_last = line.ndim - 1

    def at(positions: np.ndarray[Any, Any]) -> Tensor:
        return compute("gather", line, to_tensor(positions.astype("int64")), axis=axis_last)

    weight = to_tensor(_weight(method, place, low, high).astype(line.dtype))
    values = _between(at(low), at(high), weight)
    last = at(np.full(place.shape, line.shape[-1] - 1))
    values = compute("where", compute("isnan", last), last, values)
    return _placed(values, shares, to_tensor(x).shape, axes, keepdims)


def _weight(method: str, place: Any, low: Any, high: Any) -> Any:
    """The upper neighbour's weight; halves go to even places, as NumPy's do."""
    if method == "nearest":
        return np.round(place) - low
    return {"linear": place - low, "lower": low * 0, "higher": high - low, "midpoint": (high - low) / 2}[
        method
    ]


def _between(lower: Tensor, upper: Tensor, weight: Tensor) -> Tensor:
    """lower + weight (upper - lower).

    Only weights strictly between use both: an infinite neighbour times 0 would be NaN.
    """
    zero, one = to_tensor(0, lower.dtype), to_tensor(1, lower.dtype)
    step = compute("multiply", compute("subtract", upper, lower), weight)
    inside = compute("logical_and", compute("greater", weight, zero), compute("less", weight, one))
    mixed = compute("where", inside, compute("add", lower, step), lower)
    return compute("where", compute("greater_equal", weight, one), upper, mixed)


@op
def nanquantile(
    x: TensorLike, q: TensorLike, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`quantile` of the elements that are not NaN; NaN where there are none."""
    line, shares, axes = _lines("nanquantile", x, q, axis, method)
    known = cast_to(compute("logical_not", compute("isnan", line)), line.dtype)
    zero, one = to_tensor(0, line.dtype), to_tensor(1, line.dtype)
    count = compute("sum", known, axes=[line.ndim - 1], keepdims=True)  # NaN is sorted to the end
    last = compute("maximum", compute("subtract", count, one), zero)
    place = compute("multiply", last, to_tensor(shares.ravel().astype(line.dtype)))
    low, high = compute("floor", place), compute("ceil", place)
    share, gap = compute("subtract", place, low), compute("subtract", high, low)
    weight = {
        "linear": lambda: share,
        "lower": lambda: compute("multiply", gap, zero),
        "higher": lambda: gap,
        "midpoint": lambda: compute("multiply", gap, to_tensor(0.5, line.dtype)),
        "nearest": lambda: compute("subtract", compute("round", place), low),
    }[method]()

    def at(position: Tensor) -> Tensor:
        return compute("take_along_axis", line, cast_to(position, "int64"), axis=line.ndim - 1)

    values = _between(at(low), at(high), weight)
    return _placed(values, shares, to_tensor(x).shape, axes, keepdims)


def _percent(q: TensorLike) -> Any:
    return np.asarray(q, "float64") / 100.0


@op
def percentile(
    x: TensorLike, q: TensorLike, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`quantile` with shares in percent (0 to 100)."""
    return quantile(x, _percent(q), axis, method, keepdims)


@op
def nanpercentile(
    x: TensorLike, q: TensorLike, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`nanquantile` with shares in percent (0 to 100)."""
    return nanquantile(x, _percent(q), axis, method, keepdims)


@op
def median(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The middle element over axes (the mean of the middle two for an even number).

    Args:
        x: tensor.
        axis: axis or axes; None: all.
        keepdims: whether reduced axes stay, with size 1.

    Returns:
        A floating-point tensor.
    """
    return quantile(x, 0.5, axis, "linear", keepdims)


@op
def nanmedian(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`median` of the elements that are not NaN; NaN where there are none."""
    return nanquantile(x, 0.5, axis, "linear", keepdims)
