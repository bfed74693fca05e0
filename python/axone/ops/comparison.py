"""Comparisons, logic and choices between values."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import (
    TensorLike,
    cast_to,
    compute,
    is_float,
    promote,
    promote_float,
    to_float,
    to_tensor,
)


def _comparison(name: str, sign: str) -> Callable[[TensorLike, TensorLike], Tensor]:
    """A function of two tensors that gives booleans."""

    def function(x1: TensorLike, x2: TensorLike) -> Tensor:
        return compute(name, *promote(x1, x2))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Whether `x1 {sign} x2`, elementwise.

    Args:
        x1: tensor or number.
        x2: tensor or number; its shape must broadcast with that of `x1`.

    Returns:
        A tensor of booleans of the broadcast shape.

    Raises:
        ValueError: where the shapes do not broadcast.
    """
    return op(function)


equal = _comparison("equal", "==")
not_equal = _comparison("not_equal", "!=")
less = _comparison("less", "<")
less_equal = _comparison("less_equal", "<=")
greater = _comparison("greater", ">")
greater_equal = _comparison("greater_equal", ">=")


def _logical(name: str, word: str) -> Callable[[TensorLike, TensorLike], Tensor]:
    """A function of two tensors that are read as booleans."""

    def function(x1: TensorLike, x2: TensorLike) -> Tensor:
        return compute(name, to_bool(x1), to_bool(x2))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""`x1 {word} x2`, elementwise; numbers other than 0 are true.

    Args:
        x1: tensor or number.
        x2: tensor or number; its shape must broadcast with that of `x1`.

    Returns:
        A tensor of booleans of the broadcast shape.
    """
    return op(function)


def to_bool(x: TensorLike) -> Tensor:
    """A tensor of booleans: true where `x` is not 0."""
    return cast_to(to_tensor(x), "bool")


logical_and = _logical("logical_and", "and")
logical_or = _logical("logical_or", "or")
logical_xor = _logical("logical_xor", "xor")


@op
def logical_not(x: TensorLike) -> Tensor:
    """`not x`, elementwise; numbers other than 0 are true.

    Args:
        x: tensor or number.

    Returns:
        A tensor of booleans of the shape of `x`.
    """
    return compute("logical_not", to_bool(x))


def _test(name: str, summary: str) -> Callable[[TensorLike], Tensor]:
    """A question about each number."""

    def function(x: TensorLike) -> Tensor:
        return compute(name, to_float(x))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    Args:
        x: tensor or number.

    Returns:
        A tensor of booleans of the shape of `x`.
    """
    return op(function)


isnan = _test("isnan", "Where `x` is not a number (NaN).")
isinf = _test("isinf", "Where `x` is infinite.")
isfinite = _test("isfinite", "Where `x` is neither infinite nor NaN.")


@op
def isposinf(x: TensorLike) -> Tensor:
    """Where `x` is +infinity."""
    return equal(to_float(x), float("inf"))


@op
def isneginf(x: TensorLike) -> Tensor:
    """Where `x` is -infinity."""
    return equal(to_float(x), float("-inf"))


@op
def isclose(
    x1: TensorLike, x2: TensorLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Where `|x1 - x2| <= atol + rtol * |x2|`.

    Args:
        x1: tensor or number.
        x2: the reference: tensor or number that broadcasts with `x1`.
        rtol: tolerance relative to `x2`.
        atol: absolute tolerance.
        equal_nan: whether NaN is close to NaN.

    Returns:
        A tensor of booleans of the broadcast shape. Infinities are close to equal infinities only.
    """
    a, b = promote_float(x1, x2)
    limit = compute(
        "add", to_tensor(atol, b.dtype), compute("multiply", to_tensor(rtol, b.dtype), compute("abs", b))
    )
    near = compute("less_equal", compute("abs", compute("subtract", a, b)), limit)
    near = compute("logical_or", compute("logical_and", near, compute("isfinite", b)), compute("equal", a, b))
    if equal_nan:
        near = compute("logical_or", near, compute("logical_and", compute("isnan", a), compute("isnan", b)))
    return near


@op
def allclose(
    x1: TensorLike, x2: TensorLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Whether `isclose` holds for every pair: one boolean."""
    near = isclose(x1, x2, rtol, atol, equal_nan)
    return compute("all", near, axes=list(range(near.ndim)), keepdims=False)


@op
def where(
    condition: TensorLike, x1: TensorLike | None = None, x2: TensorLike | None = None
) -> Tensor | tuple[Tensor, ...]:
    """Takes from `x1` where the condition holds, else from `x2`.

    Args:
        condition: tensor of booleans (numbers other than 0 are true).
        x1: tensor or number.
        x2: tensor or number. The three shapes must broadcast.

    Returns:
        A tensor of the broadcast shape. Without `x1` and `x2`: `nonzero(condition)`.

    Raises:
        ValueError: where only one of `x1` and `x2` is given.

    Example:

    >>> axone.ops.where([True, False], [1.0, 2.0], 0.0)  # [1, 0]
    """
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError("where: give both `x1` and `x2`, or none of them")
    return select_where(condition, x1, x2)


def select_where(condition: TensorLike, x1: TensorLike, x2: TensorLike) -> Tensor:
    """`where` with both choices given."""
    return compute("where", to_bool(condition), *promote(x1, x2))


def nonzero(x: TensorLike) -> tuple[Tensor, ...]:
    """Indices of the elements that are not 0: one int32 tensor per axis.

    The result's shape depends on the values, so that `x` must be concrete: raises where it is traced.
    """
    return tuple(to_tensor(i.astype("int32")) for i in np.nonzero(to_tensor(x).numpy()))


@op
def select(
    condlist: Sequence[TensorLike], choicelist: Sequence[TensorLike], default: TensorLike = 0
) -> Tensor:
    """Takes from the choice that belongs to the first condition that holds.

    Args:
        condlist: tensors of booleans.
        choicelist: as many tensors, one per condition.
        default: what stands where no condition holds.

    Returns:
        A tensor of the broadcast shape.
    """
    if not condlist or len(condlist) != len(choicelist):
        raise ValueError(
            "select: expected as many conditions as choices, at least one, "
            f"got {len(condlist)} and {len(choicelist)}"
        )
    *choices, result = promote(*choicelist, default)
    for condition, choice in zip(reversed(condlist), reversed(choices), strict=True):
        result = compute("where", to_bool(condition), choice, result)
    return result


@op
def isin(x1: TensorLike, x2: TensorLike, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Where an element of `x1` occurs in `x2`.

    Args:
        x1: tensor of any shape.
        x2: tensor whose elements are looked for.
        assume_unique: no effect; for NumPy's signature.
        invert: turns the answer over.

    Returns:
        A tensor of booleans of the shape of `x1`.
    """
    a, b = promote(x1, x2)
    a = compute("reshape", a, shape=[*a.shape, 1])
    b = compute("reshape", b, shape=[b.size])
    found = compute("any", compute("equal", a, b), axes=[a.ndim - 1], keepdims=False)
    return compute("logical_not", found) if invert else found


@op
def heaviside(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The step function: 0 below 0, 1 above 0, `x2` at 0.

    Args:
        x1: tensor or number.
        x2: value at 0: tensor or number.

    Returns:
        A tensor of the broadcast shape and promoted dtype; NaN stays.
    """
    a, b = promote_float(x1, x2)
    zero, one = to_tensor(0, a.dtype), to_tensor(1, a.dtype)
    step = compute("where", compute("greater", a, zero), one, zero)
    step = compute("where", compute("equal", a, zero), b, step)
    return compute("where", compute("isnan", a), a, step) if is_float(a) else step
