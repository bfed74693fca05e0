"""Gradients of tables: rows that are not used stay untouched, in place, and duplicates add up."""

from __future__ import annotations

import numpy as np

import axone
from axone import layers


def _trained(momentum: float, clip: float | None = None) -> list[np.ndarray]:
    axone.utils.set_random_seed(0)
    model = axone.Sequential(
        [axone.Input((4,), dtype="int32"), layers.Embedding(50, 8), layers.GRU(3), layers.Dense(1)]
    )
    model.compile(axone.optimizers.SGD(0.5, momentum=momentum, clipvalue=clip), "mse")
    random = np.random.default_rng(1)
    model.fit(
        random.integers(0, 20, (24, 4)),
        random.random((24, 1)),
        batch_size=8,
        epochs=2,
        shuffle=False,
        verbose=0,
    )
    return model.get_weights()


def test_rows_that_are_used_are_updated_as_by_a_dense_gradient() -> None:
    sparse, dense = _trained(0.0), _trained(1e-30)  # momentum takes the whole gradient
    for a, b in zip(sparse, dense, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for a, b in zip(sparse, _trained(0.0, clip=1e6), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_rows_that_are_not_used_keep_their_bits() -> None:
    axone.utils.set_random_seed(0)
    table = layers.Embedding(50, 8)
    model = axone.Sequential([axone.Input((2,), dtype="int32"), table, layers.Flatten(), layers.Dense(1)])
    before = table.get_weights()[0]
    model.compile(axone.optimizers.SGD(0.1), "mse")
    model.fit(np.array([[3, 7], [7, 7]]), np.array([[1.0], [0.0]]), verbose=0)
    after = table.get_weights()[0]
    changed = np.flatnonzero((before != after).any(axis=1))
    assert changed.tolist() == [3, 7]


def test_a_large_table_is_updated_in_place() -> None:
    model = axone.Sequential(
        [axone.Input((2,), dtype="int32"), layers.Embedding(100_000, 16), layers.Flatten(), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    x, y = np.array([[3, 7], [1, 9]]), np.array([[1.0], [0.0]])
    model.fit(x, y, verbose=0)
    before = axone._engine.allocations()
    model.fit(x, y, verbose=0)
    assert axone._engine.allocations() - before < 50
