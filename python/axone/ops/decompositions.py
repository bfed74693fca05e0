"""Decompositions of matrices: LAPACK by way of NumPy, with gradients as formulas in the graph.

Every function takes stacks of matrices. Sources of the gradients: Giles, "Collected matrix derivative results
for forward and reverse mode algorithmic differentiation", 2008; Murray, "Differentiation of the Cholesky
decomposition", 2016; Townsend, "Differentiating the singular value decomposition", 2016; Walter and Lehmann,
"Algorithmic differentiation of linear algebra functions", 2012.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, compute, promote_float, to_tensor
from axone.ops._matrices import (
    Array,
    Grads,
    decompose,
    identity_like,
    matrices,
    or_zeros,
    spec,
    transposed,
)
from axone.ops.arithmetic import add, divide, multiply, negative, subtract
from axone.ops.diagonal import diagonal, tril, triu
from axone.ops.linear import matmul
from axone.ops.shape import concatenate, expand_dims
from axone.ops.solving import inv, solve_triangular


def halved_lower(x: Tensor) -> Tensor:
    """The lower triangle with half the diagonal."""
    weights = np.tril(np.ones(x.shape[-2:])) - 0.5 * np.eye(*x.shape[-2:])
    return multiply(x, to_tensor(weights.astype(x.dtype)))


def differences(values: Tensor) -> Tensor:
    """1 / (v[j] - v[i]) at (i, j), 0 on the diagonal."""
    gaps = subtract(expand_dims(values, -2), expand_dims(values, -1))
    one = identity_like(gaps)
    return multiply(divide(1.0, add(gaps, one)), subtract(1.0, one))


def scaled_columns(x: Tensor, factors: Tensor) -> Tensor:
    """x @ diag(factors)."""
    return multiply(x, expand_dims(factors, -2))


def symmetric(x: Tensor) -> Tensor:
    """(x + x^T) / 2."""
    return multiply(add(x, transposed(x)), 0.5)


def _cholesky_gradient(_: list[Tensor], outputs: list[Tensor], grads: Grads) -> Grads:
    (lower,), (g,) = outputs, grads
    inner = halved_lower(matmul(transposed(lower), tril(or_zeros(g, lower))))
    turned = solve_triangular(transposed(lower), symmetric(inner))
    return [transposed(solve_triangular(transposed(lower), transposed(turned)))]


@op
def cholesky(x: TensorLike, upper: bool = False) -> Tensor:
    """The triangular factor of symmetric, positive definite matrices: x = L L^T.

    Args:
        x: tensor of shape (..., n, n); its symmetric part is taken.
        upper: whether the factor is U = L^T.

    Returns:
        A tensor of the shape of `x`, lower (or upper) triangular.

    Raises:
        ValueError: a matrix is not positive definite.

    Example:

    >>> axone.ops.cholesky([[4.0, 2.0], [2.0, 5.0]])  # [[2, 0], [1, 2]]
    """
    tensor = symmetric(matrices("cholesky", x, square=True))
    lower: Tensor = decompose(
        "cholesky", np.linalg.cholesky, [tensor], [spec(tensor, *tensor.shape[-2:])], _cholesky_gradient
    )
    return transposed(lower) if upper else lower


def _eigh_gradient(_: list[Tensor], outputs: list[Tensor], grads: Grads) -> Grads:
    values, vectors = outputs
    inner = multiply(identity_like(vectors), expand_dims(or_zeros(grads[0], values), -1))
    if grads[1] is not None:
        inner = add(inner, multiply(differences(values), matmul(transposed(vectors), grads[1])))
    return [symmetric(matmul(vectors, matmul(inner, transposed(vectors))))]


@op
def eigh(x: TensorLike) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of symmetric matrices.

    Args:
        x: tensor of shape (..., n, n); its symmetric part is taken.

    Returns:
        (eigenvalues (..., n), smallest first; eigenvectors (..., n, n), one per column). Gradients through
        eigenvectors need eigenvalues that differ.
    """
    tensor = symmetric(matrices("eigh", x, square=True))
    n = tensor.shape[-1]
    result: tuple[Tensor, Tensor] = decompose(
        "eigh", np.linalg.eigh, [tensor], [spec(tensor, n), spec(tensor, n, n)], _eigh_gradient
    )
    return result


def _real_eig(x: Array) -> tuple[Array, Array]:
    values, vectors = np.linalg.eig(x)
    if np.iscomplexobj(values):
        raise ValueError(
            "eig: a matrix has complex eigenvalues, and there are no complex tensors; eigh takes symmetric "
            "matrices, whose eigenvalues are real"
        )
    return values, vectors


def _eig_gradient(_: list[Tensor], outputs: list[Tensor], grads: Grads) -> Grads:
    values, vectors = outputs
    inner = multiply(identity_like(vectors), expand_dims(or_zeros(grads[0], values), -1))
    if grads[1] is not None:
        along = matmul(transposed(vectors), grads[1])
        # Columns have length 1: what would make them longer does not count.
        along = subtract(
            along, scaled_columns(matmul(transposed(vectors), vectors), diagonal(along, 0, -2, -1))
        )
        inner = add(inner, multiply(differences(values), along))
    back = transposed(inv(vectors))
    return [matmul(back, matmul(inner, transposed(vectors)))]


@op
def eig(x: TensorLike) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of matrices whose eigenvalues are real.

    Args:
        x: tensor of shape (..., n, n).

    Returns:
        (eigenvalues (..., n) in no particular order; eigenvectors (..., n, n), one per column, of length 1).

    Raises:
        ValueError: an eigenvalue is complex.
    """
    tensor = matrices("eig", x, square=True)
    n = tensor.shape[-1]
    result: tuple[Tensor, Tensor] = decompose(
        "eig", _real_eig, [tensor], [spec(tensor, n), spec(tensor, n, n)], _eig_gradient
    )
    return result


def _square_qr_gradient(q: Tensor, r: Tensor, gq: Tensor, gr: Tensor) -> Tensor:
    """The gradient for r square: (gq + q copyltu(m)) r^-T with m = r gr^T - gq^T q."""
    m = subtract(matmul(r, transposed(gr)), matmul(transposed(gq), q))
    inner = add(gq, matmul(q, add(tril(m), transposed(tril(m, -1)))))
    return transposed(solve_triangular(r, transposed(inner)))


def _qr_gradient(inputs: list[Tensor], outputs: list[Tensor], grads: Grads) -> Grads:
    (x,), (q, r) = inputs, outputs
    m, n = x.shape[-2:]
    if q.shape[-1] > min(m, n):
        raise ValueError("qr: mode='complete' of tall matrices has no gradient; use mode='reduced'")
    gq, gr = or_zeros(grads[0], q), or_zeros(grads[1], r)
    if m >= n:
        return [_square_qr_gradient(q, r, gq, gr)]
    # x = [a, b] with a square: q and the first part of r come from a, and b only meets q^T.
    b = x[..., m:]
    left = _square_qr_gradient(q, r[..., :m], add(gq, matmul(b, transposed(gr[..., m:]))), gr[..., :m])
    return [concatenate([left, matmul(q, gr[..., m:])], -1)]


@op
def qr(x: TensorLike, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """Orthonormal columns and an upper triangle: x = q r.

    Args:
        x: tensor of shape (..., m, n).
        mode: "reduced": q of shape (..., m, k) and r (..., k, n) with k = min(m, n); "complete": k = m.

    Returns:
        (q, r).

    Raises:
        ValueError: for another mode.
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: `mode` must be 'reduced' or 'complete', got {mode!r}")
    tensor = matrices("qr", x)
    m, n = tensor.shape[-2:]
    k = m if mode == "complete" else min(m, n)
    kind: Literal["reduced", "complete"] = "complete" if k == m else "reduced"
    result: tuple[Tensor, Tensor] = decompose(
        "qr",
        lambda a: tuple(np.linalg.qr(a, kind)),
        [tensor],
        [spec(tensor, m, k), spec(tensor, k, n)],
        _qr_gradient,
    )
    return result


def _svd_gradient(inputs: list[Tensor], outputs: list[Tensor], grads: Grads) -> Grads:
    (x,), (u, s, vh) = inputs, outputs
    gu, gs, gvh = grads
    m, n = x.shape[-2:]
    k = min(m, n)
    if (gu is not None or gvh is not None) and m != n and (u.shape[-1] > k or vh.shape[-2] > k):
        raise ValueError("svd: full_matrices=True has no gradient through u and v; use full_matrices=False")
    u, v = u[..., :k], transposed(vh[..., :k, :])
    result = matmul(scaled_columns(u, or_zeros(gs, s)), transposed(v))
    factors = differences(multiply(s, s))
    if gu is not None:
        ug = matmul(transposed(u), gu)
        inner = scaled_columns(multiply(factors, subtract(ug, transposed(ug))), s)
        outside = divide(subtract(gu, matmul(u, ug)), expand_dims(s, -2))
        result = add(result, matmul(add(matmul(u, inner), outside), transposed(v)))
    if gvh is not None:
        gv = transposed(gvh)
        vg = matmul(transposed(v), gv)
        inner = multiply(multiply(factors, subtract(vg, transposed(vg))), expand_dims(s, -1))
        outside = divide(subtract(gv, matmul(v, vg)), expand_dims(s, -2))
        result = add(result, matmul(u, add(matmul(inner, transposed(v)), transposed(outside))))
    return [result]


@op
def svd(
    x: TensorLike, full_matrices: bool = True, compute_uv: bool = True
) -> Tensor | tuple[Tensor, Tensor, Tensor]:
    """Singular values: x = u diag(s) v^T with orthonormal columns of u and v.

    Args:
        x: tensor of shape (..., m, n).
        full_matrices: whether u is (..., m, m) and v^T (..., n, n); else (..., m, k) and (..., k, n) with
            k = min(m, n).
        compute_uv: whether u and v^T are returned.

    Returns:
        (u, s, v^T), or s alone: (..., k), largest first. Gradients through u and v need singular values that
        differ, and `full_matrices=False` unless the matrices are square.
    """
    tensor = matrices("svd", x)
    m, n = tensor.shape[-2:]
    k = min(m, n)
    full = full_matrices and compute_uv
    parts: tuple[Tensor, Tensor, Tensor] = decompose(
        "svd", lambda a: tuple(np.linalg.svd(a, full)), [tensor],
        [spec(tensor, m, m if full else k), spec(tensor, k), spec(tensor, n if full else k, n)],
        _svd_gradient,
    )  # fmt: skip
    return parts if compute_uv else parts[1]


def _lu(x: Array) -> tuple[Array, Array, Array]:
    """Gauss's elimination with the largest pivot of each column, on a stack of matrices at once."""
    a = x.reshape(-1, *x.shape[-2:]).copy()
    stack, m, n = a.shape
    k = min(m, n)
    pivots = np.zeros((stack, k), "int32")
    order = np.tile(np.arange(m, dtype="int32"), (stack, 1))
    every = np.arange(stack)
    for j in range(k):
        row = j + np.argmax(np.abs(a[:, j:, j]), axis=1)
        pivots[:, j] = row
        for moved in (a, order):
            held = moved[every, row].copy()
            moved[every, row] = moved[:, j]
            moved[:, j] = held
        pivot = a[:, j, j]
        safe = np.where(pivot == 0, 1, pivot)[:, None]
        a[:, j + 1 :, j] /= safe
        a[:, j + 1 :, j + 1 :] -= a[:, j + 1 :, j, None] * a[:, j, None, j + 1 :]
    batch = x.shape[:-2]
    return a.reshape(x.shape), pivots.reshape(*batch, k), order.reshape(*batch, m)


def _lu_gradient(inputs: list[Tensor], outputs: list[Tensor], grads: Grads) -> Grads:
    packed, _, order = outputs
    n = packed.shape[-1]
    if packed.shape[-2] != n:
        raise ValueError("lu_factor: only square matrices have a gradient")
    lower, upper = add(tril(packed, -1), identity_like(packed)), triu(packed)
    g = or_zeros(grads[0], packed)
    inner = add(tril(matmul(transposed(lower), tril(g, -1)), -1), triu(matmul(triu(g), transposed(upper))))
    left = solve_triangular(transposed(lower), inner)
    rows = transposed(solve_triangular(upper, transposed(left)))
    # Row i of the product came from row order[i] of x.
    back = compute("argsort", order, axis=order.ndim - 1, descending=False)
    index = compute("broadcast_to", expand_dims(back, -1), shape=list(rows.shape))
    return [compute("take_along_axis", rows, index, axis=rows.ndim - 2)]


@op
def lu_factor(x: TensorLike) -> tuple[Tensor, Tensor]:
    """Triangular factors of matrices with exchanged rows: p x = l u.

    Args:
        x: tensor of shape (..., m, n).

    Returns:
        (u, with l below its diagonal, whose own diagonal is 1: a tensor of the shape of `x`; pivots, int32
        (..., min(m, n)): row i was exchanged with row pivots[i], one after the other).
    """
    tensor = matrices("lu_factor", x)
    m, n = tensor.shape[-2:]
    packed, pivots, _ = decompose(
        "lu_factor", _lu, [tensor],
        [spec(tensor, m, n), spec(tensor, min(m, n), dtype="int32"), spec(tensor, m, dtype="int32")],
        _lu_gradient,
    )  # fmt: skip
    return packed, pivots


def _pinv_gradient(rcond: float) -> Callable[..., Grads]:
    def rule(inputs: list[Tensor], outputs: list[Tensor], grads: Grads) -> Grads:
        (a,), (p,), (g,) = inputs, outputs, grads
        assert g is not None
        pt, gt = transposed(p), transposed(g)
        result = negative(matmul(pt, matmul(g, pt)))
        right = matmul(gt, matmul(p, pt))
        result = add(result, subtract(right, matmul(a, matmul(p, right))))
        left = matmul(matmul(pt, p), gt)
        return [add(result, subtract(left, matmul(matmul(left, p), a)))]

    return rule


@op
def pinv(x: TensorLike, rcond: float | None = None) -> Tensor:
    """The pseudo-inverse of Moore and Penrose.

    Args:
        x: tensor of shape (..., m, n).
        rcond: singular values at most this share of the largest count as 0; None: ten times the larger size
            times the dtype's precision.

    Returns:
        A tensor of shape (..., n, m).

    Source of the gradient: Golub and Pereyra, 1973.
    """
    tensor = matrices("pinv", x)
    m, n = tensor.shape[-2:]
    cut = 10.0 * max(m, n) * float(np.finfo(tensor.dtype).eps) if rcond is None else float(rcond)
    result: Tensor = decompose(
        "pinv", lambda a: np.linalg.pinv(a, cut), [tensor], [spec(tensor, n, m)], _pinv_gradient(cut)
    )
    return result


@op
def lstsq(a: TensorLike, b: TensorLike, rcond: float | None = None) -> Tensor:
    """The x that makes |a x - b| smallest; of several the shortest.

    Args:
        a: matrix (m, n).
        b: vector (m,) or matrix (m, k).
        rcond: singular values at most this share of the largest count as 0; None: as in `pinv`.

    Returns:
        A tensor of shape (n,) or (n, k).
    """
    left, right = promote_float(a, b)
    if left.ndim != 2 or right.ndim not in (1, 2) or right.shape[0] != left.shape[0]:
        raise ValueError(
            f"lstsq: expected a (m, n) and b (m,) or (m, k), got shapes {left.shape} and {right.shape}"
        )
    return matmul(pinv(left, rcond), right)


@op
def matrix_rank(x: TensorLike, tol: float | None = None) -> Tensor:
    """How many singular values are above `tol`.

    Args:
        x: tensor of shape (..., m, n).
        tol: None: the largest singular value times the larger size times the dtype's precision.

    Returns:
        An int32 tensor of shape (...).
    """
    tensor = matrices("matrix_rank", x)
    result: Tensor = decompose(
        "matrix_rank", lambda a: np.linalg.matrix_rank(a, tol), [tensor], [spec(tensor, dtype="int32")]
    )
    return result
