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
    best: np.ndarray[Any, Any] = y.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))
    return best


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


@pytest.mark.parametrize("traced", [False, True])
def test_gradients_by_the_activation(traced: bool) -> None:
    """What Grad-CAM asks for: the slope by the value right before the pool."""

    def slope(x: Any) -> Any:
        with axone.GradientTape() as tape:
            y = ops.relu(x + BIAS)
            tape.watch(y)
            total = ops.sum(ops.square(ops.max_pool(y, 2)))
        return tape.gradient(total, y)

    run = axone.function(slope) if traced else slope
    y = np.maximum(X + BIAS, 0)
    kept = np.repeat(np.repeat(largest(y), 2, 1), 2, 2)
    expected = np.zeros_like(y)
    expected[:, :6] = np.where(y[:, :6] == kept, 2 * kept, 0)
    np.testing.assert_allclose(np.asarray(run(axone.ops.convert_to_tensor(X))), expected, rtol=1e-13)


def test_a_fit_takes_the_largest_first() -> None:
    """The same weights as with the activation computed of all, by hand."""
    from axone import layers

    def model(first: bool) -> Any:
        axone.utils.set_random_seed(5)
        activate = [layers.Activation("tanh"), layers.MaxPooling2D(2)]
        stack = [layers.Conv2D(6, 3, dtype="float64"), *(activate[::-1] if first else activate)]
        made = axone.Sequential([layers.Input((8, 8, 2)), *stack, layers.Flatten(), layers.Dense(3)])
        made.compile("sgd", "mse")
        return made

    x = np.random.default_rng(1).normal(size=(16, 8, 8, 2))
    y = np.random.default_rng(2).normal(size=(16, 3))
    trained = []
    for first in (False, True):
        net = model(first)
        net.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        trained.append(net.get_weights())
    for a, b in zip(*trained, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
