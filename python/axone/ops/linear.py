"""Products of vectors and matrices, and norms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import (
    Axis,
    TensorLike,
    axes_of,
    axis_of,
    broadcast_shape,
    cast_to,
    compute,
    move_axis,
    permuted,
    promote,
    reduced_shape,
    reshape_to,
    to_float,
    to_tensor,
)
from axone.ops.reduction import reduce


def product(a: Tensor, b: Tensor, transpose_a: bool = False, transpose_b: bool = False) -> Tensor:
    """The engine's matrix product of tensors with at least two axes; integers wrap."""
    if a.dtype not in ("bool", "uint8"):
        return compute("matmul", a, b, transpose_a=transpose_a, transpose_b=transpose_b)
    wide = compute(
        "matmul", cast_to(a, "int32"), cast_to(b, "int32"), transpose_a=transpose_a, transpose_b=transpose_b
    )
    return cast_to(wide, a.dtype)


@op
def matmul(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Matrix product over the last two axes; the axes before them broadcast.

    Args:
        x1: tensor of shape (..., m, k), or a vector (k,).
        x2: tensor of shape (..., k, n), or a vector (k,).

    Returns:
        A tensor of shape (..., m, n); without m or n where that side was a vector.

    Raises:
        ValueError: for scalars, or where the two k differ.

    Example:

    >>> axone.ops.matmul(axone.ops.ones((2, 3)), axone.ops.ones((3, 4))).shape  # (2, 4)
    """
    a, b = promote(x1, x2)
    if not a.ndim or not b.ndim:
        raise ValueError(
            f"matmul: scalars have no matrix product (shapes {a.shape} and {b.shape}); use multiply"
        )
    row, column = a.ndim == 1, b.ndim == 1
    inner, depth = a.shape[-1], b.shape[-1 if column else -2]
    if inner != depth:
        raise ValueError(
            f"matmul: the last axis of x1 {a.shape} must be as long as the "
            f"{'last' if column else 'last but one'} "
            f"of x2 {b.shape}: {inner} against {depth}"
        )
    left = reshape_to(a, [1, inner]) if row else a
    right = reshape_to(b, [depth, 1]) if column else b
    broadcast_shape("matmul", left.shape[:-2], right.shape[:-2])
    result = product(left, right)
    shape = list(result.shape)
    if column:
        shape.pop(-1)
    if row:
        shape.pop(-1 if column else -2)
    return reshape_to(result, shape)


@op
def dot(x1: TensorLike, x2: TensorLike) -> Tensor:
    """NumPy's dot: sums over the last axis of `x1` and the last but one of `x2` (its only one for a vector).

    Args:
        x1: tensor or number.
        x2: tensor or number. With a scalar, this is `multiply`.

    Returns:
        A tensor with the other axes of `x1`, then those of `x2`.
    """
    a, b = promote(x1, x2)
    if not a.ndim or not b.ndim:
        return compute("logical_and" if a.dtype == "bool" else "multiply", a, b)
    return contract("dot", a, b, [a.ndim - 1], [max(b.ndim - 2, 0)])


def contract(name: str, a: Tensor, b: Tensor, axes_a: Sequence[int], axes_b: Sequence[int]) -> Tensor:
    """Sum over paired axes: the other axes of `a`, then those of `b`, remain."""
    for i, j in zip(axes_a, axes_b, strict=True):
        if a.shape[i] != b.shape[j]:
            raise ValueError(
                f"{name}: axis {i} of x1 {a.shape} and axis {j} of x2 {b.shape} must be equally long"
            )
    free_a = [i for i in range(a.ndim) if i not in axes_a]
    free_b = [j for j in range(b.ndim) if j not in axes_b]
    depth = math.prod(a.shape[i] for i in axes_a)
    rows, columns = [a.shape[i] for i in free_a], [b.shape[j] for j in free_b]
    left = reshape_to(permuted(a, [*free_a, *axes_a]), [math.prod(rows), depth])
    right = reshape_to(permuted(b, [*axes_b, *free_b]), [depth, math.prod(columns)])
    return reshape_to(product(left, right), [*rows, *columns])


@op
def tensordot(x1: TensorLike, x2: TensorLike, axes: int | Sequence[Any] = 2) -> Tensor:
    """Sum of products over chosen axes of both tensors.

    Args:
        x1: tensor.
        x2: tensor.
        axes: a number n (the last n axes of `x1` with the first n of `x2`), or two lists of axes to pair.

    Returns:
        A tensor with the other axes of `x1`, then those of `x2`.

    Raises:
        ValueError: where paired axes differ in length.
    """
    a, b = promote(x1, x2)
    if isinstance(axes, int):
        if not 0 <= axes <= min(a.ndim, b.ndim):
            raise ValueError(f"tensordot: axes={axes} does not fit shapes {a.shape} and {b.shape}")
        return contract("tensordot", a, b, list(range(a.ndim - axes, a.ndim)), list(range(axes)))
    pair = [[p] if isinstance(p, int) else list(p) for p in axes]
    if len(pair) != 2 or len(pair[0]) != len(pair[1]):
        raise ValueError(f"tensordot: `axes` must be a number or two equally long lists, got {axes}")
    axes_a = [axis_of("tensordot", i, a.ndim) for i in pair[0]]
    axes_b = [axis_of("tensordot", j, b.ndim) for j in pair[1]]
    if len(set(axes_a)) != len(axes_a) or len(set(axes_b)) != len(axes_b):
        raise ValueError(f"tensordot: `axes` names an axis twice: {axes}")
    return contract("tensordot", a, b, axes_a, axes_b)


@op
def outer(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Every element of `x1` times every element of `x2`: shape (x1.size, x2.size)."""
    a, b = promote(x1, x2)
    kind = "logical_and" if a.dtype == "bool" else "multiply"
    return compute(kind, reshape_to(a, [a.size, 1]), reshape_to(b, [1, b.size]))


@op
def inner(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Sum of products over the last axes of both; `multiply` where one is a scalar."""
    a, b = promote(x1, x2)
    if not a.ndim or not b.ndim:
        return compute("logical_and" if a.dtype == "bool" else "multiply", a, b)
    return contract("inner", a, b, [a.ndim - 1], [b.ndim - 1])


@op
def vdot(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Sum of products of the flattened tensors: a scalar."""
    a, b = promote(x1, x2)
    return contract("vdot", reshape_to(a, [a.size]), reshape_to(b, [b.size]), [0], [0])


@op
def cross(
    x1: TensorLike, x2: TensorLike, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Tensor:
    """Cross product of vectors of 2 or 3 components.

    Args:
        x1: tensor.
        x2: tensor; the other axes broadcast.
        axisa: axis of the components of `x1`.
        axisb: axis of the components of `x2`.
        axisc: axis of the components of the result.
        axis: all three at once.

    Returns:
        A tensor of vectors with 3 components, or of numbers for two vectors of 2.
    """
    from axone.ops.shape import unstack

    a, b = promote(x1, x2)
    first, second, third = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    parts = [unstack(a, axis=first), unstack(b, axis=second)]
    if {len(parts[0]), len(parts[1])} - {2, 3}:
        raise ValueError(f"cross: vectors must have 2 or 3 components, got shapes {a.shape} and {b.shape}")

    def minor(i: int, j: int) -> Tensor:
        u, v = parts
        return compute("subtract", compute("multiply", u[i], v[j]), compute("multiply", u[j], v[i]))

    if len(parts[0]) == len(parts[1]) == 2:
        return minor(0, 1)
    for vector in parts:
        if len(vector) == 2:
            vector.append(compute("multiply", vector[0], to_tensor(0, a.dtype)))
    planes = [minor(1, 2), minor(2, 0), minor(0, 1)]
    joined = compute("concatenate", *[reshape_to(p, [*p.shape, 1]) for p in planes], axis=planes[0].ndim)
    return move_axis(joined, joined.ndim - 1, axis_of("cross", third, joined.ndim))


@op
def kron(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Kronecker product: `x1` with every element replaced by that element times `x2`."""
    a, b = promote(x1, x2)
    rank = max(a.ndim, b.ndim)
    rows = [1] * (rank - a.ndim) + list(a.shape)
    columns = [1] * (rank - b.ndim) + list(b.shape)
    left = reshape_to(a, [n for size in rows for n in (size, 1)])
    right = reshape_to(b, [n for size in columns for n in (1, size)])
    spread = compute("logical_and" if a.dtype == "bool" else "multiply", left, right)
    return reshape_to(spread, [m * n for m, n in zip(rows, columns, strict=True)])


@op
def norm(x: TensorLike, ord: float | str | None = None, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Norm of vectors or matrices.

    Args:
        x: tensor.
        ord: None: the root of the sum of squares. For vectors: a number p, inf, -inf or 0 (how many are
            not 0). For matrices: "fro", 1, -1, inf, -inf, or by singular values "nuc", 2, -2.
        axis: one axis for vectors, two for matrices; None: all of `x`.
        keepdims: whether reduced axes stay, with size 1.

    Returns:
        A floating-point tensor.

    Raises:
        ValueError: for an order that fits neither.
    """
    tensor = to_float(x)
    axes = axes_of("norm", axis, tensor.ndim)
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        return compute("sqrt", reduce("sum", compute("square", tensor), axes, keepdims))
    if len(axes) == 1 and not isinstance(ord, str):
        return _vector_norm(tensor, float(ord), axes, keepdims)
    if len(axes) == 2 and ord in (1, -1, math.inf, -math.inf):
        pair = (
            axes if axis is None or isinstance(axis, int) else [axis_of("norm", a, tensor.ndim) for a in axis]
        )
        summed = pair[0] if abs(float(ord)) == 1 else pair[1]
        searched = pair[1] if summed == pair[0] else pair[0]
        sums = reduce("sum", compute("abs", tensor), [summed], True)
        result = reduce("max" if float(ord) > 0 else "min", sums, [searched], True)
        return reshape_to(result, reduced_shape(tensor.shape, axes, keepdims))
    if len(axes) == 2 and ord in ("nuc", 2, -2):
        return _spectral_norm(tensor, ord, axes, keepdims)
    raise ValueError(
        f"norm: ord={ord!r} is no norm over {len(axes)} axes of shape {tensor.shape}; "
        "vectors (one axis) take numbers, matrices (two axes) 'fro', 'nuc', 1, -1, 2, -2, inf, -inf"
    )


def _spectral_norm(x: Tensor, order: Any, axes: list[int], keepdims: bool) -> Tensor:
    """The sum, the largest or the smallest of singular values."""
    from axone.ops.decompositions import svd

    rest = [a for a in range(x.ndim) if a not in axes]
    values = svd(permuted(x, rest + axes), full_matrices=False, compute_uv=False)
    assert isinstance(values, Tensor)
    kind = "sum" if order == "nuc" else "max" if order == 2 else "min"
    result = reduce(kind, values, [values.ndim - 1])
    return reshape_to(result, reduced_shape(x.shape, axes, keepdims))


def _vector_norm(x: Tensor, order: float, axes: list[int], keepdims: bool) -> Tensor:
    """The p-norm along one axis."""
    if order == 0:
        return reduce("sum", cast_to(compute("not_equal", x, to_tensor(0, x.dtype)), x.dtype), axes, keepdims)
    size = compute("abs", x)
    if math.isinf(order):
        return reduce("max" if order > 0 else "min", size, axes, keepdims)
    if order == 1:
        return reduce("sum", size, axes, keepdims)
    total = reduce("sum", compute("power", size, to_tensor(order, x.dtype)), axes, keepdims)
    return compute("power", total, to_tensor(1.0 / order, x.dtype))
