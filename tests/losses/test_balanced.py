from __future__ import annotations

import numpy as np
import pytest

import axone
from axone.losses import BalancedMSE


def test_every_value_has_the_same_total_weight() -> None:
    y = np.array([0.0] * 90 + [1.0] * 9 + [5.0])
    loss = BalancedMSE()
    loss.adapt(y)
    weights = np.array([loss.weights[[0.0, 1.0, 5.0].index(v)] for v in y])
    assert np.allclose([weights[y == v].sum() for v in (0, 1, 5)], 100 / 3)
    p = np.random.default_rng(0).normal(size=100)
    assert float(loss(y[:, None], p[:, None])) == pytest.approx(np.mean(weights * (y - p) ** 2), rel=1e-5)


def test_intervals() -> None:
    y = np.concatenate([np.linspace(0, 0.9, 80), np.linspace(2.1, 3, 20)])
    loss = BalancedMSE()
    loss.adapt(y, bins=3)
    assert loss.counts == [80, 0, 20] and loss.weights.tolist() == [np.float32(0.625), 0, 2.5]
    assert float(loss([[0.5], [2.5]], [[0.0], [2.0]])) == pytest.approx((0.625 * 0.25 + 2.5 * 0.25) / 2)


def test_configuration() -> None:
    loss = BalancedMSE()
    loss.adapt([0, 0, 1])
    again = axone.losses.deserialize(axone.losses.serialize(loss))
    assert np.array_equal(again.weights, loss.weights)


def test_trains() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 3)).astype("float32")
    y = (x[:, :1] > 1.5).astype("float32")
    loss = BalancedMSE()
    loss.adapt(y)
    model = axone.Sequential([axone.Input((3,)), axone.layers.Dense(1)])
    model.compile(axone.optimizers.SGD(0.1), loss)
    history = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert history[-1] < history[0] / 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BalancedMSE(values=[0, 1]), "counts"),
        (lambda: BalancedMSE(values=[0, 1], counts=[1]), "expected 2 counts, got 1"),
        (lambda: BalancedMSE().adapt([]), "at least one target"),
        (lambda: BalancedMSE().adapt([np.nan]), "NaN"),
        (lambda: BalancedMSE()([0.0], [0.0]), "call `adapt"),
    ],
)
def test_mistakes(make, message) -> None:
    with pytest.raises(ValueError, match=message):
        make()
