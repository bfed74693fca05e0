"""Projections against their formulas."""

import numpy as np
import pytest

from axone import constraints
from axone.core.tensor import convert_to_tensor

W = np.random.default_rng(0).normal(size=(5, 4)) * 2
NORM = np.linalg.norm(W, axis=0, keepdims=True)


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (constraints.NonNeg(), np.maximum(W, 0)),
        (constraints.UnitNorm(), W / (NORM + 1e-7)),
        (constraints.MaxNorm(1.5), W * np.clip(NORM, 0, 1.5) / (NORM + 1e-7)),
        (constraints.MinMaxNorm(0.5, 1.0), W * np.clip(NORM, 0.5, 1.0) / (NORM + 1e-7)),
        (
            constraints.MinMaxNorm(0.5, 1.0, rate=0.3),
            W * (0.3 * np.clip(NORM, 0.5, 1.0) + 0.7 * NORM) / (NORM + 1e-7),
        ),
        (constraints.UnitNorm(axis=[0, 1]), W / (np.linalg.norm(W) + 1e-7)),
    ],
)
def test_formulas(constraint: object, expected: np.ndarray) -> None:
    np.testing.assert_allclose(np.asarray(constraint(convert_to_tensor(W, "float64"))), expected, rtol=1e-12)


@pytest.mark.parametrize("name", sorted(constraints._TABLE))
def test_names_and_configurations(name: str) -> None:
    constraint = constraints.get(name)
    again = constraints.deserialize(constraints.serialize(constraint))
    assert type(again) is type(constraint) and again.get_config() == constraint.get_config()


def test_what_get_takes_and_refuses() -> None:
    assert constraints.get(None) is None and constraints.get(abs) is abs
    with pytest.raises(ValueError, match="Did you mean 'non_neg'"):
        constraints.get("non_ne")
