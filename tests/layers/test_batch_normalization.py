"""Batch normalization behind a product: its values, averages and gradients by their formulas in NumPy.

Of many rows the product gathers the statistics itself, of few it does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import axone
from axone import layers, ops

COLUMNS, EPSILON = 24, 1e-3


def close(got: Any, want: Any, dtype: str) -> None:
    limit = 2e-5 if dtype == "float32" else 1e-12
    assert np.abs(np.asarray(got) - want).max() <= limit * max(1.0, np.abs(want).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [7, 4099])
def test_behind_a_product(rows: int, dtype: str) -> None:
    rng = np.random.default_rng(rows)
    x, dy = (rng.normal(size=(rows, n)).astype(dtype) for n in (16, COLUMNS))
    w, gamma, beta = (rng.normal(size=s).astype(dtype) for s in ((16, COLUMNS), COLUMNS, COLUMNS))
    layer = layers.BatchNormalization(momentum=0.75, epsilon=EPSILON, dtype=dtype)
    layer.build((None, COLUMNS))
    layer.set_weights([gamma, beta, np.zeros(COLUMNS), np.ones(COLUMNS)])

    def loss(x: Any, w: Any) -> Any:
        return ops.sum(layer(ops.matmul(x, w), training=True) * dy)

    y = axone.function(lambda x, w: layer(ops.matmul(x, w), training=True))(x, w)
    z = x.astype("float64") @ w.astype("float64")
    mean, variance = z.mean(0), z.var(0)
    factor = 1 / np.sqrt(variance + EPSILON)
    unit = (z - mean) * factor
    close(y, unit * gamma + beta, dtype)
    close(layer.moving_mean, 0.25 * mean, dtype)
    close(layer.moving_variance, 0.75 + 0.25 * variance, dtype)
    dz = gamma * factor * (dy - dy.mean(0) - unit * (dy * unit).mean(0))
    for got, want in zip(axone.grad(loss, argnums=(0, 1))(x, w), (dz @ w.T, x.T @ dz), strict=True):
        close(got, want, dtype)
