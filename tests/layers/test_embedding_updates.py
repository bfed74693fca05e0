"""Gradients of tables: rows that are not used stay untouched, in place, and duplicates add up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import axone
from axone import layers, ops
from axone.core.program import TensorSpec, trace_program


@contextmanager
def using_threads(count: int) -> Iterator[None]:
    before = axone.config.num_threads()
    axone.config.set_num_threads(count)
    try:
        yield
    finally:
        axone.config.set_num_threads(before)


def _trained(optimizer: Any) -> list[np.ndarray]:
    axone.utils.set_random_seed(0)
    model = axone.Sequential(
        [axone.Input((4,), dtype="int32"), layers.Embedding(50, 8), layers.GRU(3), layers.Dense(1)]
    )
    model.compile(optimizer, "mse")
    random = np.random.default_rng(1)
    x = random.integers(-10, 10, (24, 4))  # negative ones count from the end
    model.fit(x, random.random((24, 1)), batch_size=8, epochs=3, shuffle=False, verbose=0)
    return [*model.get_weights(), *(v.numpy() for v in model.optimizer.variables)]


@pytest.mark.parametrize("make", [axone.optimizers.SGD, axone.optimizers.Adagrad])
@pytest.mark.parametrize("options", [{}, {"use_ema": True}])
def test_used_rows_are_updated_to_the_bit_as_by_a_dense_gradient(make: Any, options: dict[str, Any]) -> None:
    rows = _trained(make(0.5, **options))
    dense = _trained(make(0.5, clipvalue=1e30, **options))  # a clipped gradient is a table
    for a, b in zip(rows, dense, strict=True):
        np.testing.assert_array_equal(a, b)


def _loss(table: Any, places: Any, weights: Any) -> Any:
    return ops.sum(ops.square(ops.take(table, places, axis=0)) * weights)


@pytest.mark.parametrize("optimizer", ["SGD", "Adagrad", "Adam", "RMSprop", "Adadelta", "Lion"])
def test_the_gradient_of_a_table_never_exists_as_a_whole(optimizer: str) -> None:
    table = axone.Variable(np.ones((20_000, 16), "float32"))
    own = getattr(axone.optimizers, optimizer)(0.1)
    own.build([table])

    def step(places: Any, weights: Any) -> Any:
        with axone.GradientTape() as tape:
            loss = _loss(table, places, weights)
        own.apply([tape.gradient(loss, table)])
        return loss

    program = trace_program(step, [TensorSpec((64,), "int32"), TensorSpec((64, 16), "float32")])
    assert program.engine.arena_bytes < table.numpy().nbytes / 8


@pytest.mark.parametrize("shape", [(7, 1), (40, 3), (5, 9000), (3, 2, 8)])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_what_follows_a_scattered_gradient_sees_all_of_it(shape: tuple[int, ...], dtype: str) -> None:
    rng = np.random.default_rng(0)
    places = rng.integers(-shape[0], shape[0], 30).astype(dtype)
    rows, x = rng.normal(size=(30, *shape[1:])).astype("float32"), rng.normal(size=shape).astype("float32")

    def step(places: Any, rows: Any, x: Any) -> Any:
        with axone.GradientTape() as tape:
            tape.watch(x)
            loss = ops.sum(ops.take(x, places, axis=0) * rows)
        gradient = tape.gradient(loss, x)
        return x - 0.5 * gradient, ops.square(gradient) + x

    expected = np.zeros(shape)
    np.add.at(expected, places, rows)
    found = []
    for threads in (1, 2, 5):
        with using_threads(threads):
            found.append([y.numpy() for y in axone.function(step)(places, rows, x)])
    np.testing.assert_allclose(found[0][0], x - 0.5 * expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[0][1], expected**2 + x, rtol=1e-4, atol=1e-4)
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_an_index_out_of_range_is_reported() -> None:
    def step(places: Any, x: Any) -> Any:
        with axone.GradientTape() as tape:
            tape.watch(x)
            loss = ops.sum(ops.take(x, places, axis=0))
        return x - tape.gradient(loss, x)

    with pytest.raises(IndexError, match=r"out of range.*12"):
        axone.function(step)(np.array([1, 12]), np.ones((5, 3), "float32"))


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
