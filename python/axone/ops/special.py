"""Special functions, and elementwise functions of whole numbers, bits and complex parts."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from axone.core.dtypes import standardize_dtype
from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import (
    TensorLike,
    cast_to,
    compute,
    fill,
    is_float,
    promote,
    promote_float,
    promote_number,
    to_float,
    to_tensor,
)
from axone.ops.arithmetic import _unary as unary

erfc = unary("erfc", "`1 - erf(x)`, exact also where it is tiny.")
erfinv = unary("erfinv", "The inverse of `erf`: from (-1, 1) to all numbers; NaN outside.")
i0 = unary("i0", "Modified Bessel function of the first kind, order 0.", "bessel_i0")


@op
def gammainc(a: TensorLike, x: TensorLike) -> Tensor:
    """Regularized lower incomplete gamma function: the gamma distribution's share below `x`.

    Args:
        a: the distribution's shape, at least 0.
        x: upper limit, at least 0; must broadcast with `a`.

    Returns:
        A floating-point tensor of numbers from 0 to 1; NaN for negative arguments. Its gradient is that
        by `x`.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 6.5.29 and 6.5.31.
    """
    return compute("gammainc", *promote_float(a, x))


@op
def hypot(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`sqrt(x1**2 + x2**2)` without overflow of the squares.

    Args:
        x1: tensor or number.
        x2: tensor or number that broadcasts with `x1`.

    Returns:
        A floating-point tensor; infinite where either is. The gradient at (0, 0) is 0.
    """
    a, b = (compute("abs", x) for x in promote_float(x1, x2))
    large, small = compute("maximum", a, b), compute("minimum", a, b)
    one, zero = to_tensor(1, large.dtype), to_tensor(0, large.dtype)
    plain = compute("logical_or", compute("equal", large, zero), compute("isinf", large))
    ratio = compute("divide", compute("where", plain, zero, small), compute("where", plain, one, large))
    length = compute("sqrt", compute("add", compute("square", ratio), one))
    return compute("multiply", large, length)


@op
def sinc(x: TensorLike) -> Tensor:
    """`sin(pi x) / (pi x)`, 1 at 0.

    Args:
        x: tensor or number.

    Returns:
        A floating-point tensor of the shape of `x`.
    """
    tensor = to_float(x)
    one = to_tensor(1, tensor.dtype)
    at_zero = compute("equal", tensor, to_tensor(0, tensor.dtype))
    angle = compute("multiply", compute("where", at_zero, one, tensor), to_tensor(math.pi, tensor.dtype))
    return compute("where", at_zero, one, compute("divide", compute("sin", angle), angle))


def _over_nan(name: str, word: str, engine: str) -> Callable[[TensorLike, TensorLike], Tensor]:
    """fmax and fmin."""

    def function(x1: TensorLike, x2: TensorLike) -> Tensor:
        a, b = promote(x1, x2)
        if not is_float(a):
            return compute(engine, a, b)
        left = compute("where", compute("isnan", a), b, a)
        right = compute("where", compute("isnan", b), a, b)
        return compute(engine, left, right)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The {word} of two tensors, elementwise; a NaN gives way to a number.

    Args:
        x1: tensor or number.
        x2: tensor or number that broadcasts with `x1`.

    Returns:
        A tensor of the broadcast shape; NaN only where both are.
    """
    return op(function)


fmax, fmin = _over_nan("fmax", "larger", "maximum"), _over_nan("fmin", "smaller", "minimum")


def _whole_pair(name: str, x1: TensorLike, x2: TensorLike) -> list[Tensor]:
    tensors = promote_number(x1, x2)
    if is_float(tensors[0]):
        raise TypeError(f"{name}: expected integers, got {tensors[0].dtype}; cast them: ops.cast(x, 'int32')")
    return tensors


@op
def gcd(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Greatest common divisor of integers, elementwise; 0 for two zeros.

    Raises:
        TypeError: for floating-point tensors.
    """
    return compute("gcd", *_whole_pair("gcd", x1, x2))


@op
def lcm(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Least common multiple of integers, elementwise; 0 where either is.

    Raises:
        TypeError: for floating-point tensors.
    """
    a, b = _whole_pair("lcm", x1, x2)
    divisor = compute("gcd", a, b)
    divisor = compute("maximum", divisor, to_tensor(1, divisor.dtype))
    return compute("abs", compute("multiply", compute("floor_divide", a, divisor), b))


@op
def ldexp(x1: TensorLike, x2: TensorLike) -> Tensor:
    """`x1 * 2**x2`.

    Args:
        x1: tensor or number.
        x2: integers; must broadcast with `x1`.

    Returns:
        A floating-point tensor.

    Raises:
        TypeError: where `x2` is not made of integers.
    """
    a, exponent = to_float(x1), to_tensor(x2)
    if is_float(exponent) or exponent.dtype == "bool":
        raise TypeError(f"ldexp: `x2` must hold integers, got {exponent.dtype}")
    # In two halves, so that 2**x2 itself neither overflows nor vanishes where the product does not.
    half = compute("right_shift", exponent, to_tensor(1, exponent.dtype))
    two = to_tensor(2, a.dtype)
    for part in (half, compute("subtract", exponent, half)):
        a = compute("multiply", a, compute("power", two, cast_to(part, a.dtype)))
    return a


@op
def nextafter(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The floating-point number next to `x1` in the direction of `x2`, elementwise."""
    return compute("nextafter", *promote_float(x1, x2))


@op
def signbit(x: TensorLike) -> Tensor:
    """Where the sign is minus: negative numbers and -0.0."""
    tensor = to_tensor(x)
    if tensor.dtype in ("bool", "uint8"):
        return fill(tensor.shape, 0, "bool")
    if is_float(tensor):
        tensor = compute("bitcast", tensor, dtype="int32" if tensor.dtype == "float32" else "int64")
    return compute("less", tensor, to_tensor(0, tensor.dtype))


@op
def view(x: TensorLike, dtype: str | None = None) -> Tensor:
    """The bytes of a tensor, seen as another dtype.

    Args:
        x: tensor; for a dtype of another size, its last axis shrinks or grows.
        dtype: the dtype to see; None: that of `x`.

    Returns:
        A tensor without gradient.

    Raises:
        ValueError: where the last axis does not hold whole items.

    Example:

    >>> axone.ops.view(np.array([1.0], "float32"), "int32")  # [1065353216]
    """
    tensor = to_tensor(x)
    return compute("bitcast", tensor, dtype=tensor.dtype if dtype is None else standardize_dtype(dtype))


# There are no complex tensors: every tensor is its own real part.


def _same(name: str, summary: str) -> Callable[[TensorLike], Tensor]:
    def function(x: TensorLike) -> Tensor:
        return to_tensor(x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{summary} There are no complex tensors: `x` itself."
    return op(function)


real = _same("real", "The real part.")
conj = _same("conj", "The complex conjugate.")
conjugate = _same("conjugate", "The complex conjugate.")


@op
def imag(x: TensorLike) -> Tensor:
    """The imaginary part: zeros, as there are no complex tensors."""
    tensor = to_tensor(x)
    return fill(tensor.shape, 0, tensor.dtype)


@op
def isreal(x: TensorLike) -> Tensor:
    """Where the imaginary part is 0: everywhere, as there are no complex tensors."""
    return fill(to_tensor(x).shape, 1, "bool")


@op
def angle(x: TensorLike) -> Tensor:
    """The angle in the complex plane, in radians: pi for negative numbers, else 0; NaN stays."""
    tensor = to_float(x)
    zero, pi = (to_tensor(np.asarray(v, tensor.dtype)) for v in (0.0, math.pi))
    turned = compute("where", signbit(tensor), pi, zero)
    return compute("where", compute("isnan", tensor), tensor, turned)
