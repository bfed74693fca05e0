"""Images sampled at computed places: affine and perspective maps, free deformations."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, cast_to, compute, is_float, reshape_to, to_float, to_tensor
from axone.ops._images import as_batch, one_of

ORDERS = {"nearest": 0, "bilinear": 1}
FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def _inside(index: Any, size: int, mode: str) -> Any:
    """Positions (int64) brought into an axis."""
    from axone import ops

    if mode == "wrap":
        return ops.mod(index, size)
    if mode == "mirror":
        return _mirrored(index, size)
    if mode == "reflect":
        return ops.floor_divide(_mirrored(2 * index + 1, 2 * size + 1), 2)
    return ops.clip(index, 0, size - 1)


def _mirrored(index: Any, size: int) -> Any:
    from axone import ops

    last = size - 1
    return index * 0 if last == 0 else ops.abs(ops.mod(index + last, 2 * last) - last)


def sample(
    table: Tensor,
    base: Any,
    sizes: Sequence[int],
    places: Sequence[Any],
    order: int,
    mode: str,
    fill_value: float,
) -> Any:
    """Values of grids of vectors at places between their points.

    Args:
        table: (positions, channels): the points of all grids, in row-major order.
        base: int64, the first position of the grid that each place belongs to; broadcasts with the places.
        sizes: of the axes of a grid.
        places: for each axis, where to read: floating-point tensors of one shape.
        order: 0 for the nearest point, 1 for linear interpolation.
        mode: what lies outside of a grid.
        fill_value: what mode "constant" puts there.

    Returns:
        A tensor of the shape of the places, and a last axis of channels.
    """
    from axone import ops

    strides = [math.prod(sizes[a + 1 :]) for a in range(len(sizes))]
    taps: list[list[tuple[Any, Any]]] = []  # for each axis: positions times stride, and their weights
    for place, size, stride in zip(places, sizes, strides, strict=True):
        # Halves are rounded away from 0, as in Keras.
        low = ops.floor(place) if order else ops.sign(place) * ops.floor(ops.abs(place) + 0.5)
        share = place - low
        ends = [(low, 1.0 - share), (low + 1.0, share)] if order else [(low, None)]
        found = []
        for point, weight in ends:
            if mode == "constant":
                valid = cast_to(ops.logical_and(point >= 0.0, point <= size - 1.0), table.dtype)
                weight = valid if weight is None else weight * valid
            index = _inside(cast_to(point, "int64"), size, mode)
            found.append((index * stride if stride > 1 else index, weight))
        taps.append(found)
    total: Any = None
    weights: Any = None
    for corner in itertools.product(*taps):
        index = sum((i for i, _ in corner[1:]), corner[0][0]) + base
        weight = None
        for _, w in corner:
            weight = w if weight is None else weight if w is None else weight * w
        value: Any = compute("gather", table, index, axis=0)
        if weight is not None:
            value = value * ops.expand_dims(weight, -1)
            weights = weight if weights is None else weights + weight
        total = value if total is None else total + value
    if mode == "constant" and fill_value != 0:
        total = total + ops.expand_dims((1.0 - weights) * float(fill_value), -1)
    return total


def sample_images(
    x: Tensor, rows: Any, columns: Any, interpolation: str, mode: str = "constant", fill_value: float = 0.0
) -> Tensor:
    """Images (batch, height, width, channels) at places (batch, *), one image's places after the other."""
    n, h, w, c = x.shape
    base = np.arange(n, dtype="int64").reshape(n, *[1] * (rows.ndim - 1)) * (h * w)
    table = reshape_to(to_float(x), [n * h * w, c])
    y = sample(
        table, to_tensor(base), [h, w], [rows, columns], ORDERS[interpolation], mode, float(fill_value)
    )
    return y if is_float(x) else cast_to(compute("round", y), x.dtype)


@op
def map_coordinates(
    inputs: TensorLike,
    coordinates: TensorLike,
    order: int,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
) -> Tensor:
    """Values of a tensor at places between its elements.

    Args:
        inputs: tensor of any shape.
        coordinates: (number of axes, ...): where to read, along each axis; or a list of tensors.
        order: 0 for the nearest element, 1 for linear interpolation.
        fill_mode: what lies outside: "constant" (`fill_value`), "nearest" (a a | a b c | c c), "wrap"
            (b c | a b c | a b), "mirror" (c b | a b c | b a), "reflect" (b a | a b c | c b).
        fill_value: see above.

    Returns:
        A tensor of shape `coordinates.shape[1:]`; gradients reach inputs and coordinates.

    Raises:
        ValueError: the coordinates do not fit the inputs, or an option is unknown.

    Example:

    >>> axone.ops.image.map_coordinates([[0.0, 1.0], [2.0, 3.0]], [[0.5], [0.5]], order=1)  # [1.5]
    """
    from axone import ops

    mode = one_of("map_coordinates", "fill_mode", fill_mode, FILL_MODES)
    if order not in (0, 1):
        raise ValueError(f"map_coordinates: `order` must be 0 or 1, got {order!r}")
    x = to_tensor(inputs)
    table = reshape_to(to_float(x), [x.size, 1])
    places = (
        ops.stack(list(coordinates)) if isinstance(coordinates, (list, tuple)) else to_tensor(coordinates)
    )
    places = cast_to(places, table.dtype)
    if places.ndim < 2 or places.shape[0] != x.ndim or 0 in x.shape:
        raise ValueError(
            f"map_coordinates: expected coordinates ({x.ndim}, ...) of two or more axes for inputs of "
            f"shape {x.shape}, got {places.shape}"
        )
    each = ops.unstack(places)
    y = sample(table, to_tensor(0, "int64"), x.shape, each, order, mode, float(fill_value))
    y = reshape_to(y, places.shape[1:])
    return y if is_float(x) else cast_to(compute("round", y), x.dtype)


def _grid(height: int, width: int, dtype: str) -> tuple[Tensor, Tensor]:
    """Row and column of every pixel: (1, height, 1) and (1, 1, width)."""
    rows = np.arange(height).reshape(1, height, 1)
    columns = np.arange(width).reshape(1, 1, width)
    return to_tensor(rows, dtype), to_tensor(columns, dtype)


def transformed(
    x: Tensor, t: Any, interpolation: str, fill_mode: str, fill_value: float, projective: bool = True
) -> Tensor:
    """Images read at affinely or, with `projective`, projectively mapped places; t: (batch or 1, 8)."""
    from axone import ops

    t = to_tensor(t, to_float(x).dtype)
    a0, a1, a2, b0, b1, b2, c0, c1 = (ops.reshape(t[:, i], (-1, 1, 1)) for i in range(8))
    rows, columns = _grid(x.shape[1], x.shape[2], t.dtype)
    source_x, source_y = a0 * columns + a1 * rows + a2, b0 * columns + b1 * rows + b2
    if projective:
        depth = c0 * columns + c1 * rows + 1.0
        source_x, source_y = source_x / depth, source_y / depth
    shape = (x.shape[0], x.shape[1], x.shape[2])
    source_x, source_y = ops.broadcast_to(source_x, shape), ops.broadcast_to(source_y, shape)
    return sample_images(x, source_y, source_x, interpolation, fill_mode, fill_value)


@op
def affine_transform(
    images: TensorLike,
    transform: TensorLike,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Maps images: pixel (x, y) of the result shows place ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k).

    Args:
        images: (height, width, channels) or a batch of them; with the channels first for "channels_first".
        transform: [a0, a1, a2, b0, b1, b2, c0, c1], or one such row for each image; k = c0 x + c1 y + 1.
        interpolation: "bilinear" or "nearest".
        fill_mode: what lies outside of an image, see `map_coordinates`.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        Images of the same shape; gradients reach images and transform.

    Raises:
        ValueError: the shapes do not fit, or an option is unknown.
    """
    name = "affine_transform"
    one_of(name, "interpolation", interpolation, tuple(ORDERS))
    one_of(name, "fill_mode", fill_mode, FILL_MODES)
    x, undo = as_batch(name, to_tensor(images), data_format)
    t = to_tensor(transform)
    if t.shape not in ((8,), (1, 8), (x.shape[0], 8)):
        raise ValueError(f"{name}: expected a transform (8,) or ({x.shape[0]}, 8), got shape {t.shape}")
    t = reshape_to(t, [t.size // 8, 8])
    # The usual maps are not projective; where that is known, nothing is divided.
    projective = t.trace is not None or bool((t.numpy()[:, 6:] != 0).any())
    return undo(transformed(x, t, interpolation, fill_mode, fill_value, projective))


def homography(start: Any, end: Any) -> Any:
    """(batch, 8) coefficients of the projective maps that take 4 points `end` (batch, 4, 2) to `start`."""
    from axone import ops

    (sx, sy), (ex, ey) = (ops.unstack(to_tensor(p), axis=2) for p in (start, end))
    one, zero = ops.ones_like(ex), ops.zeros_like(ex)
    upper = ops.stack([ex, ey, one, zero, zero, zero, -sx * ex, -sx * ey], axis=-1)
    lower = ops.stack([zero, zero, zero, ex, ey, one, -sy * ex, -sy * ey], axis=-1)
    matrix = ops.concatenate([upper, lower], axis=1)
    target = ops.expand_dims(ops.concatenate([sx, sy], axis=-1), -1)
    return ops.squeeze(ops.solve(matrix, target), -1)


@op
def perspective_transform(
    images: TensorLike,
    start_points: TensorLike,
    end_points: TensorLike,
    interpolation: str = "bilinear",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Maps images so that four points go to four others.

    Args:
        images: (height, width, channels) or a batch of them; with the channels first for "channels_first".
        start_points: (4, 2) points (x, y) of the image, or (batch, 4, 2).
        end_points: where they go, likewise.
        interpolation: "bilinear" or "nearest".
        fill_value: what lies outside of an image.
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        Images of the same shape.

    Raises:
        ValueError: the shapes do not fit, or the interpolation is unknown.
    """
    name = "perspective_transform"
    one_of(name, "interpolation", interpolation, tuple(ORDERS))
    x, undo = as_batch(name, to_tensor(images), data_format)
    kind = to_float(x).dtype
    start, end = to_tensor(start_points, kind), to_tensor(end_points, kind)
    if start.shape != end.shape or start.shape not in ((4, 2), (1, 4, 2), (x.shape[0], 4, 2)):
        raise ValueError(
            f"{name}: expected start_points and end_points (4, 2) or ({x.shape[0]}, 4, 2), got {start.shape} "
            f"and {end.shape}"
        )
    points = [reshape_to(p, [p.size // 8, 4, 2]) for p in (start, end)]
    return undo(transformed(x, homography(*points), interpolation, "constant", fill_value))


@op
def elastic_transform(
    images: TensorLike,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Shifts every pixel by smoothed noise.

    Args:
        images: (height, width, channels) or a batch of them; with the channels first for "channels_first".
        alpha: strength of the shifts.
        sigma: standard deviation of the noise, and of the Gaussian that smooths it, in pixels.
        interpolation: "bilinear" or "nearest".
        fill_mode: what lies outside of an image, see `map_coordinates`.
        fill_value: for "constant".
        seed: integer, SeedGenerator or None.
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        Images of the same shape.

    Raises:
        ValueError: an option is unknown, or sigma is not positive.

    Source: Simard, Steinkraus and Platt, "Best practices for convolutional neural networks", ICDAR 2003.
    """
    from axone import random
    from axone.ops.filters import blurred

    name = "elastic_transform"
    one_of(name, "interpolation", interpolation, tuple(ORDERS))
    one_of(name, "fill_mode", fill_mode, FILL_MODES)
    if not sigma > 0:
        raise ValueError(f"{name}: `sigma` must be positive, got {sigma!r}")
    x, undo = as_batch(name, to_tensor(images), data_format)
    kind, (n, h, w, _) = to_float(x).dtype, x.shape
    noise = random.normal((n, h, w, 2), stddev=float(sigma), dtype=kind, seed=seed)
    window = int(6 * sigma) | 1
    shifts: Any = blurred(noise, (window, window), (sigma, sigma))
    rows, columns = _grid(h, w, kind)
    rows, columns = rows + alpha * shifts[..., 0], columns + alpha * shifts[..., 1]
    return undo(sample_images(x, rows, columns, interpolation, fill_mode, fill_value))
