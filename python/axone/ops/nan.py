"""Reductions that pass over NaN."""

from __future__ import annotations

import math
from collections.abc import Callable

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import Axis, TensorLike, cast_to, compute, is_float, to_float, to_tensor
from axone.ops.reduction import REDUCTION_ARGS, max, min, prod, sum


def _without_nan(
    name: str, summary: str, reduction: Callable[..., Tensor], neutral: float
) -> Callable[..., Tensor]:
    """A reduction that passes over NaN."""

    def function(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
        tensor = to_tensor(x)
        if is_float(tensor):
            tensor = compute("where", compute("isnan", tensor), to_tensor(neutral, tensor.dtype), tensor)
        return reduction(tensor, axis, keepdims)

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
