"""Python functions of the step as learning rates."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import axone
from axone import ops
from axone.optimizers import SGD, Adam

X, Y = np.ones((8, 1), "float32"), np.zeros((8, 1), "float32")
STEPS = 8


def line() -> Any:
    return axone.Sequential(
        [axone.Input((1,)), axone.layers.Dense(1, use_bias=False, kernel_initializer="ones")]
    )


def trained(optimizer: Any) -> float:
    model = line()
    model.compile(optimizer, "mse")
    model.fit(X, Y, batch_size=2, epochs=2, verbose=0)
    return float(model.get_weights()[0][0, 0])


def by_hand(rate: Callable[[int], float]) -> float:
    w = 1.0
    for step in range(STEPS):
        w -= rate(step) * 2 * w
    return w


def in_engine(step: Any) -> Any:
    return ops.where(step < 3, 0.1, 0.01)


TRACED: list[tuple[Callable[[Any], Any], Callable[[int], float]]] = [
    (lambda step: 0.1 * 0.9**step, lambda step: 0.1 * 0.9**step),
    (lambda step: 0.1 / (1 + step), lambda step: 0.1 / (1 + step)),
    (lambda step: 0.1 * np.exp(-step), lambda step: 0.1 * math.exp(-step)),
    (lambda step=0: 0.05, lambda step: 0.05),
    (in_engine, lambda step: 0.1 if step < 3 else 0.01),
]
UNTRACED: list[Callable[[int], float]] = [
    lambda step: 0.1 if step < 3 else 0.01,
    lambda step: 0.1 * math.exp(-step),
    lambda step: [0.1, 0.2, 0.3][step % 3],
    lambda step: min(step / 10, 0.1),
    {s: 0.01 * s for s in range(STEPS + 1)}.__getitem__,
]


@pytest.mark.parametrize(("rate", "plain"), TRACED)
def test_traced(rate: Callable[[Any], Any], plain: Callable[[int], float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert trained(SGD(rate)) == pytest.approx(by_hand(plain), rel=1e-5)


@pytest.mark.parametrize("rate", UNTRACED)
def test_untraced_runs_in_python_and_says_so(rate: Callable[[int], float]) -> None:
    optimizer = SGD(learning_rate=rate)
    with pytest.warns(UserWarning, match=r"runs in Python at every step.*axone\.ops") as caught:
        got = trained(optimizer)
    assert got == pytest.approx(by_hand(rate), rel=1e-5) and len(caught) == 1
    assert float(optimizer.learning_rate) == pytest.approx(rate(STEPS))


def test_a_function_of_nothing_is_asked_at_every_step() -> None:
    asked = [0]

    def rate() -> float:
        asked[0] += 1
        return 0.05 if asked[0] <= 2 else 0.0

    model = line()
    model.compile(SGD(rate), "mse")
    with pytest.warns(UserWarning, match="runs in Python"):
        model.fit(X, Y, batch_size=2, epochs=2, verbose=0)
    assert 2 < asked[0] <= STEPS + 1


def test_a_function_that_reads_a_variable() -> None:
    held = axone.Variable(0.25, dtype="float32")
    model = line()
    model.compile(SGD(lambda: held), "mse")
    seen = []
    for rate in (0.25, 0.0, 0.5):
        held.assign(rate)
        model.fit(X, Y, verbose=0)
        seen.append(float(model.get_weights()[0][0, 0]))
    assert seen == [0.5, 0.5, 0.0]


def test_set_later_and_with_state() -> None:
    rate = UNTRACED[0]
    optimizer = Adam(0.5)
    optimizer.learning_rate = lambda step: ops.where(step < 3, 0.1, 0.01)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert trained(optimizer) == pytest.approx(trained(Adam(rate)), rel=1e-5)


def test_by_hand_outside_of_fit() -> None:
    variable = axone.Variable(np.ones(2, "float32"))
    optimizer = SGD(lambda step: 0.1 if step < 1 else 0.2)
    for _ in range(2):
        optimizer.apply([ops.ones(2)], [variable])
    np.testing.assert_allclose(variable.numpy(), 0.7, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:SGD. the learning rate")
@pytest.mark.parametrize("rate", [lambda step: "fast", lambda step: None, lambda step: np.ones(2)])
def test_no_number(rate: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueError, match="must return a number"):
        trained(SGD(rate))


def test_an_error_inside_passes_and_the_model_stays_usable() -> None:
    def rate(step: int) -> float:
        if step < 2:
            return 0.1
        raise RuntimeError("no rate left")

    model = line()
    model.compile(SGD(rate), "mse")
    with pytest.warns(UserWarning, match="runs in Python"), pytest.raises(RuntimeError, match="no rate left"):
        model.fit(X, Y, batch_size=2, verbose=0)
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"]).all()
