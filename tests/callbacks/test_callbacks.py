from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import axone
from axone import callbacks as cb


class Model:
    """Stands in for a model: weights that count epochs, an optimizer with a learning rate, named metrics."""

    def __init__(self) -> None:
        self.stop_training = False
        self.weights = [0.0]
        self.optimizer = axone.optimizers.SGD(1.0)
        accuracy, other = axone.metrics.BinaryAccuracy(name="accuracy"), axone.metrics.Mean(name="other")
        self.metrics: list[Any] = [accuracy, other]

    def get_weights(self) -> list[float]:
        return list(self.weights)

    def set_weights(self, weights: list[float]) -> None:
        self.weights = list(weights)


def play(
    callback: cb.Callback, values: list[float], name: str = "val_loss"
) -> tuple[Model, int, list[dict[str, Any]]]:
    """Runs the hooks of `fit` over epochs whose logs hold the values; returns model, epochs done and logs."""
    model, logs = Model(), []
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch)
        model.weights = [float(epoch)]
        logs.append({name: value})
        callback.on_epoch_end(epoch, logs[-1])
        if model.stop_training:
            break
    callback.on_train_end()
    return model, len(logs), logs


@pytest.mark.parametrize(
    ("options", "values", "epochs"),
    [
        ({}, [3, 2, 1, 1, 0], 4),  # equal is no improvement
        ({}, [3, 4], 2),
        ({"patience": 2}, [3, 4, 4, 1], 3),
        ({"patience": 2}, [3, 4, 2, 4, 4, 0], 5),
        ({"patience": 3, "min_delta": 0.5}, [3, 2.9, 2.8, 2.7, 2.6, 0], 4),
        ({"patience": 1, "start_from_epoch": 3}, [1, 5, 5, 5, 4, 6, 0], 6),
        ({"patience": 2, "baseline": 1.0}, [3, 2.5, 2.4, 0.5], 4),
        ({"patience": 2, "baseline": 1.0}, [3, 3, 3, 0.5], 2),
        ({"patience": 1}, [3, float("nan"), 1], 2),
        ({"mode": "max"}, [1, 2, 3, 2, 9], 4),
        ({"patience": 5}, [3, 4, 5], 3),
    ],
)
def test_early_stopping(options: dict[str, Any], values: list[float], epochs: int) -> None:
    stop = cb.EarlyStopping(**options)
    model, done, _ = play(stop, values)
    assert done == epochs
    assert stop.stopped_epoch == (epochs - 1 if model.stop_training else 0)


def test_early_stopping_starts_afresh_with_every_fit() -> None:
    stop = cb.EarlyStopping(patience=1)
    assert play(stop, [1, 2, 3])[1] == 2
    assert play(stop, [5, 4, 3])[1] == 3 and stop.stopped_epoch == 0


def test_early_stopping_asks_the_metric_for_its_direction() -> None:
    assert play(cb.EarlyStopping("val_accuracy"), [0.1, 0.2, 0.1, 0.9], "val_accuracy")[1] == 3
    assert play(cb.EarlyStopping("head_accuracy"), [0.1, 0.2, 0.1, 0.9], "head_accuracy")[1] == 3
    assert play(cb.EarlyStopping("head_loss"), [2, 1, 2, 0], "head_loss")[1] == 3
    with pytest.raises(ValueError, match="mode='max' or mode='min'"):
        play(cb.EarlyStopping("val_other"), [1, 2, 3], "val_other")
    with pytest.warns(UserWarning, match="'upward'"):
        cb.EarlyStopping(mode="upward")


def test_early_stopping_without_the_value_warns() -> None:
    with pytest.warns(UserWarning, match="'val_loss', which is not there. Available: loss"):
        assert play(cb.EarlyStopping(), [1, 2, 3], "loss")[1] == 3


def test_best_weights_come_back(capsys: pytest.CaptureFixture[str]) -> None:
    stop = cb.EarlyStopping(patience=2, restore_best_weights=True, verbose=1)
    model, _, _ = play(stop, [3, 1, 2, 2, 0])
    assert model.weights == [1.0] and (stop.best, stop.best_epoch) == (1, 1)
    out = capsys.readouterr().out
    assert out == "Epoch 4: early stopping\nRestoring model weights from the end of the best epoch: 2.\n"
    model, _, _ = play(cb.EarlyStopping(patience=9, restore_best_weights=True), [3, 1, 2])
    assert model.weights == [1.0]  # at a regular end too
    model, _, _ = play(cb.EarlyStopping(patience=2), [3, 1, 2, 2])
    assert model.weights == [3.0]


def test_early_stopping_in_fit() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)).astype("float32")
    model = axone.Sequential([axone.Input((3,)), axone.layers.Dense(1)])
    model.compile(axone.optimizers.SGD(1e-9), "mse", metrics=["mae"])
    stop = cb.EarlyStopping("val_mae", min_delta=0.01, patience=2, restore_best_weights=True)
    first = [w.copy() for w in model.get_weights()]
    history = model.fit(x, x[:, :1], epochs=20, validation_split=0.2, callbacks=[stop], verbose=0)
    assert history.epoch == [0, 1, 2] and stop.stopped_epoch == 2
    np.testing.assert_allclose(model.get_weights()[0], first[0], rtol=1e-5)


def test_reduce_on_plateau(capsys: pytest.CaptureFixture[str]) -> None:
    reduce = cb.ReduceLROnPlateau(factor=0.5, patience=2, cooldown=1, min_lr=0.2, verbose=1)
    model, _, logs = play(reduce, [1.0] * 11)
    rates = [log["learning_rate"] for log in logs]
    # The rate of an epoch is logged before it is reduced at the epoch's end.
    assert rates == pytest.approx([1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2])
    assert float(model.optimizer.learning_rate) == pytest.approx(0.2)
    assert capsys.readouterr().out.count("ReduceLROnPlateau reducing learning rate to") == 3
    with pytest.raises(ValueError, match="factor must be below 1"):
        cb.ReduceLROnPlateau(factor=1.0)


def test_plateau_ends_with_an_improvement() -> None:
    _, _, logs = play(
        cb.ReduceLROnPlateau("val_accuracy", patience=2), [0.1, 0.1, 0.2, 0.2, 0.3], "val_accuracy"
    )
    assert [log["learning_rate"] for log in logs] == [1.0] * 5


def test_learning_rate_scheduler() -> None:
    _, _, logs = play(cb.LearningRateScheduler(lambda epoch, rate: rate * 0.5), [1, 1, 1])
    assert [log["learning_rate"] for log in logs] == [0.5, 0.25, 0.125]
    _, _, logs = play(cb.LearningRateScheduler(lambda epoch: np.float32(epoch)), [1, 1, 1])
    assert [log["learning_rate"] for log in logs] == [0.0, 1.0, 2.0]
    with pytest.raises(ValueError, match="must return a number, got 'slow'"):
        play(cb.LearningRateScheduler(lambda epoch: "slow"), [1])  # type: ignore[arg-type, return-value]

    def broken(epoch: int, rate: float) -> float:
        raise TypeError("inside")

    with pytest.raises(TypeError, match="inside"):
        play(cb.LearningRateScheduler(broken), [1])


def test_scheduler_changes_what_fit_does() -> None:
    model = axone.Sequential(
        [axone.Input((1,)), axone.layers.Dense(1, use_bias=False, kernel_initializer="ones")]
    )
    model.compile(axone.optimizers.SGD(1.0), "mse")
    x, y = np.ones((4, 1), "float32"), np.zeros((4, 1), "float32")
    rates = [0.25, 0.0, 0.5]
    seen: list[float] = []
    watch = cb.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(float(model.get_weights()[0][0, 0]))
    )
    history = model.fit(
        x, y, epochs=3, verbose=0, callbacks=[cb.LearningRateScheduler(lambda epoch: rates[epoch]), watch]
    )
    assert seen == [0.5, 0.5, 0.0]  # w -= rate * 2 w
    assert history.history["learning_rate"] == rates


def test_csv_logger(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    model = axone.Sequential([axone.Input((1,)), axone.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    x = np.ones((8, 1), "float32")
    history = model.fit(
        x, x, epochs=2, validation_split=0.5, verbose=0, callbacks=[cb.CSVLogger(path)]
    ).history
    rows = list(csv.DictReader(path.open()))
    assert list(rows[0]) == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    assert [float(r["val_mae"]) for r in rows] == history["val_mae"] and [r["epoch"] for r in rows] == [
        "0",
        "1",
    ]
    model.fit(x, x, epochs=3, initial_epoch=2, verbose=0, callbacks=[cb.CSVLogger(path, append=True)])
    rows = list(csv.DictReader(path.open()))
    assert len(rows) == 3 and rows[2]["val_mae"] == "NA"
    model.fit(x, x, verbose=0, callbacks=[cb.CSVLogger(path, separator=";")])
    assert path.read_text().splitlines()[0] == "epoch;loss;mae;val_loss;val_mae"


def test_hooks_come_in_order() -> None:
    calls: list[str] = []

    class Recorder(cb.Callback):
        pass

    def hook(name: str) -> Any:
        return lambda self, *a, **k: calls.append(name)

    names = [
        n for n in dir(cb.Callback) if n.startswith("on_") and n not in ("on_batch_begin", "on_batch_end")
    ]
    for name in names:
        setattr(Recorder, name, hook(name[3:]))
    model = axone.Sequential([axone.Input((1,)), axone.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 1), "float32")
    model.fit(
        x, x, batch_size=2, validation_data=(x, x), validation_batch_size=4, verbose=0, callbacks=Recorder()
    )
    batch = ["train_batch_begin", "train_batch_end"]
    test = ["test_begin", "test_batch_begin", "test_batch_end", "test_end"]
    assert calls == ["train_begin", "epoch_begin", *batch, *batch, *test, "epoch_end", "train_end"]
    calls.clear()
    model.predict(x, verbose=0, callbacks=[[Recorder()]])
    assert calls == ["predict_begin", "predict_batch_begin", "predict_batch_end", "predict_end"]
    calls.clear()
    model.evaluate(x, x, verbose=0, callbacks=(Recorder(),))
    assert calls == test


def test_older_names_of_batch_hooks() -> None:
    seen: list[tuple[int, float]] = []

    class Old(cb.Callback):
        def on_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            seen.append((batch, (logs or {})["loss"]))

    model = axone.Sequential([axone.Input((1,)), axone.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((6, 1), "float32")
    model.fit(x, x, batch_size=2, verbose=0, callbacks=[Old()])
    assert [b for b, _ in seen] == [0, 1, 2] and all(type(v) is float for _, v in seen)


def test_which_callbacks_look_at_every_batch() -> None:
    quiet = [
        cb.History(),
        cb.ProgbarLogger(),
        cb.EarlyStopping(),
        cb.LambdaCallback(on_epoch_end=lambda e, logs: None),
    ]
    assert not cb.CallbackList(quiet, verbose=1).wants_every_batch("train")
    assert cb.CallbackList([cb.TerminateOnNaN()]).wants_every_batch("train")
    assert not cb.CallbackList([cb.TerminateOnNaN()]).wants_every_batch("test")
    watch = cb.LambdaCallback(on_test_batch_begin=lambda batch, logs: None)
    assert cb.CallbackList([watch]).wants_every_batch("test") and not cb.CallbackList(
        [watch]
    ).wants_every_batch("train")


def test_history_and_bar_are_added_once() -> None:
    own = cb.History()
    model = Model()
    made = cb.CallbackList(
        [own], add_history=True, add_progbar=True, model=model, verbose=1, epochs=1, steps=1
    )
    assert [type(c) for c in made.callbacks] == [cb.History, cb.ProgbarLogger] and model.history is own  # type: ignore[attr-defined]
    assert own.params == {"verbose": 1, "epochs": 1, "steps": 1}


def test_own_callback_list_can_be_passed() -> None:
    model = axone.Sequential([axone.Input((1,)), axone.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 1), "float32")
    made = cb.CallbackList([cb.LambdaCallback()], add_history=True, model=model, epochs=2, steps=1, verbose=0)
    assert len(model.fit(x, x, epochs=2, callbacks=made).history["loss"]) == 2
