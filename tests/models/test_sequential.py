"""Stacks of layers."""

import json

import numpy as np
import pytest

import axone
from axone import Input, Sequential, layers


def test_built_at_once_from_an_input() -> None:
    for first in (
        [Input((3,))],
        [layers.InputLayer(shape=(3,))],
    ):
        model = Sequential([*first, layers.Dense(2)])
        assert model.built and model.output_shape == (None, 2) and model.input_shape == (None, 3)
        assert len(model.layers) == 1 and model.count_params() == 8


@pytest.mark.parametrize("hint", [{"input_shape": (3,)}, {"input_shape": [3]}, {"input_dim": 3}], ids=str)
def test_built_at_once_from_the_first_layers_hint(hint: dict[str, object]) -> None:
    model = Sequential([layers.Dense(2, **hint), layers.Dense(1)])
    assert model.built and [w.shape for w in model.get_weights()] == [(3, 2), (2,), (2, 1), (1,)]
    single = Sequential()
    single.add(layers.Dense(1, **hint))
    single.layers[0].set_weights([np.ones((3, 1)), np.zeros(1)])
    assert float(single(np.ones((1, 3)))[0, 0]) == 3


def test_deferred_until_the_first_data() -> None:
    model = Sequential([layers.Dense(2), layers.Dense(1)])
    assert not model.built and model.weights == []
    with pytest.raises(AttributeError, match="has no output shape yet"):
        _ = model.output_shape
    assert model(np.ones((5, 3))).shape == (5, 1)
    assert model.built and model.input_shape == (None, 3) and model.output_shape == (None, 1)
    assert model(np.ones((2, 3))).shape == (2, 1)


def test_built_by_hand() -> None:
    model = Sequential([layers.Dense(2)])
    model.build((None, 3))
    assert [w.path for w in model.weights] == [
        f"{model.name}/{model.layers[0].name}/{part}" for part in ("kernel", "bias")
    ]
    with pytest.raises(ValueError, match=r"has an Input of shape \(None, 3\)"):
        model.build((None, 4))
    with pytest.raises(ValueError, match="no layers yet"):
        Sequential().build((None, 3))
    with pytest.raises(ValueError, match="no layers yet"):
        Sequential()(np.ones((1, 3)))


def test_add_and_pop() -> None:
    model = Sequential()
    model.add(Input((3,)))
    model.add(layers.Dense(4))
    kernel = model.weights[0]
    model.add(layers.Dense(5))
    assert model.output_shape == (None, 5) and model.weights[0] is kernel
    assert len(model.layers[0]._inbound_nodes) == 1  # adding a layer does not call the others again
    last = model.layers[-1]
    assert model.pop() is last and model.output_shape == (None, 4)
    model.add(layers.Dense(6))
    assert model(np.ones((1, 3))).shape == (1, 6)
    model.pop()
    model.pop()
    assert model.layers == []
    with pytest.raises(ValueError, match="no layers to take off"):
        model.pop()


def test_layers_of_another_model_are_shared() -> None:
    base = Sequential([layers.Flatten(input_shape=(2, 2)), layers.Dense(3), layers.Dense(1)])
    other = Sequential(base.layers[:-1])
    other.add(layers.Dense(7))
    for layer in other.layers[:-1]:
        layer.trainable = False
    assert other(np.ones((2, 2, 2))).shape == (2, 7)
    assert other.weights[0] is base.weights[0]
    assert len(other.trainable_weights) == 2 and len(other.non_trainable_weights) == 2


def test_models_as_layers() -> None:
    inner = Sequential([Input((3,)), layers.Dense(2)])
    model = Sequential([inner, layers.Dense(1)])
    assert model.built and model.input_shape == (None, 3) and len(model.weights) == 4
    assert model(Input((3,))).shape == (None, 1)
    outer = axone.Model(x := Input((3,)), model(x))
    data = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_array_equal(np.asarray(outer(data)), np.asarray(model(data)))


def test_sub_model_from_a_sequential() -> None:
    model = Sequential([Input((3,)), layers.Dense(4, name="code"), layers.Dense(1)])
    encoder = axone.Model(model.inputs, model.get_layer("code").output)
    assert encoder(np.ones((2, 3))).shape == (2, 4)
    stages = axone.Model(model.inputs, [layer.output for layer in model.layers])
    assert [s.shape for s in stages(np.ones((2, 3)))] == [(2, 4), (2, 1)]


def test_training_flag() -> None:
    model = Sequential([layers.Dropout(0.5)])
    x = np.ones((10, 10), "float32")
    np.testing.assert_array_equal(np.asarray(model(x)), x)
    assert (np.asarray(model(x, training=True)) == 0).any()


def test_several_inputs_fall_back_to_plain_calls() -> None:
    class Total(layers.Layer):
        def call(self, inputs: list[object]) -> object:
            return inputs[0] + inputs[1]

    model = Sequential([Total(), layers.Dense(1, kernel_initializer="ones")])
    assert float(model([np.ones((1, 2)), np.ones((1, 2))])[0, 0]) == 4


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Sequential([lambda x: x]), "Lambda layer"),
        (lambda: Sequential([layers.Dense]), r"Make one: Dense\(\.\.\.\)"),
        (lambda: Sequential(["relu"]), "takes layers, got 'relu'"),
        (lambda: Sequential(layers.Dense(1)), "must be a list"),
        (lambda: Sequential(5), "must be a list"),
        (lambda: Sequential([layers.Dense(1, name="a"), layers.Dense(1, name="a")]), "named 'a' already"),
        (lambda: Sequential([layers.Dense(1), Input((3,))]), "can only come first"),
    ],
)
def test_what_is_no_stack(build: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_data_that_does_not_fit_is_told_by_the_layer() -> None:
    model = Sequential([Input((784,)), layers.Dense(3, name="fc1")])
    with pytest.raises(
        ValueError, match=r"Dense 'fc1': expected last axis 784, got 28.*Did you forget Flatten"
    ):
        model(np.ones((2, 28, 28)))


def test_configuration_round_trip() -> None:
    model = Sequential(
        [layers.Flatten(input_shape=(2, 2)), layers.Dropout(0.5, seed=3), layers.Dense(3, trainable=False)],
        name="stack",
    )
    again = Sequential.from_config(json.loads(json.dumps(model.get_config())))
    assert again.get_config() == model.get_config() and again.name == "stack"
    assert again.built and again.output_shape == (None, 3) and again.trainable_weights == []
    again.set_weights(model.get_weights())
    x = np.random.default_rng(0).normal(size=(3, 2, 2))
    np.testing.assert_array_equal(np.asarray(again(x)), np.asarray(model(x)))


def test_configuration_of_what_is_not_built() -> None:
    model = Sequential([layers.Dense(2)])
    assert "build_input_shape" not in model.get_config()
    assert not Sequential.from_config(model.get_config()).built
    model(np.ones((1, 3)))
    assert Sequential.from_config(model.get_config()).input_shape == (None, 3)
    with pytest.raises(ValueError, match="needs 'layers'"):
        Sequential.from_config({"name": "x"})


def test_a_model_of_ones_own_from_sequential() -> None:
    class Net(Sequential):
        pass

    net = Net([Input((2,)), layers.Dense(1)])
    assert isinstance(net, Net) and net(np.ones((1, 2))).shape == (1, 1)


def test_layers_added_after_training_count() -> None:
    model = Sequential([layers.Dense(4)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 4)), verbose=0)
    assert model.predict(np.ones((4, 3)), verbose=0).shape == (4, 4)
    model.add(layers.Dense(2))
    assert model.predict(np.ones((4, 3)), verbose=0).shape == (4, 2)
