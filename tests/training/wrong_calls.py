"""Calls that users get wrong, and what the error must say: a table for test_wrong_calls.py.

Each row takes a small compiled model that was not trained yet. "unchanged" rows fail before the first step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import axone
from axone import callbacks, layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 4)).astype("float32")
LABELS = np.arange(24) % 3
CODES = np.eye(3, dtype="float32")[LABELS]
TARGETS = (X[:, :2] * 2).astype("float32")
INPUTS = {"a": X, "b": X[:, :2]}
OUTPUTS = {"p": X[:, :1], "q": LABELS}


class WrongCall(NamedTuple):
    """A row.

    Attributes:
        name: What is wrong.
        call: Makes the call on a model.
        error: What it raises (a Warning: what it warns of).
        words: What the message must contain.
        model: Name of the model in `MODELS`.
        unchanged: Whether the call fails before the model is touched.
    """

    name: str
    call: Callable[[Any], Any]
    error: type[Exception]
    words: tuple[str, ...]
    model: str = "classes"
    unchanged: bool = True


def classes() -> tuple[Any, Any, Any]:
    made = axone.Sequential(
        [axone.Input((4,)), layers.Dense(8, "relu", name="hidden"), layers.Dense(3, "softmax", name="out")],
        name="net",
    )
    made.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made, X, LABELS


def values() -> tuple[Any, Any, Any]:
    made = axone.Sequential([axone.Input((4,)), layers.Dense(2, name="out")], name="net")
    made.compile("adam", "mse", metrics=["mae"])
    return made, X, TARGETS


def two() -> tuple[Any, Any, Any]:
    a, b = axone.Input((4,), name="a"), axone.Input((2,), name="b")
    h = layers.Concatenate(name="join")([a, b])
    heads = {"p": layers.Dense(1, name="p")(h), "q": layers.Dense(3, "softmax", name="q")(h)}
    made = axone.Model({"a": a, "b": b}, heads, name="two")
    made.compile("sgd", {"p": "mse", "q": "sparse_categorical_crossentropy"}, metrics={"q": ["accuracy"]})
    return made, INPUTS, OUTPUTS


MODELS: dict[str, Callable[[], tuple[Any, Any, Any]]] = {"classes": classes, "values": values, "two": two}


def changed(array: Any, value: Any) -> Any:
    """Returns a copy with another value in row 3."""
    array = np.array(array)
    array[3] = value
    return array


def breaks_off() -> Iterator[Any]:
    yield X[:8], LABELS[:8]
    raise RuntimeError("disk gone")


def changes_width() -> Iterator[Any]:
    yield X[:8], LABELS[:8]
    yield X[:8, :2], LABELS[:8]


def batches(batch: Any, times: int = 2) -> Iterator[Any]:
    return (batch for _ in range(times))


class Rows(axone.utils.PyDataset):
    """A data set whose second batch cannot be made."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        if index == 1:
            raise KeyError("row 8 is missing")
        return X[:8], LABELS[:8]


def _fit(**options: Any) -> Callable[[Any], Any]:
    return lambda model: model.fit(X, LABELS, **{"verbose": 0, **options})


def _data(x: Any, y: Any = LABELS, **options: Any) -> Callable[[Any], Any]:
    return lambda model: model.fit(x, y, verbose=0, **options)


def _evaluate(x: Any, y: Any = None) -> Callable[[Any], Any]:
    return lambda model: model.evaluate(x, y, verbose=0)


V, T = ValueError, TypeError
row = WrongCall

SHAPES = [
    row("targets too few", _data(X, LABELS[:-1]), V, ("same number of samples", "x: 24", "y: 23")),
    row("one input too short", _data({"a": X, "b": X[:5, :2]}, OUTPUTS), V, ("x: 24, 5",), "two"),
    row("too narrow", _data(X[:, :3]), V, ("Dense 'hidden'", "expected last axis 4, got 3")),
    row("an axis too many", _data(X[:, None]), V, ("(24, 1, 3)", "got (24,)")),
    row("one sample", _data(X[0], LABELS[:1]), V, ("same number of samples",)),
    row("predict one sample", lambda m: m.predict(X[0], verbose=0), V, ("batch axis missing", "x[None]")),
    row("single numbers", _data(3.0, 1), V, ("samples along its first axis", "3.0")),
    row("no samples", _data(X[:0], LABELS[:0]), V, ("no samples", "(0, 4)")),
    row("empty lists", _data([], []), V, ("no samples",)),
    row("nothing at all", lambda m: m.fit(verbose=0), V, ("`x` is missing",)),
    row("no inputs", _data(None), V, ("`x` is missing",)),
    row("no targets", _data(X, None), V, ("no targets `y`", "net")),
    row("one-hot for class numbers", _data(X, CODES), V, ("class numbers", "categorical_crossentropy")),
    row("targets too wide", _data(X, CODES), V, ("'out'", "(3,)", "(2,)", "3 unit(s)"), "values"),
    row("targets too deep", _data(X, np.ones((24, 2, 2))), V, ("(2, 2)", "'mse'"), "values"),
    row("two arrays for one input", _data([X, X]), V, ("expected 1 input", "got 2")),
    row("two targets for one output", _data(X, [LABELS, LABELS]), V, ("`y` has 2 item", "'out'")),
    row("evaluate too few", _evaluate(X, LABELS[:5]), V, ("x: 24", "y: 5")),
    row("evaluate too narrow", _evaluate(X[:, :2], LABELS), V, ("Dense 'hidden'", "got 2")),
    row("evaluate without targets", _evaluate(X), V, ("no targets `y`",)),
    row("predict too narrow", lambda m: m.predict(X[:, :2], verbose=0), V, ("Dense 'hidden'", "got 2")),
    row("predict nothing", lambda m: m.predict(None, verbose=0), V, ("`x` is missing",)),
    row("predict no rows", lambda m: m.predict_on_batch(X[:0]), V, ("no samples",)),
    row("a batch too narrow", lambda m: m.train_on_batch(X[:, :2], LABELS), V, ("expected last axis 4",)),
    row("a batch of two lengths", lambda m: m.test_on_batch(X, LABELS[:3]), V, ("x: 24", "y: 3")),
    row("called too narrow", lambda m: m(X[:, :2]), V, ("Dense 'hidden'", "expected last axis 4")),
    row("called on text", lambda m: m("text"), V, ("tensors or arrays", "'text'")),
    row("called on nothing", lambda m: m(), T, ("inputs",)),
]  # fmt: skip

CONTENT = [
    row("label too large", _data(X, changed(LABELS, 3)), IndexError,
        ("label", "got 3", "Classes count from 0"), unchanged=False),
    row("label negative", _data(X, changed(LABELS, -1)), IndexError, ("label", "got -1"), unchanged=False),
    row("labels of a batch", lambda m: m.train_on_batch(X, LABELS + 5), IndexError, ("label", "got")),
    row("NaN labels", _data(X, changed(LABELS.astype("float32"), np.nan)), V, ("NaN", "row 3", "~np.isnan")),
    row("NaN targets", _data(X, changed(TARGETS, np.nan)), V, ("`y` holds NaN", "1 of 24"), "values"),
    row("NaN in a batch", lambda m: m.train_on_batch(X, TARGETS * np.nan), V, ("24 of 24",), "values"),
    row("NaN from a generator", _data(batches((X, TARGETS * np.nan)), None), V, ("NaN",), "values"),
    row("text for labels", _data(X, np.array(["cat"] * 24)), V, ("`y` must hold numbers", "<U3")),
    row(
        "text for numbers",
        _data(np.array([["a"] * 4] * 24)),
        T,
        ("expected numbers, got text", "StringLookup"),
    ),
    row("None in an array", _data(np.full((24, 4), None)), V, ("`x`", "None")),
    row("objects", _data(np.array([object()] * 24)), V, ("`x`", "numbers")),
    row("ragged rows", _data([[1.0, 2.0], [3.0]], [0, 1]), V, ("`x`", "Rows must have equal lengths")),
    row("complex numbers", _data(X * 1j), V, ("complex64",)),
    row("dates", _data(np.array(["2020-01-01"] * 24, "datetime64")), V, ("datetime64",)),
    row("a file name", _data("train.csv"), V, ("`x`", "'train.csv'", "array")),
    row("no array", _data(object()), V, ("`x` of type object",)),
    row("a function", _data(breaks_off, None), V, ("Call the function",)),
    row("another key for an input", _data({"a": X}), V, ("no data for input", "'a'")),
    row("an input left out", _data({"a": X}, OUTPUTS), V, ("no data for input", "'b'"), "two"),
    row("an unknown input", _data({"a": X, "c": X[:, :2]}, OUTPUTS), V, ("'b'", "'c'"), "two"),
    row("an input too wide", _data({"a": X, "b": X}, OUTPUTS), V, ("input 'b'", "(None, 2)"), "two"),
    row("one array for two inputs", _data(X, OUTPUTS), V, ("expected 2 input", "a, b"), "two"),
    row("a list too short", _data([X], OUTPUTS), V, ("expected 2 input", "got 1"), "two"),
    row("another key for targets", _data(X, {"wrong": LABELS}), V, ("['wrong']", "['out']")),
    row("an output left out", _data(INPUTS, {"p": X[:, :1]}), V, ("'q'", "no targets"), "two"),
    row("an unknown output", _data(INPUTS, {"p": X[:, :1], "r": LABELS}), V, ("'r'", "['p', 'q']"), "two"),
]  # fmt: skip

WEIGHTS = [
    row("weights too few", _fit(sample_weight=np.ones(3)), V, ("sample_weight: 3",)),
    row(
        "weights per class",
        _fit(sample_weight=np.ones((24, 2))),
        V,
        ("sample_weight", "one weight per sample"),
    ),
    row("weights by name", _fit(sample_weight="balanced"), V, ("sample_weight", "'balanced'")),
    row("weights for others", _fit(sample_weight={"x": np.ones(24)}), V, ("sample_weight", "['out']")),
    row("class weights as a list", _fit(class_weight=[1.0, 2.0]), V, ("class_weight must be a dict", "list")),
    row("class weights by name", _fit(class_weight={"cat": 1.0}), V, ("class numbers", "'cat'")),
    row("class weight as text", _fit(class_weight={0: "heavy"}), V, ("class_weight", "'heavy'")),
    row("class weight NaN", _fit(class_weight={0: np.nan}), V, ("class_weight", "nan")),
    row(
        "class weight 'balanced'", _fit(class_weight="balanced"), V, ("class_weight", "'balanced'", "{0: 1.0")
    ),
    row("both weights", _fit(class_weight={0: 2.0}, sample_weight=np.ones(24)), V, ("not both",)),
    row(
        "class weights of two outputs",
        _data(INPUTS, OUTPUTS, class_weight={0: 2.0}),
        V,
        ("single output",),
        "two",
    ),
]  # fmt: skip

ARGUMENTS = [
    row("split of all", _fit(validation_split=1.0), V, ("validation_split", "(0, 1)", "1.0")),
    row("split below none", _fit(validation_split=-0.1), V, ("validation_split", "-0.1")),
    row("split in percent", _fit(validation_split=20), V, ("validation_split", "20")),
    row("split as text", _fit(validation_split="0.2"), V, ("validation_split", "'0.2'")),
    row("split of one", _data(X[:1], LABELS[:1], validation_split=0.5), V, ("no samples on one side",)),
    row("split of batches", _data(batches((X, LABELS)), None, validation_split=0.2), V, ("needs arrays",)),
    row("validation without targets", _fit(validation_data=X), V, ("validation_data", "(x, y)")),
    row("validation of one", _fit(validation_data=(X,)), V, ("validation_data", "without targets")),
    row("validation of four", _fit(validation_data=(X, LABELS, LABELS, LABELS)), V, ("got 4 items",)),
    row("validation too short", _fit(validation_data=(X, LABELS[:3])), V, ("x: 24", "y: 3")),
    row("validation by name", _fit(validation_data="test"), V, ("'test'",)),
    row(
        "validation never", _fit(validation_data=(X, LABELS), validation_freq=0), V, ("validation_freq", "0")
    ),
    row("validation often", _fit(validation_freq="often"), V, ("validation_freq", "'often'")),
    row("no validation steps", _fit(validation_data=(X, LABELS), validation_steps=0), V, ("steps", "0")),
    row("batches of none", _fit(batch_size=0), V, ("batch_size must be a positive integer, got 0",)),
    row("batches below none", _fit(batch_size=-2), V, ("batch_size", "-2")),
    row("batches of half", _fit(batch_size=2.5), V, ("batch_size", "2.5")),
    row("batch size as text", _fit(batch_size="32"), V, ("batch_size", "'32'")),
    row("epochs below none", _fit(epochs=-1), V, ("epochs", "-1")),
    row("half an epoch", _fit(epochs=1.5), V, ("epochs", "1.5")),
    row("epochs as text", _fit(epochs="3"), V, ("epochs", "'3'")),
    row("first epoch below none", _fit(initial_epoch=-3), V, ("initial_epoch", "-3")),
    row("no steps", _fit(steps_per_epoch=0), V, ("steps", "0")),
    row("half a step", _fit(steps_per_epoch=2.5), V, ("steps", "2.5")),
    row("shuffle as text", _fit(shuffle="yes"), V, ("shuffle", "'batch'", "'yes'")),
    row("loud", _fit(verbose="loud"), V, ("verbose", "'auto'", "'loud'")),
    row("an unknown argument", _fit(batchsize=3), T, ("'batchsize'", "Did you mean 'batch_size'")),
    row("predict in batches of none", lambda m: m.predict(X, batch_size=0), V, ("batch_size", "got 0")),
    row("predict in no steps", lambda m: m.predict(X, steps=0), V, ("steps", "0")),
]  # fmt: skip

BATCHES = [
    row("a generator raises", _data(breaks_off(), None), RuntimeError, ("disk gone",), unchanged=False),
    row("a data set raises", _data(Rows(), None, shuffle=False), KeyError, ("row 8",), unchanged=False),
    row("a batch of another width", _data(changes_width(), None), V, ("got 2",), unchanged=False),
    row("no batch", _data(iter([]), None), V, ("yielded no batch", "steps_per_epoch")),
    row("too few batches", _data(batches((X, LABELS)), None, steps_per_epoch=5), UserWarning,
        ("ran out after 2 of 5 steps", "repeat"), unchanged=False),
    row("batches without targets", _data(batches(X), None), V, ("no targets `y`",)),
    row("batches of None", _data(batches(None), None), V, ("`x` is missing",)),
    row("batches of numbers", _data(batches(3), None), V, ("first axis", "3")),
    row("batches of four", _data(batches((X, LABELS, LABELS, LABELS)), None), V, ("got 4 items",)),
    row("batches of two lengths", _data(batches((X, LABELS[:3])), None), V, ("x: 24", "y: 3")),
    row("targets beside batches", _data(batches((X, LABELS))), V, ("`x` yields batches", "`y`")),
    row("evaluate no batch", _evaluate(iter([])), V, ("yielded no batch",)),
    row("predict no batch", lambda m: m.predict(iter([]), verbose=0), V, ("yielded no batch",)),
]  # fmt: skip

CALLBACKS = [
    row("a class", _fit(callbacks=[callbacks.TerminateOnNaN]), T, ("Did you mean TerminateOnNaN()",)),
    row("a name", _fit(callbacks=["early"]), T, ("expected Callback objects", "'early'")),
    row("a monitor that is not there", _fit(callbacks=[callbacks.EarlyStopping("val_loss")]), UserWarning,
        ("'val_loss'", "Available", "loss"), unchanged=False),
    row("a monitor misspelt", _fit(callbacks=[callbacks.EarlyStopping("acuracy")]), V,
        ("Did you mean 'accuracy'", "mode="), unchanged=False),
    row("patience as text", lambda m: callbacks.EarlyStopping(patience="3"), V, ("patience", "'3'")),
    row("an unknown mode", lambda m: callbacks.EarlyStopping(mode="upward"), UserWarning,
        ("'upward'", "'min'")),
    row("a factor above 1", lambda m: callbacks.ReduceLROnPlateau(factor=1.5), V,
        ("factor", "below 1", "1.5")),
    row("a rate for a schedule", lambda m: callbacks.LearningRateScheduler(0.1), V, ("function", "0.1")),
    row("a rate as text", _fit(callbacks=[callbacks.LearningRateScheduler(lambda epoch: "slow")]), V,
        ("must return a number", "'slow'")),
    row("an unknown hook", lambda m: callbacks.LambdaCallback(on_epoch_ends=print), T,
        ("'on_epoch_ends'", "Did you mean 'on_epoch_end'")),
    row("a folder that is not there", _fit(callbacks=[callbacks.CSVLogger("/nowhere/log.csv")]),
        FileNotFoundError, ("/nowhere/log.csv",)),
]  # fmt: skip
