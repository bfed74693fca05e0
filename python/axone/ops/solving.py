"""Systems of linear equations, inverses and determinants: LAPACK by way of NumPy, gradients in the graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.core.trace import current_trace
from axone.ops._common import (
    TensorLike,
    broadcast_shape,
    broadcast_to,
    promote_float,
    reshape_to,
    to_tensor,
)
from axone.ops._matrices import Array, Grads, decompose, identity_like, matrices, spec, transposed
from axone.ops.arithmetic import multiply, negative
from axone.ops.diagonal import tril, triu
from axone.ops.linear import matmul
from axone.ops.shape import expand_dims


def _inv_gradient(_: list[Tensor], outputs: list[Tensor], grads: Grads) -> Grads:
    (y,), (g,) = outputs, grads
    assert g is not None
    return [negative(matmul(transposed(y), matmul(g, transposed(y))))]


@op
def inv(x: TensorLike) -> Tensor:
    """The inverse of square matrices.

    Args:
        x: tensor of shape (..., n, n).

    Returns:
        A tensor of the shape of `x`.

    Raises:
        ValueError: a matrix is singular.

    Example:

    >>> axone.ops.inv([[2.0, 0.0], [0.0, 4.0]])  # [[0.5, 0], [0, 0.25]]
    """
    tensor = matrices("inv", x, square=True)
    result: Tensor = decompose(
        "inv", np.linalg.inv, [tensor], [spec(tensor, *tensor.shape[-2:])], _inv_gradient
    )
    return result


def _cofactors(x: Array) -> Array:
    """det(x) x^-T, also of singular matrices: by singular values."""
    u, s, vh = np.linalg.svd(x)
    n = s.shape[-1]
    others = np.stack([np.delete(s, i, -1).prod(-1) for i in range(n)], -1) if n else s
    sign = np.linalg.det(u) * np.linalg.det(vh)
    result: Array = sign[..., None, None] * ((u * others[..., None, :]) @ vh)
    return result


def _cofactors_gradient(inputs: list[Tensor], _: list[Tensor], grads: Grads) -> Grads:
    """By differentiating the formula for regular matrices."""
    trace = current_trace()
    assert trace is not None
    (x,) = inputs
    formula = multiply(expand_dims(det(x), (-2, -1)), transposed(inv(x)))
    return list(trace.gradients([formula], [x], [grads[0]]))


def _det_gradient(inputs: list[Tensor], _: list[Tensor], grads: Grads) -> Grads:
    (x,), (g,) = inputs, grads
    assert g is not None
    found = decompose("det", _cofactors, [x], [spec(x, *x.shape[-2:])], _cofactors_gradient)
    return [multiply(expand_dims(g, (-2, -1)), found)]


@op
def det(x: TensorLike) -> Tensor:
    """The determinant of square matrices.

    Args:
        x: tensor of shape (..., n, n).

    Returns:
        A tensor of shape (...). Its gradient exists for singular matrices too.
    """
    tensor = matrices("det", x, square=True)
    result: Tensor = decompose("det", np.linalg.det, [tensor], [spec(tensor)], _det_gradient)
    return result


def _slogdet_gradient(inputs: list[Tensor], _: list[Tensor], grads: Grads) -> Grads:
    (x,), g = inputs, grads[1]
    return [None if g is None else multiply(expand_dims(g, (-2, -1)), transposed(inv(x)))]


@op
def slogdet(x: TensorLike) -> tuple[Tensor, Tensor]:
    """Sign and logarithm of the size of determinants, which themselves may overflow.

    Args:
        x: tensor of shape (..., n, n).

    Returns:
        (sign, log|det|), each of shape (...); (0, -inf) for a singular matrix.
    """
    tensor = matrices("slogdet", x, square=True)
    result: tuple[Tensor, Tensor] = decompose(
        "slogdet", lambda a: tuple(np.linalg.slogdet(a)), [tensor], [spec(tensor)] * 2, _slogdet_gradient
    )
    return result


@op
def logdet(x: TensorLike) -> Tensor:
    """The logarithm of the determinant of matrices whose determinant is positive.

    Args:
        x: tensor of shape (..., n, n).

    Returns:
        A tensor of shape (...): log|det|, whatever the sign; see `slogdet`.
    """
    return slogdet(x)[1]


def _system(name: str, a: TensorLike, b: TensorLike) -> tuple[Tensor, Tensor, bool]:
    """Both sides with one stack, the right one as matrices, and whether it held vectors."""
    left, right = promote_float(a, b)
    if left.ndim < 2 or left.shape[-1] != left.shape[-2]:
        raise ValueError(f"{name}: `a` must hold square matrices, got shape {left.shape}")
    vectors = right.ndim == left.ndim - 1
    if vectors:
        right = expand_dims(right, -1)
    if right.ndim < 2 or right.shape[-2] != left.shape[-1]:
        raise ValueError(
            f"{name}: `b` must have {left.shape[-1]} rows to fit `a` {left.shape}, got shape {right.shape}"
        )
    stack = broadcast_shape(name, left.shape[:-2], right.shape[:-2])
    left = broadcast_to(left, (*stack, *left.shape[-2:]))
    return left, broadcast_to(right, (*stack, *right.shape[-2:])), vectors


def _solve_gradient(inputs: list[Tensor], outputs: list[Tensor], grads: Grads) -> Grads:
    (a, _), (y,), (g,) = inputs, outputs, grads
    assert g is not None
    gb = solve(transposed(a), g)
    return [negative(matmul(gb, transposed(y))), gb]


@op
def solve(a: TensorLike, b: TensorLike) -> Tensor:
    """The x of a x = b.

    Args:
        a: tensor of shape (..., n, n).
        b: tensor of shape (..., n, k), or of vectors (..., n) with one axis less than `a`.

    Returns:
        A tensor of the shape of `b`.

    Raises:
        ValueError: a matrix is singular, or the shapes do not fit.
    """
    left, right, vectors = _system("solve", a, b)
    result: Tensor = decompose(
        "solve", np.linalg.solve, [left, right], [spec(right, *right.shape[-2:])], _solve_gradient
    )
    return reshape_to(result, result.shape[:-1]) if vectors else result


def _triangular_gradient(lower: bool) -> Any:
    def rule(inputs: list[Tensor], outputs: list[Tensor], grads: Grads) -> Grads:
        (a, _), (y,), (g,) = inputs, outputs, grads
        assert g is not None
        gb = solve_triangular(transposed(a), g, lower=not lower)
        ga = negative(matmul(gb, transposed(y)))
        return [tril(ga) if lower else triu(ga), gb]

    return rule


@op
def solve_triangular(a: TensorLike, b: TensorLike, lower: bool = False) -> Tensor:
    """The x of a x = b for triangular a.

    Args:
        a: tensor of shape (..., n, n), of which one triangle is read.
        b: tensor of shape (..., n, k), or of vectors (..., n) with one axis less than `a`.
        lower: whether the lower triangle is read, else the upper.

    Returns:
        A tensor of the shape of `b`.
    """
    left, right, vectors = _system("solve_triangular", a, b)
    half = np.tril if lower else np.triu
    result: Tensor = decompose(
        "solve_triangular", lambda m, v: np.linalg.solve(half(m), v), [left, right],
        [spec(right, *right.shape[-2:])], _triangular_gradient(lower),
    )  # fmt: skip
    return reshape_to(result, result.shape[:-1]) if vectors else result


@op
def cholesky_inverse(x: TensorLike, upper: bool = False) -> Tensor:
    """The inverse of the matrix whose Cholesky factor is given.

    Args:
        x: tensor of shape (..., n, n): the factor.
        upper: whether it is the upper one.

    Returns:
        A tensor of the shape of `x`.
    """
    factor = matrices("cholesky_inverse", x, square=True)
    eye = broadcast_to(identity_like(factor), factor.shape)
    inverse = solve_triangular(factor, eye, lower=not upper)
    if upper:
        return matmul(inverse, transposed(inverse))
    return matmul(transposed(inverse), inverse)


@op
def matrix_power(x: TensorLike, n: int) -> Tensor:
    """A square matrix multiplied by itself n times, by repeated squaring.

    Args:
        x: tensor of shape (..., n, n).
        n: whole number; 0 gives the identity, a negative one powers of the inverse.

    Returns:
        A tensor of the shape of `x`.
    """
    tensor = to_tensor(x)
    if tensor.ndim < 2 or tensor.shape[-1] != tensor.shape[-2]:
        raise ValueError(f"matrix_power: expected square matrices, got shape {tensor.shape}")
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
        raise TypeError(f"matrix_power: `n` must be a whole number, got {n!r}")
    if n == 0:
        return broadcast_to(identity_like(tensor), tensor.shape)
    base, count, result = (inv(tensor), -n, None) if n < 0 else (tensor, n, None)
    while count:
        if count & 1:
            result = base if result is None else matmul(result, base)
        count >>= 1
        base = matmul(base, base) if count else base
    assert result is not None
    return result
