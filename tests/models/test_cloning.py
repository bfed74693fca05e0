from __future__ import annotations

import numpy as np
import pytest

import axone as keras
from axone import layers, models

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


def sequential() -> keras.Sequential:
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)])


def functional() -> keras.Model:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(3, name="shared")
    joined = layers.Concatenate()([shared(a), shared(b)])
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(2, name="inside")], name="inner")
    return keras.Model([a, b], {"out": inner(joined)})


@pytest.mark.parametrize("make", [sequential, functional])
def test_same_architecture_other_weights(make) -> None:
    model = make()
    twin = models.clone_model(model)
    assert type(twin) is type(model) and [x.name for x in twin.layers] == [x.name for x in model.layers]
    assert not any(
        np.shares_memory(np.asarray(a), np.asarray(b))
        for a, b in zip(model.weights, twin.weights, strict=True)
    )
    twin.set_weights(model.get_weights())
    data = [X, X] if make is functional else X
    for a, b in zip(
        keras.tree.flatten(model.predict(data, verbose=0)),
        keras.tree.flatten(twin.predict(data, verbose=0)),
        strict=True,
    ):
        assert np.array_equal(a, b)


def test_clone_function_and_recursion() -> None:
    def frozen(layer: layers.Layer) -> layers.Layer:
        copy = type(layer).from_config(layer.get_config())
        copy.trainable = False
        return copy

    assert models.clone_model(sequential(), clone_function=frozen).trainable_weights == []
    assert models.clone_model(functional(), clone_function=frozen, recursive=True).trainable_weights == []


def test_other_inputs() -> None:
    other = keras.Input((4,), name="other")
    twin = models.clone_model(sequential(), input_tensors=other)
    assert twin.inputs[0] is other and twin.predict(X, verbose=0).shape == (8, 2)


@pytest.mark.parametrize("make", [sequential, functional])
def test_json(make) -> None:
    model = make()
    again = models.model_from_json(model.to_json(indent=1))
    assert [x.name for x in again.layers] == [x.name for x in model.layers]
    assert again.count_params() == model.count_params()


def test_mistakes() -> None:
    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match="subclassed model"):
        models.clone_model(Own(), clone_function=lambda x: x)
    with pytest.raises(ValueError, match="to_json"):
        models.model_from_json("{")
    with pytest.raises(ValueError, match="class_name"):
        models.model_from_json("{}")


def test_compiled_clone_has_an_optimizer_of_its_own() -> None:
    model = sequential()
    model.compile(keras.optimizers.Adam(0.3), lambda a, b: keras.ops.mean(b, axis=-1), metrics=["mae"])
    twin = models.clone_model(model)
    assert twin.compiled and twin.loss is model.loss
    assert twin.optimizer is not model.optimizer
    assert float(twin.optimizer.learning_rate) == pytest.approx(0.3)
