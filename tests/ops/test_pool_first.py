"""Pools behind activations that never fall, or behind biases, take the largest first: values stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import axone
from axone import ops

X = np.random.default_rng(3).normal(size=(2, 7, 6, 5)).astype("float64")
BIAS = np.linspace(-1.0, 1.0, 5)

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "relu": ops.relu,
    "relu6": ops.relu6,
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "softplus": ops.softplus,
    "softsign": ops.softsign,
    "elu": ops.elu,
    "elu that falls": lambda x: ops.elu(x, -0.5),
    "selu": ops.selu,
    "leaky_relu": ops.leaky_relu,
    "leaky_relu that falls": lambda x: ops.leaky_relu(x, -0.3),
    "hard_sigmoid": ops.hard_sigmoid,
    "hard_tanh": ops.hard_tanh,
    "log_sigmoid": ops.log_sigmoid,
    "abs": ops.abs,
    "negative": ops.negative,
    "bias": lambda x: x + BIAS,
    "bias and relu": lambda x: ops.relu(x + BIAS),
    "bias of another axis": lambda x: x + np.linspace(-1, 1, 6)[:, None],
    "itself": lambda x: x + x,
}


def largest(y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Windows of 2 x 2, by hand."""
    n, h, w, c = y.shape
    y = y[:, : h // 2 * 2, : w // 2 * 2]
    return y.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values(name: str) -> None:
    function = FUNCTIONS[name]
    run = axone.function(lambda x: ops.max_pool(function(x), 2))
    np.testing.assert_allclose(np.asarray(run(X)), largest(np.asarray(function(X))), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients(name: str) -> None:
    function = FUNCTIONS[name]
    weights = np.random.default_rng(4).normal(size=(2, 3, 3, 5))

    def loss(x: Any) -> Any:
        return ops.sum(ops.max_pool(function(x), 2) * weights)

    exact = np.asarray(axone.grad(loss)(X))
    step = 1e-6
    for place in [(0, 0, 0, 0), (1, 3, 2, 4), (0, 5, 5, 1), (1, 6, 0, 2), (1, 2, 3, 3)]:
        up, down = X.copy(), X.copy()
        up[place] += step
        down[place] -= step
        slope = (float(loss(up)) - float(loss(down))) / (2 * step)
        assert exact[place] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_the_value_before_the_pool_is_there_too() -> None:
    def both(x: Any) -> Any:
        y = ops.relu(x + BIAS)
        return y, ops.max_pool(y, 2)

    y, pooled = axone.function(both)(X)
    np.testing.assert_array_equal(largest(np.asarray(y)), np.asarray(pooled))
