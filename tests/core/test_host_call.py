"""Python functions inside running programs: values, gradients, errors, re-entrance, lifetimes."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

import axone
from axone import ops
from axone.core.program import TensorSpec, trace_program
from axone.ops import custom_gradient, host_call

X = np.array([3.0, 1.0, 2.0], "float32")


def same(x):
    return TensorSpec(x.shape, x.dtype)


def cubed(x):
    return host_call(lambda v: v**3, [x], same, gradient=lambda ins, outs, grads: 3 * ins[0] ** 2 * grads[0])


def test_calls_now_and_in_a_program() -> None:
    assert cubed(X).numpy().tolist() == [27.0, 1.0, 8.0]
    assert axone.function(lambda x: cubed(x) + 1)(X).numpy().tolist() == [28.0, 2.0, 9.0]


def test_several_outputs_of_their_own_dtypes() -> None:
    specs = [axone.KerasTensor((), "int32"), axone.KerasTensor((3,), "bool")]
    count, big = axone.function(lambda x: host_call(lambda v: (v.size, v > 1.5), [x], specs))(X)
    assert int(count) == 3 and count.dtype == "int32" and big.numpy().tolist() == [True, False, True]


def test_gradient_in_numpy() -> None:
    assert axone.grad(lambda x: ops.sum(cubed(x)))(X).numpy().tolist() == [27.0, 3.0, 12.0]
    x = axone.Variable(X)
    with axone.GradientTape() as tape:
        y = ops.sum(cubed(x) * 2.0)
    assert tape.gradient(y, x).numpy().tolist() == [54.0, 6.0, 24.0]


def test_without_gradient_there_is_none() -> None:
    x = axone.Variable(X)
    with axone.GradientTape() as tape:
        y = ops.sum(host_call(np.sort, [x], same))
    assert tape.gradient(y, x) is None


def test_a_tape_calls_the_function_once() -> None:
    calls = []

    def counted(v):
        calls.append(1)
        return v * 2

    x = axone.Variable(X)
    with axone.GradientTape() as tape:
        y = host_call(counted, [x], same, gradient=lambda ins, outs, grads: 2 * grads[0] + 0 * outs[0])
    assert tape.gradient(y, x).numpy().tolist() == [2.0, 2.0, 2.0] and calls == [1]


def test_equal_calls_are_not_merged_and_effects_are_kept() -> None:
    seen: list[float] = []

    def note(v):
        seen.append(float(v.sum()))
        return np.int32(0)

    @axone.function
    def step(x):
        for effects in (True, True, False):
            host_call(note, [x], TensorSpec((), "int32"), effects=effects)
        return x + 1.0

    step(X)
    step(X)
    assert seen == [6.0] * 4


def test_symbolic_inputs_become_a_node() -> None:
    inputs = axone.Input((3,))
    model = axone.Model(inputs, cubed(inputs))
    assert model.output_shape == (None, 3)
    np.testing.assert_array_equal(model.predict(np.stack([X, X]), verbose=0), np.stack([X, X]) ** 3)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_ends_the_run_and_arrives_unchanged(threads) -> None:
    class Ours(Exception):
        pass

    error = Ours("this one")
    fail = True

    def sometimes(v):
        if fail:
            raise error
        return v

    state = axone.Variable(np.zeros((300, 300), "float32"))
    spec = TensorSpec((300, 300), "float32")

    def step(x):
        y = ops.matmul(host_call(sometimes, [ops.matmul(x, x)], spec), x)
        state.assign_add(y)
        return y

    before = axone.config.num_threads()
    axone.config.set_num_threads(threads)
    try:
        program = trace_program(step, [spec])
        x = np.eye(300, dtype="float32")
        for _ in range(3):
            with pytest.raises(Ours) as caught:
                program.run(x)
            assert caught.value is error
            with pytest.raises(Ours):
                program.run_steps([np.concatenate([x, x])], None, 300, 0, 2)
        assert not state.numpy().any()
        fail = False
        program.run(x)
        np.testing.assert_array_equal(state.numpy(), x)
    finally:
        axone.config.set_num_threads(before)


@pytest.mark.parametrize(
    ("returned", "kind", "message"),
    [
        (np.zeros(4, "float32"), ValueError, r"'bad'.*shape \(3,\).*\(4,\)"),
        ((X, X), ValueError, r"'bad'.*declared with shape \(3,\)"),
        ("text", TypeError, "'bad'.*must hold float32"),
        (None, TypeError, "'bad'.*NoneType"),
    ],
)
def test_outputs_are_checked(returned, kind, message) -> None:
    def bad(v):
        return returned

    with pytest.raises(kind, match=message):
        host_call(bad, [X], same)
    with pytest.raises(kind, match=message):
        axone.function(lambda x: host_call(bad, [x], same))(X)


def test_specs_are_checked() -> None:
    with pytest.raises(ValueError, match="unknown sizes"):
        host_call(np.sort, [X], axone.KerasTensor((None,), "float32"))
    with pytest.raises(TypeError, match="shape and a dtype"):
        host_call(np.sort, [X], "float32")
    with pytest.raises(ValueError, match="at least one"):
        host_call(np.sort, [X], [])
    with pytest.raises(ValueError, match="one array for each of 1"):
        axone.grad(lambda x: ops.sum(host_call(np.sort, [x], same, gradient=lambda i, o, g: [None] * 2)))(X)


def test_axone_can_be_used_inside() -> None:
    model = axone.Sequential([axone.Input((3,)), axone.layers.Dense(3)])

    def inner(v):
        with axone.GradientTape():
            y = ops.matmul(v, np.eye(3, dtype="float32") * 2)
        return y.numpy() + 0 * model.predict(v, verbose=0)

    big = np.ones((64, 3), "float32")
    out = axone.function(lambda x: host_call(inner, [x], same) + 1)(big)
    np.testing.assert_array_equal(out.numpy(), big * 2 + 1)


def test_a_program_cannot_run_itself() -> None:
    program = trace_program(
        lambda x: host_call(lambda v: program.run(v).numpy(), [x], same), [TensorSpec((3,), "float32")]
    )
    with pytest.raises(ValueError, match="cannot run that program again"):
        program.run(X)


def test_two_threads_take_turns() -> None:
    inside = []

    def slow(v):
        inside.append(1)
        assert len(inside) == 1
        threading.Event().wait(0.02)
        inside.pop()
        return v

    program = trace_program(lambda x: host_call(slow, [x], same), [TensorSpec((3,), "float32")])
    threads = [threading.Thread(target=program.run, args=(X,)) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(10)
        assert not t.is_alive()


def test_subnormals_are_kept_inside() -> None:
    tiny = np.float32(1e-40)
    program = trace_program(
        lambda x: host_call(lambda v: np.float32(v * tiny > 0), [x], TensorSpec((), "float32")),
        [TensorSpec((), "float32")],
    )
    assert float(program.run(np.float32(1))) == 1.0


class _Tanh(axone.layers.Layer):
    def call(self, x):
        return host_call(np.tanh, [x], same, gradient=lambda ins, outs, g: (1 - outs[0] ** 2) * g[0])


def test_training_through_a_host_call_equals_the_built_in() -> None:
    def history(activation):
        axone.utils.set_random_seed(1)
        model = axone.Sequential(
            [axone.Input((4,)), axone.layers.Dense(8), activation, axone.layers.Dense(1)]
        )
        model.compile("sgd", "mse")
        x = np.random.default_rng(0).normal(size=(50, 4))
        return model, model.fit(x, x[:, :1] ** 2, batch_size=16, epochs=2, verbose=0).history["loss"]

    model, losses = history(_Tanh())
    np.testing.assert_allclose(losses, history(axone.layers.Activation("tanh"))[1], rtol=1e-5)
    layer = weakref.ref(model.layers[1])
    del model
    gc.collect()
    assert layer() is None


def test_custom_gradient() -> None:
    @custom_gradient
    def log1pexp(x):
        e = ops.exp(x)
        return ops.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))

    assert float(axone.grad(log1pexp)(100.0)) == 1.0
    x = axone.Variable(100.0)
    with axone.GradientTape() as tape:
        y = log1pexp(x) * 3.0
    assert float(tape.gradient(y, x)) == 3.0


def test_custom_gradient_of_several_outputs() -> None:
    @custom_gradient
    def both(x, y):
        return (x + y, x * y), lambda ds, dp: (10 * ds + 0 * dp, 100 * dp)

    def loss(x, y):
        s, p = both(x, y)
        return s * 2.0 + p * 3.0

    gx, gy = axone.grad(loss, (0, 1))(1.0, 2.0)
    assert (float(gx), float(gy)) == (20.0, 300.0)
    with pytest.raises(ValueError, match="expected 1 gradients"):
        axone.grad(custom_gradient(lambda x: (x, lambda dy: (dy, dy))))(1.0)
