"""Nothing that is passed to a function of `axone.ops` does worse than raise an error of the usual kinds."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import axone

ODD: list[Any] = [
    None, "text", object(), [], [[]], np.zeros((0, 2)), np.array(np.nan), True, -1, 10**30, [1, "a"],
    np.zeros((1, 2, 3, 4)), np.array([1 + 2j]), {"a": 1}, np.float16(2), np.array(["a"]),
]  # fmt: skip
USUAL = (ValueError, TypeError, IndexError, MemoryError)
# These take functions, or hand out Python objects as they are.
LEFT_OUT = {"linalg", "nn", "numpy", "custom_gradient", "host_call", "shape", "dtype", "is_tensor"}


@pytest.mark.parametrize("name", [n for n in axone.ops.__all__ if n not in LEFT_OUT])
def test_odd_arguments(name: str) -> None:
    function = getattr(axone.ops, name)
    for odd in ODD:
        for count in (1, 2, 3):
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                try:
                    function(*[odd] * count)
                except USUAL as error:
                    assert str(error)
