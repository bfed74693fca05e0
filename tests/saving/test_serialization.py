"""Objects to plain data and back."""

import json

import numpy as np
import pytest

import axone
from axone import layers, saving


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 2.5, "text", [1, [2]], {"a": [1, {"b": None}]}, slice(1, None, 2), Ellipsis, ["a", 1.5]],
    ids=repr,
)
def test_plain_values(value: object) -> None:
    assert (
        saving.deserialize_keras_object(json.loads(json.dumps(saving.serialize_keras_object(value)))) == value
    )


def test_arrays() -> None:
    array = np.arange(6, dtype="int32").reshape(2, 3)
    again = saving.deserialize_keras_object(saving.serialize_keras_object(array))
    np.testing.assert_array_equal(again, array)
    assert again.dtype == array.dtype
    tensor = axone.ops.convert_to_tensor(array)
    np.testing.assert_array_equal(
        np.asarray(saving.deserialize_keras_object(saving.serialize_keras_object(tensor))), array
    )


def test_layers_come_back_built() -> None:
    layer = layers.Dense(3, activation="relu", name="d")
    layer.build((None, 4))
    config = layers.serialize(layer)
    assert config["module"] == "keras.layers" and config["registered_name"] is None
    again = layers.deserialize(json.loads(json.dumps(config)))
    assert again.built and again.kernel.shape == (4, 3) and layers.serialize(again) == config


def test_models() -> None:
    x = axone.Input((2,))
    for model, home in (
        (axone.Model(x, x * 2.0), ("keras.src.models.functional", "Functional")),
        (axone.Sequential([axone.Input((2,)), layers.Dense(1)]), ("keras", "Sequential")),
    ):
        config = json.loads(json.dumps(saving.serialize_keras_object(model)))
        assert (config["module"], config["class_name"]) == home
        again = saving.deserialize_keras_object(config)
        assert type(again) is type(model) and again.get_config() == model.get_config()


class Doubling(layers.Layer):
    def call(self, x: object) -> object:
        return x * 2.0


def test_custom_objects() -> None:
    config = axone.Sequential([Doubling(), layers.Activation(halve)]).get_config()
    with pytest.raises(ValueError, match=r"Unknown class 'Doubling'.*custom_objects"):
        axone.Sequential.from_config(config)
    names = {"Doubling": Doubling, "halve": halve}
    model = axone.Sequential.from_config(config, custom_objects=names)
    assert float(model(np.ones((1, 1)))[0, 0]) == 1
    with saving.CustomObjectScope(names):
        assert isinstance(axone.Sequential.from_config(config).layers[0], Doubling)
    with pytest.raises(ValueError):
        axone.Sequential.from_config(config)


def halve(x: object) -> object:
    return x * 0.5


def test_registered_objects() -> None:
    @saving.register_keras_serializable(package="mine")
    class Thrice(layers.Layer):
        def call(self, x: object) -> object:
            return x * 3.0

    @saving.register_keras_serializable(package="mine", name="plus_one")
    def one_more(x: object) -> object:
        return x + 1.0

    try:
        model = axone.Sequential([Thrice(), layers.Dense(1, activation=one_more)])
        again = axone.Sequential.from_config(json.loads(json.dumps(model.get_config())))
        assert isinstance(again.layers[0], Thrice) and again.layers[1].activation is one_more
        assert saving.get_registered_name(Thrice) == "mine>Thrice"
        assert saving.get_registered_object("mine>plus_one") is one_more
    finally:
        for name in ("mine>Thrice", "mine>plus_one"):
            saving.get_custom_objects().pop(name)


def test_what_has_no_plain_form() -> None:
    with pytest.raises(TypeError, match="lambda"):
        saving.serialize_keras_object(lambda x: x)
    with pytest.raises(TypeError, match="get_config"):
        saving.serialize_keras_object(object())
    with pytest.raises(ValueError, match="it has no get_config"):
        saving.register_keras_serializable()(type("Bare", (), {}))


def test_code_in_files_is_not_run() -> None:
    with pytest.raises(ValueError, match="does not run code"):
        saving.deserialize_keras_object({"class_name": "__lambda__", "config": {"value": "x"}})
    with pytest.raises(ValueError, match="Unknown class"):
        saving.deserialize_keras_object({"module": "os", "class_name": "system", "config": {}})
    with pytest.raises(ValueError, match="Unknown"):
        saving.deserialize_keras_object({"module": "builtins", "class_name": "function", "config": "eval"})
