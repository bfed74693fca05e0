"""Entries of the table: decompositions, equations, determinants, matrix norms."""

from __future__ import annotations

from typing import Any

import numpy as np
from case import Array as A
from case import case


def t(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def sym(x: Any) -> Any:
    return (x + t(x)) / 2


SQUARE = [
    (A((1, 1), "regular"),),
    (A((3, 3), "regular"),),
    (A((2, 4, 4), "regular"),),
    (A((0, 2, 2), "regular"),),
    (A((9, 9), "regular", layout="fortran"),),
]
DEFINITE = [
    (A((1, 1), "definite"),),
    (A((3, 3), "definite"),),
    (A((2, 3, 3), "definite"),),
    (A((7, 7), "definite", layout="strided"),),
]
LOOSE = {"tolerance": 2e-5}

case("cholesky", lambda x: np.linalg.cholesky(sym(x)), DEFINITE, **LOOSE)
case("cholesky", lambda x, upper: t(np.linalg.cholesky(sym(x))), DEFINITE, "upper", upper=True, **LOOSE)
case("cholesky_inverse", lambda x: np.linalg.inv(np.tril(x) @ t(np.tril(x))), SQUARE, order=1, **LOOSE)
case(
    "cholesky_inverse",
    lambda x, upper: np.linalg.inv(t(np.triu(x)) @ np.triu(x)),
    SQUARE,
    "upper",
    upper=True,
    order=1,
    **LOOSE,
)
case("inv", np.linalg.inv, SQUARE, **LOOSE)
case("det", np.linalg.det, SQUARE, **LOOSE)
case("slogdet", lambda x: tuple(np.linalg.slogdet(x)), SQUARE, **LOOSE)
case("logdet", lambda x: np.linalg.slogdet(x)[1], SQUARE, **LOOSE)
case("eigh", lambda x: tuple(np.linalg.eigh(sym(x))), DEFINITE, **LOOSE)
case(
    "eig",
    lambda x: tuple(np.linalg.eig(x)),
    [(A((3, 3), "spectrum"),), (A((2, 3, 3), "spectrum"),)],
    order=1,
    tolerance=1e-4,
)
RECTANGLES = [
    (A((3, 3), "regular"),),
    (A((4, 3), "regular"),),
    (A((2, 5, 2), "regular"),),
    (A((2, 4), "regular"),),
    (A((2, 3, 5), "regular"),),
]
case("qr", lambda x: tuple(np.linalg.qr(x)), RECTANGLES, order=1, **LOOSE)
case(
    "qr",
    lambda x, mode: tuple(np.linalg.qr(x, mode)),
    [(A((3, 3), "regular"),), (A((2, 4), "regular"),)],
    "complete",
    mode="complete",
    order=1,
    **LOOSE,
)
case(
    "svd",
    lambda x, full_matrices: tuple(np.linalg.svd(x, full_matrices)),
    RECTANGLES,
    "reduced",
    full_matrices=False,
    order=1,
    **LOOSE,
)
case("svd", lambda x: tuple(np.linalg.svd(x)), [(A((3, 3), "regular"),)], order=1, **LOOSE)
case("svd", lambda x: tuple(np.linalg.svd(x)), [(A((2, 4, 3), "regular"),)], "full", order=0, **LOOSE)
case(
    "svd",
    lambda x, compute_uv: np.linalg.svd(x, compute_uv=False),
    RECTANGLES,
    "values",
    compute_uv=False,
    order=1,
    **LOOSE,
)
case("pinv", np.linalg.pinv, RECTANGLES, order=1, **LOOSE)
case(
    "matrix_rank", np.linalg.matrix_rank, [(A((4, 3), "regular"),), (np.ones((2, 3, 3), "float32"),)], order=0
)
case("matrix_power", np.linalg.matrix_power, [(A((3, 3), "regular"), n) for n in (0, 1, 2, 5, -2)], **LOOSE)


def _solve(a: Any, b: Any) -> Any:
    return np.linalg.solve(a, b[..., None])[..., 0] if b.ndim == a.ndim - 1 else np.linalg.solve(a, b)


SYSTEMS = [
    (A((3, 3), "regular"), A((3,))),
    (A((3, 3), "regular"), A((3, 2))),
    (A((2, 3, 3), "regular"), A((2, 3, 2))),
    (A((2, 3, 3), "regular"), A((2, 3))),
    (A((3, 3), "regular"), A((2, 3, 2))),
]
case("solve", _solve, SYSTEMS, **LOOSE)
case("solve_triangular", lambda a, b: _solve(np.triu(a), b), SYSTEMS, **LOOSE)
case("solve_triangular", lambda a, b, lower: _solve(np.tril(a), b), SYSTEMS, "lower", lower=True, **LOOSE)
case(
    "lstsq",
    lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0],
    [(A((5, 3), "regular"), A((5,))), (A((3, 4), "regular"), A((3, 2)))],
    order=1,
    **LOOSE,
)


def _lu(x: Any) -> Any:
    """Gauss's elimination of one matrix, row by row."""
    if x.ndim > 2:
        packed, pivots = zip(*[_lu(m) for m in x], strict=True)
        return np.stack(packed), np.stack(pivots)
    a, pivots = x.copy(), []
    for j in range(min(a.shape)):
        row = j + int(np.argmax(np.abs(a[j:, j])))
        pivots.append(row)
        a[[j, row]] = a[[row, j]]
        for i in range(j + 1, len(a)):
            a[i, j] /= a[j, j]
            a[i, j + 1 :] -= a[i, j] * a[j, j + 1 :]
    return a, np.array(pivots)


case("lu_factor", _lu, [(A((4, 4)),), (A((2, 3, 3)),)], order=1, **LOOSE)
case("lu_factor", _lu, [(A((2, 4, 3)),), (A((2, 5)),)], "rectangles", order=0, **LOOSE)
for _ord in ("nuc", 2, -2):
    case(
        "norm",
        lambda x, ord, axis, keepdims: np.linalg.norm(x, ord, axis, keepdims),
        [(A((3, 4), "regular"),)],
        f"spectral_{_ord}",
        ord=_ord,
        axis=(0, 1),
        keepdims=True,
        order=1,
        **LOOSE,
    )
