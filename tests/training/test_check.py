"""The pre-flight check: what it finds, that it says so once, and that right models are left alone."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import axone
from axone import layers, losses
from axone.training import CheckWarning

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 20)).astype("float32")
LABELS = np.arange(60) % 3
CODES = np.eye(3, dtype="float32")[LABELS]
BITS = (LABELS > 0).astype("float32")


def made(units: int, activation: str | None, loss: Any, *before: Any) -> Any:
    model = axone.Sequential([axone.Input((20,)), *before, layers.Dense(units, activation, name="out")])
    model.compile("sgd", loss)
    return model


def names(model: Any, x: Any = X, y: Any = LABELS, **more: Any) -> list[str]:
    return [finding.name for finding in model.check(x, y, verbose=False, **more)]


SPARSE = "sparse_categorical_crossentropy"
WRONG: list[tuple[str, Any, Any, Any]] = [
    ("softmax_and_logits", (3, "softmax", losses.SparseCategoricalCrossentropy(from_logits=True)), X, LABELS),
    ("softmax_and_logits", (1, "sigmoid", losses.BinaryCrossentropy(from_logits=True)), X, BITS),
    ("logits_for_probabilities", (3, None, SPARSE), X, LABELS),
    ("logits_for_probabilities", (1, None, "binary_crossentropy"), X, BITS),
    ("class_numbers_for_codes", (3, "softmax", "categorical_crossentropy"), X, LABELS),
    ("class_numbers_for_codes", (3, "softmax", SPARSE), X, CODES),
    ("softmax_of_one_unit", (1, "softmax", "binary_crossentropy"), X, BITS),
    ("sigmoid_for_one_class", (3, "sigmoid", "categorical_crossentropy"), X, CODES),
    ("targets_out_of_reach", (1, "relu", "mse"), X, X[:, :1]),
    ("targets_out_of_reach", (1, "tanh", "mse"), X, X[:, :1] * 9),
    ("targets_broadcast", (3, None, "mse"), X, X[:, :1]),
    ("targets_broadcast", (1, None, "mse"), X, X[:, :3]),
    ("targets_no_probabilities", (1, "sigmoid", "binary_crossentropy"), X, 2 * BITS - 1),
    ("squared_error_of_classes", (1, "sigmoid", "mse"), X, BITS),
    ("unscaled_inputs", (3, "softmax", SPARSE), RNG.integers(0, 256, (60, 20)), LABELS),
    ("not_finite", (3, "softmax", SPARSE), np.where(X > 2, np.nan, X), LABELS),
    ("not_finite", (1, None, "mse"), X, np.where(X[:, :1] > 1, np.inf, 0)),
    ("constant_targets", (3, "softmax", SPARSE), X, LABELS * 0),
    ("missing_classes", (5, "softmax", SPARSE), X, LABELS),
]


@pytest.mark.parametrize(("name", "model", "x", "y"), WRONG)
def test_finds(name: str, model: Any, x: Any, y: Any) -> None:
    assert name in names(made(*model), x, y)


RIGHT: list[tuple[Any, Any]] = [
    ((3, "softmax", SPARSE), LABELS),
    ((3, None, losses.SparseCategoricalCrossentropy(from_logits=True)), LABELS),
    ((3, "softmax", "categorical_crossentropy"), CODES),
    ((1, "sigmoid", "binary_crossentropy"), BITS),
    ((1, None, "mse"), X[:, :1]),
    ((1, "tanh", "mse"), np.tanh(X[:, :1])),
    ((1, None, lambda t, p: axone.ops.mean((t - p) ** 2)), X[:, :1]),
]


@pytest.mark.parametrize(("model", "y"), RIGHT)
def test_leaves_right_models_alone(model: Any, y: Any) -> None:
    assert names(made(*model), y=y, validation_data=(X + 1, y)) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error", CheckWarning)
        made(*model).fit(X, y, validation_split=0.2, verbose=0)


def test_fit_warns_once_per_compile_and_can_be_silenced() -> None:
    model = made(3, None, SPARSE)
    with pytest.warns(CheckWarning, match=r"output layer 'out'.*from_logits=True"):
        model.fit(X, LABELS, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CheckWarning)
        model.fit(X, LABELS, verbose=0)
        model.compile("sgd", SPARSE)
        warnings.simplefilter("ignore", CheckWarning)
        model.fit(X, LABELS, verbose=0)


def test_rescaling_mends_bytes() -> None:
    x = RNG.integers(0, 256, (60, 20))
    assert names(made(3, "softmax", SPARSE, layers.Rescaling(1 / 255)), x) == []


def test_rows_that_stand_in_both() -> None:
    model = made(3, "softmax", SPARSE)
    assert names(model, validation_data=(X[:30], LABELS[:30])) == ["repeated_rows"]
    assert names(model, validation_data=(X + 1, LABELS)) == []


def test_layers_that_die_explode_or_vanish() -> None:
    dead = layers.Dense(8, "relu", bias_initializer=axone.initializers.Constant(-1e3), name="dead")
    assert "dead_units" in names(made(3, "softmax", SPARSE, dead))
    for scale, word in ((1e8, "explode"), (1e-9, "vanish")):
        wild = layers.Dense(8, kernel_initializer=axone.initializers.RandomNormal(stddev=scale), name="wild")
        found = made(3, "softmax", SPARSE, wild).check(X, LABELS, verbose=False)
        assert [f.where for f in found] == ["layer 'wild'"] and word in found[0].what


def test_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    made(3, None, SPARSE).check(X, LABELS)
    assert "Pre-flight check" in capsys.readouterr().out
    made(3, "softmax", SPARSE).check(X, LABELS)
    assert "Nothing found" in capsys.readouterr().out


def test_needs_a_compiled_model() -> None:
    with pytest.raises(ValueError, match=r"call `compile\(\)` before `check\(\)`"):
        axone.Sequential([layers.Dense(1)]).check(X)


def test_fit_warns_of_layers_and_classes_too() -> None:
    dead = layers.Dense(8, "relu", bias_initializer=axone.initializers.Constant(-1e3), name="dead")
    wild = layers.Dense(8, kernel_initializer=axone.initializers.RandomNormal(stddev=1e8), name="wild")
    for layer, words in ((dead, "layer 'dead': all its rectified units"), (wild, "layer 'wild'.*explode")):
        with pytest.warns(CheckWarning, match=words):
            made(3, "softmax", SPARSE, layer).fit(X, LABELS, verbose=0)
    with pytest.warns(CheckWarning, match=r"no row is of class 3, 4.*3 units"):
        made(5, "softmax", SPARSE).fit(X, LABELS, verbose=0)
    with pytest.warns(CheckWarning, match="without gaps"):
        made(4, "softmax", SPARSE).fit(X, LABELS + (LABELS > 1), verbose=0)


def test_rare_classes_are_no_missing_ones_in_fit() -> None:
    x = np.tile(X, (50, 1))[:2999]
    y = np.zeros(len(x), int)
    y[1], y[2] = 1, 2
    with warnings.catch_warnings():
        warnings.simplefilter("error", CheckWarning)
        made(3, "softmax", SPARSE).fit(x, y, verbose=0)


def test_finds_copied_rows_among_many_in_fit() -> None:
    rng = np.random.default_rng(3)
    images = (rng.random((20_000, 8, 8)) * (rng.random((8, 8)) > 0.7)).astype("float32")
    labels = np.arange(20_000) % 3
    model = axone.Sequential([axone.Input((8, 8)), layers.Flatten(), layers.Dense(3, "softmax")])
    for held_out, said in ((images[5000:6000], True), (rng.random((1000, 8, 8)), False)):
        model.compile("sgd", SPARSE)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", CheckWarning)
            model.fit(images, labels, validation_data=(held_out, labels[:1000]), batch_size=4096, verbose=0)
        assert any("found among training rows" in str(w.message) for w in caught) is said


def test_a_stack_without_an_input_is_looked_at_too() -> None:
    model = axone.Sequential([layers.Dense(8, "relu"), layers.Dense(3, name="last")])
    model.compile("sgd", SPARSE)
    with pytest.warns(CheckWarning, match="output layer 'last'"):
        model.fit(X, LABELS, verbose=0)


def test_other_arrays_and_several_inputs_are_looked_at_too() -> None:
    a, b = axone.Input((20,), name="a"), axone.Input((20,), name="b")
    out = layers.Dense(3, name="last")(layers.Add()([a, layers.Dense(20, "relu")(b)]))
    for x in ({"a": X, "b": X}, [X, axone.ops.convert_to_tensor(X)]):
        model = axone.Model([a, b] if isinstance(x, list) else {"a": a, "b": b}, out)
        model.compile("sgd", SPARSE)
        with pytest.warns(CheckWarning, match="output layer 'last'"):
            model.fit(x, LABELS, verbose=0)


def test_the_check_changes_nothing() -> None:
    def trained(checked: bool) -> tuple[list[float], list[np.ndarray]]:
        axone.utils.set_random_seed(5)
        model = axone.Sequential(
            [
                layers.Dense(8, "relu"),
                layers.BatchNormalization(),
                layers.Dropout(0.5),
                layers.Dense(3, "softmax"),
            ]
        )
        model.compile("adam", SPARSE)
        object.__setattr__(model, "_checked", checked)
        history = model.fit(X, LABELS, epochs=2, validation_split=0.2, verbose=0).history
        return history["loss"], model.get_weights()

    with_check, without = trained(False), trained(True)
    assert with_check[0] == without[0]
    for w, v in zip(with_check[1], without[1], strict=True):
        np.testing.assert_array_equal(w, v)


def test_layers_of_one_s_own_are_not_called_for_it() -> None:
    calls: list[bool] = []

    class Counting(layers.Layer):
        def call(self, inputs: Any) -> Any:
            calls.append(isinstance(inputs, axone.KerasTensor))
            return inputs

    model = made(3, "softmax", SPARSE, Counting())
    before = len(calls)
    model.check(X, LABELS, verbose=False)
    assert len(calls) == before


def test_a_check_that_fails_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    from axone.training import check

    def broken(view: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(check, "CHECKS", [*check.CHECKS, check.Check("broken", broken, True)])
    with pytest.warns(CheckWarning, match="a bug"):
        assert np.isfinite(made(3, "softmax", SPARSE).fit(X, LABELS, verbose=0).history["loss"]).all()
