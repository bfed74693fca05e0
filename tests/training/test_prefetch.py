"""Slow generators: the next batch is made in a thread while the step runs."""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from small_models import linear

import axone
from axone.callbacks import LambdaCallback
from axone.training.prefetch import Ahead

Pair = tuple[np.ndarray, np.ndarray]
SLOW = 0.004


def ours() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "axone-ahead"]


def soon(condition: Callable[[], bool]) -> bool:
    """Waits up to two seconds for something to come true."""
    limit = time.monotonic() + 2
    while not condition() and time.monotonic() < limit:
        time.sleep(0.001)
    return condition()


def counted(made: list[int], count: int = 10, pause: float = SLOW) -> Iterator[int]:
    for i in range(count):
        time.sleep(pause)
        made.append(i)
        yield i


def test_one_item_ahead_and_no_more() -> None:
    made: list[int] = []
    ahead = Ahead(counted(made))
    for i in range(5):
        assert next(ahead) == i
        assert soon(lambda i=i: len(made) == i + 2)
        time.sleep(3 * SLOW)
        assert len(made) == i + 2
    assert list(ahead) == [5, 6, 7, 8, 9]
    assert list(ahead) == [] and soon(lambda: not ours())


def test_the_limit_is_kept() -> None:
    made: list[int] = []
    source = counted(made)
    ahead = Ahead(source)
    ahead.allow(3)
    assert [next(ahead) for _ in range(3)] == [0, 1, 2]
    time.sleep(3 * SLOW)
    assert made == [0, 1, 2]
    ahead.allow(2)
    assert [next(ahead) for _ in range(2)] == [3, 4]
    assert next(ahead) == 5  # more than was said comes too, but not ahead
    ahead.close()
    assert next(source) == 6 and not ours()


def test_quick_sources_need_no_thread() -> None:
    ahead = Ahead(iter(range(1000)))
    assert next(ahead) == 0 and not ours()


def test_a_forgotten_one_ends_its_thread() -> None:
    ahead = Ahead(counted([]))
    next(ahead)
    assert ours()
    del ahead
    gc.collect()
    assert soon(lambda: not ours())


def batches(data: Pair, times: int = 1, fail_at: int | None = None, made: Any = None) -> Iterator[Pair]:
    x, y = data
    for k in range(times):
        for i, first in enumerate(range(0, 50, 10)):
            time.sleep(SLOW)
            if (k, i) == (0, fail_at):
                raise OSError("no such file")
            if made is not None:
                made.append(threading.current_thread().name)
            yield x[first : first + 10], y[first : first + 10]


def test_same_numbers_as_arrays_made_in_a_thread(data: Pair) -> None:
    one, two, made = linear(), linear(), []
    for model in (one, two):
        model.compile("adam", "mse", metrics=["mae"])
    options = {
        "epochs": 3,
        "validation_data": (data[0] + 1, data[1]),
        "validation_batch_size": 10,
        "verbose": 0,
    }
    want = one.fit(*data, batch_size=10, shuffle=False, **options)
    got = two.fit(batches(data, 3, made=made), steps_per_epoch=5, **options)
    assert got.history == want.history and not ours()
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert made[0] == "MainThread" and made[1:] == ["axone-ahead"] * 14
    assert two.evaluate(batches(data), verbose=0) == one.evaluate(*data, batch_size=10, verbose=0)
    np.testing.assert_array_equal(two.predict(batches(data), verbose=0), one.predict(data[0], verbose=0))


def test_what_is_left_of_a_generator_can_be_used(model: Any, data: Pair) -> None:
    made: list[str] = []
    source = batches(data, 4, made=made)
    for _ in range(2):
        model.fit(source, steps_per_epoch=4, epochs=2, verbose=0)
    assert len(made) == 16
    assert len(list(source)) == 4


def test_an_error_arrives_in_its_turn(model: Any, data: Pair) -> None:
    seen: list[int] = []
    watch = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    with pytest.raises(OSError, match="no such file") as caught:
        model.fit(batches(data, fail_at=3), verbose=0, callbacks=[watch])
    assert seen == [0, 1, 2] and "batches" in [entry.name for entry in caught.traceback]
    assert not ours()
    assert np.isfinite(model.fit(batches(data), verbose=0).history["loss"]).all()


@pytest.mark.parametrize("how", ["raised", "stopped"])
def test_an_end_before_the_data_s_leaves_no_thread(model: Any, data: Pair, how: str) -> None:
    def end(batch: int, logs: Any) -> None:
        if batch == 2:
            model.stop_training = True
            if how == "raised":
                raise KeyboardInterrupt

    watch = LambdaCallback(on_train_batch_end=end)
    if how == "raised":
        with pytest.raises(KeyboardInterrupt):
            model.fit(batches(data, 9), verbose=0, callbacks=[watch])
    else:
        model.fit(batches(data, 9), verbose=0, callbacks=[watch])
    assert soon(lambda: not ours())


def test_ctrl_c_while_a_batch_is_awaited(model: Any, data: Pair) -> None:
    release = threading.Event()

    def stuck() -> Iterator[Pair]:
        yield from batches(data)
        release.wait(10)
        yield data

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
    started = time.monotonic()
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            model.fit(stuck(), verbose=0)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - started < 5
    release.set()
    assert soon(lambda: not ours())
    assert np.isfinite(model.fit(*data, verbose=0).history["loss"]).all()


def test_a_generator_that_computes_with_axone(model: Any, data: Pair) -> None:
    helper = linear()
    want = helper.predict(data[0][:10], verbose=0)

    def computing() -> Iterator[Pair]:
        for _ in range(20):
            time.sleep(SLOW / 2)
            y = axone.ops.convert_to_numpy(axone.ops.tanh(helper.predict(data[0][:10], verbose=0)))
            np.testing.assert_allclose(y, np.tanh(want), rtol=1e-5)
            yield data[0][:10], y

    assert np.isfinite(model.fit(computing(), verbose=0).history["loss"]).all()
