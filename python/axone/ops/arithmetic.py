"""Elementwise arithmetic: one number in, one number out, with NumPy's broadcasting."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import (
    TensorLike,
    broadcast_all,
    cast_to,
    compute,
    is_float,
    promote,
    promote_float,
    promote_number,
    reshape_to,
    to_float,
    to_tensor,
)

Unary = Callable[[TensorLike], Tensor]
Binary = Callable[[TensorLike, TensorLike], Tensor]


def _unary(name: str, summary: str, engine: str | None = None, keeps_integers: bool = False) -> Unary:
    """A function of one tensor that runs one engine operation.

    Integers and booleans become `floatx()` first, unless the operation `keeps_integers`.
    """
    kernel = engine or name

    def function(x: TensorLike) -> Tensor:
        tensor = to_tensor(x) if keeps_integers else to_float(x)
        return compute(kernel, tensor)

    kept = "the dtype of `x`" if keeps_integers else "a floating dtype (integers become `floatx()`)"
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    Args:
        x: tensor of any shape.

    Returns:
        A tensor of the shape of `x`, of {kept}.

    Example:

    >>> y = axone.ops.{name}([0.25, 0.5])
    """
    return op(function)


exp = _unary("exp", "Exponential, elementwise.")
expm1 = _unary("expm1", "`exp(x) - 1`, exact for small `x`.")
log = _unary("log", "Natural logarithm, elementwise.")
log1p = _unary("log1p", "`log(1 + x)`, exact for small `x`.")
log2 = _unary("log2", "Logarithm to base 2, elementwise.")
log10 = _unary("log10", "Logarithm to base 10, elementwise.")
sqrt = _unary("sqrt", "Square root, elementwise; NaN below 0.")
rsqrt = _unary("rsqrt", "`1 / sqrt(x)`, elementwise.")
reciprocal = _unary("reciprocal", "`1 / x`, elementwise.")
sin = _unary("sin", "Sine of angles in radians.")
cos = _unary("cos", "Cosine of angles in radians.")
tan = _unary("tan", "Tangent of angles in radians.")
arcsin = _unary("arcsin", "Inverse sine in radians, from -pi/2 to pi/2; NaN outside [-1, 1].")
arccos = _unary("arccos", "Inverse cosine in radians, from 0 to pi; NaN outside [-1, 1].")
arctan = _unary("arctan", "Inverse tangent in radians, from -pi/2 to pi/2.")
sinh = _unary("sinh", "Hyperbolic sine, elementwise.")
cosh = _unary("cosh", "Hyperbolic cosine, elementwise.")
tanh = _unary("tanh", "Hyperbolic tangent, elementwise.")
arcsinh = _unary("arcsinh", "Inverse hyperbolic sine, elementwise.")
arccosh = _unary("arccosh", "Inverse hyperbolic cosine, elementwise; NaN below 1.")
arctanh = _unary("arctanh", "Inverse hyperbolic tangent, elementwise; NaN outside [-1, 1].")
erf = _unary("erf", "Gauss error function, elementwise.")
floor = _unary("floor", "Largest whole number not above `x`, elementwise.")
ceil = _unary("ceil", "Smallest whole number not below `x`, elementwise.")


def _whole(name: str, summary: str) -> Unary:
    """Like `_unary`, for functions that leave integers as they are without any work."""

    def function(x: TensorLike) -> Tensor:
        tensor = to_tensor(x)
        return compute(name, tensor) if is_float(tensor) else tensor

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    Args:
        x: tensor of any shape; integers stay as they are.

    Returns:
        A tensor of the shape and dtype of `x`.
    """
    return op(function)


trunc = _whole("trunc", "Drops the fraction: the nearest whole number towards zero.")


@op
def round(x: TensorLike, decimals: int = 0) -> Tensor:
    """Rounds half to even, like NumPy.

    Args:
        x: tensor of any shape; integers stay as they are.
        decimals: decimal places to keep; may be negative.

    Returns:
        A tensor of the shape and dtype of `x`.
    """
    tensor = to_tensor(x)
    if decimals == 0:
        return compute("round", tensor) if is_float(tensor) else tensor
    if not is_float(tensor):
        if decimals > 0:
            return tensor
        return cast_to(round(cast_to(tensor, "float64"), decimals), tensor.dtype)
    scale = 10.0 ** builtins.abs(decimals)
    if decimals > 0:
        return divide(compute("round", multiply(tensor, scale)), scale)
    return multiply(compute("round", divide(tensor, scale)), scale)


def _number(name: str, summary: str, engine: str) -> Unary:
    """Like `_unary` with integers kept; booleans become int32."""

    def function(x: TensorLike) -> Tensor:
        return compute(engine, *promote_number(x))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    Args:
        x: tensor of any shape.

    Returns:
        A tensor of the shape and dtype of `x` (int32 for booleans).
    """
    return op(function)


negative = _number("negative", "`-x`, elementwise.", "neg")
sign = _number("sign", "-1, 0 or 1 by the sign of `x`; NaN stays.", "sign")
square = _number("square", "`x * x`, elementwise.", "square")


@op
def absolute(x: TensorLike) -> Tensor:
    """Absolute value, elementwise.

    Args:
        x: tensor of any shape; booleans and unsigned integers stay as they are.

    Returns:
        A tensor of the shape and dtype of `x`.
    """
    tensor = to_tensor(x)
    return tensor if tensor.dtype in ("bool", "uint8") else compute("abs", tensor)


abs = absolute


@op
def fabs(x: TensorLike) -> Tensor:
    """Absolute value as a floating-point number, elementwise."""
    return compute("abs", to_float(x))


def _binary(
    name: str,
    summary: str,
    convert: Callable[..., list[Tensor]],
    boolean: str | None = None,
    engine: str = "",
) -> Binary:
    """A function of two tensors that runs one engine operation after `convert` has made their dtypes one.

    `boolean` names the operation for two boolean tensors where it is another one.
    """
    kernel = engine or name

    def function(x1: TensorLike, x2: TensorLike) -> Tensor:
        a, b = convert(x1, x2)
        return compute(boolean if boolean and a.dtype == "bool" else kernel, a, b)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    Args:
        x1: tensor or number.
        x2: tensor or number; its shape must broadcast with that of `x1`.

    Returns:
        A tensor of the broadcast shape and the promoted dtype.

    Raises:
        ValueError: where the shapes do not broadcast.

    Example:

    >>> y = axone.ops.{name}([[1.0], [2.0]], [3.0, 4.0])  # shape (2, 2)
    """
    return op(function)


add = _binary("add", "`x1 + x2`, elementwise; for booleans `x1 or x2`.", promote, "logical_or")
subtract = _binary("subtract", "`x1 - x2`, elementwise.", promote_number)
multiply = _binary("multiply", "`x1 * x2`, elementwise; for booleans `x1 and x2`.", promote, "logical_and")
divide = _binary("divide", "`x1 / x2`, elementwise; integers divided give floats.", promote_float)
true_divide = _binary(
    "true_divide", "`x1 / x2`, elementwise: `divide` by its other name.", promote_float, engine="divide"
)
floor_divide = _binary("floor_divide", "`x1 // x2`: the quotient rounded down.", promote_number)
mod = _binary("mod", "`x1 % x2`: the remainder, which has the sign of `x2`.", promote_number)
maximum = _binary(
    "maximum", "The larger of `x1` and `x2`, elementwise; NaN where either is NaN.", promote, "logical_or"
)
minimum = _binary(
    "minimum", "The smaller of `x1` and `x2`, elementwise; NaN where either is NaN.", promote, "logical_and"
)
arctan2 = _binary("arctan2", "The angle of the point (x2, x1) in radians, from -pi to pi.", promote_float)


@op
def power(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`x1 ** x2`, elementwise.

    Args:
        x1: base: tensor or number.
        x2: exponent: tensor or number whose shape broadcasts with that of `x1`.

    Returns:
        A tensor of the broadcast shape and the promoted dtype; NaN for a fraction of a negative base.

    Example:

    >>> axone.ops.power([1.0, 2.0, 3.0], 2)
    """
    a, b = promote_number(x1, x2)
    if isinstance(x2, (int, float)):  # x ** 2 is the commonest power by far, and a multiplication
        if x2 == 2:
            return compute("square", a)
        if x2 == 1:
            return a
    return compute("power", a, b)


@op
def divide_no_nan(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`x1 / x2`, but 0 where `x2` is 0.

    Args:
        x1: tensor or number.
        x2: tensor or number whose shape broadcasts with that of `x1`.

    Returns:
        A floating-point tensor of the broadcast shape. Its gradient is 0 where `x2` is 0.
    """
    a, b = promote_float(x1, x2)
    zero = to_tensor(0, b.dtype)
    none = compute("equal", b, zero)
    quotient = compute("divide", a, compute("where", none, to_tensor(1, b.dtype), b))
    return compute("where", none, zero, quotient)


@op
def fmod(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The remainder of `x1 / x2`, which has the sign of `x1` (C's fmod).

    Args:
        x1: tensor or number.
        x2: tensor or number whose shape broadcasts with that of `x1`.

    Returns:
        A tensor of the broadcast shape and the promoted dtype.
    """
    a, b = promote_number(x1, x2)
    rest = compute("mod", absolute(a), absolute(b))
    return compute("where", compute("less", a, to_tensor(0, a.dtype)), negative(rest), rest)


@op
def logaddexp(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`log(exp(x1) + exp(x2))` without overflow.

    Args:
        x1: tensor or number.
        x2: tensor or number whose shape broadcasts with that of `x1`.

    Returns:
        A floating-point tensor of the broadcast shape.
    """
    pair = broadcast_all("logaddexp", promote_float(x1, x2))
    joined = compute("concatenate", *[reshape_to(x, [1, *x.shape]) for x in pair], axis=0)
    return compute("logsumexp", joined, axes=[0], keepdims=False)


@op
def logaddexp2(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`log2(2 ** x1 + 2 ** x2)` without overflow."""
    return multiply(logaddexp(multiply(x1, math.log(2.0)), multiply(x2, math.log(2.0))), 1.0 / math.log(2.0))


@op
def exp2(x: TensorLike) -> Tensor:
    """`2 ** x`, elementwise."""
    tensor = to_float(x)
    return compute("power", to_tensor(2.0, tensor.dtype), tensor)


@op
def cbrt(x: TensorLike) -> Tensor:
    """Cube root, elementwise; negative for negative `x`."""
    tensor = to_float(x)
    root = compute("power", compute("abs", tensor), to_tensor(1.0 / 3.0, tensor.dtype))
    return compute("multiply", compute("sign", tensor), root)


@op
def deg2rad(x: TensorLike) -> Tensor:
    """Degrees to radians."""
    return multiply(to_float(x), math.pi / 180.0)


@op
def rad2deg(x: TensorLike) -> Tensor:
    """Radians to degrees."""
    return multiply(to_float(x), 180.0 / math.pi)


@op
def clip(x: TensorLike, x_min: TensorLike, x_max: TensorLike) -> Tensor:
    """Limits `x` to the range from `x_min` to `x_max`.

    Args:
        x: tensor of any shape.
        x_min: smallest value: a number or a tensor that broadcasts with `x`.
        x_max: largest value.

    Returns:
        A tensor of the broadcast shape. The gradient is 0 where the limit holds `x`.

    Example:

    >>> axone.ops.clip([-2.0, 0.5, 3.0], 0.0, 1.0)  # [0, 0.5, 1]
    """
    return compute("clip", *promote_number(x, x_min, x_max))


@op
def nan_to_num(
    x: TensorLike, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Replaces NaN and infinities by finite numbers.

    Args:
        x: tensor of any shape.
        nan: what stands for NaN.
        posinf: what stands for +inf; None: the dtype's largest number.
        neginf: what stands for -inf; None: the dtype's smallest number.

    Returns:
        A tensor of the shape and dtype of `x`.
    """
    tensor = to_tensor(x)
    if not is_float(tensor):
        return tensor
    largest = float(np.finfo(tensor.dtype).max)

    def constant(value: float | None, otherwise: float) -> Tensor:
        return to_tensor(otherwise if value is None else value, tensor.dtype)

    infinite = compute("isinf", tensor)
    positive = compute("greater", tensor, to_tensor(0, tensor.dtype))
    limits = compute("where", positive, constant(posinf, largest), constant(neginf, -largest))
    y = compute("where", infinite, limits, tensor)
    return compute("where", compute("isnan", tensor), constant(nan, 0.0), y)
