"""Models from symbolic inputs and outputs."""

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import axone
from axone import Input, Model, layers, ops


def ones(shape: tuple[int, ...]) -> np.ndarray:
    return np.ones(shape, "float32")


def chain(*widths: int) -> Model:
    x = y = Input((4,), name="x")
    for width in widths:
        y = layers.Dense(width, activation="relu")(y)
    return Model(x, y)


def test_one_input_one_output() -> None:
    model = chain(3, 2)
    assert model.input_shape == (None, 4) and model.output_shape == (None, 2)
    assert [layer.name for layer in model.layers] == ["x", *(d.name for d in model.layers[1:])]
    assert model.count_params() == 4 * 3 + 3 + 3 * 2 + 2 and model.built
    k1, b1, k2, b2 = model.get_weights()
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    expected = np.maximum(np.maximum(x @ k1 + b1, 0) @ k2 + b2, 0)
    np.testing.assert_allclose(np.asarray(model(x)), expected, rtol=1e-5, atol=1e-6)


def two_branches() -> Model:
    a, b = Input((2,), name="a"), Input((3,), name="b")
    total = layers.Dense(1, name="left", kernel_initializer="ones")(a) + layers.Dense(
        1, name="right", kernel_initializer="ones"
    )(b)
    return Model([a, b], {"sum": total, "double": total * 2.0})


@pytest.mark.parametrize("form", ["list", "tuple", "dict"])
def test_many_inputs_and_outputs(form: str) -> None:
    a, b = ones((2, 2)), ones((2, 3))
    data = {"list": [a, b], "tuple": (a, b), "dict": {"b": b, "a": a}}[form]
    out = two_branches()(data)
    assert set(out) == {"sum", "double"}
    np.testing.assert_allclose(np.asarray(out["sum"]), [[5], [5]])
    np.testing.assert_allclose(np.asarray(out["double"]), [[10], [10]])


def test_nested_structures() -> None:
    inputs = {"p": Input((1,), name="p"), "q": (Input((1,), name="q1"), Input((1,), name="q2"))}
    outputs = [inputs["p"] + inputs["q"][0], (inputs["q"][1],)]
    model = Model(inputs, outputs)
    one = ones((1, 1))
    out = model({"p": one, "q": (one * 2, one * 3)})
    assert isinstance(out, list) and isinstance(out[1], tuple)
    assert float(out[0][0, 0]) == 3 and float(out[1][0][0, 0]) == 3


def test_shared_layer_has_one_set_of_weights() -> None:
    shared = layers.Dense(3, use_bias=False)
    a, b = Input((4,)), Input((4,))
    model = Model([a, b], shared(a) - shared(b))
    assert len(model.weights) == 1 and len(shared._inbound_nodes) == 2
    x = ones((2, 4))
    np.testing.assert_array_equal(np.asarray(model([x, x])), np.zeros((2, 3)))


def test_sub_models_share_weights_with_the_whole() -> None:
    model = chain(5, 3)
    head = Model(model.input, model.layers[1].output)
    tail = Model(model.layers[1].output, model.output)
    x = np.random.default_rng(1).normal(size=(4, 4)).astype("float32")
    np.testing.assert_array_equal(np.asarray(tail(head(x))), np.asarray(model(x)))
    assert head.weights[0] is model.weights[0] and tail.weights[0] is model.weights[2]
    head.layers[1].trainable = False
    assert len(model.trainable_weights) == 2
    # The original graph is as it was.
    np.testing.assert_array_equal(np.asarray(Model(model.input, model.output)(x)), np.asarray(model(x)))


def test_several_layers_outputs_at_once() -> None:
    model = chain(5, 3)
    outputs = Model(model.input, [layer.output for layer in model.layers[1:]])(ones((2, 4)))
    assert [o.shape for o in outputs] == [(2, 5), (2, 3)]


def test_models_in_models() -> None:
    inner = chain(4, 4)
    x = Input((4,))
    outer = Model(x, layers.Dense(1)(inner(inner(x))))
    assert outer.layers[1] is inner and len(outer.weights) == 6
    data = ones((3, 4))
    expected = np.asarray(outer.layers[2](inner(inner(data))))
    np.testing.assert_array_equal(np.asarray(outer(data)), expected)
    inner.trainable = False
    assert len(outer.trainable_weights) == 2


def test_training_reaches_the_layers_inside() -> None:
    x = Input((100,))
    inner = Model(x, layers.Dropout(0.5)(x))
    y = Input((100,))
    model = Model(y, inner(y))
    data = ones((2, 100))
    np.testing.assert_array_equal(np.asarray(model(data)), data)
    np.testing.assert_array_equal(np.asarray(model(data, training=False)), data)
    assert (np.asarray(model(data, training=True)) == 0).any()
    always = Model(x, layers.Dropout(0.5)(x, training=True))
    assert (np.asarray(always(data)) == 0).any()


def test_unknown_sizes() -> None:
    x = Input((None, 4))
    model = Model(x, layers.Dense(2)(x))
    assert model.output_shape == (None, None, 2)
    assert model(ones((3, 5, 4))).shape == (3, 5, 2) and model(ones((1, 9, 4))).shape == (1, 9, 2)
    assert model(Input((7, 4))).shape == (None, 7, 2)
    assert model.compute_output_shape((8, 6, 4)) == (8, 6, 2)


def test_a_last_axis_of_one_may_be_missing_or_extra() -> None:
    column, flat = Input((1,)), Input(())
    assert Model(column, layers.Dense(2)(column))(ones((5,))).shape == (5, 2)
    assert Model(flat, flat * 2.0)(ones((5, 1))).shape == (5,)


def test_deep_models_do_not_exhaust_the_stack() -> None:
    x = y = Input((1,))
    for _ in range(1500):
        y = y + 1.0
    assert float(Model(x, y)(np.zeros((1, 1)))[0, 0]) == 1500


def test_unused_input_belongs_to_the_model() -> None:
    a, b = Input((2,), name="a"), Input((2,), name="b")
    model = Model([a, b], a * 2.0)
    assert [layer.name for layer in model.layers] == ["b", "a"] or len(model.layers) == 2
    np.testing.assert_array_equal(np.asarray(model([ones((1, 2)), ones((1, 2))])), [[2, 2]])


def test_optional_input() -> None:
    x, extra = Input((2,), name="x"), Input((2,), name="extra", optional=True)

    class AddIfThere(layers.Layer):
        def call(self, x: object, extra: object = None) -> object:
            return x if extra is None else x + extra

        def compute_output_shape(self, x_shape: object, extra_shape: object = None) -> object:
            return x_shape

    model = Model([x, extra], AddIfThere()(x, extra))
    np.testing.assert_array_equal(np.asarray(model([ones((1, 2)), None])), [[1, 1]])
    np.testing.assert_array_equal(np.asarray(model([ones((1, 2)), ones((1, 2))])), [[2, 2]])
    with pytest.raises(ValueError, match="only optional inputs"):
        model([None, ones((1, 2))])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (ones((2, 5)), r"Functional 'm', input 'x': expected input shape \(None, 4\), got \(2, 5\)"),
        (ones((2, 2, 2)), r"did you forget a reshape to \(-1, 4\)"),
        (ones((4,)), "Is the batch axis missing"),
        ([ones((2, 4))] * 2, "expected 1 input"),
        ({"y": ones((2, 4))}, r"no data for input\(s\) \['x'\]"),
        (None, "is None"),
    ],
    ids=["size", "image", "batch", "count", "name", "none"],
)
def test_wrong_data(data: object, message: str) -> None:
    x = Input((4,), name="x")
    model = Model(x, layers.Dense(1)(x), name="m")
    with pytest.raises(ValueError, match=message):
        model(data)


def test_wrong_graphs() -> None:
    x = Input((3,), name="x")
    with pytest.raises(ValueError, match="depend on input 'other'"):
        Model(x, x + Input((3,), name="other"))
    with pytest.raises(ValueError, match="must be symbolic tensors"):
        Model(ones((1, 3)), x)
    with pytest.raises(ValueError, match="must be symbolic tensors"):
        Model(x, ones((1, 3)))
    with pytest.raises(ValueError, match="is empty"):
        Model([], x)
    with pytest.raises(ValueError, match="given twice"):
        Model([x, x], x * 2.0)
    with pytest.raises(ValueError, match="named 'same'"):
        Model(x, layers.Dense(3, name="same")(layers.Dense(3, name="same")(x)))
    with pytest.raises(ValueError, match="does not come from an Input"):
        Model(axone.KerasTensor((None, 3)), x)


def test_get_layer() -> None:
    model = chain(3)
    assert model.get_layer("x") is model.layers[0] and model.get_layer(index=-1) is model.layers[1]
    with pytest.raises(ValueError, match="Did you mean"):
        model.get_layer(model.layers[1].name + "x")
    for arguments in ({}, {"name": "x", "index": 0}, {"index": 7}):
        with pytest.raises(ValueError):
            model.get_layer(**arguments)


def test_configuration_round_trip() -> None:
    model = two_branches()
    again = Model.from_config(json.loads(json.dumps(model.get_config())))
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    data = [ones((2, 2)), ones((2, 3)) * 3]
    np.testing.assert_array_equal(np.asarray(again(data)["sum"]), np.asarray(model(data)["sum"]))


def test_configuration_with_shared_layers_functions_and_models_inside() -> None:
    x = Input((2, 4))
    shared, inner = layers.Dense(4), chain(4)
    y = shared(ops.expand_dims(ops.mean(inner(shared(x)[:, 0]), axis=1), -1) * ops.ones((1, 4)))
    model = Model(x, [y, inner(y)])
    again = Model.from_config(json.loads(json.dumps(model.get_config())))
    again.set_weights(model.get_weights())
    data = np.random.default_rng(0).normal(size=(3, 2, 4))
    for mine, theirs in zip(again(data), model(data), strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))
    assert again.get_config() == model.get_config()


def test_keys_of_all_kinds_survive_the_configuration() -> None:
    x = Input((3, 4))
    keys = [np.s_[:, 0], np.s_[..., None], np.s_[:, 1:, ::2], np.s_[:, [2, 0]], [0]]
    model = Model(x, [x[key] for key in keys])
    again = Model.from_config(json.loads(json.dumps(model.get_config())))
    data = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    for key, mine, theirs in zip(keys, again(data), model(data), strict=True):
        np.testing.assert_array_equal(np.asarray(mine), data[key])
        np.testing.assert_array_equal(np.asarray(theirs), data[key])


def without(config: object, key: str) -> object:
    if isinstance(config, dict):
        return {k: without(v, key) for k, v in config.items() if k != key}
    return [without(v, key) for v in config] if isinstance(config, list) else config


def test_a_model_that_keras_described() -> None:
    """A shared layer, a function, two inputs and a dict of outputs, written and computed by Keras 3.15.1."""
    config = json.loads((Path(__file__).parent / "keras_functional_config.json").read_text())
    model = Model.from_config(config)
    assert json.loads(json.dumps(model.get_config())) == without(config, "quantization_config")
    names = ["a", "b", "shared", "other", "back", "drop", "p", "q"]
    assert [layer.name for layer in model.layers] == names
    assert [w.path for w in model.weights] == [
        f"{name}/{part}" for name in ("shared", "other", "back", "p", "q") for part in ("kernel", "bias")
    ]
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape) for w in model.weights])
    out = model([np.ones((2, 4)), np.full((2, 3), 0.5)])
    np.testing.assert_allclose(np.asarray(out["p"]), [[7.741973400115967]] * 2, rtol=1e-6)
    np.testing.assert_allclose(
        np.asarray(out["q"]), [[0.8561841249465942, 0.14381584525108337]] * 2, rtol=1e-6
    )
    assert float(sum(model.losses)) == pytest.approx(0.15150874853134155, rel=1e-6)


def test_broken_configurations() -> None:
    config = chain(2).get_config()
    config["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0] = "nobody"
    with pytest.raises(ValueError, match="'nobody'"):
        Model.from_config(config)
    config = chain(2).get_config()
    config["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"][1] = 3
    with pytest.raises(ValueError, match="cannot be connected"):
        Model.from_config(config)
    config = chain(2).get_config()
    config["layers"][1]["class_name"] = "Dence"
    with pytest.raises(ValueError, match="Unknown class 'Dence'"):
        Model.from_config(config)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["copy", "pickle"]
)
@pytest.mark.parametrize("compiled", [False, True])
def test_copies_and_pickles(copied: object, compiled: bool) -> None:
    x = Input((3,), name="x")
    shared = layers.Dense(3, activation="tanh")
    model = Model(x, shared(ops.relu(shared(x)) + 1.0)[:, 0:2])
    data = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    if compiled:
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(data, data[:, :2], verbose=0)
    expected = np.asarray(model(data))
    other = copied(model)
    np.testing.assert_array_equal(np.asarray(other(data)), expected)
    if compiled:
        other.fit(data, data[:, :2], verbose=0)
    other.set_weights([np.zeros_like(w) for w in other.get_weights()])
    np.testing.assert_array_equal(np.asarray(other(data)), np.zeros((8, 2)))
    np.testing.assert_array_equal(np.asarray(model(data)), expected)


class Doubled(axone.Model):
    def __init__(self, units: int) -> None:
        x = axone.Input((4,))
        super().__init__(inputs=x, outputs=layers.Dense(units)(x))
        self.units = units

    def call(self, inputs, training=None):
        return super().call(inputs, training=training) * 2.0


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_of_a_subclass_made_from_inputs_and_outputs(duplicate) -> None:
    x = np.ones((2, 4), "float32")
    model = Doubled(3)
    model.compile("adam", "mse")
    model.fit(x, np.zeros((2, 3)), verbose=0)
    twin = duplicate(model)
    assert isinstance(twin, Doubled) and twin.units == 3
    np.testing.assert_array_equal(twin.predict(x, verbose=0), model.predict(x, verbose=0))
    twin.fit(x, np.zeros((2, 3)), verbose=0)
    assert int(twin.optimizer.iterations.value) == 2 and int(model.optimizer.iterations.value) == 1
