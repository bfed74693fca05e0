"""Branches, maps over elements, directional derivatives, and facts that the table cannot state."""

from __future__ import annotations

import numpy as np
import pytest

import axone
from axone import ops

X = np.array([1.0, 2.0, 3.0], "float32")


def test_cond_of_a_known_condition_calls_one_branch() -> None:
    called = []
    result = ops.cond(np.bool_(False), lambda: called.append("t"), lambda: called.append("f") or 2.0)
    assert called == ["f"] and result == 2.0


def test_traced_cond_chooses_values_and_assignments() -> None:
    a, b = axone.Variable(1.0), axone.Variable(5.0)

    @axone.function
    def step(x):
        def yes():
            a.assign_add(10.0)
            return {"y": x * 2}

        def no():
            b.assign(a + ops.sum(x))
            return {"y": x * 3}

        return ops.cond(ops.sum(x) > 0, yes, no)

    assert step(X)["y"].numpy().tolist() == [2.0, 4.0, 6.0] and (float(a), float(b)) == (11.0, 5.0)
    assert step(-X)["y"].numpy().tolist() == [-3.0, -6.0, -9.0] and (float(a), float(b)) == (11.0, 5.0)


def test_nested_cond() -> None:
    v = axone.Variable(0.0)

    @axone.function
    def sign(x):
        def zero_or_more():
            v.assign_add(1.0)
            return ops.cond(x > 0, lambda: v.assign_add(10.0).value * 0 + 1.0, lambda: x * 0)

        return ops.cond(x < 0, lambda: x * 0 - 1.0, zero_or_more)

    assert [float(sign(np.float32(n))) for n in (-3, 0, 4)] == [-1.0, 0.0, 1.0]
    assert float(v) == 12.0


def test_gradient_of_cond() -> None:
    slope = axone.grad(lambda x: ops.cond(x > 1, lambda: x * x, lambda: x * 3.0))
    assert float(slope(2.0)) == 4.0 and float(slope(0.5)) == 3.0


def test_cond_in_a_model() -> None:
    x = axone.Input((3,))
    y = ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: -x)
    model = axone.Model(x, y)
    assert model.predict(X[None], verbose=0).tolist() == [[2.0, 4.0, 6.0]]
    assert model.predict(-X[None], verbose=0).tolist() == [[1.0, 2.0, 3.0]]


def test_branches_must_fit() -> None:
    with pytest.raises(ValueError, match="cond: the branches' results do not fit"):
        axone.function(lambda x: ops.cond(x > 0, lambda: X, lambda: X[:2]))(1.0)
    with pytest.raises(ValueError, match="scalar"):
        ops.cond(X > 0, lambda: 1, lambda: 2)


def test_switch() -> None:
    branches = [lambda x: x, lambda x: x * 10, lambda x: x * 100]
    traced = axone.function(lambda i: ops.switch(i, branches, 2.0))
    for index, expected in ((-5, 2.0), (0, 2.0), (1, 20.0), (2, 200.0), (9, 200.0)):
        assert float(ops.switch(index, branches, 2.0)) == expected
        assert float(traced(np.int32(index))) == expected


def test_map_of_nests() -> None:
    result = ops.map(lambda e: {"s": e["a"] + e["b"], "p": (e["a"] * e["b"],)}, {"a": X, "b": X})
    assert result["s"].numpy().tolist() == [2.0, 4.0, 6.0] and result["p"][0].numpy().tolist() == [
        1.0,
        4.0,
        9.0,
    ]
    assert axone.grad(lambda x: ops.sum(ops.map(lambda e: e**3, x)))(X).numpy().tolist() == [3.0, 12.0, 27.0]
    with pytest.raises(ValueError, match="equally long"):
        ops.map(lambda e: e[0], [X, X[:2]])
    with pytest.raises(ValueError, match="at least one"):
        ops.map(lambda e: e, X[:0])


def test_vectorized_map() -> None:
    assert ops.vectorized_map(lambda e: e[0] * e[1], [X, X]).numpy().tolist() == [1.0, 4.0, 9.0]


def test_vectorize() -> None:
    add = ops.vectorize(lambda a, b: a + b)
    assert add([[1, 2], [3, 4]], [10, 20]).numpy().tolist() == [[11, 22], [13, 24]]
    times = ops.vectorize(ops.matmul, signature="(m,n),(n)->(m)")
    assert times(np.ones((2, 3, 4)), np.arange(4.0)).numpy().tolist() == [[6.0] * 3] * 2
    assert ops.vectorize(lambda a, n: a * n, excluded={1})([1, 2], 3).numpy().tolist() == [3, 6]
    with pytest.raises(TypeError, match="function"):
        ops.vectorize(3)
    with pytest.raises(ValueError, match="signature"):
        times(np.ones(3), np.ones(3))


def test_jvp() -> None:
    value, slope = ops.jvp(lambda x, y: (ops.sin(x) * y, x + y), (X, X), (X * 0 + 1, X * 0))
    np.testing.assert_allclose(value[0], np.sin(X) * X, rtol=1e-6)
    np.testing.assert_allclose(slope[0], np.cos(X) * X, rtol=1e-6)
    np.testing.assert_array_equal(slope[1], np.ones(3))
    value, slope, aux = ops.jvp(lambda x: (x * x, "aux"), (3.0,), (2.0,), has_aux=True)
    assert (float(value), float(slope), aux) == (9.0, 12.0, "aux")
    with pytest.raises(ValueError, match="2 primals and 1 tangents"):
        ops.jvp(lambda x, y: x, (1.0, 2.0), (1.0,))


def test_nextafter() -> None:
    for dtype in ("float32", "float64"):
        a, b = np.array([1.0, -2.0, 5.0], dtype), np.array([2.0, -9.0, 5.0], dtype)
        np.testing.assert_array_equal(ops.nextafter(a, b), np.nextafter(a, b))


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "message"),
    [
        ("cholesky", (-np.eye(2),), ValueError, "cholesky.*not positive definite"),
        ("cholesky", (np.zeros((2, 3)),), ValueError, r"square.*\(2, 3\)"),
        ("inv", (np.zeros((2, 2)),), ValueError, "inv.*[Ss]ingular"),
        ("eig", (np.array([[0.0, 1.0], [-1.0, 0.0]]),), ValueError, "complex eigenvalues"),
        ("solve", (np.eye(3), np.zeros((2, 2))), ValueError, "3 rows"),
        ("svd", (np.zeros(3),), ValueError, "at least 2 axes"),
        ("qr", (np.eye(2), "raw"), ValueError, "'reduced' or 'complete'"),
        ("fft", (np.zeros(3),), ValueError, "pair"),
        ("fft", ((np.zeros(3), np.zeros(2)),), ValueError, "equal"),
        ("rearrange", (np.zeros((2, 3)), "a b -> a c"), ValueError, "same axes"),
        ("rearrange", (np.zeros((2, 3)), "a (b c) -> a b c"), ValueError, "cannot be split"),
        ("gcd", (1.5, 2), TypeError, "integers"),
        ("view", (np.zeros(3, "float32"), "float64"), ValueError, "no multiple"),
        ("histogram", (X, 0), ValueError, "at least 1"),
        ("segment_max", (X, [0, 1], 2), ValueError, "one segment per row"),
        ("lstsq", (np.eye(3), np.zeros(2)), ValueError, "lstsq"),
    ],
)
def test_wrong_calls(name, arguments, kind, message) -> None:
    with pytest.raises(kind, match=message):
        getattr(ops, name)(*arguments)


def test_gradient_of_the_determinant_of_a_singular_matrix() -> None:
    x = np.array([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(axone.grad(ops.det)(x), [[4.0, -2.0], [-2.0, 1.0]], atol=1e-12)


def test_decompositions_in_a_model_and_a_tape() -> None:
    x = axone.Input((3, 3))
    model = axone.Model(x, ops.logdet(x))
    assert model.predict(np.eye(3)[None] * 2, verbose=0)[0] == pytest.approx(3 * np.log(2))
    v = axone.Variable(np.eye(2) * 2)
    with axone.GradientTape() as tape:
        y = ops.sum(ops.cholesky(v))
    np.testing.assert_allclose(tape.gradient(y, v), np.full((2, 2), 0.125**0.5))
