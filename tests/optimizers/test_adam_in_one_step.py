"""Adam, a norm or values clipped or a penalty added, one kernel behind the product: against its formula."""

from __future__ import annotations

import numpy as np
import pytest

import axone
from axone import layers, optimizers, regularizers

STEPS, ROWS, INPUTS, UNITS = 4, 9, 37, 23
SIZES = [(INPUTS, UNITS), (261, 130)]  # the larger one's products carry the step along


def reference(x, y, w, penalty, clip):
    """Weights behind each step of Adam on mean((x w - y)^2) + penalty sum(w^2), in the arrays' precision."""
    clipnorm = clip.get("clipnorm") or clip.get("global_clipnorm")
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in range(1, STEPS + 1):
        g = 2 * x.T @ (x @ w - y) / y.size + 2 * penalty * w
        norm = np.sqrt((g * g).sum())
        if clipnorm and norm > clipnorm:
            g = g * (clipnorm / norm)
        if "clipvalue" in clip:
            g = np.clip(g, -clip["clipvalue"], clip["clipvalue"])
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        w = w - 0.01 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
    return w


# The rate and the powers of the betas are float32 in both, which shows where a gradient is near epsilon.
@pytest.mark.parametrize("dtype, tolerance", [("float32", 2e-5), ("float64", 4e-6)])
@pytest.mark.parametrize("penalty", [0.0, 0.3])
@pytest.mark.parametrize("clip", [{}, {"clipnorm": 0.05}, {"global_clipnorm": 0.05}, {"clipvalue": 0.002}])
@pytest.mark.parametrize("inputs, units", SIZES)
def test_update_equals_its_formula(dtype, tolerance, penalty, clip, inputs, units):
    draw = np.random.default_rng(3)
    x, y = draw.normal(size=(ROWS, inputs)).astype(dtype), draw.normal(size=(ROWS, units)).astype(dtype)
    kernel = draw.normal(size=(inputs, units)).astype(dtype)
    dense = layers.Dense(
        units, use_bias=False, kernel_regularizer=regularizers.L2(penalty) if penalty else None, dtype=dtype
    )
    model = axone.Sequential([layers.Input((inputs,), dtype=dtype), dense])
    dense.set_weights([kernel])
    model.compile(optimizers.Adam(0.01, **clip), "mse")
    for _ in range(STEPS):
        loss = model.train_on_batch(x, y)
    expected = reference(*(a.astype("float64") for a in (x, y, kernel)), penalty, clip)
    assert np.isfinite(loss)
    np.testing.assert_allclose(dense.get_weights()[0], expected, rtol=0, atol=tolerance)


def test_penalty_of_the_loss_is_of_the_weights_before_the_step():
    kernel = np.full((INPUTS, UNITS), 0.5, "float32")
    dense = layers.Dense(UNITS, use_bias=False, kernel_regularizer=regularizers.L2(0.1))
    model = axone.Sequential([layers.Input((INPUTS,)), dense])
    dense.set_weights([kernel])
    model.compile(optimizers.Adam(0.1), "mse")
    zeros = np.zeros((ROWS, INPUTS), "float32")
    loss = model.train_on_batch(zeros, np.zeros((ROWS, UNITS), "float32"))
    np.testing.assert_allclose(loss, 0.1 * (kernel**2).sum(), rtol=1e-6)
    np.testing.assert_allclose(dense.get_weights()[0], 0.4, rtol=1e-5)
