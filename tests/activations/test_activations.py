"""Activations against their formulas in float64."""

import math

import numpy as np
import pytest

import axone
from axone import activations
from axone.core.tensor import convert_to_tensor

X = np.array([[-8.0, -2.5, -1.0, -0.3], [0.0, 0.4, 1.0, 7.0]])


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


ERF = np.vectorize(math.erf)
TANH_GELU = 0.5 * X * (1 + np.tanh(math.sqrt(2 / math.pi) * (X + 0.044715 * X**3)))
FORMULAS = {
    "celu": np.maximum(X, 0) + np.minimum(np.expm1(X), 0),
    "elu": np.where(X > 0, X, np.expm1(X)),
    "exponential": np.exp(X),
    "gelu": X * 0.5 * (1 + ERF(X / math.sqrt(2))),
    "hard_shrink": np.where(np.abs(X) > 0.5, X, 0),
    "hard_sigmoid": np.clip(X / 6 + 0.5, 0, 1),
    "step": np.where(X >= 0, 1.0, 0.0),
    "hard_silu": X * np.clip(X / 6 + 0.5, 0, 1),
    "hard_swish": X * np.clip(X / 6 + 0.5, 0, 1),
    "hard_tanh": np.clip(X, -1, 1),
    "leaky_relu": np.where(X > 0, X, 0.2 * X),
    "linear": X,
    "log_sigmoid": -np.logaddexp(0, -X),
    "log_softmax": np.log(softmax(X)),
    "mish": X * np.tanh(np.logaddexp(0, X)),
    "relu": np.maximum(X, 0),
    "relu6": np.clip(X, 0, 6),
    "selu": 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * np.expm1(X)),
    "sigmoid": sigmoid(X),
    "silu": X * sigmoid(X),
    "swish": X * sigmoid(X),
    "soft_shrink": np.sign(X) * np.maximum(np.abs(X) - 0.5, 0),
    "softmax": softmax(X),
    "softplus": np.logaddexp(0, X),
    "softsign": X / (1 + np.abs(X)),
    "sparse_plus": np.where(X <= -1, 0, np.where(X < 1, 0.25 * (X + 1) ** 2, X)),
    "sparse_sigmoid": np.clip(0.5 * (X + 1), 0, 1),
    "squareplus": (X + np.sqrt(X**2 + 4)) / 2,
    "tanh": np.tanh(X),
    "tanh_shrink": X - np.tanh(X),
}


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_formulas(name: str) -> None:
    y = activations.get(name)(convert_to_tensor(X, "float64"))
    assert y.dtype == "float64"
    np.testing.assert_allclose(np.asarray(y), FORMULAS[name], rtol=1e-6, atol=1e-7)


def test_every_name_is_tested() -> None:
    assert set(activations._TABLE) - set(FORMULAS) == {"glu", "sparsemax", "threshold"}


def test_those_with_arguments() -> None:
    x = convert_to_tensor(X, "float64")
    cases = [
        (activations.relu(x, negative_slope=0.1), np.where(X > 0, X, 0.1 * X)),
        (activations.relu(x, max_value=2.0), np.clip(X, 0, 2)),
        (activations.relu(x, 0.1, 5.0, 0.5), np.where(X >= 5, 5, np.where(X >= 0.5, X, 0.1 * (X - 0.5)))),
        (activations.gelu(x, approximate=True), TANH_GELU),
        (activations.elu(x, alpha=0.5), np.where(X > 0, X, 0.5 * np.expm1(X))),
        (activations.glu(x), X[:, :2] * sigmoid(X[:, 2:])),
        (activations.threshold(x, 0.5, -1.0), np.where(X > 0.5, X, -1)),
        (activations.softmax(x, axis=0), softmax(X.T).T),
        (activations.softmax(x, axis=(0, 1)), np.exp(X) / np.exp(X).sum()),
    ]
    for y, expected in cases:
        np.testing.assert_allclose(np.asarray(y), expected, rtol=1e-6, atol=1e-7)


def test_sparsemax_is_the_nearest_point_of_the_simplex() -> None:
    y = np.asarray(activations.sparsemax(convert_to_tensor([[3.0, 2.5, -1.0], [0.1, 0.2, 0.3]])))
    np.testing.assert_allclose(y, [[0.75, 0.25, 0], [7 / 30, 1 / 3, 13 / 30]], rtol=1e-5)


@pytest.mark.parametrize("name", sorted(activations._TABLE))
def test_names_come_back(name: str) -> None:
    found = activations.get(name)
    assert activations.get(activations.serialize(found)) is found


@pytest.mark.parametrize("name", ["relu", "softmax", "gelu", "hard_silu", "sparsemax"])
def test_in_a_model(name: str) -> None:
    x = axone.Input((4,))
    model = axone.Model(x, activations.get(name)(x))
    direct = activations.get(name)(convert_to_tensor(X, "float32"))
    np.testing.assert_array_equal(np.asarray(model(X)), np.asarray(direct))


def test_what_get_takes_and_refuses() -> None:
    assert activations.get(None) is activations.linear
    assert activations.get(np.tanh) is np.tanh
    with pytest.raises(ValueError, match=r"Unknown activation 'sigmod'\. Did you mean 'sigmoid'"):
        activations.get("sigmod")
    with pytest.raises(ValueError):
        activations.get(3)
