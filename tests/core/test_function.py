"""Compiled functions, gradients of functions, and what they do to variables."""

from __future__ import annotations

import gc
import threading
from typing import Any

import numpy as np
import pytest

import axone
from axone import ops

F32 = "float32"


def array(*values: float) -> np.ndarray[Any, Any]:
    return np.array(values, F32)


def test_a_function_is_traced_once_per_signature() -> None:
    traced = []

    @axone.function
    def double(x: Any, factor: float = 2.0) -> Any:
        traced.append(x.shape)
        return x * factor

    for size in (3, 3, 5, 3, 5):
        assert double(np.ones(size, F32)).shape == (size,)
    assert traced == [(3,), (5,)]
    assert np.asarray(double(array(1, 2, 3), 5.0)).tolist() == [5, 10, 15]  # a float is data
    assert np.asarray(double(array(1, 2, 3), 7.0)).tolist() == [7, 14, 21]
    assert len(traced) == 3
    double(np.ones(3, "float64"))
    assert len(traced) == 4


def test_hashable_arguments_are_part_of_the_program() -> None:
    @axone.function
    def reduced(x: Any, axis: int, kind: str) -> Any:
        return getattr(ops, kind)(x, axis=axis)

    x = np.arange(6, dtype=F32).reshape(2, 3)
    assert np.asarray(reduced(x, 0, "sum")).tolist() == [3, 5, 7]
    assert np.asarray(reduced(x, 1, "max")).tolist() == [2, 5]


def test_nests_go_in_and_come_out() -> None:
    @axone.function
    def swap(pair: Any) -> Any:
        return {"second": pair["a"], "both": (pair["a"] + pair["b"][0], [pair["b"][0]])}

    result = swap({"a": array(1), "b": [array(2)]})
    assert set(result) == {"second", "both"}
    assert float(result["both"][0][0]) == 3 and float(result["both"][1][0][0]) == 2


def test_many_signatures_keep_working() -> None:
    total = axone.function(lambda x: ops.sum(x))
    for _ in range(2):
        for size in range(1, 70):
            assert float(total(np.ones(size, F32))) == size


def test_variables_are_read_and_assigned_in_place() -> None:
    counter = axone.Variable(0.0)

    @axone.function
    def step(x: Any) -> Any:
        counter.assign_add(x)
        first = counter.value * 1.0
        counter.assign_add(x)
        return first, counter.value

    first, second = step(np.float32(2))
    assert (float(first), float(second), float(counter)) == (2, 4, 4)
    counter.assign(10.0)
    assert float(step(np.float32(1))[0]) == 11
    before = counter.value
    step(np.float32(1))
    assert (float(before), float(counter)) == (12, 14)  # a tensor never changes


def test_a_wrong_assign_names_the_variable() -> None:
    weights = axone.Variable(np.zeros((2, 3)), name="weights")

    @axone.function
    def broken(x: Any) -> None:
        weights.assign(x)

    for call in (broken, weights.assign):
        with pytest.raises(ValueError, match=r"weights.*\(3, 2\)"):
            call(np.zeros((3, 2)))
    assert weights.numpy().shape == (2, 3)


def test_a_traced_tensor_outside_of_its_function() -> None:
    kept: list[Any] = []
    axone.function(lambda x: kept.append(x) or x)(array(1))
    with pytest.raises(ValueError, match="no values"):
        kept[0].numpy()
    with pytest.raises(ValueError, match=r"outside|Variable"):
        axone.function(lambda x: x + kept[0])(array(1))


def test_if_on_a_traced_tensor() -> None:
    with pytest.raises(ValueError, match="no values"):
        axone.function(lambda x: x if x > 0 else -x)(np.float32(1))


def test_a_function_inside_a_function() -> None:
    inner = axone.function(lambda x: x * 3)
    outer = axone.function(lambda x: inner(x) + inner(x + 1))
    assert float(outer(np.float32(2))) == 15


def test_results_stay_when_the_program_runs_again() -> None:
    double = axone.function(lambda x: x * 2)
    first = double(array(1, 2))
    double(array(5, 6))
    assert np.asarray(first).tolist() == [2, 4]


def test_threads_share_a_function() -> None:
    square = axone.function(lambda x: ops.sum(x * x))
    wrong: list[Any] = []

    def work(number: int) -> None:
        for _ in range(200):
            if float(square(np.full(50, number, F32))) != 50 * number * number:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# Gradients.


def test_value_and_grad_with_nests_and_extra_results() -> None:
    def loss(weights: Any, x: Any) -> Any:
        y = ops.sum(weights["w"] * x) + weights["b"]
        return y * y, {"y": y}

    weights = {"w": array(1, 2), "b": np.float32(3)}
    (value, aux), gradient = axone.value_and_grad(loss, has_aux=True)(weights, array(4, 5))
    assert (float(value), float(aux["y"])) == (289, 17)
    assert np.asarray(gradient["w"]).tolist() == [136, 170]
    assert float(gradient["b"]) == 34
    other, extra = axone.grad(loss, argnums=1, has_aux=True)(weights, array(4, 5))
    assert np.asarray(other).tolist() == [34, 68] and float(extra["y"]) == 17


def test_gradients_of_gradients() -> None:
    f = axone.grad(axone.grad(axone.grad(lambda x: x**4)))
    assert float(f(2.0)) == 48
    hessian = axone.grad(lambda v: ops.sum(axone.grad(lambda x: ops.sum(ops.sin(x) * x))(v)))
    x = np.linspace(-2, 2, 9)
    assert np.allclose(np.asarray(hessian(x)), 2 * np.cos(x) - x * np.sin(x))


def test_gradients_by_variables() -> None:
    v = axone.Variable([1.0, 2.0])
    gradient = axone.grad(lambda w: ops.sum(w.value**3))
    assert np.asarray(gradient(v)).tolist() == [3, 12]
    v.assign([2.0, 3.0])
    assert np.asarray(gradient(v)).tolist() == [12, 27]


def test_where_there_is_no_path_the_gradient_is_zero() -> None:
    assert np.asarray(axone.grad(lambda x, y: ops.sum(y))(array(1, 2), array(3))).tolist() == [0, 0]
    stopped = axone.grad(lambda x: ops.sum(ops.stop_gradient(x) * x))
    assert np.asarray(stopped(array(3, 4))).tolist() == [3, 4]
    assert np.asarray(axone.grad(lambda x: ops.sum(ops.round(x)))(array(0.3))).tolist() == [0]


def test_the_same_array_twice_is_two_arguments() -> None:
    x = array(2, 3)
    a, b = axone.grad(lambda p, q: ops.sum(p * p * q), argnums=(0, 1))(x, x)
    assert np.asarray(a).tolist() == [8, 18] and np.asarray(b).tolist() == [4, 9]


def test_wrong_uses_of_grad() -> None:
    with pytest.raises(ValueError, match="scalar"):
        axone.grad(lambda x: x * 2)(array(1, 2))
    with pytest.raises(TypeError, match="float"):
        axone.grad(lambda x: ops.sum(x))(np.array([1, 2]))


def test_programs_are_freed_with_their_function() -> None:
    def make() -> int:
        f = axone.function(lambda x: x + np.ones(1000, F32))
        f(np.zeros(1000, F32))
        return id(f)

    for _ in range(50):
        make()
    gc.collect()
    programs = [
        o for o in gc.get_objects() if type(o).__name__ == "Program" and "core.program" in type(o).__module__
    ]
    assert len(programs) < 200
