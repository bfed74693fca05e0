"""Keras's `keras.ops.linalg`: decompositions, equations, norms."""
# ruff: noqa: I001
# fmt: off

from axone.ops.control import jvp
from axone.ops.decompositions import cholesky, eig, eigh, lstsq, lu_factor, matrix_rank, pinv, qr, svd
from axone.ops.linear import norm
from axone.ops.solving import (
    cholesky_inverse, det, inv, logdet, matrix_power, slogdet, solve, solve_triangular,
)

__all__ = [
    "cholesky", "cholesky_inverse", "det", "eig", "eigh", "inv", "jvp", "logdet", "lstsq", "lu_factor",
    "matrix_power", "matrix_rank", "norm", "pinv", "qr", "slogdet", "solve", "solve_triangular", "svd",
]
