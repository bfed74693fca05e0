"""Programs and the data feed: whole steps over rows of the user's arrays."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import axone
from axone import ops
from axone.core.program import TensorSpec, trace_program

LAYOUTS: list[Any] = [
    lambda x: x,
    lambda x: np.asfortranarray(x),
    lambda x: x[::-1],
    lambda x: np.repeat(x, 2, axis=0)[::2],
    lambda x: x.astype("float64"),
    lambda x: x.astype("float16"),
]


def row_sums(batch: int, width: int = 3) -> Any:
    return trace_program(lambda x: ops.sum(x, axis=1), [TensorSpec((batch, width), "float32")])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_are_gathered_from_any_layout(layout: Any) -> None:
    x = layout(np.arange(36, dtype="float32").reshape(12, 3))
    order = np.random.default_rng(0).permutation(12).astype("int64")
    for chosen in (order, None):
        out = np.zeros(12, "float32")
        assert row_sums(4).run_steps([x], chosen, 4, 0, 3, float("inf"), [out]) == 3
        rows = x if chosen is None else x[chosen]
        assert np.allclose(out, rows.astype("float64").sum(1))


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "bool", "float64"]
)
def test_rows_are_cast(dtype: str) -> None:
    x = (np.arange(12).reshape(4, 3) % 2).astype(dtype)
    out = np.zeros(4, "float32")
    row_sums(2).run_steps([x], None, 2, 0, 2, float("inf"), [out])
    assert np.allclose(out, x.astype("float64").sum(1))


def test_steps_update_variables_and_keep_the_last_outputs() -> None:
    total = axone.Variable(0.0)

    def step(x: Any, y: Any) -> Any:
        total.assign_add(ops.sum(x * y))
        return {"seen": total.value}

    program = trace_program(step, [TensorSpec((2,), "float32"), TensorSpec((2,), "float32")])
    x, y = np.arange(10, dtype="float32"), np.ones(10, "float32")
    assert program.run_steps([x, y], None, 2, 1, 3) == 3
    assert float(total) == 2 + 3 + 4 + 5 + 6 + 7
    assert float(program.outputs()["seen"]) == float(total)


def test_the_budget_ends_a_call_after_a_step() -> None:
    program = row_sums(1)
    began = time.perf_counter()
    done = program.run_steps([np.zeros((2_000_000, 3), "float32")], None, 1, 0, 2_000_000, 0.02)
    assert 1 <= done < 2_000_000
    assert time.perf_counter() - began < 1.0
    assert program.run_steps([np.zeros((5, 3), "float32")], None, 1, 0, 5, 0.0) == 1


def test_wrong_sources() -> None:
    program = row_sums(2)
    good = np.zeros((4, 3), "float32")
    with pytest.raises(IndexError):
        program.run_steps([good], np.array([0, 1, 2, 9]), 2, 0, 2)
    with pytest.raises((IndexError, ValueError)):
        program.run_steps([good], None, 2, 0, 3)
    with pytest.raises((IndexError, ValueError)):
        program.run_steps([good], None, 2, -1, 1)
    with pytest.raises(ValueError):
        program.run_steps([np.zeros((4, 5), "float32")], None, 2, 0, 1)
    with pytest.raises((TypeError, ValueError)):
        program.run_steps([np.array([["a", "b", "c"]] * 4)], None, 2, 0, 1)
    with pytest.raises(TypeError, match=">f4"):  # bytes in another machine's order
        program.run_steps([good.astype(">f4")], None, 2, 0, 1)
    with pytest.raises((TypeError, ValueError)):
        program.run_steps([], None, 2, 0, 1)
    with pytest.raises((TypeError, ValueError)):
        program.run_steps([good], None, 2, 0, 2, float("inf"), [np.zeros((2, 2), "float32")])
    assert program.run_steps([good], None, 2, 0, 2) == 2


def test_run_checks_shapes() -> None:
    program = row_sums(2)
    assert np.asarray(program.run(np.ones((2, 3)))).tolist() == [3, 3]
    with pytest.raises(ValueError, match=r"shape|expected"):
        program.run(np.ones((3, 3)))


def test_an_empty_program_and_constants() -> None:
    program = trace_program(lambda x: (x, ops.ones((2,)), 3.0), [TensorSpec((0, 2), "float32")])
    same, ones, three = program.run(np.zeros((0, 2)))
    assert same.shape == (0, 2) and np.asarray(ones).tolist() == [1, 1] and float(three) == 3


def test_a_train_step_allocates_nothing_after_its_first_run() -> None:
    from axone import _engine

    w = axone.Variable(np.ones((3, 4), "float32"))

    def step(x: Any) -> Any:
        gradient = axone.grad(lambda v: ops.mean(ops.square(ops.matmul(x, v))))(w)
        w.assign_sub(0.01 * gradient)
        return ops.mean(w.value)

    program = trace_program(step, [TensorSpec((8, 3), "float32")])
    x = np.ones((800, 3), "float32")
    program.run_steps([x], None, 8, 0, 2)
    before = _engine.allocations()
    program.run_steps([x], None, 8, 0, 100)
    assert _engine.allocations() == before


def test_what_follows_a_product_of_sequences_is_its_epilogue() -> None:
    rng = np.random.default_rng(0)
    x, residual = (rng.normal(size=(4, 30, 16)).astype("float32") for _ in range(2))
    kernel = rng.normal(size=(16, 16)).astype("float32")
    bias, mean = rng.normal(size=16).astype("float32"), rng.normal(size=(4, 30, 1)).astype("float32")

    def layer(x: Any, residual: Any) -> Any:
        return ops.relu(ops.matmul(x, kernel) + bias) * 2.0 + residual - mean

    specs = [TensorSpec(x.shape, "float32"), TensorSpec(x.shape, "float32")]
    program = trace_program(layer, specs)
    assert program.engine.instruction_count == 1
    expected = np.maximum(x @ kernel + bias, 0) * 2 + residual - mean
    np.testing.assert_allclose(program.run(x, residual), expected, rtol=1e-5, atol=1e-5)
