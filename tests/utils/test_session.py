from __future__ import annotations

import random

import numpy as np
import pytest

import axone
from axone.utils import clear_session, set_random_seed


def draws() -> list[float]:
    return [random.random(), float(np.random.rand()), float(axone.random.uniform(()))]


def test_seed_governs_python_numpy_and_axone() -> None:
    set_random_seed(5)
    first = draws()
    set_random_seed(5)
    assert draws() == first
    set_random_seed(6)
    assert all(a != b for a, b in zip(draws(), first, strict=True))


@pytest.mark.parametrize("bad", [-1, 2**32, 1.5, "1", True, None])
def test_seed_must_be_an_integer_in_range(bad: object) -> None:
    with pytest.raises(ValueError, match="set_random_seed"):
        set_random_seed(bad)  # type: ignore[arg-type]


def test_clear_session_starts_names_afresh() -> None:
    clear_session()
    assert axone.layers.Dense(1).name == "dense"
    assert axone.layers.Dense(1).name == "dense_1"
    clear_session()
    assert axone.layers.Dense(1).name == "dense"
