"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, axis_of, broadcast_to, compute, reshape_to, to_tensor
from axone.ops.reduction import sum


@op
def diag(x: TensorLike, k: int = 0) -> Tensor:
    """The diagonal of a matrix, or the matrix with a vector on its diagonal.

    Args:
        x: matrix or vector.
        k: which diagonal: positive above the main one, negative below.

    Returns:
        A vector for a matrix, a square matrix for a vector.

    Raises:
        ValueError: for any other rank.
    """
    tensor = to_tensor(x)
    if tensor.ndim == 2:
        return diagonal(tensor, k)
    if tensor.ndim != 1:
        raise ValueError(f"diag: expected a vector or a matrix, got shape {tensor.shape}")
    size = tensor.size + abs(k)
    low, high = max(-k, 0), max(k, 0)
    column = compute("pad", tensor, low=[low], high=[high], value=0.0) if k else tensor
    wide = broadcast_to(reshape_to(column, [size, 1]), [size, size])
    return compute("where", to_tensor(np.eye(size, k=k, dtype=bool)), wide, to_tensor(0, tensor.dtype))


@op
def diagflat(x: TensorLike, k: int = 0) -> Tensor:
    """The matrix with the flattened `x` on its k-th diagonal."""
    tensor = to_tensor(x)
    return diag(reshape_to(tensor, [tensor.size]), k)


@op
def diagonal(x: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Diagonals of the planes of two axes.

    Args:
        x: tensor with at least two axes.
        offset: which diagonal: positive above the main one, negative below.
        axis1: the planes' first axis.
        axis2: the planes' second axis.

    Returns:
        A tensor without the two axes, the diagonal standing last.
    """
    tensor = to_tensor(x)
    a, b = (axis_of("diagonal", axis, tensor.ndim) for axis in (axis1, axis2))
    if a == b:
        raise ValueError(f"diagonal: the two axes must differ, got {axis1} and {axis2}")
    rest = [i for i in range(tensor.ndim) if i not in (a, b)]
    rows, columns = tensor.shape[a], tensor.shape[b]
    count = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    order = [*rest, a, b]
    if order != list(range(tensor.ndim)):
        tensor = compute("transpose", tensor, perm=order)
    flat = reshape_to(tensor, [*tensor.shape[:-2], rows * columns])
    first = offset if offset >= 0 else -offset * columns
    positions = first + np.arange(count, dtype="int64") * (columns + 1)
    return compute("gather", flat, to_tensor(positions), axis=len(rest))


@op
def trace(x: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sum along diagonals; arguments as in `diagonal`."""
    line = diagonal(x, offset, axis1, axis2)
    return sum(line, line.ndim - 1)


@op
def tril(x: TensorLike, k: int = 0) -> Tensor:
    """Zeros above the k-th diagonal of the last two axes."""
    return compute("tril", _planes("tril", x), k=int(k))


@op
def triu(x: TensorLike, k: int = 0) -> Tensor:
    """Zeros below the k-th diagonal of the last two axes."""
    return compute("triu", _planes("triu", x), k=int(k))


def _planes(name: str, x: Any) -> Tensor:
    """A tensor with at least two axes."""
    tensor = to_tensor(x)
    if tensor.ndim < 2:
        raise ValueError(f"{name}: expected at least two axes, got shape {tensor.shape}")
    return tensor
