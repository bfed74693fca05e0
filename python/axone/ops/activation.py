"""Activation functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import (
    TensorLike,
    axes_of,
    axis_of,
    compute,
    promote_number,
    reshape_to,
    to_float,
    to_tensor,
)


def _activation(
    name: str, summary: str, formula: str, engine: str | None = None
) -> Callable[[TensorLike], Tensor]:
    """An activation without parameters that runs one engine operation."""
    kernel = engine or name

    def function(x: TensorLike) -> Tensor:
        return compute(kernel, to_float(x))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}: `{formula}`.

    Args:
        x: tensor of any shape.

    Returns:
        A floating-point tensor of the shape of `x`.

    Example:

    >>> y = axone.ops.{name}([-1.0, 0.0, 1.0])
    """
    return op(function)


sigmoid = _activation("sigmoid", "Logistic function", "1 / (1 + exp(-x))")
log_sigmoid = _activation("log_sigmoid", "Logarithm of the logistic function", "-log(1 + exp(-x))")
softplus = _activation("softplus", "Smooth ramp", "log(1 + exp(x))")
softsign = _activation("softsign", "Soft sign", "x / (1 + |x|)")
relu6 = _activation("relu6", "Ramp that stops at 6", "min(max(x, 0), 6)")
silu = _activation("silu", "Sigmoid linear unit, also called swish", "x * sigmoid(x)")
mish = _activation("mish", "Mish (Misra, 2019)", "x * tanh(softplus(x))")
hard_sigmoid = _activation("hard_sigmoid", "Piecewise linear sigmoid", "min(max(x / 6 + 1/2, 0), 1)")
hard_tanh = _activation("hard_tanh", "Piecewise linear tanh", "min(max(x, -1), 1)")
selu = _activation(
    "selu",
    "Scaled exponential linear unit (Klambauer et al., 2017)",
    "1.0507 * (x if x > 0 else 1.6733 * (exp(x) - 1))",
)


@op
def relu(x: TensorLike) -> Tensor:
    """Ramp: `max(x, 0)`.

    Args:
        x: tensor of any shape.

    Returns:
        A tensor of the shape and dtype of `x` (int32 for booleans); the gradient at 0 is 0.
    """
    (tensor,) = promote_number(x)
    return compute("relu", tensor)


swish = silu


@op
def hard_silu(x: TensorLike) -> Tensor:
    """Piecewise version of silu: `x * hard_sigmoid(x)` (Howard et al., 2019)."""
    tensor = to_float(x)
    return compute("multiply", tensor, compute("hard_sigmoid", tensor))


hard_swish = hard_silu


@op
def gelu(x: TensorLike, approximate: bool = True) -> Tensor:
    """Gaussian error linear unit: `x * P(X <= x)` for a normal X (Hendrycks and Gimpel, 2016).

    Args:
        x: tensor of any shape.
        approximate: whether tanh stands for the error function (Keras's default).

    Returns:
        A floating-point tensor of the shape of `x`.
    """
    return compute("gelu_tanh" if approximate else "gelu", to_float(x))


@op
def leaky_relu(x: TensorLike, negative_slope: float = 0.2) -> Tensor:
    """Ramp with a slope below 0: `x if x > 0 else negative_slope * x`."""
    return compute("leaky_relu", to_float(x), negative_slope=float(negative_slope))


@op
def elu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """Exponential linear unit: `x if x > 0 else alpha * (exp(x) - 1)` (Clevert et al., 2015)."""
    return compute("elu", to_float(x), alpha=float(alpha))


@op
def celu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """Continuously differentiable elu: `max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))` (Barron, 2017)."""
    tensor = to_float(x)
    scale = _like(tensor, alpha)
    below = compute("minimum", tensor, _like(tensor, 0))
    curve = compute("multiply", scale, compute("expm1", compute("divide", below, scale)))
    return compute("add", compute("relu", tensor), curve)


@op
def soft_shrink(x: TensorLike, threshold: float = 0.5) -> Tensor:
    """Shrinks towards 0 by `threshold`; 0 within it."""
    tensor = to_float(x)
    shrunk = compute(
        "subtract", tensor, compute("multiply", compute("sign", tensor), _like(tensor, threshold))
    )
    return compute("where", _within(tensor, threshold), _like(tensor, 0), shrunk)


@op
def hard_shrink(x: TensorLike, threshold: float = 0.5) -> Tensor:
    """`x` where `|x| > threshold`, else 0."""
    tensor = to_float(x)
    return compute("where", _within(tensor, threshold), _like(tensor, 0), tensor)


def _like(x: Tensor, value: float) -> Tensor:
    """A number of the dtype of `x`."""
    return to_tensor(float(value), x.dtype)


def _within(x: Tensor, limit: float) -> Tensor:
    """Where `|x| <= limit`: false for NaN, which so stays NaN in what is chosen otherwise."""
    return compute("less_equal", compute("abs", x), _like(x, limit))


@op
def tanh_shrink(x: TensorLike) -> Tensor:
    """`x - tanh(x)`."""
    tensor = to_float(x)
    return compute("subtract", tensor, compute("tanh", tensor))


@op
def threshold(x: TensorLike, threshold: float, default_value: float) -> Tensor:
    """`x` where `x > threshold`, else `default_value`."""
    tensor = to_float(x)
    above = compute("greater", tensor, _like(tensor, threshold))
    return compute("where", above, tensor, _like(tensor, default_value))


@op
def squareplus(x: TensorLike, b: float = 4) -> Tensor:
    """Smooth ramp without exponentials: `(x + sqrt(x**2 + b)) / 2` (Barron, 2021)."""
    tensor = to_float(x)
    root = compute("sqrt", compute("add", compute("square", tensor), _like(tensor, b)))
    return compute("multiply", compute("add", tensor, root), _like(tensor, 0.5))


@op
def sparse_plus(x: TensorLike) -> Tensor:
    """Ramp rounded by a parabola: 0 up to -1, `(x + 1)**2 / 4` to 1, then `x`."""
    tensor = to_float(x)
    curve = compute("square", compute("add", tensor, _like(tensor, 1)))
    curve = compute("multiply", curve, _like(tensor, 0.25))
    rising = compute("where", compute("greater", tensor, _like(tensor, 1)), tensor, curve)
    return compute("where", compute("less", tensor, _like(tensor, -1)), _like(tensor, 0), rising)


@op
def sparse_sigmoid(x: TensorLike) -> Tensor:
    """Piecewise linear sigmoid: `min(max((x + 1) / 2, 0), 1)`."""
    tensor = to_float(x)
    half = _like(tensor, 0.5)
    line = compute("add", compute("multiply", tensor, half), half)
    return compute("clip", line, _like(tensor, 0), _like(tensor, 1))


@op
def glu(x: TensorLike, axis: int = -1) -> Tensor:
    """Gated linear unit: the first half times the sigmoid of the second (Dauphin et al., 2016).

    Args:
        x: tensor whose `axis` has an even length.
        axis: axis to halve.

    Returns:
        A tensor half as long along that axis.
    """
    from axone.ops.shape import split

    tensor = to_float(x)
    index = axis_of("glu", axis, tensor.ndim)
    if tensor.shape[index] % 2:
        raise ValueError(f"glu: axis {axis} of shape {tensor.shape} must have an even length")
    value, gate = split(tensor, 2, index)
    return compute("multiply", value, compute("sigmoid", gate))


def _over_axes(kind: str, x: TensorLike, axis: int | Sequence[int] | None) -> Tensor:
    """softmax and log_softmax over one axis, several taken as one, or (None) all."""
    tensor = to_float(x)
    if isinstance(axis, int):
        return compute(kind, tensor, axis=axis_of(kind, axis, tensor.ndim))
    axes = axes_of(kind, axis, tensor.ndim)
    rest = [a for a in range(tensor.ndim) if a not in axes]
    order = rest + axes
    moved = compute("transpose", tensor, perm=order) if order != sorted(order) else tensor
    flat = reshape_to(moved, [*[tensor.shape[a] for a in rest], math.prod(tensor.shape[a] for a in axes)])
    result = reshape_to(compute(kind, flat, axis=len(rest)), moved.shape)
    back = [order.index(a) for a in range(tensor.ndim)]
    return compute("transpose", result, perm=back) if order != sorted(order) else result


@op
def softmax(x: TensorLike, axis: int | Sequence[int] | None = -1) -> Tensor:
    """Exponentials that add up to 1: `exp(x) / sum(exp(x))`, without overflow.

    Args:
        x: tensor of scores.
        axis: axis to add up along; several count as one; None: all of them.

    Returns:
        A floating-point tensor of the shape of `x`.

    Example:

    >>> axone.ops.softmax([0.0, 0.0])  # [0.5, 0.5]
    """
    return _over_axes("softmax", x, axis)


@op
def log_softmax(x: TensorLike, axis: int | Sequence[int] | None = -1) -> Tensor:
    """`log(softmax(x))`, exact where the softmax itself would be 0.

    Args:
        x: tensor of scores.
        axis: as in `softmax`.

    Returns:
        A floating-point tensor of the shape of `x`.
    """
    return _over_axes("log_softmax", x, axis)


@op
def sparsemax(x: TensorLike, axis: int = -1) -> Tensor:
    """The nearest point of the probability simplex (Martins and Astudillo, 2016).

    Args:
        x: tensor of scores.
        axis: axis to add up along.

    Returns:
        A floating-point tensor of the shape of `x`; small scores become exact zeros.
    """
    tensor = to_float(x)
    index = axis_of("sparsemax", axis, tensor.ndim)
    length = tensor.shape[index]
    ordered = compute("sort", tensor, axis=index, descending=True)
    one = _like(tensor, 1)
    total = compute("cumsum", ordered, axis=index, reverse=False)
    shape = [length if a == index else 1 for a in range(tensor.ndim)]
    rank = to_tensor(np.arange(1, length + 1).astype(tensor.dtype).reshape(shape))
    # The support is the longest prefix of sorted scores with 1 + k z_k > z_1 + ... + z_k.
    held = compute("greater", compute("add", one, compute("multiply", rank, ordered)), total)
    count = compute("sum", compute("cast", held, dtype=tensor.dtype), axes=[index], keepdims=True)
    prefix = compute("where", held, ordered, _like(tensor, 0))
    excess = compute("subtract", compute("sum", prefix, axes=[index], keepdims=True), one)
    return compute("relu", compute("subtract", tensor, compute("divide", excess, count)))
