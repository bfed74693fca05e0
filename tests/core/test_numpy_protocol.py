from __future__ import annotations

import warnings

import numpy as np
import pytest

import axone as keras
from axone import layers, ops

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def numpy_formula(x):
    y = np.exp(-np.square(x)) + np.maximum(x, 0.5) * np.float32(2.0)
    y = np.where(y > 1, y, np.sin(y)) - np.mean(y, axis=-1, keepdims=True)
    return np.concatenate([y, np.clip(y, -1, 1)], axis=1)


def test_a_traced_function_written_with_numpy_is_the_same_and_has_gradients() -> None:
    traced = keras.function(numpy_formula)
    assert np.allclose(traced(X), numpy_formula(X), atol=1e-6)
    x = X.astype("float64")
    weight = np.arange(48.0).reshape(6, 8)
    gradient = np.asarray(keras.grad(lambda t: ops.sum(weight * numpy_formula(t)))(ops.convert_to_tensor(x)))
    step = 1e-6
    for i, j in ((0, 0), (3, 2), (5, 3)):
        shifted = x.copy()
        shifted[i, j] += step
        change = (weight * (numpy_formula(shifted) - numpy_formula(x))).sum() / step
        assert gradient[i, j] == pytest.approx(change, rel=1e-3)


def test_concrete_tensors_stay_arrays_to_numpy() -> None:
    t = ops.convert_to_tensor(X)
    assert type(np.exp(t)) is np.ndarray and type(np.mean(t, axis=0)) is np.ndarray
    assert np.array_equal(np.concatenate([t, X]), np.concatenate([X, X]))
    assert ops.is_tensor(X + t) and ops.is_tensor(X * t) and ops.is_tensor(X @ ops.transpose(t))
    assert np.array_equal(np.asarray(t > X), X < X)
    total = np.zeros(4, "float32")
    total += t[0]
    assert np.array_equal(total, X[0])


def test_layers_written_with_numpy_train_natively() -> None:
    class Swish(layers.Layer):
        def call(self, x):
            return x / (1 + np.exp(-x))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = keras.Sequential([keras.Input((4,)), layers.Dense(8, name="first"), Swish(), layers.Dense(1)])
        before = model.get_weights()[0]
        model.compile("sgd", "mse")
        model.fit(X, X[:, :1], verbose=0)
    assert not np.array_equal(model.get_weights()[0], before)
    other = keras.Sequential([keras.Input((4,)), layers.Dense(8, activation="silu"), layers.Dense(1)])
    other.set_weights(model.get_weights())
    assert np.allclose(model.predict(X, verbose=0), other.predict(X, verbose=0), atol=1e-6)


def test_layers_that_need_numbers_run_in_python_with_a_warning() -> None:
    class Ranks(layers.Layer):
        def call(self, x):
            return np.argsort(np.argsort(np.asarray(x), axis=-1), axis=-1).astype("float32")

    with pytest.warns(UserWarning, match="Ranks 'ranks' asks a traced tensor for its numbers"):
        model = keras.Sequential([keras.Input((4,)), Ranks(name="ranks"), layers.Dense(1)])
    model.compile("sgd", "mse")
    losses = model.fit(X, X[:, :1], epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    ranks = keras.Model(model.inputs, model.layers[0].output).predict(X, verbose=0)
    assert np.array_equal(ranks, np.argsort(np.argsort(X, axis=-1), axis=-1))


def test_what_has_no_counterpart_says_so() -> None:
    with pytest.raises(TypeError, match=r"np\.interp has no counterpart"):
        keras.function(lambda x: np.interp(x, [0.0, 1.0], [1.0, 2.0]))(X)
    with pytest.raises(TypeError, match=r"np\.add\.accumulate"):
        keras.function(lambda x: np.add.accumulate(x))(X)
