"""Flatten, Activation, Dropout and Input."""

import numpy as np
import pytest

import axone
from axone import layers


def test_flatten() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    layer = layers.Flatten()
    np.testing.assert_array_equal(np.asarray(layer(x)), x.reshape(2, 12))
    assert layer(np.ones((0, 3, 4))).shape == (0, 12)
    assert layer(np.ones(5)).shape == (5, 1)
    assert layers.Flatten()(axone.Input((28, 28))).shape == (None, 784)
    assert layers.Flatten()(axone.Input((None, 3))).shape == (None, None)


def test_flatten_channels_first_agrees_with_channels_last() -> None:
    last = np.arange(24.0).reshape(1, 2, 3, 4)
    first = last.transpose(0, 3, 1, 2)
    y = layers.Flatten(data_format="channels_first")(first)
    np.testing.assert_array_equal(np.asarray(y), last.reshape(1, 24))
    with pytest.raises(ValueError, match="data_format"):
        layers.Flatten(data_format="middle")


def test_flatten_keeps_the_dtype() -> None:
    assert layers.Flatten()(np.ones((2, 2, 2), "int32")).dtype == "int32"
    assert layers.Flatten()(axone.Input((2, 2), dtype="int32")).dtype == "int32"


@pytest.mark.parametrize("activation", ["relu", axone.activations.relu, lambda x: axone.ops.relu(x)])
def test_activation(activation: object) -> None:
    y = layers.Activation(activation)(np.array([[-1.0, 2.0]]))
    np.testing.assert_array_equal(np.asarray(y), [[0, 2]])


def test_dropout_training_and_inference() -> None:
    x = np.ones((400, 50), "float32")
    layer = layers.Dropout(0.25, seed=1)
    np.testing.assert_array_equal(np.asarray(layer(x)), x)
    np.testing.assert_array_equal(np.asarray(layer(x, training=False)), x)
    y = np.asarray(layer(x, training=True))
    assert abs((y == 0).mean() - 0.25) < 0.015
    np.testing.assert_allclose(y[y != 0], 4 / 3, rtol=1e-6)
    assert not np.array_equal(y, np.asarray(layer(x, training=True)))


def test_dropout_seed_repeats_and_state_is_a_variable() -> None:
    x = np.ones((20, 20), "float32")
    first, second = (np.asarray(layers.Dropout(0.5, seed=7)(x, training=True)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    layer = layers.Dropout(0.5, seed=7)
    assert layer.weights == [] and len(layer.variables) == 1 and layer.built


def test_dropout_noise_shape_and_edges() -> None:
    x = np.ones((64, 3, 16), "float32")
    y = np.asarray(layers.Dropout(0.5, noise_shape=(None, 1, None))(x, training=True))
    assert (y == y[:, :1]).all() and 0 < (y == 0).mean() < 1
    np.testing.assert_array_equal(np.asarray(layers.Dropout(0.0)(x, training=True)), x)
    assert (np.asarray(layers.Dropout(1.0)(x, training=True)) == 0).all()
    with pytest.raises(ValueError, match="noise_shape"):
        layers.Dropout(0.5, noise_shape=(1,))(x, training=True)


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan"), "half", None])
def test_dropout_bad_rates(rate: object) -> None:
    with pytest.raises(ValueError, match="rate must be a number from 0 to 1"):
        layers.Dropout(rate)


def test_input() -> None:
    x = axone.Input((3, None), name="x", dtype="int32")
    assert x.shape == (None, 3, None) and x.dtype == "int32" and x.name == "x"
    assert axone.Input((2,), batch_size=5).shape == (5, 2)
    assert axone.Input(batch_shape=(4, 2)).shape == (4, 2)
    assert axone.Input(()).shape == (None,)
    assert axone.Input([28, 28]).shape == (None, 28, 28)
    config = x.record[0].get_config()
    again = layers.InputLayer.from_config(config)
    assert again.output.shape == x.shape and again.get_config() == config


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "a shape is needed"),
        ({"shape": 5}, r"shape=\(5,\)"),
        ({"shape": (2,), "batch_shape": (1, 2)}, "not both"),
        ({"shape": (-2,)}, "sizes"),
        ({"shape": ("a",)}, "sizes"),
        ({"shape": (2.5,)}, "sizes"),
        ({"shape": (2,), "sparse": True}, "sparse"),
        ({"shape": (2,), "dtype": "float99"}, "dtype"),
    ],
)
def test_bad_inputs(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        axone.Input(**arguments)
