"""Gradients of every differentiable entry of the table against finite differences, in float64.

First order: central differences of the entry's NumPy reference, so that nothing of the engine is trusted.
Second order, for smooth functions: central differences of the engine's first gradients, checked by that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cases import CASES, Array, Case

import axone

# Elements of all arguments of a sample; larger samples say nothing more about a gradient and take long.
LARGEST = 60
STEP = 1e-5
# Error of a central difference: STEP**2 times the third derivative, about 1e-9; rounding 1e-16 / STEP.
ALLOWED = 2e-7

Arrays = list[np.ndarray[Any, Any]]


def small_samples(case: Case) -> list[tuple[Any, ...]]:
    """The samples that are worth a finite difference."""
    return [s for s in case.samples if 0 < elements(list(s)) <= LARGEST]


def elements(spec: Any) -> int:
    """Numbers to differentiate by."""
    if isinstance(spec, Array):
        return int(np.prod(spec.shape)) if spec.floating else 0
    return sum(elements(s) for s in spec) if isinstance(spec, list) else 0


def leaves(spec: Any, value: Any) -> Arrays:
    """The arrays of an argument list that have gradients."""
    if isinstance(spec, Array):
        return [value] if spec.floating else []
    if isinstance(spec, list):
        return [leaf for s, v in zip(spec, value, strict=True) for leaf in leaves(s, v)]
    return []


def rebuilt(spec: Any, value: Any, new: list[Any]) -> Any:
    """The argument list with those arrays replaced, in order."""
    if isinstance(spec, Array):
        return new.pop(0) if spec.floating else value
    if isinstance(spec, list):
        return [rebuilt(s, v, new) for s, v in zip(spec, value, strict=True)]
    return value


def flat_floats(result: Any) -> list[Any]:
    """The floating-point parts of a result."""
    if isinstance(result, (list, tuple)):
        return [part for r in result for part in flat_floats(r)]
    kind = result.dtype if isinstance(result.dtype, str) else result.dtype.name
    return [result] if kind.startswith("float") else []


def weighted(parts: list[Any], total: Callable[[Any], Any]) -> Any:
    """A number that every element of a result moves in its own way: sum of result * cos(position)."""
    value = 0.0
    for part in parts:
        weights = (
            np.cos(np.arange(int(np.prod(part.shape))) * 0.7 + 0.3)
            .reshape(part.shape)
            .astype(str(part.dtype))
        )
        value = value + total(part * weights)
    return value


def differences(function: Callable[..., float], arrays: Arrays) -> Arrays:
    """Central differences of a function of float64 arrays."""
    result = []
    for i, x in enumerate(arrays):
        slopes = np.zeros(x.shape)
        for place in np.ndindex(*x.shape):
            values = []
            for step in (STEP, -STEP):
                moved = [a.copy() for a in arrays]
                moved[i][place] += step
                values.append(float(function(*moved)))
            slopes[place] = (values[0] - values[1]) / (2 * STEP)
        result.append(slopes)
    return result


def engine_loss(case: Case, sample: tuple[Any, ...], arguments: list[Any]) -> Callable[..., Any]:
    """The weighted sum of the function's result, as a function of the arrays that have gradients."""

    def loss(*arrays: Any) -> Any:
        function = case.function
        result = function(*rebuilt(list(sample), arguments, list(arrays)), **case.attrs)
        return weighted(flat_floats(result), axone.ops.sum)

    return loss


def compare(got: list[Any], expected: Arrays, where: str) -> None:
    for g, e in zip(got, expected, strict=True):
        result = np.asarray(g)
        assert result.shape == e.shape, f"{where}: gradient of shape {result.shape}, expected {e.shape}"
        error = np.abs(result - e).max(initial=0) / (1 + np.abs(e).max(initial=0))
        assert error < ALLOWED, f"{where}: error {error:.1e}: {result.ravel()[:6]} instead of {e.ravel()[:6]}"


@pytest.mark.parametrize("case", [c for c in CASES if c.order >= 1 and small_samples(c)], ids=lambda c: c.id)
def test_first_order(case: Case) -> None:
    for sample in small_samples(case):
        arguments = case.arguments(sample, "float64")
        arrays = [np.array(a) for a in leaves(list(sample), arguments)]

        def reference(*moved: Any, sample: Any = sample, arguments: Any = arguments) -> Any:
            result = case.expected(rebuilt(list(sample), arguments, list(moved)))
            return weighted([np.asarray(p) for p in flat_floats(result)], np.sum)

        gradient = axone.grad(engine_loss(case, sample, arguments), argnums=tuple(range(len(arrays))))
        compare(list(gradient(*arrays)), differences(reference, arrays), f"{case.id} {sample}")


@pytest.mark.parametrize("case", [c for c in CASES if c.order >= 2 and small_samples(c)], ids=lambda c: c.id)
def test_second_order(case: Case) -> None:
    sample = min(small_samples(case), key=lambda s: abs(elements(list(s)) - 9))
    arguments = case.arguments(sample, "float64")
    arrays = [np.array(a) for a in leaves(list(sample), arguments)]
    positions = tuple(range(len(arrays)))
    first = axone.grad(engine_loss(case, sample, arguments), argnums=positions)

    def slope(*moved: Any) -> Any:
        """A weighted sum of the first gradient: its own gradient is the Hessian times the weights."""
        return weighted(list(first(*moved)), axone.ops.sum)

    compare(
        list(axone.grad(slope, argnums=positions)(*arrays)),
        differences(lambda *moved: float(slope(*moved)), arrays),
        f"{case.id} {sample}",
    )


@pytest.mark.parametrize(
    ("x", "slope"), [(0.0, 0.25 - 0.5), (3.0, None), (-3.0, None), (40.0, None), (-40.0, None)]
)
def test_binary_crossentropy_has_the_right_slope_everywhere(x: float, slope: float | None) -> None:
    z = 0.75
    expected = 1 / (1 + np.exp(-x)) - z if slope is None else 0.5 - z
    got = axone.grad(lambda v: axone.ops.binary_crossentropy(z, v, from_logits=True))(np.asarray(x))
    assert abs(float(got) - expected) < 1e-9


@pytest.mark.parametrize(
    "name", ["relu", "relu6", "leaky_relu", "absolute", "hard_sigmoid", "selu", "elu", "sign", "softsign"]
)
def test_slopes_at_the_corner_are_finite(name: str) -> None:
    got = axone.grad(lambda v: axone.ops.sum(getattr(axone.ops, name)(v)))(np.zeros(3))
    assert np.isfinite(np.asarray(got)).all()


def test_equal_extremes_share_the_gradient() -> None:
    got = axone.grad(lambda v: axone.ops.max(v))(np.array([2.0, 5.0, 5.0, 1.0]))
    assert np.asarray(got).tolist() == [0.0, 0.5, 0.5, 0.0]


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_losses_find_the_logits(activation: str) -> None:
    """A confident wrong prediction: of probabilities the loss would stop at -log(epsilon), with no slope."""
    logits = np.array([[60.0, -60.0]], "float32")
    target = np.array([[0.0, 1.0]], "float32")
    loss = "categorical_crossentropy" if activation == "softmax" else "binary_crossentropy"

    def value(x: Any) -> Any:
        return axone.ops.sum(getattr(axone.ops, loss)(target, getattr(axone.ops, activation)(x)))

    found, gradient = axone.value_and_grad(value)(logits)
    assert abs(float(found) - 120.0) < 1e-3
    assert np.abs(np.asarray(gradient)).max() > 0.99


def test_losses_do_not_take_a_softmax_over_another_axis_for_logits() -> None:
    x = np.array([[1.0, 2.0], [3.0, -1.0]], "float32")
    p = np.exp(x) / np.exp(x).sum(0)
    t = np.array([[0.0, 1.0], [1.0, 0.0]], "float32")
    expected = -(t * np.log(p / p.sum(1, keepdims=True))).sum(1)
    got = axone.function(lambda v: axone.ops.categorical_crossentropy(t, axone.ops.softmax(v, axis=0)))(x)
    assert np.abs(np.asarray(got) - expected).max() < 1e-6
