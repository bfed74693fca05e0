"""Gamma, beta and binomial draws: their distributions, parameters, reproducibility."""

from __future__ import annotations

import math

import numpy as np
import pytest
from test_random import KS, drawn, uniform_distance

import axone
from axone import random

N = 100_000


@pytest.mark.parametrize("alpha", [0.3, 1.0, 4.5, 150.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gamma(alpha: float, dtype: str) -> None:
    x = random.gamma((N,), alpha, dtype=dtype, seed=2)
    assert x.dtype == dtype and (drawn(x) >= 0).all()
    assert uniform_distance(drawn(axone.ops.gammainc(alpha, drawn(x)))) < KS


@pytest.mark.parametrize(("a", "b"), [(2.0, 5.0), (0.5, 0.5), (1.0, 3.0)])
def test_beta(a: float, b: float) -> None:
    x = drawn(random.beta((N,), a, b, seed=3))
    assert ((x >= 0) & (x <= 1)).all()
    variance = a * b / ((a + b) ** 2 * (a + b + 1))
    assert abs(x.mean() - a / (a + b)) < 4 * math.sqrt(variance / N)
    assert abs(x.var() / variance - 1) < 0.03
    if a == 1.0:
        assert uniform_distance(1 - (1 - x) ** b) < KS


@pytest.mark.parametrize(("n", "p"), [(1, 0.3), (10, 0.5), (40, 0.02), (1000, 0.7)])
def test_binomial(n: int, p: float) -> None:
    x = drawn(random.binomial((N,), n, p, seed=4))
    assert (x == np.floor(x)).all() and x.min() >= 0 and x.max() <= n
    k = np.arange(n + 1)
    log = [math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in k]
    expected = N * np.exp(np.array(log) + k * math.log(p) + (n - k) * math.log(1 - p))
    found = np.bincount(x.astype(int), minlength=n + 1)
    common = expected > 20
    score = ((found - expected)[common] ** 2 / expected[common]).sum()
    assert score < common.sum() + 4 * math.sqrt(2 * common.sum()) + 4


def test_binomial_of_many_trials_and_at_the_ends() -> None:
    x = drawn(random.binomial((20000,), 1e12, 0.5, dtype="float64", seed=5))
    assert abs(x.mean() - 5e11) < 4 * 5e5 / math.sqrt(20000) and abs(x.std() / 5e5 - 1) < 0.03
    assert drawn(random.binomial((3,), [5, 0, 7], [1.0, 0.5, 0.0], seed=1)).tolist() == [5.0, 0.0, 0.0]


def test_parameters_broadcast_and_are_checked() -> None:
    x = drawn(random.gamma((2, N), np.array([[1.0], [100.0]]), seed=6)).reshape(2, N)
    assert abs(x[0].mean() - 1) < 0.02 and abs(x[1].mean() - 100) < 0.2
    assert np.isnan(drawn(random.gamma((2,), -1.0))).all()
    assert np.isnan(drawn(random.binomial((2,), 5, 1.5))).all()
    with pytest.raises(ValueError, match=r"gamma.*\(2,\).*\(3,\).*broadcast"):
        random.gamma((2,), np.ones(3))
    with pytest.raises(ValueError, match="floating-point dtype"):
        random.binomial((2,), 3, 0.5, dtype="int32")


def test_a_draw_depends_on_seed_and_place_alone() -> None:
    long, short = random.gamma((300,), 2.5, seed=7), random.gamma((10,), 2.5, seed=7)
    assert drawn(long)[:10].tolist() == drawn(short).tolist()
    generator = random.SeedGenerator(1)
    first, second = random.beta((5,), 1.0, 1.0, seed=generator), random.beta((5,), 1.0, 1.0, seed=generator)
    assert drawn(first).tolist() != drawn(second).tolist()


def test_in_a_compiled_function() -> None:
    generator = random.SeedGenerator(3)
    draw = axone.function(lambda a: random.gamma((4,), a, seed=generator))
    one, two = draw(2.0), draw(2.0)
    assert drawn(one).tolist() != drawn(two).tolist()
