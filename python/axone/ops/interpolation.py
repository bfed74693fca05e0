"""Axes resized by products with constant matrices of weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone.core.tensor import Tensor
from axone.ops._common import compute, reshape_to, to_tensor

Matrix = np.ndarray[Any, Any]

# Columns of a product below which it pays to transpose first: a vector register holds 16 floats.
_NARROW = 16


def along_axis(x: Tensor, matrix: Matrix, axis: int) -> Tensor:
    """The product of a constant matrix (outputs, size) with one axis of a tensor."""
    before, size, behind = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    weights = to_tensor(matrix, x.dtype)
    columns, lines = int(np.prod(behind)), int(np.prod(before[1:]))
    if columns < _NARROW and lines > 1:
        # (batch, lines, size, columns) as (batch, size, lines * columns): wide rows instead of narrow ones.
        wide = compute("transpose", reshape_to(x, [before[0], lines, size, columns]), perm=[0, 2, 1, 3])
        product = compute("matmul", weights, reshape_to(wide, [before[0], size, lines * columns]))
        parts = reshape_to(product, [before[0], len(matrix), lines, columns])
        y = compute("transpose", parts, perm=[0, 2, 1, 3])
    else:
        y = compute("matmul", weights, reshape_to(x, [int(np.prod(before)), size, columns]))
    return reshape_to(y, [*before, len(matrix), *behind])
