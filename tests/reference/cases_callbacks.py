"""Callbacks: what they do and leave behind, their files, the order of their hooks; own losses."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np
from cases_training import CODES, REAL, WEIGHTS, X, fitted, network, weighted
from recording import Cases

case = Cases()


@case
def callbacks(k: Any) -> dict[str, Any]:
    """What callbacks do and leave behind."""
    found: dict[str, Any] = {}
    B = k.callbacks

    def compiled(rate: float = 0.5) -> Any:
        model = network(k)
        model.compile(k.optimizers.SGD(rate), "categorical_crossentropy", metrics=["accuracy"])
        return model

    for name, options in {
        "loss": {"monitor": "loss", "min_delta": 0.05},
        "accuracy": {"monitor": "accuracy", "patience": 2},
        "validation": {"monitor": "val_loss", "patience": 1},
        "best weights": {"monitor": "val_accuracy", "patience": 2, "restore_best_weights": True},
        "baseline": {"monitor": "loss", "baseline": 0.2, "patience": 2},
        "late": {"monitor": "loss", "min_delta": 9.0, "start_from_epoch": 3},
        "upward": {"monitor": "loss", "mode": "max", "patience": 1, "restore_best_weights": True},
    }.items():
        stop, model = B.EarlyStopping(**options), compiled()
        found[f"stop: {name}"] = fitted(model, X, CODES, epochs=8, validation_split=0.3, callbacks=[stop])
        found[f"stop: {name}"]["state"] = [stop.stopped_epoch, float(stop.best), stop.best_epoch, stop.wait]
    for name, options in {
        "plain": {"factor": 0.5, "patience": 1, "min_delta": 0.05},
        "cooled": {"factor": 0.5, "patience": 1, "min_delta": 9.0, "cooldown": 2},
        "floor": {"factor": 0.1, "patience": 1, "min_delta": 9.0, "min_lr": 0.03},
        "upward": {"factor": 0.5, "patience": 2, "mode": "max"},
    }.items():
        model = compiled()
        plateau = B.ReduceLROnPlateau(monitor="loss", **options)
        found[f"plateau: {name}"] = fitted(model, X, CODES, epochs=7, callbacks=[plateau])
        found[f"plateau: {name}"]["state"] = [plateau.cooldown_counter, plateau.wait, float(plateau.best)]
    for name, schedule in {
        "one": lambda epoch: 0.5 / (1.0 + epoch),
        "two": lambda epoch, rate: rate * 0.8,
        "default": lambda epoch, rate=0.1: rate * 0.5,
    }.items():
        found[f"schedule: {name}"] = fitted(
            compiled(), X, CODES, epochs=3, callbacks=[B.LearningRateScheduler(schedule)]
        )
    averaged = network(k)
    averaged.compile(k.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.8), "categorical_crossentropy")
    found["averages"] = fitted(averaged, X, CODES, validation_split=0.3, callbacks=[B.SwapEMAWeights()])
    spoilt = X.copy()
    spoilt[17] = np.inf
    found["not a number"] = fitted(compiled(), spoilt, CODES, callbacks=[B.TerminateOnNaN()])["epochs"]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log.csv")
        for append, options in ((False, {}), (True, {"initial_epoch": 2, "epochs": 3})):
            fitted(compiled(0.0), X, CODES, callbacks=[B.CSVLogger(path, ";", append)], **options)
            with open(path, newline="") as file:
                found[f"file, append={append}"] = [line.split(";")[0] for line in file.read().splitlines()]
        with open(path, newline="") as file:
            found["header"] = file.readline().strip()
    return found


@case
def hooks(k: Any) -> dict[str, Any]:
    """Order of the hooks, their numbers and the names of their logs."""
    calls: list[Any] = []

    class Recorder(k.callbacks.Callback):
        pass

    def hook(name: str) -> Any:
        def call(self: Any, *args: Any, **kwargs: Any) -> None:
            logs = kwargs.get("logs", args[-1] if args and isinstance(args[-1], dict) else None)
            number = next((a for a in args if isinstance(a, int)), None)
            calls.append([name, number, sorted(logs or {})])

        return call

    for name in dir(k.callbacks.Callback):
        if name.startswith("on_") and name not in ("on_batch_begin", "on_batch_end"):
            setattr(Recorder, name, hook(name))

    def compiled(**options: Any) -> Any:
        model = network(k)
        model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"], **options)
        return model

    def recorded(run: Any) -> list[Any]:
        calls.clear()
        run([Recorder()])
        return list(calls)

    data = (X[:6], CODES[:6])
    return {
        "fit": recorded(lambda c: compiled().fit(X[:10], CODES[:10], 4, verbose=0, callbacks=c)),
        "fit, validated": recorded(
            lambda c: compiled().fit(
                *data,
                batch_size=6,
                epochs=2,
                verbose=0,
                callbacks=c,
                validation_data=data,
                validation_batch_size=4,
            )
        ),
        "fit, steps per execution": recorded(
            lambda c: compiled(steps_per_execution=2).fit(X[:12], CODES[:12], 2, verbose=0, callbacks=c)
        ),
        "evaluate": recorded(lambda c: compiled().evaluate(*data, 4, 0, callbacks=c)),
        "predict": recorded(lambda c: compiled().predict(X[:6], 4, 0, callbacks=c)),
    }


@case
def own_losses(k: Any) -> dict[str, Any]:
    """compute_loss and compute_metrics overridden, losses as functions and classes."""

    class Halved(k.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = k.layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):  # type: ignore[no-untyped-def]
            return k.ops.mean(k.ops.abs(y - y_pred)) / 2 + k.ops.sum(k.ops.square(self.dense.kernel)) * 0.01

    class Twice(k.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return 2 * k.ops.mean(k.ops.square(y_true - y_pred), axis=-1)

    def own(y_true: Any, y_pred: Any) -> Any:
        return k.ops.sum(k.ops.abs(y_true - y_pred), axis=-1)

    def scalar(y_true: Any, y_pred: Any) -> Any:
        return k.ops.mean(k.ops.square(y_true - y_pred))

    found = {}
    model = Halved()
    model(X[:1])
    weighted(model)
    model.compile("sgd", metrics=["mae"])
    found["compute_loss"] = fitted(model, X, REAL, validation_split=0.2)
    for name, loss, weight in (
        ("class", Twice(), None), ("class, weighted", Twice(), WEIGHTS),
        ("sum", Twice(reduction="sum"), None),
        ("function", own, None), ("function, weighted", own, WEIGHTS), ("scalar", scalar, None),
    ):  # fmt: skip
        model = network(k, 2, None)
        model.compile(k.optimizers.SGD(0.01), loss, metrics=[own])
        found[name] = fitted(model, X, REAL, sample_weight=weight)
    return found
