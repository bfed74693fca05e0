"""Penalties against their formulas."""

import numpy as np
import pytest

from axone import regularizers
from axone.core.tensor import convert_to_tensor

X = np.random.default_rng(0).normal(size=(4, 3))
COSINES = (X / np.linalg.norm(X, axis=1, keepdims=True)) @ (X / np.linalg.norm(X, axis=1, keepdims=True)).T


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (regularizers.L1(0.3), 0.3 * np.abs(X).sum()),
        (regularizers.L2(0.3), 0.3 * (X**2).sum()),
        (regularizers.L1L2(0.1, 0.2), 0.1 * np.abs(X).sum() + 0.2 * (X**2).sum()),
        (regularizers.L1L2(), 0.0),
        (regularizers.get("l1"), 0.01 * np.abs(X).sum()),
        (regularizers.get("l2"), 0.01 * (X**2).sum()),
        (regularizers.OrthogonalRegularizer(0.5), 0.5 * np.abs(np.triu(COSINES, 1)).sum() / 6),
    ],
)
def test_formulas(regularizer: object, expected: float) -> None:
    assert float(regularizer(convert_to_tensor(X, "float64"))) == pytest.approx(expected, rel=1e-6)


def test_columns_are_the_rows_of_the_transpose() -> None:
    rows, columns = (regularizers.OrthogonalRegularizer(1.0, mode) for mode in ("rows", "columns"))
    np.testing.assert_allclose(
        float(columns(convert_to_tensor(X.T))), float(rows(convert_to_tensor(X))), rtol=1e-6
    )
    with pytest.raises(ValueError, match="matrix"):
        rows(convert_to_tensor(X[0]))


@pytest.mark.parametrize(
    "regularizer",
    [
        regularizers.L1(0.1),
        regularizers.L2(0.2),
        regularizers.L1L2(0.1, 0.3),
        regularizers.OrthogonalRegularizer(),
    ],
)
def test_configurations(regularizer: regularizers.Regularizer) -> None:
    config = regularizers.serialize(regularizer)
    assert config["module"] == "keras.regularizers"
    again = regularizers.deserialize(config)
    assert type(again) is type(regularizer) and again.get_config() == regularizer.get_config()


def test_what_get_takes_and_refuses() -> None:
    assert regularizers.get(None) is None and regularizers.get(abs) is abs
    assert isinstance(regularizers.get("l1_l2"), regularizers.L1L2)
    with pytest.raises(ValueError, match="Unknown regularizer 'l3'"):
        regularizers.get("l3")
    for bad in (-1.0, float("nan"), float("inf"), "much"):
        with pytest.raises(ValueError, match="L2: l2 must be"):
            regularizers.L2(bad)
    with pytest.raises(ValueError, match="'rows' or 'columns'"):
        regularizers.OrthogonalRegularizer(mode="diagonal")
