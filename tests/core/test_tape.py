"""GradientTape, in the pattern that TensorFlow made usual."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import axone
from axone import ops
from axone.core.host_call import host_call


def test_the_usual_loop_learns() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3)).astype("float32")
    y = x @ np.array([[1.0], [-2.0], [0.5]], "float32") + 0.3
    w, b = axone.Variable(np.zeros((3, 1), "float32")), axone.Variable([0.0])
    losses = []
    for _ in range(200):
        with axone.GradientTape() as tape:
            loss = ops.mean(ops.square(ops.matmul(x, w) + b - y))
        dw, db = tape.gradient(loss, [w, b])
        w.assign_sub(0.1 * dw)
        b.assign_sub(0.1 * db)
        losses.append(float(loss))
    assert losses[-1] < 1e-6 * losses[0]
    assert np.allclose(w.numpy().ravel(), [1, -2, 0.5], atol=1e-3)


def test_tensors_must_be_watched() -> None:
    x = ops.convert_to_tensor(np.array([1.0, 2.0]))
    with axone.GradientTape() as tape:
        y = ops.sum(x * x)
    assert tape.gradient(y, x) is None
    with axone.GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(x * x)
    assert np.asarray(tape.gradient(y, x)).tolist() == [2, 4]


def test_variables_that_are_not_trainable_are_not_watched() -> None:
    v, frozen = axone.Variable(2.0), axone.Variable(3.0, trainable=False)
    with axone.GradientTape() as tape:
        y = v * frozen
    gradients = tape.gradient(y, [v, frozen])
    assert float(gradients[0]) == 3 and gradients[1] is None
    with axone.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(frozen)
        y = v * frozen
    gradients = tape.gradient(y, [v, frozen])
    assert gradients[0] is None and float(gradients[1]) == 2


def test_one_call_unless_persistent() -> None:
    v = axone.Variable(3.0)
    with axone.GradientTape() as tape:
        y = v * v
    assert float(tape.gradient(y, v)) == 6
    with pytest.raises(RuntimeError, match="persistent"):
        tape.gradient(y, v)
    with axone.GradientTape(persistent=True) as tape:
        y = v * v
        z = y * v
    assert (float(tape.gradient(y, v)), float(tape.gradient(z, v))) == (6, 27)


def test_what_happens_outside_is_not_recorded() -> None:
    v = axone.Variable(3.0)
    with axone.GradientTape() as tape:
        y = v * v
    z = y * v
    assert tape.gradient(z, v) is None


def test_tapes_within_tapes_give_second_derivatives() -> None:
    v = axone.Variable(3.0)
    with axone.GradientTape() as outer:
        with axone.GradientTape() as inner:
            y = v * v * v
        slope = inner.gradient(y, v)
    assert float(slope) == 27
    assert float(outer.gradient(slope, v)) == 18


def test_output_gradients_and_several_targets() -> None:
    v = axone.Variable([1.0, 2.0])
    with axone.GradientTape(persistent=True) as tape:
        y, z = v * v, v * 3.0
    assert np.asarray(tape.gradient(y, v, output_gradients=np.array([10.0, 100.0], "float32"))).tolist() == [
        20,
        400,
    ]
    assert np.asarray(tape.gradient([y, z], v)).tolist() == [5, 7]
    nest = tape.gradient(y, {"v": v})
    assert np.asarray(nest["v"]).tolist() == [2, 4]


def test_a_variable_that_changes_while_the_tape_records() -> None:
    v = axone.Variable(2.0)
    with axone.GradientTape() as tape:
        y = v * v
        v.assign(10.0)
        z = y * v
    assert float(z) == 40
    # y depends on the old value, z on both: d(z)/dv at the values that were read.
    assert float(tape.gradient(y, v) or 0) in (0.0, 4.0)


def test_inside_a_compiled_function() -> None:
    v = axone.Variable([1.0, 2.0])

    @axone.function
    def step(x: Any) -> Any:
        with axone.GradientTape() as tape:
            loss = ops.sum(v * v * x)
        gradient = tape.gradient(loss, v)
        v.assign_sub(0.5 * gradient)
        return loss

    assert float(step(np.array([1.0, 1.0], "float32"))) == 5
    assert v.numpy().tolist() == [0, 0]


def test_the_same_loop_again_compiles_nothing_new() -> None:
    from axone.core import tape as module

    v = axone.Variable(np.ones(4, "float32"))

    def once() -> None:
        with axone.GradientTape() as tape:
            y = ops.sum(ops.tanh(v) * v)
        tape.gradient(y, v)

    once()
    known = len(module._programs)
    for _ in range(5):
        once()
    assert len(module._programs) == known


def test_integers_have_no_gradient() -> None:
    x = ops.convert_to_tensor(np.array([1, 2]))
    with axone.GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(x)
    with pytest.raises(TypeError, match="float"):
        tape.gradient(y, x)


def test_random_draws_in_a_tape_are_the_ones_that_were_seen() -> None:
    x = axone.Variable(np.ones(100, "float32"))
    with axone.GradientTape() as tape:
        y = axone.random.dropout(x, 0.5)
        total = ops.sum(y)
    assert (np.asarray(tape.gradient(total, x)) == np.asarray(y)).all()


def test_the_forward_pass_runs_once() -> None:
    calls = []

    def square(x: np.ndarray) -> np.ndarray:
        calls.append(1)
        return x * x

    def square_gradient(inputs: Any, outputs: Any, gradients: Any) -> list[np.ndarray]:
        return [2 * inputs[0] * gradients[0]]

    x = axone.Variable([1.0, 2.0])
    with axone.GradientTape() as tape:
        squared = host_call(square, [x.value], axone.KerasTensor((2,)), gradient=square_gradient)
        y = ops.sin(squared)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), np.cos([1.0, 4.0]) * [2.0, 4.0], rtol=1e-6)
    assert len(calls) == 1


def test_gradients_of_different_targets_of_one_recording() -> None:
    x = axone.Variable([1.0, 2.0])
    for which, slope in ((0, 2.0), (1, 3.0), (0, 2.0)):
        with axone.GradientTape() as tape:
            both = x * 2.0, x * 3.0
        assert tape.gradient(both[which], x).numpy().tolist() == [slope, slope]


@pytest.mark.parametrize(
    "step",
    [
        ops.transpose,
        ops.square,
        lambda x: ops.reshape(x, (6, 2)),
        lambda x: ops.matmul(ops.reshape(x, (2, 2, 3)), np.ones((3, 2), "float32")),
    ],
)
@pytest.mark.parametrize("rest", [ops.transpose, ops.relu, lambda t: ops.matmul(t, ops.swapaxes(t, -1, -2))])
@pytest.mark.parametrize("compiled", [False, True])
def test_gradients_by_what_lies_between(step: Any, rest: Any, compiled: bool) -> None:
    def both(x: Any) -> Any:
        with axone.GradientTape() as tape:
            tape.watch(x)
            between = step(x)
            result = ops.sum(ops.square(rest(between)))
        return between, tape.gradient(result, between)

    between, found = (axone.function(both) if compiled else both)(ops.reshape(ops.arange(12.0), (4, 3)) / 12)
    with axone.GradientTape() as tape:
        tape.watch(between)
        result = ops.sum(ops.square(rest(between)))
    np.testing.assert_allclose(found, tape.gradient(result, between), rtol=1e-6)
