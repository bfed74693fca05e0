"""Whole fits: weights of classes and samples, several outputs, validation, callbacks and their logs.

One entry per configuration. Models are small and their weights given; batches come in order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from recording import Cases, numbers, rows

case = Cases()

N = 30
X, REAL = rows(1, N, 4), rows(2, N, 2)
LABELS = np.random.default_rng(3).integers(0, 3, N)
CODES = np.eye(3, dtype="float32")[LABELS]
BITS = (X[:, :1] > 0).astype("float32")
WEIGHTS = np.abs(rows(4, N))


def weighted(model: Any, seed: int = 10) -> Any:
    model.set_weights([rows(seed + i, *w.shape) / 2 for i, w in enumerate(model.get_weights())])
    return model


def network(k: Any, units: int = 3, activation: str | None = "softmax") -> Any:
    layers = [
        k.Input((4,)),
        k.layers.Dense(5, "tanh", name="h"),
        k.layers.Dense(units, activation, name="out"),
    ]
    return weighted(k.Sequential(layers))


def branches(k: Any, as_dict: bool = False) -> Any:
    inputs = k.Input((4,), name="x")
    h = k.layers.Dense(4, "tanh", name="h")(inputs)
    a, b = k.layers.Dense(2, name="a")(h), k.layers.Dense(3, "softmax", name="b")(h)
    return weighted(k.Model(inputs, {"a": a, "b": b} if as_dict else [a, b]))


def result(model: Any, history: Any) -> dict[str, Any]:
    return {
        "history": {name: numbers(values) for name, values in history.history.items()},
        "epochs": list(history.epoch),
        "weights": [numbers(w) for w in model.get_weights()[-2:]],
    }


def fitted(model: Any, x: Any, y: Any = None, **options: Any) -> dict[str, Any]:
    options = {"epochs": 2, "batch_size": 8, **options}
    if y is None:
        options.pop("batch_size")
    return result(model, model.fit(x, y, shuffle=False, verbose=0, **options))


@case
def class_weights(k: Any) -> dict[str, Any]:
    found = {}
    some = {0: 1.0, 1: 2.5, 2: 0.25}
    for name, units, activation, loss, y in (
        ("sparse", 3, "softmax", "sparse_categorical_crossentropy", LABELS),
        ("column", 3, "softmax", "sparse_categorical_crossentropy", LABELS[:, None]),
        ("codes", 3, "softmax", "categorical_crossentropy", CODES),
        ("bits", 1, "sigmoid", "binary_crossentropy", BITS),
        ("float bits", 1, "sigmoid", "mse", BITS[:, 0]),
    ):
        model = network(k, units, activation)
        plain, heeding = (["accuracy"], ["accuracy"]) if "sparse" in loss else (["mse"], ["mae"])
        model.compile(k.optimizers.SGD(0.1), loss, metrics=plain, weighted_metrics=heeding)
        found[name] = fitted(model, X, y, class_weight=some)
        found[f"{name}, zero"] = fitted(model, X, y, class_weight={0: 0.0, 1: 1.0, 2: 3.0}, epochs=1)
    model = network(k)
    model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    found["with validation"] = fitted(
        model, X, LABELS, class_weight=some, validation_data=(X[:9], LABELS[:9])
    )
    found["a class left out"] = fitted(model, X, LABELS, class_weight={0: 2.0, 2: 0.5})
    found["on a batch"] = numbers(model.train_on_batch(X[:8], LABELS[:8], class_weight=some))
    return found


@case
def sample_weights(k: Any) -> dict[str, Any]:
    found = {}
    metrics = {"metrics": ["mae"], "weighted_metrics": ["mse", "mae"]}
    for name, weight in (
        ("plain", WEIGHTS),
        ("column", WEIGHTS[:, None]),
        ("zeros", np.where(np.arange(N) % 2, WEIGHTS, 0)),
        ("integers", np.arange(N) % 3),
    ):
        model = network(k, 2, None)
        model.compile(k.optimizers.SGD(0.1), "mse", **metrics)
        found[name] = fitted(model, X, REAL, sample_weight=weight)
        found[f"{name}, split"] = fitted(model, X, REAL, sample_weight=weight, validation_split=0.3)
        found[f"{name}, evaluate"] = numbers(model.evaluate(X, REAL, 7, 0, sample_weight=weight))
        found[f"{name}, batch"] = numbers(model.test_on_batch(X[:5], REAL[:5], sample_weight=weight[:5]))
    for loss in ("mae", "huber", "log_cosh", "categorical_crossentropy", "kl_divergence", "hinge"):
        model = network(k)
        model.compile("sgd", loss, weighted_metrics=["accuracy", "mse"])
        found[loss] = fitted(model, X, CODES, sample_weight=WEIGHTS)
    model = network(k, 2, None)
    model.compile("adam", "mse", weighted_metrics=["mae"])
    found["validation weighted"] = fitted(model, X, REAL, validation_data=(X[:11], REAL[:11], WEIGHTS[:11]))
    for reduction in ("sum", "mean_with_sample_weight"):
        model = network(k, 2, None)
        model.compile("sgd", k.losses.MeanSquaredError(reduction=reduction))
        found[reduction] = fitted(model, X, REAL, sample_weight=WEIGHTS / 20)
    return found


@case
def steps_in_time(k: Any) -> dict[str, Any]:
    """Targets with a time axis: weights per step, masks."""
    x, y, labels = rows(20, 12, 5, 4), rows(21, 12, 5, 2), np.random.default_rng(5).integers(0, 3, (12, 5))
    x[:, 3:] *= (np.arange(12) % 2)[:, None, None]
    per_step = np.abs(rows(22, 12, 5))
    found = {}
    for masked in (False, True):
        for name, units, activation, loss, target in (
            ("values", 2, None, "mse", y),
            ("classes", 3, "softmax", "sparse_categorical_crossentropy", labels),
        ):
            for weights in (None, per_step, per_step[:, :1]):
                start = [k.layers.Masking()] if masked else []
                layers = [k.Input((5, 4)), *start, k.layers.Dense(units, activation)]
                model = weighted(k.Sequential(layers))
                metrics = {"metrics": ["mse"], "weighted_metrics": ["mae"]}
                if name == "classes":
                    metrics = {"metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}
                size = None if weights is None else weights.shape[1]
                key = f"{name}, {'masked' if masked else 'plain'}, {size}"
                # With JAX Keras loses masks on the way to the metrics of fit, but not of evaluate.
                model.compile("sgd", loss, **({} if masked else metrics))
                found[key] = fitted(model, x, target, sample_weight=weights, batch_size=5)
                model.compile("sgd", loss, **metrics)
                found[f"{key}, evaluate"] = numbers(model.evaluate(x, target, 5, 0, weights))
    return found


@case
def several_outputs(k: Any) -> dict[str, Any]:
    found = {}
    losses = {"a": "mse", "b": "sparse_categorical_crossentropy"}
    listed = list(losses.values())
    for name, as_dict, options in (
        ("lists", False, {"loss": listed, "metrics": [["mae"], ["accuracy"]]}),
        ("dicts", True, {"loss": losses, "metrics": {"a": ["mae"], "b": "accuracy"}}),
        ("dicts for lists", False, {"loss": losses, "metrics": {"b": ["accuracy"]}}),
        ("weights of losses", False, {"loss": listed, "loss_weights": [0.5, 2.0]}),
        ("weights by name", True, {"loss": losses, "loss_weights": {"a": 0.1, "b": 3.0}}),
        ("weighted metrics", False, {"loss": listed, "weighted_metrics": [["mse"], ["accuracy"]]}),
        (
            "both metrics",
            False,
            {"loss": listed, "metrics": [["mse"], []], "weighted_metrics": [["mse"], []]},
        ),
        ("objects", False, {"loss": [k.losses.Huber(), k.losses.SparseCategoricalCrossentropy()]}),
        (
            "one loss",
            True,
            {"loss": {"b": "sparse_categorical_crossentropy"}, "metrics": {"b": ["accuracy"]}},
        ),
    ):
        model = branches(k, as_dict)
        model.compile("sgd", **options)
        y = {"a": REAL, "b": LABELS} if as_dict else [REAL, LABELS]
        found[name] = fitted(model, X, y, validation_split=0.2)
        found[f"{name}, evaluate"] = {
            n: float(v) for n, v in model.evaluate(X, y, verbose=0, return_dict=True).items()
        }
        found[f"{name}, batch"] = numbers(model.train_on_batch(X[:6], {n: y[n][:6] for n in y} if as_dict
                                                                else [t[:6] for t in y]))  # fmt: skip
    for name, as_dict, weight in (
        ("one weight", False, WEIGHTS),
        ("a weight each", False, [WEIGHTS, WEIGHTS[::-1]]),
        ("weights by name", True, {"a": WEIGHTS, "b": WEIGHTS[::-1]}),
    ):
        model = branches(k, as_dict)
        model.compile("sgd", losses if as_dict else listed, weighted_metrics={"a": ["mae"], "b": ["accuracy"]}
                      if as_dict else [["mae"], ["accuracy"]])  # fmt: skip
        y = {"a": REAL, "b": LABELS} if as_dict else [REAL, LABELS]
        if isinstance(weight, np.ndarray):
            weight = [weight, weight]
        found[f"sample weights: {name}"] = fitted(model, X, y, sample_weight=weight)
    model = branches(k, True)
    found["predict"] = {n: numbers(v[:3]) for n, v in model.predict(X, 7, 0).items()}
    return found


@case
def validation(k: Any) -> dict[str, Any]:
    found = {}
    for name, options in (
        ("split", {"validation_split": 0.25}),
        ("split, odd", {"validation_split": 0.333, "batch_size": 7}),
        ("data", {"validation_data": (X[:13], CODES[:13])}),
        ("in batches", {"validation_data": (X[:13], CODES[:13]), "validation_batch_size": 3}),
        (
            "steps",
            {"validation_data": (X[:13], CODES[:13]), "validation_batch_size": 3, "validation_steps": 2},
        ),
        ("every second", {"validation_data": (X[:13], CODES[:13]), "validation_freq": 2, "epochs": 4}),
        ("some", {"validation_data": (X[:13], CODES[:13]), "validation_freq": [1, 4], "epochs": 4}),
        ("later", {"validation_split": 0.25, "initial_epoch": 3, "epochs": 5}),
        ("batches of all", {"validation_split": 0.25, "batch_size": 64}),
    ):
        model = network(k)
        model.compile(k.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy", "mse"])
        found[name] = fitted(model, X, CODES, **options)
    return found


@case
def epochs_and_steps(k: Any) -> dict[str, Any]:
    found = {}
    for name, options in (
        ("initial epoch", {"initial_epoch": 2, "epochs": 4}),
        ("no epochs left", {"initial_epoch": 2, "epochs": 2}),
        ("steps", {"steps_per_epoch": 2}),
        ("one step", {"steps_per_epoch": 1, "epochs": 3}),
        ("batches of one", {"batch_size": 1, "epochs": 1}),
        ("batches of all", {"batch_size": 100}),
    ):
        model = network(k, 2, None)
        model.compile(k.optimizers.RMSprop(0.01), "mse", metrics=["mae"])
        found[name] = fitted(model, X, REAL, **options)
    for steps in (2, 5):
        model = network(k, 2, None)
        model.compile("sgd", "mse", steps_per_execution=steps)
        found[f"{steps} steps a call"] = fitted(model, X, REAL, batch_size=4)
    return found


@case
def optimizers(k: Any) -> dict[str, Any]:
    """What an optimizer does beyond its rule, inside of fit."""
    found = {}
    O = k.optimizers  # noqa: E741
    for name, make in {
        "accumulate sgd": lambda: O.SGD(0.1, gradient_accumulation_steps=2),
        "accumulate momentum": lambda: O.SGD(0.1, momentum=0.9, gradient_accumulation_steps=3),
        "accumulate adam": lambda: O.Adam(0.01, gradient_accumulation_steps=3),
        "accumulate rmsprop": lambda: O.RMSprop(0.01, gradient_accumulation_steps=2),
        "accumulate clipped": lambda: O.Adam(0.01, clipnorm=0.1, gradient_accumulation_steps=2),
        "clip norm": lambda: O.SGD(0.1, clipnorm=0.05),
        "clip value": lambda: O.SGD(0.1, clipvalue=0.01),
        "clip all": lambda: O.Adam(0.01, global_clipnorm=0.1),
        "decay": lambda: O.AdamW(0.01, weight_decay=0.1),
        "averages": lambda: O.SGD(0.1, use_ema=True, ema_momentum=0.7),
        "averages written": lambda: O.Adam(0.01, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=3),
        "scaled": lambda: O.SGD(0.1, loss_scale_factor=16.0),
        "schedule": lambda: O.Adam(O.schedules.ExponentialDecay(0.1, 3, 0.5, staircase=True)),
        "cosine": lambda: O.SGD(O.schedules.CosineDecay(0.1, 6, warmup_target=0.3, warmup_steps=2)),
    }.items():
        model = network(k)
        model.compile(make(), "categorical_crossentropy", metrics=["accuracy"])
        found[name] = fitted(model, X, CODES, batch_size=7)
        found[name]["updates"] = int(np.asarray(model.optimizer.iterations))
        found[name]["rate"] = float(np.asarray(model.optimizer.learning_rate))
    return found


@case
def names(k: Any) -> dict[str, Any]:
    """Losses and metrics chosen by the shapes, and names in the logs."""
    found = {}
    for name, units, activation, y in (
        ("bits", 1, "sigmoid", BITS), ("codes", 3, "softmax", CODES), ("labels", 3, "softmax", LABELS),
        ("label column", 3, "softmax", LABELS[:, None]), ("flat bits", 1, "sigmoid", BITS[:, 0]),
    ):  # fmt: skip
        model = network(k, units, activation)
        model.compile("sgd", "crossentropy", metrics=["accuracy", "mae"] if y.shape[-1] == units else ["acc"])
        found[name] = fitted(model, X, y)
        found[f"{name}, names"] = [m.name for m in model.metrics]
    for name, metrics in {
        "functions": ["mse", k.metrics.mean_absolute_error],
        "objects": [k.metrics.MeanSquaredError(), k.metrics.MeanSquaredError(name="second")],
        "classes": ["MeanAbsoluteError", "mean_squared_error"],
        "twice": ["mse", "mse"],
        "losses": [k.losses.MeanSquaredError(), k.losses.Huber(name="own")],
    }.items():
        model = network(k, 2, None)
        model.compile("sgd", "mse", metrics=metrics)
        found[f"metrics: {name}"] = fitted(model, X, REAL, validation_split=0.2)
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mae"])
    found["both"] = fitted(model, X, REAL, sample_weight=WEIGHTS)
    return found


@case
def penalties(k: Any) -> dict[str, Any]:
    """Regularizers, activity penalties, add_loss, constraints and frozen layers in the loss of fit."""
    L, R, C = k.layers, k.regularizers, k.constraints

    class Added(L.Layer):
        def call(self, inputs: Any) -> Any:
            self.add_loss(k.ops.mean(k.ops.square(inputs)) * 0.1)
            return inputs

    found = {}
    for name, middle in {
        "l2": lambda: L.Dense(4, "tanh", kernel_regularizer=R.L2(0.1), bias_regularizer="l1"),
        "activity": lambda: L.Dense(4, "tanh", activity_regularizer=R.L1(0.01)),
        "activity layer": lambda: L.ActivityRegularization(l1=0.01, l2=0.02),
        "orthogonal": lambda: L.Dense(4, kernel_regularizer=R.OrthogonalRegularizer(0.05)),
        "add_loss": Added,
        "max norm": lambda: L.Dense(4, kernel_constraint=C.MaxNorm(0.5)),
        "non-negative": lambda: L.Dense(4, kernel_constraint="non_neg", bias_constraint="non_neg"),
        "frozen": lambda: L.Dense(4, "tanh", trainable=False, kernel_regularizer="l2"),
        "batch norm": lambda: L.BatchNormalization(momentum=0.8),
        "frozen batch norm": lambda: L.BatchNormalization(momentum=0.8, trainable=False),
    }.items():
        model = weighted(k.Sequential([k.Input((4,)), middle(), L.Dense(2)]), 30)
        if "batch norm" in name:
            model.set_weights([np.abs(w) + 0.1 for w in model.get_weights()])
        model.compile(k.optimizers.SGD(0.05), "mse", metrics=["mae"])
        found[name] = fitted(model, X, REAL, validation_split=0.2)
        found[name]["all weights"] = [numbers(w) for w in model.get_weights()]
    return found


@case
def batches(k: Any) -> dict[str, Any]:
    """Generators, data sets, single batches."""

    class Rows(k.utils.PyDataset):
        def __len__(self) -> int:
            return 4

        def __getitem__(self, i: int) -> Any:
            return X[i * 8 : i * 8 + 8], REAL[i * 8 : i * 8 + 8], WEIGHTS[i * 8 : i * 8 + 8]

    def endless() -> Any:
        while True:
            for i in range(0, 24, 8):
                yield X[i : i + 8], REAL[i : i + 8]

    def compiled() -> Any:
        model = network(k, 2, None)
        model.compile(k.optimizers.SGD(0.1), "mse", metrics=["mae"], weighted_metrics=["mse"])
        return model

    found = {
        "data set": fitted(compiled(), Rows()),
        "generator": fitted(compiled(), endless(), steps_per_epoch=4),
    }
    found["validated by a data set"] = fitted(compiled(), X, REAL, validation_data=Rows())
    found["validated by a generator"] = fitted(
        compiled(), X, REAL, validation_data=endless(), validation_steps=2, epochs=1
    )
    model = compiled()
    found["evaluate a data set"] = numbers(model.evaluate(Rows(), verbose=0))
    found["predict a data set"] = numbers(model.predict(Rows(), verbose=0)[-3:])
    found["predict in steps"] = numbers(model.predict(X, batch_size=4, steps=2, verbose=0))
    found["on batches"] = [numbers(model.train_on_batch(X[i : i + 5], REAL[i : i + 5])) for i in (0, 5, 10)]
    found["on batches, named"] = {
        n: float(v) for n, v in model.train_on_batch(X, REAL, WEIGHTS, return_dict=True).items()
    }
    found["test on batch"] = numbers(model.test_on_batch(X, REAL, WEIGHTS))
    found["predict on batch"] = numbers(model.predict_on_batch(X[:3]))
    return found
