"""Losses, metrics, optimizers and whole fits of the first dense networks.

Each case takes the package (`keras` or `axone`) and returns a nest of numbers and strings.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from recording import Cases, numbers, probabilities, rows

case = Cases()


@case
def losses(k: Any) -> dict[str, Any]:
    p, q = probabilities(0, 6, 4), 1 / (1 + np.exp(-rows(1, 6, 3)))
    t, labels = np.eye(4)[[0, 1, 2, 3, 1, 0]], np.array([0, 1, 2, 3, 1, 0])
    b, w = (rows(2, 6, 3) > 0).astype("float32"), np.array([1.0, 2.0, 0.0, 0.5, 1.0, 3.0])
    z, real, guess = rows(3, 6, 4) * 3, rows(4, 6, 2), rows(5, 6, 2)
    L = k.losses
    return {
        "mse": numbers(L.MeanSquaredError()(real, guess)),
        "mse sum weighted": numbers(L.MeanSquaredError(reduction="sum")(real, guess, w)),
        "mse none": numbers(L.MeanSquaredError(reduction="none")(real, guess, w)),
        "mse by weights": numbers(L.MeanSquaredError(reduction="mean_with_sample_weight")(real, guess, w)),
        "mse column": numbers(L.MeanSquaredError()(real[:, 0], guess[:, :1])),
        "mae": numbers(L.MeanAbsoluteError()(real, guess, w)),
        "bce": numbers(L.BinaryCrossentropy()(b, q)),
        "bce weighted": numbers(L.BinaryCrossentropy()(b, q, w)),
        "bce smooth": numbers(L.BinaryCrossentropy(label_smoothing=0.2)(b, q)),
        "bce logits": numbers(L.BinaryCrossentropy(from_logits=True)(b, z[:, :3])),
        "cce": numbers(L.CategoricalCrossentropy()(t, p, w)),
        "cce unnormalised": numbers(L.CategoricalCrossentropy()(t, p * 2)),
        "cce smooth": numbers(L.CategoricalCrossentropy(label_smoothing=0.1)(t, p)),
        "cce logits": numbers(L.CategoricalCrossentropy(from_logits=True)(t, z)),
        "cce axis": numbers(L.CategoricalCrossentropy(axis=0)(t.T, p.T)),
        "scce": numbers(L.SparseCategoricalCrossentropy()(labels, p, w)),
        "scce column": numbers(L.SparseCategoricalCrossentropy()(labels[:, None], p)),
        "scce logits": numbers(L.SparseCategoricalCrossentropy(from_logits=True)(labels, z)),
        "scce ignore": numbers(L.SparseCategoricalCrossentropy(ignore_class=1)(labels, p)),
        "scce ignore all": numbers(L.SparseCategoricalCrossentropy(ignore_class=1)(labels * 0 + 1, p)),
        "fn mse": numbers(L.mean_squared_error(real, guess)),
        "fn bce": numbers(L.binary_crossentropy(b, q)),
        "fn cce": numbers(L.categorical_crossentropy(t, p)),
        "fn scce": numbers(L.sparse_categorical_crossentropy(labels, p)),
    }


@case
def metrics(k: Any) -> dict[str, Any]:
    p, t, labels = (
        probabilities(6, 8, 5),
        np.eye(5)[[0, 1, 2, 3, 4, 0, 1, 2]],
        np.array([0, 1, 2, 3, 4, 0, 1, 2]),
    )
    q, b = 1 / (1 + np.exp(-rows(7, 8, 1))), (rows(8, 8) > 0).astype("float32")
    real, guess, w = rows(9, 8, 3), rows(10, 8, 3), np.array([1.0, 0.0, 2.0, 1.0, 0.5, 1.0, 3.0, 1.0])
    M = k.metrics
    found = {}
    for metric, y_true, y_pred in (
        (M.Accuracy(), labels[:, None], np.argmax(p, -1)[:, None].astype("float32")),
        (M.BinaryAccuracy(), b, q),
        (M.BinaryAccuracy(threshold=0.3, name="low"), b[:, None], q),
        (M.CategoricalAccuracy(), t, p),
        (M.SparseCategoricalAccuracy(), labels, p),
        (M.SparseCategoricalAccuracy(name="column"), labels[:, None], p),
        (M.TopKCategoricalAccuracy(k=2), t, p),
        (M.SparseTopKCategoricalAccuracy(k=3), labels, p),
        (M.MeanSquaredError(), real, guess),
        (M.MeanAbsoluteError(), real, guess),
        (M.RootMeanSquaredError(), real, guess),
        (M.BinaryCrossentropy(), b[:, None], q),
        (M.CategoricalCrossentropy(label_smoothing=0.1), t, p),
        (M.SparseCategoricalCrossentropy(), labels, p),
    ):
        metric.update_state(y_true, y_pred)
        plain = numbers(metric.result())
        metric.update_state(y_true, y_pred, sample_weight=w)
        found[metric.name] = [plain, numbers(metric.result())]
        metric.reset_state()
        found[metric.name].append(numbers(metric.result()))
    mean, total = M.Mean(), M.Sum()
    mean.update_state(real, sample_weight=w)
    total.update_state(real, sample_weight=w[:, None] * np.ones(3))
    return {
        **found,
        "mean": numbers(mean.result()),
        "sum": numbers(total.result()),
        "call": numbers(M.Mean()([1, 2])),
    }


@case
def optimizers(k: Any) -> dict[str, Any]:
    O = k.optimizers  # noqa: E741
    makers = {
        "sgd": lambda: O.SGD(0.1),
        "momentum": lambda: O.SGD(0.1, momentum=0.9),
        "nesterov": lambda: O.SGD(0.1, momentum=0.9, nesterov=True),
        "decayed": lambda: O.SGD(0.1, weight_decay=0.1),
        "clipnorm": lambda: O.SGD(0.1, clipnorm=0.5),
        "clipvalue": lambda: O.SGD(0.1, clipvalue=0.2),
        "global clipnorm": lambda: O.SGD(0.1, global_clipnorm=0.5),
        "scaled": lambda: O.SGD(0.1, loss_scale_factor=4.0),
        "averaged": lambda: O.SGD(0.1, use_ema=True, ema_momentum=0.8),
        "overwritten": lambda: O.SGD(0.1, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=2),
        "accumulated": lambda: O.Adam(0.1, gradient_accumulation_steps=2),
        "adam": lambda: O.Adam(0.1),
        "amsgrad": lambda: O.Adam(0.1, beta_1=0.8, beta_2=0.95, amsgrad=True),
        "rmsprop": lambda: O.RMSprop(0.1),
        "rmsprop centered": lambda: O.RMSprop(0.1, centered=True),
        "rmsprop momentum": lambda: O.RMSprop(0.1, momentum=0.9, rho=0.8),
    }
    found = {}
    for name, make in makers.items():
        optimizer = make()
        a, b = k.Variable(rows(11, 3, 2)), k.Variable(rows(12, 2))
        for step in range(5):
            grads = [rows(20 + step, 3, 2), rows(30 + step, 2)]
            optimizer.apply([k.ops.convert_to_tensor(g) for g in grads], [a, b])
        found[name] = [numbers(a), numbers(b), int(optimizer.iterations)]
        optimizer.finalize_variable_values([a, b])
        found[name] += [numbers(a), len(optimizer.variables)]
    return found


def _network(k: Any, activation: str = "softmax", units: int = 3) -> Any:
    model = k.Sequential([
        k.Input((4,)),
        k.layers.Dense(8, activation="relu", name="hidden"),
        k.layers.Dense(units, activation=activation, name="head"),
    ])  # fmt: skip
    model.set_weights([rows(40, 4, 8) / 2, rows(41, 8) / 10, rows(42, 8, units) / 2, rows(43, units) / 10])
    return model


def _trained(model: Any, x: Any, y: Any, **options: Any) -> dict[str, Any]:
    history = model.fit(x, y, shuffle=False, verbose=0, **options)
    return {"history": {n: numbers(v) for n, v in history.history.items()}, "names": list(history.history),
            "steps": history.params["steps"],
            "weights": [numbers(w) for w in model.get_weights()]}  # fmt: skip


@case
def fit_classes(k: Any) -> dict[str, Any]:
    x, labels = rows(50, 50, 4), np.random.default_rng(51).integers(0, 3, 50)
    model = _network(k)
    model.compile(k.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    found = _trained(model, x, labels, epochs=3, batch_size=16, validation_split=0.2)
    found["evaluate"] = numbers(model.evaluate(x, labels, verbose=0, batch_size=16))
    found["predict"] = numbers(model.predict(x, verbose=0)[:5])
    return found


@case
def fit_weights(k: Any) -> dict[str, Any]:
    x, labels = rows(52, 40, 4), np.random.default_rng(53).integers(0, 3, 40)
    model = _network(k)
    model.compile(
        k.optimizers.SGD(0.1), "categorical_crossentropy", metrics=["acc"], weighted_metrics=["acc", "mse"]
    )
    found = {
        "class_weight": _trained(model, x, np.eye(3)[labels], epochs=2, class_weight={0: 1.0, 1: 2.0, 2: 0.5})
    }
    weight = np.abs(rows(54, 40))
    found["sample_weight"] = _trained(model, x, np.eye(3)[labels], epochs=2, sample_weight=weight,
                                      validation_data=(x[:8], np.eye(3)[labels[:8]], weight[:8]))  # fmt: skip
    return found


@case
def fit_binary(k: Any) -> dict[str, Any]:
    x = rows(55, 40, 4)
    model = _network(k, "sigmoid", 1)
    model.compile(k.optimizers.RMSprop(0.01), "binary_crossentropy", metrics=["accuracy", "mae"])
    found = _trained(model, x, (x[:, 0] > 0).astype("float32"), epochs=2, batch_size=7, steps_per_epoch=4)
    found["on batch"] = numbers(model.train_on_batch(x[:8], (x[:8, :1] > 0).astype("float32")))
    found["again"] = numbers(model.test_on_batch(x[:8], (x[:8, :1] > 0).astype("float32")))
    return found


@case
def fit_two_outputs(k: Any) -> dict[str, Any]:
    x = rows(56, 30, 4)
    inputs = k.Input((4,))
    h = k.layers.Dense(5, activation="tanh", name="h")(inputs)
    model = k.Model(
        inputs, [k.layers.Dense(1, name="a")(h), k.layers.Dense(3, activation="softmax", name="b")(h)]
    )
    model.set_weights([rows(57, 4, 5), rows(58, 5), rows(59, 5, 1), rows(60, 1), rows(61, 5, 3), rows(62, 3)])
    model.compile("sgd", {"a": "mse", "b": "sparse_categorical_crossentropy"}, {"a": 0.5, "b": 2.0},
                  metrics={"a": ["mae"], "b": ["accuracy"]})  # fmt: skip
    y = [x[:, :1] * 2, np.random.default_rng(63).integers(0, 3, 30)]
    found = _trained(model, x, y, epochs=2, batch_size=10)
    found["evaluate"] = numbers(model.evaluate(x, {"a": y[0], "b": y[1]}, verbose=0))
    found["dict"] = list(model.evaluate(x, y, verbose=0, return_dict=True))
    found["metrics_names"] = model.metrics_names
    model.compile("sgd", ["mse", "sparse_categorical_crossentropy"], metrics=[["mae"], None])
    return {**found, "by position": numbers(model.evaluate(x, y, verbose=0))}


@case
def configurations(k: Any) -> dict[str, Any]:
    O, L, M = k.optimizers, k.losses, k.metrics  # noqa: E741
    found = {
        "losses": [L.serialize(L.get(n)) for n in ("mse", "MeanSquaredError", "binary_crossentropy")],
        "metrics": [M.serialize(M.get(n)) for n in ("BinaryAccuracy", "mse", "TopKCategoricalAccuracy")],
        "optimizers": [O.serialize(o) for o in (O.SGD(0.5, name="s"), O.Adam(name="a"), O.RMSprop(name="r"))],
    }
    return found
