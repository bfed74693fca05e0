"""Statistics and geometry of samples: histograms, correlations, distances, sums under curves."""

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
    promote_float,
    reshape_to,
    shape_of,
    to_float,
    to_tensor,
)
from axone.ops.arithmetic import add, clip, divide, log10, multiply, power, sqrt, square, subtract
from axone.ops.linear import matmul
from axone.ops.reduction import max, mean, min, sum
from axone.ops.shape import expand_dims, part, transpose
from axone.ops.sorting import searchsorted


@op
def histogram(x: TensorLike, bins: int = 10, range: Any = None) -> tuple[Tensor, Tensor]:
    """How many elements fall into each of equally wide bins.

    Args:
        x: tensor of any shape.
        bins: number of bins.
        range: pair of the lowest and the highest edge; None: the smallest and the largest element. Elements
            outside are left out.

    Returns:
        (counts, int32 (bins,); edges (bins + 1,)). The last bin contains its upper edge.

    Raises:
        ValueError: no bins, or edges out of order.
    """
    tensor = to_float(x)
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)) or bins < 1:
        raise ValueError(f"histogram: `bins` must be a whole number of at least 1, got {bins!r}")
    flat = reshape_to(tensor, [tensor.size])
    if range is not None:
        low, high = float(range[0]), float(range[1])
        if not low <= high:
            raise ValueError(f"histogram: `range` must go upwards, got {range}")
        low, high = (low - 0.5, high + 0.5) if low == high else (low, high)
        edges = to_tensor(np.linspace(low, high, bins + 1).astype(flat.dtype))
    elif not tensor.size:
        edges = to_tensor(np.linspace(0, 1, bins + 1).astype(flat.dtype))
    else:
        edges = _edges(flat, int(bins))
    place = subtract(searchsorted(edges, flat, "right"), 1)
    at_end = compute("equal", flat, part(edges, 0, bins, 1))
    place = compute("where", at_end, to_tensor(bins - 1, "int32"), place)
    # What lies outside is counted in one bin more, which is cut off.
    outside = compute("logical_or", compute("less", place, to_tensor(0, "int32")), compute("isnan", flat))
    place = compute("where", outside, to_tensor(bins, "int32"), place)
    counts = compute(
        "scatter_add",
        fill([bins + 1], 0, "int32"),
        cast_to(place, "int64"),
        fill(flat.shape, 1, "int32"),
        axis=0,
    )
    return part(counts, 0, 0, bins), edges


def _edges(x: Tensor, bins: int) -> Tensor:
    low, high = min(x), max(x)
    flat = compute("equal", low, high)
    half = to_tensor(0.5, x.dtype)
    low = compute("where", flat, subtract(low, half), low)
    high = compute("where", flat, add(high, half), high)
    share = to_tensor(np.linspace(0, 1, bins + 1).astype(x.dtype))
    inner = add(low, multiply(subtract(high, low), share))
    return compute("where", to_tensor(np.arange(bins + 1) == bins), high, inner)


@op
def corrcoef(x: TensorLike) -> Tensor:
    """Pearson's correlation of every two rows.

    Args:
        x: tensor of shape (variables, samples), or (samples,).

    Returns:
        A tensor of shape (variables, variables) of numbers from -1 to 1, or a scalar for one variable.
    """
    tensor = to_float(x)
    if tensor.ndim not in (1, 2):
        raise ValueError(f"corrcoef: expected one or two axes, got shape {tensor.shape}")
    rows = tensor if tensor.ndim == 2 else reshape_to(tensor, [1, tensor.size])
    centred = subtract(rows, mean(rows, 1, keepdims=True))
    products = matmul(centred, transpose(centred))
    length = sqrt(sum(square(centred), 1))
    result = clip(divide(products, multiply(expand_dims(length, 0), expand_dims(length, 1))), -1.0, 1.0)
    return result if tensor.ndim == 2 else reshape_to(result, [])


@op
def correlate(x1: TensorLike, x2: TensorLike, mode: str = "valid") -> Tensor:
    """Cross-correlation of two vectors: c[k] = sum over n of x1[n + k] x2[n].

    Args:
        x1: vector.
        x2: vector.
        mode: "valid": where the shorter lies within the longer; "same": as long as the longer; "full":
            wherever they overlap.

    Returns:
        A vector.
    """
    a, b = promote(x1, x2)
    if a.ndim != 1 or b.ndim != 1 or not a.size or not b.size:
        raise ValueError(f"correlate: expected two vectors, got shapes {a.shape} and {b.shape}")
    if mode not in ("valid", "same", "full"):
        raise ValueError(f"correlate: `mode` must be 'valid', 'same' or 'full', got {mode!r}")
    turned = a.size < b.size
    if turned:
        a, b = b, a
    before = {"valid": 0, "same": b.size // 2, "full": b.size - 1}[mode]
    after = {"valid": 0, "same": b.size - b.size // 2 - 1, "full": b.size - 1}[mode]
    padded = compute("pad", a, low=[before], high=[after], value=0.0)
    starts = np.arange(padded.size - b.size + 1, dtype="int64")
    pieces = compute("gather", padded, to_tensor(starts[:, None] + np.arange(b.size)), axis=0)
    result = matmul(pieces, b)
    return compute("flip", result, axes=[0]) if turned else result


@op
def trapezoid(y: TensorLike, x: TensorLike | None = None, dx: float = 1.0, axis: int = -1) -> Tensor:
    """Integral along an axis by the trapezoidal rule.

    Args:
        y: values.
        x: where they stand: a tensor of y's shape, or a vector along the axis; None: `dx` apart.
        dx: distance of neighbours without `x`.
        axis: axis to integrate along.

    Returns:
        A floating-point tensor without that axis.
    """
    values = to_float(y)
    index = axis_of("trapezoid", axis, values.ndim)
    length = values.shape[index]
    if x is None:
        widths: Any = to_tensor(dx, values.dtype)
    else:
        values, places = promote_float(values, x)
        if places.ndim == 1:
            places = reshape_to(places, [places.size if i == index else 1 for i in range(values.ndim)])
        count = places.shape[index]
        widths = subtract(part(places, index, 1, count - 1), part(places, index, 0, count - 1))
    pairs = add(part(values, index, 1, length - 1), part(values, index, 0, length - 1))
    return multiply(sum(multiply(widths, pairs), index), 0.5)


@op
def vander(x: TensorLike, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of a vector's elements as columns (Vandermonde's matrix).

    Args:
        x: vector.
        N: number of columns; None: as many as elements.
        increasing: whether the powers rise from left to right.

    Returns:
        A tensor of shape (x.size, N) of the dtype of `x`.
    """
    tensor = to_tensor(x)
    if tensor.ndim != 1:
        raise ValueError(f"vander: expected a vector, got shape {tensor.shape}")
    (count,) = shape_of("vander", tensor.size if N is None else N)
    powers = np.arange(count) if increasing else np.arange(count)[::-1]
    return power(expand_dims(tensor, 1), to_tensor(powers.astype(tensor.dtype)))


@op
def cdist(x: TensorLike, y: TensorLike) -> Tensor:
    """Euclidean distance of every point of `x` from every point of `y`.

    Args:
        x: tensor of shape (..., m, d).
        y: tensor of shape (..., n, d).

    Returns:
        A floating-point tensor of shape (..., m, n).
    """
    a, b = promote_float(x, y)
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != b.shape[-1]:
        raise ValueError(f"cdist: expected shapes (..., m, d) and (..., n, d), got {a.shape} and {b.shape}")
    return sqrt(sum(square(subtract(expand_dims(a, -2), expand_dims(b, -3))), -1))


@op
def psnr(x1: TensorLike, x2: TensorLike, max_val: float) -> Tensor:
    """Peak signal-to-noise ratio in decibels: 20 log10(max_val) - 10 log10(mean squared error).

    Args:
        x1: tensor.
        x2: tensor of the same shape.
        max_val: largest possible value, such as 1 or 255.

    Returns:
        A scalar.

    Raises:
        ValueError: the shapes differ.
    """
    a, b = promote_float(x1, x2)
    if a.shape != b.shape:
        raise ValueError(f"psnr: the shapes must be equal, got {a.shape} and {b.shape}")
    error = mean(square(subtract(a, b)))
    return subtract(multiply(log10(to_tensor(max_val, a.dtype)), 20.0), multiply(log10(error), 10.0))
