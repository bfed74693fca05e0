"""Loops inside of the graph: values, gradients, variables, errors."""

from __future__ import annotations

import numpy as np
import pytest

import axone
from axone import ops

RNG = np.random.default_rng(0)
T, B, N, U = 6, 3, 4, 5


def _arguments() -> list[np.ndarray]:
    shapes = ((T, B, N), (N, U), (U, U), (U,), (B, U))
    return [RNG.normal(size=s) * (0.5 if s == (U, U) else 1.0) for s in shapes]


def _loss(x, w, r, b, h0, reverse=False):
    def step(h, element):
        new = ops.tanh(ops.matmul(element, w) + ops.matmul(h, r) + b)
        return new, new * 2

    last, outputs = ops.scan(step, h0, x, reverse=reverse)
    return ops.sum(last * last) + ops.sum(ops.sin(outputs))


def _numpy_loss(x, w, r, b, h, reverse=False):
    total = 0.0
    for t in range(T)[:: -1 if reverse else 1]:
        h = np.tanh(x[t] @ w + h @ r + b)
        total += np.sin(2 * h).sum()
    return total + (h * h).sum()


@pytest.mark.parametrize("reverse", [False, True])
def test_scan_and_its_gradients(reverse: bool) -> None:
    arguments = _arguments()
    value, grads = axone.value_and_grad(lambda *a: _loss(*a, reverse=reverse), argnums=(0, 1, 2, 3, 4))(
        *arguments
    )
    np.testing.assert_allclose(float(value), _numpy_loss(*arguments, reverse=reverse), rtol=1e-12)
    for i, gradient in enumerate(grads):
        found = np.asarray(gradient)
        for index in list(np.ndindex(found.shape))[:: max(1, found.size // 7)]:
            moved = [a.copy() for a in arguments]
            moved[i][index] += 1e-6
            up = _numpy_loss(*moved, reverse=reverse)
            moved[i][index] -= 2e-6
            slope = (up - _numpy_loss(*moved, reverse=reverse)) / 2e-6
            np.testing.assert_allclose(found[index], slope, atol=1e-7)


def test_gradient_of_a_gradient() -> None:
    x, w, r, b, h0 = _arguments()

    def length(r):
        gradient = axone.grad(lambda w: _loss(x, w, r, b, h0))(w)
        return ops.sum(gradient * gradient)

    found = np.asarray(axone.grad(length)(r))
    value = axone.function(length)
    for index in ((0, 0), (3, 1)):
        step = np.zeros_like(r)
        step[index] = 1e-5
        slope = (float(value(r + step)) - float(value(r - step))) / 2e-5
        np.testing.assert_allclose(found[index], slope, rtol=1e-6)


def test_gradients_by_weights_of_every_kind() -> None:
    """What is one product behind the scan, what is summed along, and what does not depend on the steps."""
    x = RNG.normal(size=(T, B, N))
    a, b, c = RNG.normal(size=(N,)), RNG.normal(size=(N, N)), RNG.normal(size=(B, N))

    def loss(a, b, c):
        def step(carry, element):
            y = ops.matmul(element * a + c, b) * ops.sum(b)
            return carry + y, y

        last, outputs = ops.scan(step, ops.zeros((B, N), "float64"), x)
        return ops.sum(last**2) + ops.sum(ops.cos(outputs))

    def direct(a, b, c):
        outputs = ops.matmul(x * a + c, b) * ops.sum(b)
        return ops.sum(ops.sum(outputs, axis=0) ** 2) + ops.sum(ops.cos(outputs))

    for g, wanted in zip(
        axone.grad(loss, (0, 1, 2))(a, b, c), axone.grad(direct, (0, 1, 2))(a, b, c), strict=True
    ):
        np.testing.assert_allclose(np.asarray(g), np.asarray(wanted), rtol=1e-9, atol=1e-9)


def test_scan_with_a_tape_and_a_variable() -> None:
    x, w, r, b, h0 = _arguments()
    variable = axone.Variable(w)
    with axone.GradientTape() as tape:
        loss = _loss(x, variable, r, b, h0)
    wanted = axone.grad(lambda w: _loss(x, w, r, b, h0))(w)
    np.testing.assert_allclose(np.asarray(tape.gradient(loss, variable)), np.asarray(wanted), rtol=1e-12)


def test_scan_carries_the_variables_that_it_assigns() -> None:
    count = axone.Variable(0, dtype="int32")

    def step(carry, element):
        count.assign_add(1)
        return carry, count.value * element

    _, outputs = ops.scan(step, 0.0, np.arange(4, dtype="int32"))
    assert outputs.numpy().tolist() == [0, 2, 6, 12] and int(count) == 4


def test_scan_of_nests_and_without_elements() -> None:
    def step(carry, element):
        return {"a": carry["a"] + element["x"]}, (carry["a"], None)

    carry, (outputs, nothing) = ops.scan(step, {"a": 1.0}, {"x": np.ones(3, "float32")})
    assert float(carry["a"]) == 4.0 and outputs.numpy().tolist() == [1.0, 2.0, 3.0] and nothing is None
    last, outputs = ops.scan(lambda c, _: (c * 2, c), 1, None, length=5)
    assert int(last) == 32 and outputs.numpy().tolist() == [1, 2, 4, 8, 16]
    last, outputs = ops.scan(lambda c, x: (c + 1, x), 3.0, np.zeros((0, 2), "float32"))
    assert float(last) == 3.0 and outputs.shape == (0, 2)


def test_scan_inside_of_a_scan() -> None:
    x = RNG.normal(size=(3, 4))

    def outer(total, row):
        inner, _ = ops.scan(lambda s, v: (s * 0.5 + v * total, None), total * 0 + 1.0, row)
        return total + inner, inner

    def loss(x):
        return ops.scan(outer, ops.ones((), "float64"), x)[0]

    def reference(x):
        total = 1.0
        for row in x:
            s = 1.0
            for v in row:
                s = s * 0.5 + v * total
            total += s
        return total

    value, gradient = axone.value_and_grad(loss)(x)
    np.testing.assert_allclose(float(value), reference(x), rtol=1e-12)
    step = np.zeros_like(x)
    step[1, 2] = 1e-6
    slope = (reference(x + step) - reference(x - step)) / 2e-6
    np.testing.assert_allclose(np.asarray(gradient)[1, 2], slope, rtol=1e-6)


def test_long_sequence_trains_in_memory_linear_in_its_length() -> None:
    x = RNG.normal(size=(100_000, 2, 3)).astype("float32")

    def loss(w):
        return ops.sum(
            ops.scan(lambda h, e: (ops.tanh(ops.matmul(e, w) + h * 0.5), None), ops.zeros((2, 4)), x)[0]
        )

    gradient = np.asarray(axone.grad(loss)(np.ones((3, 4), "float32")))
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0


def test_random_numbers_differ_from_step_to_step() -> None:
    generator = axone.random.SeedGenerator(1)
    _, draws = ops.scan(lambda c, _: (c, axone.random.uniform((2,), seed=generator)), 0.0, None, length=3)
    assert len(np.unique(draws.numpy())) == 6 and generator.state.numpy()[1] == 3


def test_while_loop() -> None:
    assert int(ops.while_loop(lambda i: i < 10, lambda i: i + 3, (0,))[0]) == 12
    assert int(ops.while_loop(lambda i: i < 10, lambda i: i + 3, 0)) == 12
    assert int(ops.while_loop(lambda i: i < 0, lambda i: i + 3, 7)) == 7
    i, s = ops.while_loop(lambda i, s: i >= 0, lambda i, s: (i + 1, s + i), [0, 0], maximum_iterations=4)
    assert (int(i), int(s)) == (4, 6)
    assert int(ops.while_loop(lambda i: i < 9, lambda i: i + 1, 0, maximum_iterations=0)) == 0
    halve = axone.function(lambda x: ops.while_loop(lambda v: ops.max(v) > 1, lambda v: v / 2, x))
    assert halve(np.array([5.0, 1.0], "float32")).numpy().tolist() == [0.625, 0.125]


def test_fori_loop_has_a_gradient_where_its_bounds_are_known() -> None:
    assert int(ops.fori_loop(0, 4, lambda i, x: x + i, 0)) == 6
    assert int(ops.fori_loop(4, 0, lambda i, x: x + i, 9)) == 9
    assert float(axone.grad(lambda x: ops.fori_loop(0, 3, lambda i, v: v * x, x))(2.0)) == 32.0
    power = axone.function(lambda x, n: ops.fori_loop(0, n, lambda i, v: v * x, 1.0))
    assert float(power(3.0, np.int32(4))) == 81.0


def test_while_loop_says_that_it_has_no_gradient() -> None:
    def loss(x):
        return ops.while_loop(lambda v: v < 10, lambda v: v * x, x)

    with pytest.raises(TypeError, match="fori_loop"):
        axone.grad(loss)(2.0)


def test_map_in_a_trace_and_with_a_function_of_numbers() -> None:
    x = np.arange(6.0).reshape(3, 2)
    assert axone.function(lambda v: ops.map(lambda e: ops.sum(e), v))(x).numpy().tolist() == [1.0, 5.0, 9.0]
    assert ops.map(lambda e: float(e[0]) + 1.0, x).numpy().tolist() == [1.0, 3.0, 5.0]
    with pytest.raises(ValueError, match="at least one"):
        ops.map(lambda e: e, np.zeros((0, 2)))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("reverse", [False, True])
def test_associative_scan(count: int, reverse: bool) -> None:
    x = RNG.normal(size=(2, count, 3))
    order = slice(None, None, -1 if reverse else 1)
    wanted = np.cumsum(x[:, order], axis=1)[:, order]
    found = ops.associative_scan(lambda a, b: a + b, x, reverse=reverse, axis=1)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12, atol=1e-12)


def test_associative_scan_of_matrices_keeps_their_order() -> None:
    x = RNG.normal(size=(5, 2, 2))
    found = ops.associative_scan(lambda a, b: [ops.matmul(a[0], b[0])], [x])
    product = np.eye(2)
    for i in range(5):
        product = product @ x[i]
        np.testing.assert_allclose(found[0].numpy()[i], product, rtol=1e-9)


def test_symbolic_scan() -> None:
    x = axone.Input((4, 3))
    y = ops.scan(lambda c, e: (c + e, c), ops.zeros((4, 3)), x)[0]
    assert y.shape == (4, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.scan(lambda c, x: (ops.stack([c, c]), x), 0.0, np.arange(3.0)), "must stay the same"),
        (lambda: ops.scan(lambda c, x: (ops.cast(c, "float64"), x), np.float32(0), np.arange(3)), "float64"),
        (lambda: ops.scan(lambda c, x: c, 0.0, np.arange(3.0)), "must return"),
        (lambda: ops.scan(lambda c, x: (c, x), 0.0), "number of steps"),
        (lambda: ops.scan(lambda c, x: (c, x), 0.0, np.arange(3.0), length=4), "equally long"),
        (lambda: ops.scan(lambda c, x: (c, x), 0.0, length=-1), "negative"),
        (lambda: ops.scan(lambda c, x: (c, x), 0.0, np.arange(3.0), unroll=0), "unroll"),
        (lambda: ops.scan(lambda c, x: ((c, c), x), 0.0, np.arange(3.0)), "structure"),
        (lambda: ops.while_loop(lambda i: [True, True], lambda i: i, (0,)), "one boolean"),
        (lambda: ops.while_loop(lambda i: i < 3, lambda i: ops.stack([i, i]), (0,)), "must stay the same"),
        (lambda: ops.while_loop(lambda i: i < 3, lambda i: i, (0,), maximum_iterations=-1), "negative"),
    ],
)
def test_wrong_calls(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_functions_must_be_callable() -> None:
    with pytest.raises(TypeError, match="expected a function"):
        ops.scan(3, 0.0, np.arange(3.0))
    with pytest.raises(TypeError, match="expected a function"):
        ops.associative_scan(3, np.arange(3.0))


def test_index_errors_come_out_of_a_scan() -> None:
    table = np.arange(4.0)
    with pytest.raises(IndexError, match="out of range"):
        axone.function(lambda i: ops.scan(lambda c, k: (c, ops.take(table, k)), 0.0, i)[1])(
            np.array([1, 9, 2])
        )


def test_a_host_call_inside_of_a_scan() -> None:
    spec = axone.core.program.TensorSpec((), "float32")

    def step(carry, element):
        return ops.host_call(lambda a, b: np.float32(a + b), [carry, element], spec), element

    last, _ = ops.scan(step, 0.0, np.arange(4, dtype="float32"))
    assert float(last) == 6.0

    def fails(a):
        raise KeyError("no")

    with pytest.raises(KeyError):
        ops.scan(lambda c, x: (ops.host_call(fails, [c], spec), x), 0.0, np.arange(3, dtype="float32"))
