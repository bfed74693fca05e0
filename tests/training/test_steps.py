"""Own training steps, one-batch methods, several inputs and outputs, compile arguments."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from small_models import linear

import axone
from axone import GradientTape, layers, losses, metrics, ops

Pair = tuple[np.ndarray, np.ndarray]


def test_train_on_batch_is_a_step_of_fit(model: Any, data: Pair) -> None:
    other = linear()
    other.compile(axone.optimizers.SGD(0.1), "mse", metrics=["mae"])
    for _ in range(3):
        got = model.train_on_batch(*data)
        want = other.fit(*data, batch_size=50, shuffle=False, verbose=0).history
        assert got == [want["loss"][0], want["mae"][0]]
    assert model.train_on_batch(*data, return_dict=True).keys() == {"loss", "mae"}
    assert model.test_on_batch(*data) == model.evaluate(*data, batch_size=50, verbose=0)


def test_train_on_batch_of_changing_sizes(model: Any, data: Pair) -> None:
    for n in (1, 7, 50, 3, 7):
        assert np.isfinite(model.train_on_batch(data[0][:n], data[1][:n])).all()


def test_weights_of_a_batch(model: Any, data: Pair) -> None:
    x, y = data
    weight = np.abs(x[:, 0])
    error = np.mean((model.predict(x, verbose=0) - y) ** 2, -1)
    assert model.test_on_batch(x, y, weight)[0] == pytest.approx(np.mean(error * weight), rel=1e-5)


def test_predict_on_batch(model: Any, data: Pair) -> None:
    x = data[0]
    want = x @ model.get_weights()[0] + model.get_weights()[1]
    for batch in (
        x,
        x[:1],
        x[:1],
        x.astype("float64"),
        x[::2],
        np.asfortranarray(x),
        x[::-1],
        x[:, ::-1][:, ::-1],
    ):
        got = model.predict_on_batch(batch)
        assert type(got) is np.ndarray and got.dtype == "float32" and got.flags.writeable
        np.testing.assert_allclose(got, batch @ model.get_weights()[0] + model.get_weights()[1], rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(ops.convert_to_tensor(x)), want, rtol=1e-5)
    first = model.predict_on_batch(x)
    kept = first.copy()
    model.predict_on_batch(x * 2)
    np.testing.assert_array_equal(first, kept)


def test_predict_on_many_signatures(model: Any) -> None:
    for n in [*range(1, 40), 1, 20]:
        assert model.predict_on_batch(np.ones((n, 3), "float32")).shape == (n, 2)


def test_predict_is_row_by_row(model: Any, data: Pair) -> None:
    whole = model.predict(data[0], batch_size=50, verbose=0)
    for size in (1, 7, 32, 50, 99):
        np.testing.assert_allclose(
            model.predict(data[0], batch_size=size, verbose=0), whole, rtol=1e-5, atol=1e-6
        )
    np.testing.assert_array_equal(model.predict(data[0], batch_size=10, steps=2, verbose=0).shape, (20, 2))


def two_by_two() -> Any:
    a, b = axone.Input((3,), name="left"), axone.Input((2,), name="right")
    joined = layers.Dense(4, activation="tanh", name="hidden")(a)
    return axone.Model(
        [a, b], {"sum": layers.Dense(2, name="sum")(joined), "odd": layers.Dense(1, name="odd")(b)}
    )


def test_several_inputs_and_outputs(data: Pair) -> None:
    x, y = data
    model = two_by_two()
    model.compile(
        "adam", {"sum": "mse", "odd": "mae"}, loss_weights={"sum": 2.0, "odd": 0.5}, metrics={"sum": ["mae"]}
    )
    inputs, targets = [x, y], {"sum": y, "odd": x[:, :1]}
    history = model.fit(inputs, targets, epochs=2, batch_size=16, verbose=0).history
    assert set(history) == {"loss", "sum_loss", "odd_loss", "sum_mae"}
    assert history["loss"][1] == pytest.approx(
        2 * history["sum_loss"][1] + 0.5 * history["odd_loss"][1], rel=1e-5
    )
    by_name = model.evaluate({"left": x, "right": y}, targets, verbose=0, return_dict=True)
    assert by_name == model.evaluate(inputs, targets, verbose=0, return_dict=True)
    predicted = model.predict(inputs, verbose=0)
    assert {k: v.shape for k, v in predicted.items()} == {"sum": (50, 2), "odd": (50, 1)}
    np.testing.assert_allclose(model.predict_on_batch(inputs)["odd"], predicted["odd"], rtol=1e-5)
    callbacks: list[Any] = []
    watch = axone.callbacks.LambdaCallback(
        on_predict_batch_end=lambda batch, logs: callbacks.append(logs["outputs"])
    )
    stepwise = model.predict(inputs, batch_size=16, verbose=0, callbacks=[watch])
    assert [c["odd"].shape[0] for c in callbacks] == [16, 16, 16, 2]
    np.testing.assert_array_equal(np.concatenate([c["odd"] for c in callbacks]), stepwise["odd"])


def test_an_output_without_loss(data: Pair) -> None:
    x, y = data
    inputs = axone.Input((3,))
    model = axone.Model(inputs, [layers.Dense(2, name="a")(inputs), layers.Dense(1, name="b")(inputs)])
    model.compile("sgd", ["mse", None])
    assert set(model.fit(x, [y], verbose=0).history) == {"loss"}
    model.compile("sgd", {"a": "mse"})
    assert set(model.fit(x, {"a": y}, verbose=0).history) == {"loss"}


def test_arguments_per_output_that_do_not_fit(data: Pair) -> None:
    x, y = data
    model = two_by_two()
    for arguments, message in (
        ({"loss": {"summ": "mse"}}, r"\['summ'\].*\['odd', 'sum'\]"),
        ({"loss": ["mse", "mse", "mse"]}, r"3 item\(s\).*2 output"),
        ({"loss": "mse", "loss_weights": [1.0]}, r"`loss_weights` has 1"),
        ({"loss": "mse", "metrics": {"x": ["mae"]}}, r"`metrics` has the keys \['x'\]"),
        ({"loss": "mse", "metrics": ["mae"]}, r"one list per output"),
    ):
        model.compile("sgd", **arguments)
        with pytest.raises(ValueError, match=message):
            model.fit([x, y], {"sum": y, "odd": x[:, :1]}, verbose=0)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="`y` has the keys"):
        model.fit([x, y], {"sum": y, "even": x[:, :1]}, verbose=0)
    with pytest.raises(ValueError, match="must be a list"):
        model.compile("sgd", "mse", metrics="mae")
    with pytest.raises(ValueError, match="steps_per_execution"):
        model.compile("sgd", "mse", steps_per_execution=0)


@pytest.mark.parametrize("eagerly", [False, True])
def test_own_train_step(data: Pair, eagerly: bool) -> None:
    class Custom(axone.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2, kernel_initializer="ones")
            self.tracker = metrics.Mean(name="tracked")

        def call(self, inputs: Any, training: bool = False) -> Any:
            return self.dense(inputs)

        @property
        def metrics(self) -> list[Any]:
            return [self.tracker]

        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            with GradientTape() as tape:
                loss = ops.mean(ops.square(self(x, training=True) - y))
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            self.tracker.update_state(loss)
            return {"loss": self.tracker.result(), "last": loss}

    x, y = data
    model = Custom()
    model.compile(axone.optimizers.SGD(0.1), run_eagerly=eagerly)
    history = model.fit(x, y, epochs=2, batch_size=25, shuffle=False, verbose=0).history
    assert set(history) == {"loss", "last"}
    kernel, bias, found = np.ones((3, 2)), np.zeros(2), []
    for first in (0, 25, 0, 25):
        error = x[first : first + 25] @ kernel + bias - y[first : first + 25]
        found.append(np.mean(error**2))
        kernel, bias = kernel - 0.1 * x[first : first + 25].T @ error / 25, bias - 0.1 * error.sum(0) / 25
    np.testing.assert_allclose(history["loss"], [np.mean(found[:2]), np.mean(found[2:])], rtol=1e-5)
    np.testing.assert_allclose(history["last"], [found[1], found[3]], rtol=1e-5)


def test_own_train_step_with_the_usual_names_reports_means(data: Pair) -> None:
    class Usual(axone.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            with GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    model = Usual()
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(*data, batch_size=16, verbose=0).history
    assert "loss" in history and np.isfinite(history["loss"]).all()


def test_own_loss_metric_and_predict_step(data: Pair) -> None:
    class Doubling(axone.Sequential):
        def predict_step(self, data: Any) -> Any:
            return 2 * super().predict_step(data)

        def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, **options: Any) -> Any:
            return ops.sum(ops.abs(y - y_pred))

    x, y = data
    model = Doubling([axone.Input((3,)), layers.Dense(2)])
    model.compile(axone.optimizers.SGD(0.0), metrics=[lambda a, b: ops.max(ops.abs(a - b), axis=-1)])
    out = x @ model.get_weights()[0] + model.get_weights()[1]
    np.testing.assert_allclose(model.predict(x, verbose=0), 2 * out, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(x), 2 * out, rtol=1e-4, atol=1e-6)
    results = model.evaluate(x, y, batch_size=50, verbose=0, return_dict=True)
    assert results["loss"] == pytest.approx(np.abs(out - y).sum(), rel=1e-4)
    assert results["<lambda>"] == pytest.approx(np.abs(out - y).max(-1).mean(), rel=1e-4)


def test_regularizers_and_add_loss_count(data: Pair) -> None:
    class Penalty(layers.Layer):
        def call(self, inputs: Any) -> Any:
            self.add_loss(0.5 * ops.mean(ops.square(inputs)))
            return inputs

    x, y = data
    model = axone.Sequential([axone.Input((3,)), Penalty(), layers.Dense(2, kernel_regularizer="l2")])
    model.compile("sgd", "mse")
    kernel, bias = model.get_weights()
    want = np.mean((x @ kernel + bias - y) ** 2) + 0.5 * np.mean(x**2) + 0.01 * np.sum(kernel**2)
    assert model.evaluate(x, y, batch_size=50, verbose=0) == pytest.approx(want, rel=1e-4)
    model.compile("sgd")  # penalties alone
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"]).all()


def test_accuracy_and_crossentropy_are_chosen_by_shape(data: Pair) -> None:
    x = data[0]
    labels = np.random.default_rng(0).integers(0, 3, 50)
    cases = (
        (1, "sigmoid", (x[:, 0] > 0).astype(int), metrics.BinaryAccuracy, losses.binary_crossentropy),
        (3, "softmax", labels, metrics.SparseCategoricalAccuracy, losses.sparse_categorical_crossentropy),
        (
            3,
            "softmax",
            labels[:, None],
            metrics.SparseCategoricalAccuracy,
            losses.sparse_categorical_crossentropy,
        ),
        (3, "softmax", np.eye(3)[labels], metrics.CategoricalAccuracy, losses.categorical_crossentropy),
    )
    for units, activation, y, metric, loss in cases:
        model = linear(units, activation)
        model.compile("sgd", "crossentropy", metrics=["acc", "accuracy"])
        assert set(model.fit(x, y, verbose=0).history) == {"loss", "acc", "accuracy"}
        found = model.metrics[1].metrics
        assert [type(m) for m in found] == [metric, metric] and [m.name for m in found] == ["acc", "accuracy"]
        assert model._compile_loss._losses[0].loss.fn is loss


def test_metrics_of_the_same_name_are_numbered(data: Pair) -> None:
    model = linear()
    model.compile(
        "sgd", "mse", metrics=["mae", metrics.MeanAbsoluteError(name="mae")], weighted_metrics=["mae"]
    )
    assert set(model.fit(*data, verbose=0).history) == {"loss", "mae", "mae_1", "weighted_mae"}


def test_compile_again_starts_afresh(model: Any, data: Pair) -> None:
    model.fit(*data, verbose=0)
    model.compile("adam", "mae", metrics=["mse"])
    assert set(model.fit(*data, verbose=0).history) == {"loss", "mse"}
    assert int(model.optimizer.iterations) == 2


def test_compile_config_round_trip(model: Any, data: Pair) -> None:
    config = model.get_compile_config()
    assert (
        config["optimizer"]["class_name"] == "SGD"
        and config["loss"] == "mse"
        and config["metrics"] == ["mae"]
    )
    other = linear()
    other.compile_from_config(config)
    assert (
        other.fit(*data, shuffle=False, verbose=0).history
        == model.fit(*data, shuffle=False, verbose=0).history
    )
    assert linear().get_compile_config() == {}


def test_a_model_without_weights_warns(data: Pair) -> None:
    model = axone.Sequential([axone.Input((3,)), layers.Activation("relu")])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="no trainable weights"):
        model.fit(data[0], data[0], verbose=0)


def test_float64_models(data: Pair) -> None:
    axone.backend.set_floatx("float64")
    try:
        model = linear()
        model.compile("sgd", "mse", metrics=["mae"])
        x, y = (a.astype("float64") for a in data)
        kernel, bias = model.get_weights()
        assert kernel.dtype == "float64"
        want = np.mean((x @ kernel + bias - y) ** 2)
        assert model.evaluate(x, y, batch_size=50, verbose=0)[0] == pytest.approx(want, rel=1e-13)
        assert model.predict(x, verbose=0).dtype == "float64"
        model.fit(x, y, verbose=0)
    finally:
        axone.backend.set_floatx("float32")


@pytest.mark.parametrize("how", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_train_on_by_themselves(data: Pair, how: Any) -> None:
    model = linear()
    model.compile(axone.optimizers.Adam(0.1), "mse", metrics=["mae"])
    model.fit(*data, shuffle=False, verbose=0)
    model.predict_on_batch(data[0])
    twin = how(model)
    kept = [w.copy() for w in model.get_weights()]
    history = twin.fit(*data, shuffle=False, verbose=0).history
    for a, b in zip(kept, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert history == model.fit(*data, shuffle=False, verbose=0).history
    np.testing.assert_array_equal(twin.predict(data[0], verbose=0), model.predict(data[0], verbose=0))
