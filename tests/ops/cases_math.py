"""Entries of the table: arithmetic, activations, reductions."""

# fmt: off
from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from case import ALL_INTEGERS, CASES, INTEGERS, SHAPES, binary, case, unary
from case import Array as A

_erf = np.vectorize(math.erf, otypes=["float64"])

# Elementwise, of one number. Tolerances: 4 units in the last place of float32 are 5e-7.
unary("exp", np.exp)
unary("expm1", np.expm1)
unary("log", np.log, "positive")
unary("log1p", np.log1p, "positive")
unary("log2", np.log2, "positive")
unary("log10", np.log10, "positive")
unary("sqrt", np.sqrt, "positive")
unary("rsqrt", lambda x: 1.0 / np.sqrt(x), "positive")
unary("reciprocal", lambda x: 1.0 / x, "positive")
unary("sin", np.sin)
unary("cos", np.cos)
unary("tan", np.tan, "small")
unary("arcsin", np.arcsin, "small")
unary("arccos", np.arccos, "small")
unary("arctan", np.arctan)
unary("sinh", np.sinh)
unary("cosh", np.cosh)
unary("tanh", np.tanh)
unary("arcsinh", np.arcsinh)
unary("arccosh", np.arccosh, "above1")
unary("arctanh", np.arctanh, "small")
unary("erf", _erf)
unary("exp2", np.exp2, tolerance=2e-6)
unary("cbrt", np.cbrt, "positive", special=False)
unary("deg2rad", np.deg2rad)
unary("rad2deg", np.rad2deg)
unary("absolute", np.abs, "away", integers=ALL_INTEGERS)
unary("fabs", np.abs, "away")
unary("negative", np.negative, integers=INTEGERS)
unary("square", np.square, integers=ALL_INTEGERS)
unary("sign", np.sign, "away", order=1, integers=INTEGERS)
unary("floor", np.floor, "away", order=1)
unary("ceil", np.ceil, "away", order=1)
unary("trunc", np.trunc, "away", order=1, integers=INTEGERS)
unary("round", np.round, order=0, integers=INTEGERS)
unary(
    "round", lambda x, decimals: np.round(x, decimals), label="decimals", order=0, decimals=2, special=False
)
unary("isnan", np.isnan, order=0)
unary("isinf", np.isinf, order=0)
unary("isfinite", np.isfinite, order=0)
unary("isposinf", np.isposinf, order=0)
unary("isneginf", np.isneginf, order=0)
unary("logical_not", np.logical_not, "integer", order=0, integers=ALL_INTEGERS)
unary("nan_to_num", lambda x: np.nan_to_num(x), special=False)
unary("stop_gradient", lambda x: x, order=0, integers=ALL_INTEGERS)
unary("copy", lambda x: x, integers=ALL_INTEGERS)


def _sigmoid(x: Any) -> Any:
    return np.where(x >= 0, 1.0 / (1.0 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1.0 + np.exp(-np.abs(x))))


def _softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


# Activations.
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
unary("relu", lambda x: np.maximum(x, 0.0), "away", integers=INTEGERS)
unary("relu6", lambda x: np.clip(x, 0.0, 6.0), "away")
unary("sigmoid", _sigmoid)
unary("log_sigmoid", lambda x: -_softplus(-x))
unary("softplus", _softplus)
unary("softsign", lambda x: x / (1.0 + np.abs(x)), "away", special=False)
unary("silu", lambda x: x * _sigmoid(x), special=False)
unary("hard_sigmoid", lambda x: np.clip(x / 6.0 + 0.5, 0.0, 1.0), "away")
unary("hard_silu", lambda x: x * np.clip(x / 6.0 + 0.5, 0.0, 1.0), "away", special=False)
unary("hard_tanh", lambda x: np.clip(x, -1.0, 1.0), "away")
unary("mish", lambda x: x * np.tanh(_softplus(x)), special=False)
unary("selu", lambda x: _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0))), "away")
unary("elu", lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))), "away", alpha=0.7)
unary(
    "celu", lambda x, alpha: np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha), "away", alpha=1.5
)
unary(
    "leaky_relu", lambda x, negative_slope: np.where(x > 0, x, negative_slope * x), "away", negative_slope=0.3
)
unary("gelu", lambda x, approximate: 0.5 * x * (1.0 + _erf(x / 2**0.5)), label="exact", special=False,
      approximate=False)
unary(
    "gelu",
    lambda x: 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3))),
    special=False,
)
unary(
    "soft_shrink",
    lambda x, threshold: np.sign(x) * np.maximum(np.abs(x) - threshold, 0),
    "away",
    threshold=1.0,
)
unary("hard_shrink", lambda x, threshold: np.where(np.abs(x) <= threshold, 0, x), "away", threshold=1.0)
unary("tanh_shrink", lambda x: x - np.tanh(x), special=False)
unary("threshold", lambda x, threshold, default_value: np.where(x > threshold, x, default_value), "away",
      threshold=1.0, default_value=-3.0)
unary("squareplus", lambda x: (x + np.sqrt(x * x + 4.0)) / 2.0, special=False)
unary(
    "sparse_plus",
    lambda x: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)),
    "away",
    special=False,
)
unary("sparse_sigmoid", lambda x: np.clip((x + 1) / 2, 0, 1), "away", special=False)


def _softmax(x: Any, axis: Any = -1) -> Any:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: Any = -1) -> Any:
    shifted = x - np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


LINES = [
    (A((1,)),),
    (A((3, 10)),),
    (A((2, 3, 17)),),
    (A((5, 131)),),
    (A((0, 4)),),
    (A((33, 2), layout="fortran"),),
]
for _axis in (-1, 0):
    case("softmax", _softmax, LINES, f"axis{_axis}", axis=_axis)
    case("log_softmax", _log_softmax, LINES, f"axis{_axis}", axis=_axis)
case("softmax", _softmax, [(A((3, 5, 7)),)], "two_axes", axis=(0, 2))
case("sparsemax", lambda x: np.stack([_simplex(row) for row in x]), [(A((4, 7)),), (A((3, 17)),)], order=1)
case(
    "glu",
    lambda x: x[..., : x.shape[-1] // 2] * _sigmoid(x[..., x.shape[-1] // 2 :]),
    [(A((3, 10)),), (A((2, 34)),)],
)


def _simplex(x: Any) -> Any:
    """The point of the simplex nearest to x, by bisection on the shift: no sort, unlike `sparsemax`."""
    low, high = x.min() - 1.0, x.max()
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(x - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(x - low, 0)


# Elementwise, of two and three numbers.
binary("add", np.add, integers=ALL_INTEGERS)
binary("subtract", np.subtract, integers=INTEGERS)
binary("multiply", np.multiply, integers=ALL_INTEGERS)
binary("divide", np.divide, ("normal", "positive"))
binary("true_divide", np.divide, ("normal", "positive"))
binary("floor_divide", np.floor_divide, ("away", "positive"), order=0)
binary("mod", np.mod, ("away", "above1"), order=0)
binary("fmod", np.fmod, ("away", "above1"), order=0, label="")
binary("power", np.power, ("positive", "normal"), tolerance=2e-6)
binary("maximum", np.maximum, ("away", "normal"), order=1, integers=ALL_INTEGERS)
binary("minimum", np.minimum, ("away", "normal"), order=1, integers=ALL_INTEGERS)
binary("arctan2", np.arctan2)
binary("logaddexp", np.logaddexp)
binary("logaddexp2", np.logaddexp2, tolerance=2e-6)
binary(
    "divide_no_nan", lambda a, b: np.where(b == 0, 0.0, a / np.where(b == 0, 1.0, b)), ("normal", "positive")
)
binary("heaviside", np.heaviside, order=0)
binary("isclose", np.isclose, order=0)
for _name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
    binary(_name, getattr(np, _name), ("integer", "integer"), order=0, integers=ALL_INTEGERS)
for _name in ("logical_and", "logical_or", "logical_xor"):
    binary(_name, getattr(np, _name), ("mask", "mask"), order=0)
for _name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    binary(_name, getattr(np, _name), ("index", "index"), order=0)
    CASES[-1].samples = [tuple(A(a.shape, "index", 200) for a in s) for s in CASES[-1].samples]
for _name in ("left_shift", "right_shift"):
    case(_name, getattr(np, _name), [(A((17,), "index", 1000), A((17,), "index", 8))], order=0)
case("bitwise_not", np.invert, [(A((17,), "index", 100),), (A((5,), "mask"),)], order=0)
case("where", np.where, [(A((7,), "mask"), A((7,)), A(())), (A((3, 1), "mask"), A((17,)), A((3, 17))),
                         (A((0,), "mask"), A((0,)), A((0,))), (A((65,), "mask"), A((65,)), A((65,)))],
     integers=ALL_INTEGERS)
case("clip", np.clip, [(A(s, "away"), -1.0, 1.0) for s in SHAPES] + [(A((3, 17), "away"), A((17,), "small"),
     5.0)],
     order=1)
case(
    "select",
    lambda c, v, d: np.select(c, v, d),
    [([A((7,), "mask"), A((7,), "mask")], [A((7,)), A((7,))], 0.5)],
)
case("isin", np.isin, [(A((3, 5), "index", 9), A((4,), "index", 9))], order=0)


def _reduced(function: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return function(x, axis=axis, keepdims=keepdims)


# Reductions.
REDUCED: list[tuple[tuple[int, ...], Any]] = [
    ((), None), ((1,), 0), ((7,), None), ((131,), 0), ((3, 5), 0), ((3, 5), 1), ((3, 5), None), ((2, 3, 17),
    (0, 2)),
    ((2, 3, 17), 1), ((5, 1, 4), (1,)), ((33, 65), -1), ((33, 65), 0), ((4, 3, 2, 5), (1, 3)), ((3, 5), ()),
]


def reduction(
    name: str, reference: Callable[..., Any], kind: str = "normal", empty: bool = True, **options: Any
) -> None:
    """A reduction at many shapes and axes, with and without kept axes."""
    shapes = REDUCED + ([((0,), 0), ((3, 0), 1), ((3, 0), 0), ((0, 4), (0, 1))] if empty else [])

    def call(x: Any, axis: Any, keepdims: bool) -> Any:
        return reference(x, axis=axis, keepdims=keepdims)

    samples = [(A(s, kind), axis, keep) for s, axis in shapes for keep in (False, True)]
    samples += [
        (A((9, 19), kind, layout=lay), 0, False) for lay in ("fortran", "strided", "reversed", "readonly")
    ]
    case(name, call, samples, tolerance=options.pop("tolerance", 2e-6), **options)


reduction("sum", np.sum, integers=INTEGERS)
reduction("prod", np.prod, "above1", tolerance=2e-5)
CASES[-1].samples = [s for s in CASES[-1].samples if s[0].shape not in ((131,), (33, 65), (2, 3, 17))]
reduction("mean", np.mean)
reduction("var", np.var)
reduction("std", np.std)
CASES[-1].samples = [s for s in CASES[-1].samples if s[1] != () and s[0].shape not in ((), (1,), (5, 1, 4))]
reduction("max", np.max, "distinct", empty=False, order=1, integers=ALL_INTEGERS)
reduction("min", np.min, "distinct", empty=False, order=1, integers=ALL_INTEGERS)
reduction("amax", np.max, "distinct", empty=False, order=1)
reduction("amin", np.min, "distinct", empty=False, order=1)
reduction("ptp", lambda x, axis, keepdims: np.max(x, axis=axis, keepdims=keepdims) - np.min(x, axis=axis,
     keepdims=keepdims),
          "distinct", empty=False, order=1)
reduction("any", np.any, "mask", order=0)
reduction("all", np.all, "mask", order=0)
reduction("logsumexp", lambda x, axis, keepdims: np.asarray(
    np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))))
reduction("nansum", np.nansum)
reduction("nanmean", np.nanmean, empty=False)
reduction("nanvar", np.nanvar, empty=False)
reduction("nanstd", np.nanstd, empty=False)
CASES[-1].samples = [s for s in CASES[-1].samples if s[1] != () and s[0].shape not in ((), (1,), (5, 1, 4))]
reduction("nanprod", np.nanprod, "above1", tolerance=2e-5)
CASES[-1].samples = [s for s in CASES[-1].samples if s[0].shape not in ((131,), (33, 65), (2, 3, 17))]
reduction("nanmax", np.nanmax, "distinct", empty=False, order=1)
reduction("nanmin", np.nanmin, "distinct", empty=False, order=1)
reduction("median", np.median, "distinct", empty=False, order=1)
CASES[-1].samples = [s for s in CASES[-1].samples if s[1] != ()]
case("max", lambda x, axis, keepdims, initial: np.max(x, axis=axis, keepdims=keepdims, initial=initial),
     [(A((3, 0)), 1, False, -1.0), (A((3, 5), "distinct"), 1, True, 0.3)], "initial", order=0)
for _name in ("argmax", "argmin"):
    case(_name, partial(_reduced, getattr(np, _name)),
         [(A(s, "distinct"), axis, keep) for s, axis in
          [((7,), 0), ((131,), None), ((3, 5), 0), ((3, 5), 1), ((3, 5), None), ((2, 3, 17), 1), ((33, 65),
          -1), ((5, 1), 1)]
          for keep in (False, True)], order=0, integers=ALL_INTEGERS)
case("count_nonzero", lambda x, axis: np.count_nonzero(x, axis=axis), [(A((3, 17), "integer"), 1),
     (A((5,), "mask"), None)],
     order=0)
case("average", lambda x, axis, weights: np.average(x, axis=axis, weights=weights),
     [(A((3, 17)), 1, A((17,), "positive")), (A((3, 17)), None, A((3, 17), "positive")), (A((3, 5)), 0,
     None)])
for _name in ("cumsum", "cumprod"):
    case(_name, getattr(np, _name),
         [(A(s, "unit" if _name == "cumprod" else "normal"), axis) for s, axis in
          [((1,), 0), ((7,), None), ((65,), 0), ((3, 17), 0), ((3, 17), 1), ((2, 3, 5), 1), ((0, 3), 0),
          ((3, 5), None)]],
         tolerance=4e-6)
case("norm", lambda x, ord, axis, keepdims: np.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims),
     [(A((7,)), None, None, False), (A((3, 5)), None, None, True), (A((3, 5)), 2, 1, False), (A((3, 5)), 1, 0,
     True),
      (A((3, 5)), 3, 1, False), (A((3, 5), "distinct"), math.inf, 1, False), (A((3, 5), "distinct"),
      -math.inf, 0, False),
      (A((3, 5)), "fro", (0, 1), False), (A((2, 3, 5)), 1, (1, 2), False), (A((2, 3, 5)), math.inf, (1, 2),
      True),
      (A((2, 3, 5)), -1, (0, 2), False), (A((2, 3, 5)), -math.inf, (2, 0), False)], order=1, tolerance=2e-6)
