"""Every function of `axone.ops` against float64 NumPy, in all dtypes, shapes and layouts of its entry."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import numpy as np
import pytest
from cases import CASES, Case

import axone

# Functions without an entry: they return Python objects, or are an entry's other name.
OBJECTS = {
    "shape",
    "size",
    "ndim",
    "dtype",
    "is_tensor",
    "convert_to_numpy",
    "allclose",
    "nn",
    "numpy",
    "linalg",
    "image",
    *("host_call", "custom_gradient"),  # tests/core/test_host_call.py
    *("cond", "switch", "vectorize", "jvp"),  # test_control.py
    *("map", "vectorized_map", "scan", "while_loop", "fori_loop", "associative_scan"),  # test_loops.py
    *("ctc_loss", "ctc_decode"),  # tests/losses/test_ctc.py
    "image.elastic_transform",  # tests/layers/test_image_layers.py
}


def check(got: Any, expected: Any, case: Case, dtype: str, where: str) -> None:
    """Compares results; several are compared one by one."""
    if isinstance(expected, (list, tuple)):
        assert len(got) == len(expected), where
        for g, e in zip(got, expected, strict=True):
            check(g, e, case, dtype, where)
        return
    result, wanted = np.asarray(got), np.asarray(expected)
    assert result.shape == wanted.shape, f"{where}: shape {result.shape}, expected {wanted.shape}"
    assert str(result.dtype) == got.dtype
    if result.dtype.kind != "f" or wanted.dtype.kind != "f":
        same = result == wanted
        assert np.all(same), f"{where}: {result[~same][:5]} instead of {wanted[~same][:5]}"
        return
    with np.errstate(all="ignore"):
        limit = case.allowed(str(result.dtype)) * (case.scale + np.abs(wanted))
        bad = ~(
            (np.abs(result - wanted) <= limit) | (result == wanted) | (np.isnan(result) & np.isnan(wanted))
        )
    assert not bad.any(), f"{where}: {result[bad][:5]} instead of {wanted[bad][:5]}"


def run(case: Case, dtype: str) -> None:
    """Every sample of a case in one dtype."""
    function = case.function
    for sample in case.samples:
        arguments = case.arguments(sample, dtype)
        where = f"{case.id}({', '.join(describe(a) for a in arguments)}) in {dtype}"
        check(function(*arguments, **case.attrs), case.expected(arguments), case, dtype, where)


def describe(argument: Any) -> str:
    """An argument in few words."""
    return f"{argument.dtype}{argument.shape}" if isinstance(argument, np.ndarray) else repr(argument)[:40]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_floats(case: Case, dtype: str) -> None:
    run(case, dtype)


@pytest.mark.parametrize(
    ("case", "dtype"),
    [(c, d) for c in CASES for d in c.integers],
    ids=lambda v: v.id if isinstance(v, Case) else v,
)
def test_integers(case: Case, dtype: str) -> None:
    function = case.function
    for sample in case.samples:
        arguments = case.arguments(sample, "float64")
        arguments = [whole(a, dtype) for a in arguments]
        where = f"{case.id}({', '.join(describe(a) for a in arguments)}) in {dtype}"
        check(function(*arguments, **case.attrs), case.expected(arguments), case, dtype, where)


def whole(x: Any, dtype: str) -> Any:
    """The argument with floating-point arrays replaced by small integers."""
    if isinstance(x, list):
        return [whole(v, dtype) for v in x]
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return np.rint(np.abs(x * 3) % 11 if dtype == "uint8" else np.fmod(x * 3, 11)).astype(dtype)
    return x


# No denormals: the engine takes them for 0, as workers run with flush-to-zero.
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, -1.0, 3e38, -3e38, 1e-30, -1e-30, 88.8, -87.0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", [c for c in CASES if c.special], ids=lambda c: c.id)
def test_special_numbers(case: Case, dtype: str) -> None:
    with np.errstate(all="ignore"):
        values = np.asarray(SPECIAL).astype(dtype)
        got = np.asarray(case.function(values, **case.attrs))
        expected = np.asarray(case.expected([values]))
        expected = expected.astype(dtype) if expected.dtype.kind == "f" else expected
    if got.dtype.kind != "f":
        assert got.tolist() == expected.tolist()
        return
    with np.errstate(all="ignore"):
        limit = case.allowed(dtype) * (1.0 + np.abs(expected))
        bad = ~((np.abs(got - expected) <= limit) | (got == expected) | (np.isnan(got) & np.isnan(expected)))
    report = [
        f"f({v})={g}, expected {e}" for v, g, e in zip(values[bad], got[bad], expected[bad], strict=True)
    ]
    assert not bad.any(), "; ".join(report)


def test_every_function_has_an_entry() -> None:
    ops = axone.ops
    tested = {id(case.function) for case in CASES}
    names = [*ops.__all__, *(f"image.{name}" for name in ops.image.__all__)]
    missing = [n for n in names if n not in OBJECTS and id(attrgetter(n)(ops)) not in tested]
    assert not missing, f"add entries to the table for {missing}"
