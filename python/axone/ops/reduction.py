"""Reductions over axes: sums, means, extremes, spreads, running sums."""

from __future__ import annotations

from collections.abc import Callable

from axone.core import dtypes
from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import (
    Axis,
    TensorLike,
    axes_of,
    axis_of,
    broadcast_to,
    cast_to,
    compute,
    promote_float,
    reduced_shape,
    reshape_to,
    to_float,
    to_tensor,
)

REDUCTION_ARGS = """Args:
        x: tensor of any shape.
        axis: axis or axes to reduce; None: all of them.
        keepdims: whether reduced axes stay, with size 1."""


def reduce(kind: str, x: Tensor, axes: list[int], keepdims: bool = False) -> Tensor:
    """Runs a reduction of the engine over axes counted from the front."""
    return compute(kind, x, axes=axes, keepdims=keepdims)


def _over(kind: str, x: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    """Runs the reduction that the function of that name stands for, over axes as users give them."""
    return reduce(kind, x, axes_of(kind, axis, x.ndim), keepdims)


def _sum_dtype(x: Tensor) -> Tensor:
    """Booleans are added as int32, bytes as int64 (Keras's uint32, which is not among the dtypes here)."""
    wider = {"bool": "int32", "uint8": "int64"}.get(x.dtype)
    return x if wider is None else cast_to(x, wider)


@op
def sum(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Sum over axes.

    Args:
        x: tensor of any shape.
        axis: axis or axes to reduce; None: all of them.
        keepdims: whether reduced axes stay, with size 1.

    Returns:
        A tensor of the dtype of `x` (int32 for booleans, int64 for bytes).

    Example:

    >>> axone.ops.sum([[1.0, 2.0], [3.0, 4.0]], axis=0)  # [4, 6]
    """
    return _over("sum", _sum_dtype(to_tensor(x)), axis, keepdims)


@op
def prod(x: TensorLike, axis: Axis = None, keepdims: bool = False, dtype: str | None = None) -> Tensor:
    """Product over axes.

    Args:
        x: tensor of any shape.
        axis: axis or axes to reduce; None: all of them.
        keepdims: whether reduced axes stay, with size 1.
        dtype: dtype of the product; None: that of `x` (int32 for booleans, int64 for bytes).

    Returns:
        A tensor of products; 1 over an empty axis.
    """
    tensor = _sum_dtype(to_tensor(x)) if dtype is None else to_tensor(x, dtypes.standardize_dtype(dtype))
    return _over("prod", tensor, axis, keepdims)


@op
def mean(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Mean over axes.

    Args:
        x: tensor of any shape.
        axis: axis or axes to reduce; None: all of them.
        keepdims: whether reduced axes stay, with size 1.

    Returns:
        A floating-point tensor (integers become `floatx()`); NaN over an empty axis.

    Example:

    >>> axone.ops.mean([[1, 2], [3, 4]], axis=1)  # [1.5, 3.5]
    """
    return _over("mean", to_float(x), axis, keepdims)


@op
def var(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Variance over axes: the mean of squared distances from the mean (divisor n).

    Args:
        x: tensor of any shape.
        axis: axis or axes to reduce; None: all of them.
        keepdims: whether reduced axes stay, with size 1.

    Returns:
        A floating-point tensor. The mean is taken first, so that a large mean costs no digits.
    """
    tensor = to_float(x)
    axes = axes_of("var", axis, tensor.ndim)
    centred = compute("subtract", tensor, reduce("mean", tensor, axes, True))
    return reduce("mean", compute("square", centred), axes, keepdims)


@op
def std(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Standard deviation over axes: the square root of `var`.

    Args:
        x: tensor of any shape.
        axis: axis or axes to reduce; None: all of them.
        keepdims: whether reduced axes stay, with size 1.

    Returns:
        A floating-point tensor.
    """
    return compute("sqrt", var(x, axis, keepdims))


def _extreme(
    name: str,
    boolean: str,
    pair: str,
    x: TensorLike,
    axis: Axis,
    keepdims: bool,
    initial: TensorLike | None,
) -> Tensor:
    """max and min: what they share."""
    tensor = to_tensor(x)
    axes = axes_of(name, axis, tensor.ndim)
    empty = [a for a in axes if tensor.shape[a] == 0]
    if empty:
        if initial is None:
            raise ValueError(
                f"{name}: axis {empty[0]} is empty (shape {tensor.shape}) and no `initial` is given"
            )
        shape = reduced_shape(tensor.shape, axes, keepdims)
        return broadcast_to(to_tensor(initial, tensor.dtype), shape)
    result = reduce(boolean if tensor.dtype == "bool" else name, tensor, axes, keepdims)
    if initial is None:
        return result
    return compute(boolean_pair(pair, result), result, to_tensor(initial, tensor.dtype))


def boolean_pair(pair: str, x: Tensor) -> str:
    """`maximum` and `minimum` of booleans are `or` and `and`."""
    if x.dtype != "bool":
        return pair
    return "logical_or" if pair == "maximum" else "logical_and"


@op
def max(
    x: TensorLike, axis: Axis = None, keepdims: bool = False, initial: TensorLike | None = None
) -> Tensor:
    """Largest element over axes; NaN where one is NaN.

    Args:
        x: tensor of any shape.
        axis: axis or axes to reduce; None: all of them.
        keepdims: whether reduced axes stay, with size 1.
        initial: least value of the result; needed over an empty axis.

    Returns:
        A tensor of the dtype of `x`. Equal maxima share the gradient.

    Raises:
        ValueError: over an empty axis without `initial`.
    """
    return _extreme("max", "any", "maximum", x, axis, keepdims, initial)


@op
def min(
    x: TensorLike, axis: Axis = None, keepdims: bool = False, initial: TensorLike | None = None
) -> Tensor:
    """Smallest element over axes; NaN where one is NaN.

    Args:
        x: tensor of any shape.
        axis: axis or axes to reduce; None: all of them.
        keepdims: whether reduced axes stay, with size 1.
        initial: greatest value of the result; needed over an empty axis.

    Returns:
        A tensor of the dtype of `x`. Equal minima share the gradient.

    Raises:
        ValueError: over an empty axis without `initial`.
    """
    return _extreme("min", "all", "minimum", x, axis, keepdims, initial)


def amax(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Largest element over axes: `max` by its other name."""
    return max(x, axis, keepdims)


def amin(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Smallest element over axes: `min` by its other name."""
    return min(x, axis, keepdims)


@op
def ptp(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Range of the values over axes: `max - min`."""
    return compute("subtract", max(x, axis, keepdims), min(x, axis, keepdims))


def _truth(name: str, summary: str) -> Callable[..., Tensor]:
    """all and any."""

    def function(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return _over(name, to_tensor(x, "bool"), axis, keepdims)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    {REDUCTION_ARGS}

    Returns:
        A tensor of booleans.
    """
    return op(function)


all = _truth("all", "Whether all elements over axes are true (not 0).")
any = _truth("any", "Whether an element over axes is true (not 0).")


def _position(name: str, summary: str) -> Callable[..., Tensor]:
    """argmax and argmin."""

    def function(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
        tensor = to_tensor(x)
        if tensor.dtype == "bool":
            tensor = cast_to(tensor, "int32")
        ndim = tensor.ndim
        if axis is None:
            tensor, index = reshape_to(tensor, [tensor.size]), 0
        else:
            index = axis_of(name, axis, ndim)
        if tensor.shape[index] == 0:
            raise ValueError(f"{name}: the axis is empty (shape {to_tensor(x).shape})")
        found = cast_to(compute(name, tensor, axis=index, keepdims=keepdims and axis is not None), "int32")
        return reshape_to(found, [1] * ndim) if keepdims and axis is None else found

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    Args:
        x: tensor of any shape.
        axis: axis to search; None: the flattened tensor.
        keepdims: whether the axis stays, with size 1.

    Returns:
        An int32 tensor; the first position among equals.

    Raises:
        ValueError: over an empty axis.
    """
    return op(function)


argmax = _position("argmax", "Position of the largest element.")
argmin = _position("argmin", "Position of the smallest element.")


@op
def logsumexp(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`log(sum(exp(x)))` over axes without overflow.

    Args:
        x: tensor of any shape.
        axis: axis or axes to reduce; None: all of them.
        keepdims: whether reduced axes stay, with size 1.

    Returns:
        A floating-point tensor.
    """
    return _over("logsumexp", to_float(x), axis, keepdims)


@op
def count_nonzero(x: TensorLike, axis: Axis = None) -> Tensor:
    """Number of elements over axes that are not 0, as int32."""
    return sum(to_tensor(x, "bool"), axis)


@op
def average(x: TensorLike, axis: Axis = None, weights: TensorLike | None = None) -> Tensor:
    """Weighted mean over axes.

    Args:
        x: tensor of any shape.
        axis: axis or axes to reduce; None: all of them.
        weights: tensor of the shape of `x`, or with one axis as long as the reduced one; None: all 1.

    Returns:
        A floating-point tensor.

    Raises:
        ValueError: where the weights fit neither `x` nor its reduced axis.
    """
    if weights is None:
        return mean(x, axis)
    tensor, weight = promote_float(x, weights)
    axes = axes_of("average", axis, tensor.ndim)
    if weight.shape != tensor.shape:
        if weight.ndim != 1 or len(axes) != 1 or weight.shape[0] != tensor.shape[axes[0]]:
            raise ValueError(
                f"average: `weights` of shape {weight.shape} fit neither x {tensor.shape} nor its axis {axis}"
            )
        weight = reshape_to(weight, [n if a == axes[0] else 1 for a, n in enumerate(tensor.shape)])
        weight = compute("broadcast_to", weight, shape=list(tensor.shape))
    total = reduce("sum", compute("multiply", tensor, weight), axes)
    return compute("divide", total, reduce("sum", weight, axes))


def _running(name: str, summary: str) -> Callable[..., Tensor]:
    """cumsum and cumprod."""

    def function(x: TensorLike, axis: int | None = None, dtype: str | None = None) -> Tensor:
        tensor = to_tensor(x) if dtype is None else to_tensor(x, dtypes.standardize_dtype(dtype))
        if tensor.dtype == "bool":
            tensor = cast_to(tensor, "int32")
        if axis is None:
            tensor = reshape_to(tensor, [tensor.size])
        return compute(
            name, tensor, axis=axis_of(name, 0 if axis is None else axis, tensor.ndim), reverse=False
        )

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    Args:
        x: tensor of any shape.
        axis: axis to run along; None: the flattened tensor.
        dtype: dtype to compute in; None: that of `x` (int32 for booleans).

    Returns:
        A tensor of the shape of `x` (flat for `axis=None`).
    """
    return op(function)


cumsum = _running("cumsum", "Running sum along an axis.")
cumprod = _running("cumprod", "Running product along an axis.")
