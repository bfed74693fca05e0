"""Reductions that pass over NaN."""

from __future__ import annotations

import math
from collections.abc import Callable

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import Axis, TensorLike, cast_to, compute, is_float, to_float, to_tensor
from axone.ops.reduction import REDUCTION_ARGS, all, argmax, argmin, cumprod, cumsum, max, min, prod, sum


def _replaced(x: TensorLike, neutral: float) -> Tensor:
    """The tensor with another number in place of NaN."""
    tensor = to_tensor(x)
    if not is_float(tensor):
        return tensor
    return compute("where", compute("isnan", tensor), to_tensor(neutral, tensor.dtype), tensor)


def _without_nan(
    name: str, summary: str, reduction: Callable[..., Tensor], neutral: float
) -> Callable[..., Tensor]:
    """A reduction that passes over NaN."""

    def function(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return reduction(_replaced(x, neutral), axis, keepdims)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    {REDUCTION_ARGS}

    Returns:
        A tensor of the dtype of the plain reduction.
    """
    return op(function)


nansum = _without_nan("nansum", "Sum over axes that passes over NaN.", sum, 0.0)
nanprod = _without_nan("nanprod", "Product over axes that passes over NaN.", prod, 1.0)
nanmax = _without_nan("nanmax", "Largest element that is not NaN; -inf where all are.", max, -math.inf)
nanmin = _without_nan("nanmin", "Smallest element that is not NaN; inf where all are.", min, math.inf)


@op
def nanmean(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Mean over axes that passes over NaN; NaN where all are."""
    tensor = to_float(x)
    known = cast_to(compute("logical_not", compute("isnan", tensor)), tensor.dtype)
    return compute("divide", nansum(tensor, axis, keepdims), sum(known, axis, keepdims))


@op
def nanvar(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Variance over axes that passes over NaN."""
    tensor = to_float(x)
    distance = compute("subtract", tensor, nanmean(tensor, axis, True))
    return nanmean(compute("square", distance), axis, keepdims)


@op
def nanstd(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Standard deviation over axes that passes over NaN."""
    return compute("sqrt", nanvar(x, axis, keepdims))


def _running(
    name: str, summary: str, running: Callable[..., Tensor], neutral: float
) -> Callable[..., Tensor]:
    """nancumsum and nancumprod."""

    def function(x: TensorLike, axis: int | None = None, dtype: str | None = None) -> Tensor:
        return running(_replaced(x, neutral), axis, dtype)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{summary} Arguments as for the function without `nan`."
    return op(function)


nancumsum = _running("nancumsum", "Running sum along an axis, in which NaN counts as 0.", cumsum, 0.0)
nancumprod = _running("nancumprod", "Running product along an axis, in which NaN counts as 1.", cumprod, 1.0)


def _position(name: str, word: str, search: Callable[..., Tensor], neutral: float) -> Callable[..., Tensor]:
    """nanargmax and nanargmin."""

    def function(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
        tensor = to_tensor(x)
        found = search(_replaced(tensor, neutral), axis, keepdims)
        if not is_float(tensor):
            return found
        nothing = all(compute("isnan", tensor), axis, keepdims)
        return compute("where", nothing, to_tensor(-1, found.dtype), found)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Position of the {word} element that is not NaN.

    {REDUCTION_ARGS}

    Returns:
        An int32 tensor; -1 where all elements are NaN.
    """
    return op(function)


nanargmax = _position("nanargmax", "largest", argmax, -math.inf)
nanargmin = _position("nanargmin", "smallest", argmin, math.inf)
