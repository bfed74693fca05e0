"""Random draws: their distributions, their ranges, and that a seed fixes every bit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import axone
from axone import random

N = 200_000


def drawn(x: Any) -> np.ndarray[Any, Any]:
    return np.asarray(x).astype("float64").ravel()


def uniform_distance(u: np.ndarray[Any, Any]) -> float:
    """Kolmogorov-Smirnov distance from the uniform distribution, in units of its 1 / sqrt(n)."""
    u = np.sort(u)
    grid = np.arange(1, u.size + 1) / u.size
    return float(max(np.abs(grid - u).max(), np.abs(grid - 1 / u.size - u).max()) * math.sqrt(u.size))


def normal_cdf(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


# A distance above 1.95 has a probability of 0.001; seeds are fixed, so that a test passes always or never.
KS = 1.95


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_uniform(dtype: str) -> None:
    x = random.uniform((N,), seed=1, dtype=dtype)
    assert x.dtype == dtype
    values = drawn(x)
    assert values.min() >= 0 and values.max() < 1
    assert uniform_distance(values) < KS
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 4 / math.sqrt(N)
    shifted = drawn(random.uniform((N,), -3.0, 5.0, seed=2))
    assert shifted.min() >= -3 and shifted.max() <= 5 and abs(shifted.mean() - 1) < 0.03


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal(dtype: str) -> None:
    values = drawn(random.normal((N,), seed=3, dtype=dtype))
    assert np.isfinite(values).all()
    assert uniform_distance(normal_cdf(values)) < KS
    assert abs((values**3).mean()) < 0.04 and abs((values**4).mean() - 3) < 0.12
    assert 4.0 < np.abs(values).max() < 6.5
    moved = drawn(random.normal((N,), mean=2.0, stddev=3.0, seed=4))
    assert abs(moved.mean() - 2) < 0.03 and abs(moved.std() - 3) < 0.03


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_truncated_normal(dtype: str) -> None:
    values = drawn(random.truncated_normal((N,), seed=5, dtype=dtype))
    assert np.abs(values).max() <= 2
    low, high = normal_cdf(np.array([-2.0, 2.0]))
    assert uniform_distance((normal_cdf(values) - low) / (high - low)) < KS
    assert abs(values.std() - 0.8796) < 0.005


def test_randint() -> None:
    values = np.asarray(random.randint((N,), -3, 7, seed=6))
    assert values.dtype == np.int32
    counts = np.bincount(values + 3)
    assert counts.size == 10
    assert ((counts - N / 10) ** 2 / (N / 10)).sum() < 27.9  # chi-squared, 9 degrees of freedom, 0.001
    wide = np.asarray(random.randint((1000,), -(2**62), 2**62, dtype="int64", seed=7))
    assert wide.min() < -(2**60) and wide.max() > 2**60


def test_categorical() -> None:
    p = np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]])
    with np.errstate(divide="ignore"):
        values = np.asarray(random.categorical(np.log(p).astype("float32"), 50_000, seed=8))
    assert values.shape == (2, 50_000) and values.dtype == np.int32
    for row, expected in zip(values, p, strict=True):
        shares = np.bincount(row, minlength=3) / row.size
        assert np.abs(shares - expected).max() < 0.01
    assert (values[1] != 2).all()


def test_shuffle() -> None:
    x = np.arange(1000)
    shuffled = np.asarray(random.shuffle(x, seed=9))
    assert sorted(shuffled.tolist()) == x.tolist()
    assert abs(np.corrcoef(x, shuffled)[0, 1]) < 0.15
    grid = np.arange(12).reshape(3, 4)
    columns = np.asarray(random.shuffle(grid, axis=1, seed=1))
    assert sorted(columns[0].tolist()) == [0, 1, 2, 3] and ((columns - columns[0]) == [[0], [4], [8]]).all()
    firsts = [int(np.asarray(random.shuffle(np.arange(4), seed=s))[0]) for s in range(2000)]
    assert np.bincount(firsts).min() > 430


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout(rate: float) -> None:
    x = np.ones((N,), "float32")
    y = np.asarray(random.dropout(x, rate, seed=10))
    kept = y != 0
    assert abs(kept.mean() - (1 - rate)) < 4 * math.sqrt(rate * (1 - rate) / N)
    assert np.allclose(y[kept], 1 / (1 - rate), rtol=1e-6)


def test_dropout_rates_at_the_ends() -> None:
    x = np.array([1.0, 2.0, np.nan], "float32")
    assert np.asarray(random.dropout(x, 0.0)).tolist()[:2] == [1.0, 2.0]
    assert np.asarray(random.dropout(x, 1.0)).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("size", [1, 7, 64, 1003])
def test_dropout_gradient_has_the_same_mask(size: int) -> None:
    x = np.linspace(1, 2, size)

    def total(v: Any) -> Any:
        return axone.ops.sum(random.dropout(v, 0.4, seed=11))

    gradient = np.asarray(axone.grad(total)(x))
    assert np.allclose(gradient, np.asarray(random.dropout(x, 0.4, seed=11)) / x)
    second = axone.grad(lambda v: axone.ops.sum(axone.grad(total)(v) * v))(x)
    assert np.allclose(np.asarray(second), gradient)


def test_dropout_with_a_noise_shape() -> None:
    x = np.ones((64, 5, 3), "float32")
    y = np.asarray(random.dropout(x, 0.5, noise_shape=(None, 1, 3), seed=12))
    assert (y == y[:, :1]).all()
    assert 0.3 < (y == 0).mean() < 0.7


DRAWS: list[Any] = [
    lambda seed: random.normal((3, 70), seed=seed), lambda seed: random.uniform((211,), seed=seed),
    lambda seed: random.truncated_normal((97,), seed=seed),
    lambda seed: random.randint((50,), 0, 1000, seed=seed),
    lambda seed: random.shuffle(np.arange(60), seed=seed),
    lambda seed: random.dropout(np.ones((90,), "float32"), 0.5, seed=seed),
    lambda seed: random.categorical(np.zeros((3, 9), "float32"), 30, seed=seed),
]  # fmt: skip


@pytest.mark.parametrize("draw", DRAWS)
def test_seeds(draw: Any) -> None:
    one, same, other = (np.asarray(draw(seed)) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()
    generators = [random.SeedGenerator(5), random.SeedGenerator(5)]
    first, second = np.asarray(draw(generators[0])), np.asarray(draw(generators[0]))
    assert (first != second).any()
    assert (np.asarray(draw(generators[1])) == first).all()
    assert (np.asarray(draw(generators[1])) == second).all()


def test_set_random_seed_fixes_draws_without_a_seed() -> None:
    results = []
    for _ in range(2):
        axone.utils.set_random_seed(42)
        results.append([np.asarray(random.normal((9,))), np.asarray(random.normal((9,)))])
    assert (results[0][0] == results[1][0]).all() and (results[0][1] == results[1][1]).all()
    assert (results[0][0] != results[0][1]).any()


def test_a_compiled_function_draws_anew_with_a_generator() -> None:
    generator = random.SeedGenerator(3)
    draw = axone.function(lambda x: x + random.normal((5,), seed=generator))
    x = np.zeros(5, "float32")
    first, second = np.asarray(draw(x)), np.asarray(draw(x))
    assert (first != second).any()
    eager = random.SeedGenerator(3)
    assert (np.asarray(random.normal((5,), seed=eager)) == first).all()
    assert (np.asarray(random.normal((5,), seed=eager)) == second).all()


def test_the_first_numbers_do_not_depend_on_how_many_are_drawn() -> None:
    assert (np.asarray(random.normal((1000,), seed=1))[:37] == np.asarray(random.normal((37,), seed=1))).all()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: random.normal((2,), dtype="int32"), ValueError, "floating"),
        (lambda: random.uniform((-1,)), ValueError, "negative"),
        (lambda: random.randint((2,), 5, 5), ValueError, "below"),
        (lambda: random.randint((2,), 0, 5, dtype="float32"), ValueError, "integer dtype"),
        (lambda: random.dropout(np.ones(3), 1.5), ValueError, "rate"),
        (lambda: random.dropout(np.ones((3, 2)), 0.5, noise_shape=(3,)), ValueError, "noise_shape"),
        (lambda: random.categorical(np.ones(3), 2), ValueError, "batch, classes"),
        (lambda: random.normal((2,), seed="one"), TypeError, "seed"),
        (lambda: random.shuffle(np.float32(1)), ValueError, "axis"),
    ],
)
def test_wrong_arguments(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_empty_draws() -> None:
    assert random.normal((0, 3), seed=1).shape == (0, 3)
    assert random.shuffle(np.zeros((0, 2)), seed=1).shape == (0, 2)
    assert random.categorical(np.zeros((0, 3), "float32"), 4, seed=1).shape == (0, 4)
