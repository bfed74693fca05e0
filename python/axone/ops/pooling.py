"""Pooling: the largest element or the mean of windows, of fixed size or as many as wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, compute, to_float, to_tensor
from axone.ops._spatial import (
    format_of,
    from_last,
    output_sizes,
    padding_of,
    pads_of,
    sizes_of,
    spatial_rank,
    to_last,
)

Sizes = int | Sequence[int]


@op
def max_pool(
    inputs: TensorLike,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The largest element of each window.

    Args:
        inputs: (batch, *space, channels), or (batch, channels, *space) for "channels_first"; 1 to 3 spatial
            axes.
        pool_size: size of the window: one number, or one for each axis.
        strides: steps between windows; None: `pool_size`.
        padding: "valid" (none) or "same" (ceil(size / stride) windows; what is padded never counts).
        data_format: "channels_last" or "channels_first"; None: `axone.config.image_data_format()`.

    Returns:
        (batch, *output space, channels), or with the channels first.

    Raises:
        ValueError: the window is larger than the input, or the rank does not fit.

    Example:

    >>> axone.ops.max_pool(axone.ops.ones((1, 5, 5, 3)), 2).shape  # (1, 2, 2, 3)
    """
    return _pooled("max_pool", inputs, pool_size, strides, padding, data_format)


@op
def average_pool(
    inputs: TensorLike,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The mean of each window; what is padded does not count.

    Args:
        inputs: see `max_pool`.
        pool_size: see `max_pool`.
        strides: see `max_pool`.
        padding: see `max_pool`.
        data_format: see `max_pool`.

    Returns:
        (batch, *output space, channels), or with the channels first.

    Raises:
        ValueError: see `max_pool`.
    """
    return _pooled("average_pool", inputs, pool_size, strides, padding, data_format)


def _pooled(name: str, inputs: Any, pool_size: Any, strides: Any, padding: Any, data_format: Any) -> Tensor:
    layout, mode = format_of(name, data_format), padding_of(name, padding)
    x = to_float(inputs)
    rank = spatial_rank(name, x, layout)
    window = sizes_of(name, "pool_size", pool_size, rank)
    steps = window if strides is None else sizes_of(name, "strides", strides, rank)
    x = to_last(x, layout)
    ones = [1] * rank
    output_sizes(name, x.shape[1:-1], window, steps, ones, mode, "window")
    pads = [pads_of(*axis, mode) for axis in zip(x.shape[1:-1], window, steps, ones, strict=True)]
    low, high = [p[0] for p in pads], [p[1] for p in pads]
    attrs: dict[str, Any] = {"window": window, "strides": steps, "pad_lo": low, "pad_hi": high}
    return from_last(compute("max_pool" if name == "max_pool" else "avg_pool", x, **attrs), layout)


@op
def adaptive_max_pool(inputs: TensorLike, output_size: Sizes, data_format: str | None = None) -> Tensor:
    """The largest elements of as many windows as wanted.

    Output i of o takes positions floor(i * size / o) to ceil((i + 1) * size / o): windows of nearly equal
    size, which may overlap by one position.

    Args:
        inputs: see `max_pool`.
        output_size: number of windows: one number, or one for each axis.
        data_format: see `max_pool`.

    Returns:
        (batch, *output_size, channels), or with the channels first.

    Raises:
        ValueError: the rank does not fit, or the input is empty.

    Example:

    >>> axone.ops.adaptive_max_pool(axone.ops.ones((1, 7, 9, 3)), 2).shape  # (1, 2, 2, 3)
    """
    return _adaptive("adaptive_max_pool", inputs, output_size, data_format)


@op
def adaptive_average_pool(inputs: TensorLike, output_size: Sizes, data_format: str | None = None) -> Tensor:
    """The means of as many windows as wanted, cut as in `adaptive_max_pool`.

    Args:
        inputs: see `max_pool`.
        output_size: number of windows: one number, or one for each axis.
        data_format: see `max_pool`.

    Returns:
        (batch, *output_size, channels), or with the channels first.

    Raises:
        ValueError: see `adaptive_max_pool`.
    """
    return _adaptive("adaptive_average_pool", inputs, output_size, data_format)


def _adaptive(name: str, inputs: Any, output_size: Any, data_format: Any) -> Tensor:
    layout, x = format_of(name, data_format), to_float(inputs)
    rank = spatial_rank(name, x, layout)
    goal = sizes_of(name, "output_size", output_size, rank)
    x = to_last(x, layout)
    space = x.shape[1:-1]
    if 0 in space:
        raise ValueError(f"{name}: the inputs have an empty spatial axis (shape {x.shape})")
    if all(size % count == 0 for size, count in zip(space, goal, strict=True)):
        even = [size // count for size, count in zip(space, goal, strict=True)]
        pool = max_pool if name == "adaptive_max_pool" else average_pool
        return from_last(pool(x, even, data_format="channels_last"), layout)
    for axis, count in enumerate(goal, 1):
        x = (_largest if name == "adaptive_max_pool" else _means)(x, axis, count)
    return from_last(x, layout)


def _bounds(size: int, count: int) -> tuple[Any, Any]:
    """First position of each window, and the one behind its last."""
    i = np.arange(count)
    return i * size // count, -(-(i + 1) * size // count)


def _largest(x: Tensor, axis: int, count: int) -> Tensor:
    start, stop = _bounds(x.shape[axis], count)
    # Windows that are one shorter hold their last element twice, which changes no maximum.
    places = np.minimum(start[:, None] + np.arange((stop - start).max()), stop[:, None] - 1)
    cut = compute("gather", x, to_tensor(places.astype("int64")), axis=axis)
    return compute("max", cut, axes=[axis + 1], keepdims=False)


def _means(x: Tensor, axis: int, count: int) -> Tensor:
    from axone.ops.interpolation import along_axis

    start, stop = _bounds(x.shape[axis], count)
    place = np.arange(x.shape[axis])
    inside = (place >= start[:, None]) & (place < stop[:, None])
    return along_axis(x, inside / (stop - start)[:, None], axis)
