"""Entries of the table: special functions, whole numbers, statistics, segments, patterns."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from case import INTEGERS, binary, case, unary
from case import Array as A

unary("erfc", np.vectorize(math.erfc, otypes=["float64"]))
unary("i0", np.vectorize(lambda x: float(np.i0(x)), otypes=["float64"]), special=False, tolerance=2e-6)


def _erfinv(y: float) -> float:
    """By bisection of erf."""
    low, high = -7.0, 7.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if math.erf(middle) < y else (low, middle)
    return low


unary("erfinv", np.vectorize(_erfinv, otypes=["float64"]), "small", special=False)


def _gammainc(a: float, x: float) -> float:
    """Its power series."""
    term = total = 1 / a
    for n in range(1, 200):
        term *= x / (a + n)
        total += term
    return total * math.exp(a * math.log(x) - x - math.lgamma(a))


case(
    "gammainc",
    np.vectorize(_gammainc, otypes=["float64"]),
    [(np.array([0.5, 1.0, 3.0, 8.0], "float32"), A((3, 4), "positive")), (2.5, A((5,), "above1"))],
    order=2,
)
binary("hypot", np.hypot)
unary("sinc", np.sinc, special=False)
binary("fmax", np.fmax, ("distinct", "normal"), order=1, integers=INTEGERS)
binary("fmin", np.fmin, ("distinct", "normal"), order=1, integers=INTEGERS)
case("fmax", np.fmax, [(np.array([np.nan, 1, np.nan]), np.array([2.0, np.nan, np.nan]))], "nan", order=0)
for _name in ("gcd", "lcm"):
    case(
        _name,
        getattr(np, _name),
        [
            (np.arange(-12, 12, dtype=d).reshape(4, 6), np.array([0, 4, -6, 9, 1, 8], d))
            for d in ("int32", "int64")
        ],
        order=0,
    )
case("ldexp", np.ldexp, [(A((3, 4)), np.array([-3, 0, 2, 10], "int32"))])
# Below float32's resolution; test_control.py looks at the bits.
case("nextafter", lambda a, b: a, [(A((3, 4)), A((4,)))], order=0)
unary("signbit", np.signbit, order=0, special=False)
case(
    "signbit",
    np.signbit,
    [
        (np.array([-0.0, 0.0, -1, 1, -np.inf]),),
        (np.array([-1, 0, 3], "int32"),),
        (np.array([0, 3], "uint8"),),
    ],
    "zeros",
    order=0,
)
unary("angle", np.angle, order=0)
for _name in ("real", "conj", "conjugate"):
    unary(_name, lambda x: x)
unary("imag", np.zeros_like, order=1, special=False)
unary("isreal", np.isreal, order=0)
case(
    "view",
    lambda x, dtype: x.view(dtype),
    [
        (np.array([1.0, -2.5], "float64"), "int64"),
        (np.array([[1, 2, 3, 4]], "uint8"), "int32"),
        (np.array([7, 8], "int32"), "uint8"),
    ],
    order=0,
)

# Passing over NaN.
_HOLES = np.array([[1.0, np.nan, -3.0, 4.0], [np.nan, np.nan, np.nan, np.nan], [0.5, 2.0, np.nan, 1.0]])
for _name in ("nancumsum", "nancumprod"):
    case(_name, getattr(np, _name), [(A((3, 5)), 1), (A((7,)), None), (A((2, 3)), 0)])
    case(_name, getattr(np, _name), [(_HOLES, 1)], "holes", order=0)
for _name in ("nanargmax", "nanargmin"):
    case(_name, getattr(np, _name), [(A((3, 5), "distinct"), 1), (A((7,), "distinct"), None)], order=0)
    case(
        _name,
        lambda x, axis, keepdims, n=_name: np.where(
            np.isnan(x).all(axis, keepdims=keepdims),
            -1,
            getattr(np, n)(
                np.where(np.isnan(x), -np.inf if n == "nanargmax" else np.inf, x), axis, keepdims=keepdims
            ),
        ),
        [(_HOLES, 1)],
        "holes",
        order=0,
        keepdims=True,
    )
for _method in ("linear", "lower", "higher", "midpoint", "nearest"):
    case(
        "nanquantile",
        lambda x, q, axis, method, keepdims: np.nanquantile(
            x, q, axis=axis, method=method, keepdims=keepdims
        ),
        [(A((17,), "distinct"), 0.3, None), (A((3, 16), "distinct"), [0.0, 0.25, 1.0], 1)],
        _method,
        order=1,
        method=_method,
        keepdims=True,
    )
    case(
        "nanquantile",
        lambda x, q, axis, method: np.nanquantile(x, q, axis=axis, method=method),
        [(_HOLES, [0.3, 0.5], 1)],
        f"holes_{_method}",
        order=0,
        method=_method,
    )
case("nanpercentile", np.nanpercentile, [(_HOLES, 40.0, 0)], order=0)
case("nanmedian", np.nanmedian, [(_HOLES, 0), (_HOLES, 1), (_HOLES, None)], order=0)

# Statistics.
case(
    "histogram",
    lambda x, bins=10, range=None: np.histogram(x, bins, range),
    [
        (A((33,)),),
        (A((5, 7)), 4),
        (A((40,)), 5, (-1.0, 1.0)),
        (np.ones(3, "float32"), 4),
        (A((9,), "integer"), 3),
    ],
    order=0,
)
case("corrcoef", np.corrcoef, [(A((3, 9)),)], order=2)
for _mode in ("valid", "same", "full"):
    case(
        "correlate",
        np.correlate,
        [(A((7,)), A((3,))), (A((3,)), A((7,))), (A((4,)), A((4,))), (A((6,)), A((2,)))],
        _mode,
        mode=_mode,
    )
case(
    "trapezoid",
    lambda y, x=None, dx=1.0, axis=-1: (np.trapezoid if hasattr(np, "trapezoid") else np.trapz)(
        y, x, dx, axis
    ),
    [(A((7,)),), (A((3, 5)), None, 0.5, 0), (A((3, 5)), A((5,))), (A((3, 5)), A((3, 5)), 1.0, 0)],
)
case(
    "vander",
    lambda x, N=None, increasing=False: np.vander(x, N, increasing),
    [(A((4,), "positive"),), (A((3,), "positive"), 5), (A((3,), "positive"), 2, True)],
    tolerance=5e-6,
)
case("geomspace", np.geomspace, [(1.0, 1000.0, 4), (2.0, 32.0, 5, False)], order=0, tolerance=1e-5)
case(
    "cdist",
    lambda x, y: np.sqrt(((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1)),
    [(A((3, 4)), A((5, 4))), (A((2, 3, 2)), A((2, 2, 2)))],
    tolerance=5e-6,
)
case(
    "psnr",
    lambda a, b, m: 20 * np.log10(m) - 10 * np.log10(np.mean((a - b) ** 2)),
    [(A((3, 4)), A((3, 4), "unit"), 255.0)],
    tolerance=5e-6,
)

# Rows joined.
_IDS = np.array([0, 2, 2, -5, 0])


def _segments(join: Any, start: float, data: Any, ids: Any, count: int) -> Any:
    result = np.full((count, *data.shape[1:]), start)
    for row, i in zip(data, ids, strict=True):
        if 0 <= i < count:
            result[i] = join(result[i], row)
    return result


for _name, _join, _start in (
    ("segment_max", np.maximum, -np.inf),
    ("segment_min", np.minimum, np.inf),
    ("segment_prod", np.multiply, 1.0),
):
    _full = [
        (A((5, 3), "distinct"), np.array([0, 2, 2, 1, 0]), 3),
        (A((5,), "distinct"), np.array([0, 1, -1, 1, 0]), 2),
    ]
    case(_name, partial(_segments, _join, _start), _full, order=2 if _name == "segment_prod" else 1)
    case(_name, partial(_segments, _join, _start), [(A((5, 3), "distinct"), _IDS, 4)], "empty", order=0)
case(
    "segment_max",
    lambda d, i, n: np.array([4, np.iinfo("int32").min]),
    [(np.array([1, 4], "int32"), [0, 0], 2)],
    "integers",
    order=0,
)


def _updated(join: Any, x: Any, indices: Any, updates: Any) -> Any:
    result = x.copy()
    for place, value in zip(
        indices.reshape(-1, indices.shape[-1]),
        updates.reshape(-1, *updates.shape[indices.ndim - 1 :]),
        strict=True,
    ):
        result[tuple(place)] = join(result[tuple(place)], value)
    return result


for _kind, _join in (("max", np.maximum), ("min", np.minimum), ("mul", np.multiply), ("add", np.add)):
    case(
        "scatter_update",
        lambda x, i, u, reduction, j=_join: _updated(j, x, i, u),
        [
            (A((4, 3), "distinct"), np.array([[0], [2], [0]]), A((3, 3), "distinct")),
            (A((2, 3)), np.array([[0, 1], [1, 2], [0, 1], [0, 1]]), A((4,))),
        ],
        _kind,
        reduction=_kind,
        order=1,
    )
case(
    "scatter_update",
    lambda x, i, u, reduction: _updated(np.multiply, x, i, u),
    [(np.array([0.0, 2.0, 3.0, 1.0]), np.array([[0], [1], [1], [2], [3]]), A((5,)))],
    "zeros",
    reduction="mul",
)
case("rearrange", lambda x, p, **k: x.transpose(0, 2, 1).reshape(-1, 3), [(A((2, 3, 5)), "b h w -> (b w) h")])
case(
    "rearrange",
    lambda x, p, h: x.reshape(4, h, 3).transpose(1, 0, 2),
    [(A((4, 6)), "b (h w) -> h b w")],
    "split",
    h=2,
)
case("column_stack", lambda xs: np.column_stack(xs), [([A((3,)), A((3, 2)), A((3,))],)])
