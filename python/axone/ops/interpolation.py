"""Axes resampled by products with matrices of weights."""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from axone.core.tensor import Tensor
from axone.ops._common import compute, reshape_to, to_tensor

# Columns of a product below which it pays to transpose first: a vector register holds 16 floats.
_NARROW = 16

# Below this a sum of weights counts as none: the sample lies outside of the image.
_NOTHING = 1000 * float(np.finfo("float32").eps)


def along_axis(x: Tensor, matrix: Any, axis: int) -> Tensor:
    """The product of a matrix (outputs, size) with one axis of a tensor."""
    before, size, behind = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    weights = to_tensor(matrix, x.dtype)
    count, columns = weights.shape[0], math.prod(behind)
    lines = math.prod(before[1:])
    if columns < _NARROW and lines > 1:
        # (batch, lines, size, columns) as (batch, size, lines * columns): wide rows instead of narrow ones.
        wide = compute("transpose", reshape_to(x, [before[0], lines, size, columns]), perm=[0, 2, 1, 3])
        product = compute("matmul", weights, reshape_to(wide, [before[0], size, lines * columns]))
        parts = reshape_to(product, [before[0], count, lines, columns])
        y = compute("transpose", parts, perm=[0, 2, 1, 3])
    else:
        y = compute("matmul", weights, reshape_to(x, [math.prod(before), size, columns]))
    return reshape_to(y, [*before, count, *behind])


Kernel = Callable[[types.ModuleType, Any], Any]


def _triangle(xp: Any, x: Any) -> Any:
    return xp.maximum(1.0 - x, 0.0)


def _cubic(xp: Any, x: Any) -> Any:
    # Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -1/2.
    near = ((1.5 * x - 2.5) * x) * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return xp.where(x >= 2.0, 0.0, xp.where(x >= 1.0, far, near))


def _lanczos(radius: float) -> Kernel:
    def kernel(xp: Any, x: Any) -> Any:
        square = xp.where(x > 1e-3, math.pi**2 * x * x, 1.0)
        wave = radius * xp.sin(math.pi * x) * xp.sin(math.pi * x / radius) / square
        return xp.where(x > radius, 0.0, xp.where(x > 1e-3, wave, 1.0))

    return kernel


def _gaussian(xp: Any, x: Any) -> Any:
    return xp.where(x < 1.5, xp.exp(-2.0 * x * x), 0.0)


def _mitchell(xp: Any, x: Any) -> Any:
    # Mitchell and Netravali, "Reconstruction filters in computer graphics", 1988, with B = C = 1/3.
    near = ((7 * x - 12) * x * x) / 6 + 16 / 18
    far = (((-7 / 18 * x + 2) * x) - 10 / 3) * x + 16 / 9
    return xp.where(x >= 2.0, 0.0, xp.where(x >= 1.0, far, near))


_KERNELS: dict[str, Kernel] = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), _triangle),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _cubic),
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
}
METHODS = tuple(_KERNELS)
_KERNELS.update(gaussian=_gaussian, mitchellcubic=_mitchell)


def resampling_matrix(
    size: int, count: int, scale: Any, shift: Any, method: str, antialias: bool, xp: Any = np
) -> Any:
    """Weights (count, size) of an axis that is scaled and shifted.

    Pixels have their centres at 0.5, 1.5, ...: output i shows place (i + 0.5 - shift) / scale. Rows add up to
    1, those outside of the axis to 0. With `antialias` the kernel grows with the axis that is made shorter.

    Args:
        size: positions of the axis.
        count: positions of the result.
        scale: factor; a number, or a tensor where `xp` is `axone.ops`.
        shift: places by which the result is shifted, likewise.
        method: name of the kernel.
        antialias: see above.
        xp: module that computes: numpy, or axone.ops where `scale` or `shift` are computed in the graph.
    """
    inverse = 1.0 / scale
    width = xp.maximum(inverse, 1.0) if antialias else 1.0
    place = (xp.arange(count, dtype="float32" if xp is not np else "float64") + 0.5 - shift) * inverse - 0.5
    column = xp.reshape(place, (count, 1))
    distance = xp.abs(column - np.arange(size, dtype="float32")[None]) / width
    weights = _KERNELS[method](xp, distance)
    total = xp.sum(weights, axis=1, keepdims=True)
    weights = xp.where(xp.abs(total) > _NOTHING, weights / xp.where(total != 0, total, 1.0), 0.0)
    return xp.where(xp.logical_and(column >= -0.5, column <= size - 0.5), weights, 0.0)


def area_matrix(size: int, count: int) -> Any:
    """Weights (count, size) of the mean over the part of an axis that each output covers."""
    edge = np.arange(count + 1)[:, None] * (size / count)
    place = np.arange(size)[None]
    overlap = np.minimum(edge[1:], place + 1) - np.maximum(edge[:-1], place)
    return np.maximum(overlap, 0.0) / (size / count)


def nearest_places(size: int, count: int) -> Any:
    """The position that each of `count` outputs copies."""
    places = np.floor((np.arange(count) + 0.5) * (size / count)).astype("int64")
    return np.minimum(places, size - 1)
