"""Dense against its formula, and what it says when its input does not fit."""

import numpy as np
import pytest

import axone
from axone import layers


@pytest.mark.parametrize("shape", [(5, 4), (2, 3, 4), (2, 2, 3, 4), (0, 4)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_formula(shape: tuple[int, ...], dtype: str) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    layer = layers.Dense(6, activation="tanh", bias_initializer="ones", dtype=dtype)
    y = layer(x)
    assert y.dtype == dtype and y.shape == (*shape[:-1], 6)
    kernel, bias = (w.astype("float64") for w in layer.get_weights())
    np.testing.assert_allclose(np.asarray(y), np.tanh(x @ kernel + bias), rtol=2e-5, atol=2e-6)


def test_without_bias() -> None:
    layer = layers.Dense(3, use_bias=False, kernel_initializer="ones")
    np.testing.assert_array_equal(np.asarray(layer(np.ones((1, 4)))), [[4, 4, 4]])
    assert len(layer.weights) == 1 and layer.count_params() == 12 and layer.bias is None


def test_integer_input_is_computed_in_float() -> None:
    layer = layers.Dense(2, kernel_initializer="ones")
    y = layer(np.array([[1, 2, 3]]))
    assert y.dtype == "float32"
    np.testing.assert_array_equal(np.asarray(y), [[6, 6]])


def test_regularizers_and_constraints_reach_the_weights() -> None:
    layer = layers.Dense(2, kernel_initializer="ones", kernel_regularizer="l2", bias_constraint="non_neg")
    layer.build((None, 3))
    assert float(sum(layer.losses)) == pytest.approx(0.06)
    assert layer.kernel.regularizer is layer.kernel_regularizer
    assert isinstance(layer.bias.constraint, axone.constraints.NonNeg)


def test_activity_regularizer_is_per_sample() -> None:
    layer = layers.Dense(1, kernel_initializer="ones", activity_regularizer=axone.regularizers.L1(0.5))
    layer(np.ones((4, 3)))
    assert [float(loss) for loss in layer.losses] == [pytest.approx(1.5)]
    layer(np.ones((8, 3)))
    assert [float(loss) for loss in layer.losses] == [pytest.approx(1.5)]


def test_configuration_round_trip() -> None:
    layer = layers.Dense(
        3,
        activation="relu",
        use_bias=False,
        kernel_initializer=axone.initializers.RandomNormal(stddev=0.2, seed=3),
        kernel_regularizer=axone.regularizers.L1L2(0.1, 0.2),
        kernel_constraint=axone.constraints.MaxNorm(1.5),
        activity_regularizer="l1",
        trainable=False,
        dtype="float64",
        name="fc",
    )
    again = layers.Dense.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.dtype == "float64" and not again.trainable and again.name == "fc"


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        (
            (2, 28, 28),
            r"expected last axis 784, got 28 \(input shape \(None, 28, 28\)\). Did you forget Flatten\?",
        ),
        ((2, 783), r"expected last axis 784, got 783 \(input shape \(None, 783\)\)"),
        (
            (784,),
            r"expected at least 2 dimensions, got 1 \(input shape \(784,\)\). Is the batch axis missing\?",
        ),
    ],
    ids=["image", "size", "rank"],
)
def test_wrong_input_names_the_layer_and_the_mend(shape: tuple[int, ...], hint: str) -> None:
    layer = layers.Dense(3, name="fc1")
    layer.build((None, 784))
    with pytest.raises(ValueError, match=f"Dense 'fc1': {hint}"):
        layer(np.ones(shape))


def test_unknown_last_axis() -> None:
    with pytest.raises(ValueError, match="last axis of the input must be fixed"):
        layers.Dense(3)(axone.Input((None,)))


@pytest.mark.parametrize("units", [0, -1, 2.5, "3", None, True])
def test_bad_units(units: object) -> None:
    with pytest.raises(ValueError, match="units must be a positive integer"):
        layers.Dense(units)


def test_unknown_names_suggest_near_ones() -> None:
    with pytest.raises(ValueError, match="Did you mean 'relu'"):
        layers.Dense(1, activation="rellu")
    with pytest.raises(ValueError, match="Did you mean 'he_normal'"):
        layers.Dense(1, kernel_initializer="he_nromal")
    with pytest.raises(TypeError, match=r"unknown argument.*'unit'"):
        layers.Dense(1, unit=3)
