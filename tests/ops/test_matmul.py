"""Matrix products of every small size in every orientation: what tables of shapes would pass over."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from axone.core.tensor import convert_to_tensor
from axone.core.trace import emit


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("transpose_b", [False, True])
def test_small_sizes(dtype: str, transpose_a: bool, transpose_b: bool) -> None:
    rng = np.random.default_rng(0)
    for m, k, n in itertools.product((1, 2, 3, 4, 7, 9, 17), (1, 2, 3, 5, 9, 33), (1, 2, 3, 4, 8, 9, 31)):
        a = rng.integers(-9, 10, (k, m) if transpose_a else (m, k)).astype(dtype)
        b = rng.integers(-9, 10, (n, k) if transpose_b else (k, n)).astype(dtype)
        got = emit(
            "matmul",
            [convert_to_tensor(a), convert_to_tensor(b)],
            transpose_a=transpose_a,
            transpose_b=transpose_b,
        )
        # Whole numbers: every sum is exact.
        expected = (a.T if transpose_a else a) @ (b.T if transpose_b else b)
        assert (np.asarray(got) == expected).all(), (m, k, n)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "sizes", [(129, 257, 131), (64, 784, 10), (300, 33, 300), (2, 4096, 65), (513, 65, 1)]
)
@pytest.mark.parametrize("transposes", [(False, False), (False, True), (True, False), (True, True)])
def test_blocked_sizes(dtype: str, sizes: tuple[int, int, int], transposes: tuple[bool, bool]) -> None:
    rng = np.random.default_rng(1)
    m, k, n = sizes
    a = rng.normal(size=(k, m) if transposes[0] else (m, k)).astype(dtype)
    b = rng.normal(size=(n, k) if transposes[1] else (k, n)).astype(dtype)
    got = emit(
        "matmul",
        [convert_to_tensor(a), convert_to_tensor(b)],
        transpose_a=transposes[0],
        transpose_b=transposes[1],
    )
    x, y = a.astype("float64"), b.astype("float64")
    expected = (x.T if transposes[0] else x) @ (y.T if transposes[1] else y)
    assert np.abs(np.asarray(got) - expected).max() < (2e-5 if dtype == "float32" else 2e-13) * np.sqrt(k)
