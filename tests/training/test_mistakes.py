"""What users do wrong, and what the hardware does: clear errors, and a model that stays usable."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import numpy as np
import pytest
from small_models import linear

import axone
from axone.callbacks import Callback, LambdaCallback, TerminateOnNaN

Pair = tuple[np.ndarray, np.ndarray]


def test_not_compiled() -> None:
    model = linear()
    x = np.ones((2, 3))
    for call in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
        with pytest.raises(ValueError, match=r"call `compile\(\)` before"):
            call(x, x)
    assert model.predict(x, verbose=0).shape == (2, 2)


def test_numbers_of_samples_that_differ(model: Any, data: Pair) -> None:
    x, y = data
    for call in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(ValueError, match="same number of samples; got x: 50, y: 49"):
            call(x, y[:49])
    with pytest.raises(ValueError, match="sample_weight: 3"):
        model.fit(x, y, sample_weight=np.ones(3), verbose=0)
    with pytest.raises(ValueError, match="same number of samples"):
        model.fit(x, y[:45], validation_split=0.2, verbose=0)


@pytest.mark.parametrize("shape", [(0, 3), (0,)])
def test_no_samples(model: Any, shape: tuple[int, ...]) -> None:
    x = np.zeros(shape, "float32")
    for call in (
        lambda: model.fit(x, x, verbose=0),
        lambda: model.predict(x, verbose=0),
        lambda: model.evaluate(x, x),
    ):
        with pytest.raises(ValueError, match="no samples"):
            call()
    with pytest.raises(ValueError, match="no samples"):
        model.predict_on_batch(x)


@pytest.mark.parametrize(
    "bad",
    [
        np.array(["a", "b"]),
        [["x"]],
        np.array([object()]),
        [[1.0, 2.0], [3.0]],
        np.ones((2, 3)) * 1j,
        None,
        3.0,
        "text",
    ],
)
def test_data_that_are_no_numbers(model: Any, bad: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        model.predict(bad, verbose=0)
    with pytest.raises((ValueError, TypeError)):
        model.fit(bad, bad, verbose=0)


def test_no_targets(model: Any, data: Pair) -> None:
    with pytest.raises(ValueError, match="no targets `y`"):
        model.fit(data[0], verbose=0)


def test_wrong_width_names_the_shapes(model: Any, data: Pair) -> None:
    with pytest.raises(ValueError, match=r"3.*5|5.*3"):
        model.predict(np.ones((4, 5), "float32"), verbose=0)
    with pytest.raises(ValueError):
        model.fit(data[0], np.ones((50, 7)), verbose=0)
    assert np.isfinite(model.fit(*data, verbose=0).history["loss"]).all()


@pytest.mark.parametrize("size", [0, -3, 2.5, "all", True])
def test_batch_sizes(model: Any, data: Pair, size: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        model.fit(*data, batch_size=size, verbose=0)


def test_labels_out_of_range_are_an_error_and_the_model_lives(data: Pair) -> None:
    model = linear(3, "softmax")
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    labels = np.zeros(50, int)
    model.fit(data[0], labels, verbose=0)
    bad = labels.copy()
    bad[10] = 3
    with pytest.raises(IndexError, match=r"label.*3"):
        model.fit(data[0], bad, verbose=0)
    assert np.isfinite(model.fit(data[0], labels, verbose=0).history["loss"]).all()


def test_nan_in_the_data_gives_nan_and_no_crash(model: Any, data: Pair) -> None:
    x = data[0].copy()
    x[3, 1] = np.nan
    assert np.isnan(model.evaluate(x, data[1], verbose=0)[0])
    out = model.predict(x, verbose=0)
    assert np.isnan(out[3]).all() and np.isfinite(np.delete(out, 3, 0)).all()
    assert np.isnan(model.fit(x, data[1], verbose=0).history["loss"][0])


def test_terminate_on_nan(model: Any, data: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    x = data[0].copy()
    x[25] = np.inf
    history = model.fit(
        x, data[1], batch_size=10, shuffle=False, epochs=5, verbose=0, callbacks=[TerminateOnNaN()]
    )
    assert history.epoch == [0]
    assert capsys.readouterr().out == "Batch 2: Invalid loss, terminating training\n"
    with pytest.raises(RuntimeError, match="Batch 0"):
        model.fit(x, data[1], verbose=0, callbacks=[TerminateOnNaN(raise_error=True)])


class Interrupting(Callback):
    def __init__(self, hook: str, error: type[BaseException]) -> None:
        super().__init__()
        self.error = error
        setattr(self, hook, self.stop)

    def stop(self, *_: Any) -> None:
        raise self.error


@pytest.mark.parametrize(
    "hook", ["on_train_begin", "on_epoch_begin", "on_train_batch_end", "on_test_end", "on_epoch_end"]
)
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interrupted_by_a_callback(model: Any, data: Pair, hook: str, error: type[BaseException]) -> None:
    with pytest.raises(error):
        model.fit(*data, epochs=3, validation_split=0.2, verbose=0, callbacks=[Interrupting(hook, error)])
    assert np.isfinite(model.predict(data[0], verbose=0)).all()
    history = model.fit(*data, epochs=2, validation_split=0.2, verbose=0)
    assert len(history.history["val_loss"]) == 2 and np.isfinite(history.history["loss"]).all()


def test_interrupted_while_tracing(data: Pair) -> None:
    class Failing(axone.layers.Layer):
        broken = True

        def call(self, inputs: Any) -> Any:
            if self.broken and not isinstance(inputs, axone.KerasTensor):
                raise KeyboardInterrupt
            return inputs

    layer = Failing()
    layer.broken = False
    model = axone.Sequential([axone.Input((3,)), layer, axone.layers.Dense(2)])
    model.compile("adam", "mse", metrics=["mae"])
    layer.broken = True
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data, verbose=0)
    layer.broken = False
    assert axone.ops.add(1, 2).numpy() == 3  # no trace was left open
    assert np.isfinite(model.fit(*data, verbose=0).history["loss"]).all()


def test_ctrl_c_stops_within_a_moment(data: Pair) -> None:
    model = linear()
    model.compile("adam", "mse")
    model.fit(*data, verbose=0)
    # A shell starts background jobs with SIGINT ignored, and Python leaves it so.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
    started = time.monotonic()
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            model.fit(*data, batch_size=1, epochs=10**6, verbose=0)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - started < 3
    assert np.isfinite(model.evaluate(*data, verbose=0))
    assert len(model.history.history["loss"]) > 1


def test_stop_training_from_a_batch(model: Any, data: Pair) -> None:
    seen: list[int] = []

    def stop(batch: int, logs: Any) -> None:
        seen.append(batch)
        model.stop_training = batch == 2

    history = model.fit(
        *data, batch_size=5, epochs=4, verbose=0, callbacks=[LambdaCallback(on_train_batch_end=stop)]
    )
    assert seen == [0, 1, 2] and history.epoch == [0]


def test_callbacks_that_are_none(model: Any, data: Pair) -> None:
    with pytest.raises(TypeError, match=r"Did you mean TerminateOnNaN\(\)"):
        model.fit(*data, verbose=0, callbacks=[TerminateOnNaN])
    with pytest.raises(TypeError, match="expected Callback"):
        model.fit(*data, verbose=0, callbacks=["early"])
