"""Normalizations and attention: common parts of networks, composed of other operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone.core import dtypes
from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.core.trace import emit
from axone.ops._common import (
    TensorLike,
    axes_of,
    axis_of,
    compute,
    promote_float,
    reshape_to,
    to_float,
    to_tensor,
)
from axone.ops.linear import norm
from axone.ops.reduction import reduce


@op
def moments(
    x: TensorLike, axes: int | Sequence[int], keepdims: bool = False, synchronized: bool = False
) -> tuple[Tensor, Tensor]:
    """Mean and variance over axes.

    Args:
        x: tensor.
        axes: axis or axes.
        keepdims: whether reduced axes stay, with size 1.
        synchronized: must be False: there is one device.

    Returns:
        (mean, variance).
    """
    if synchronized:
        raise ValueError("moments: synchronized=True needs several devices; use False")
    tensor = to_float(x)
    reduced = axes_of("moments", axes, tensor.ndim)
    if tensor.ndim > 1 and sorted(reduced) == list(range(tensor.ndim - 1)):
        return _channel_moments(tensor, keepdims)
    centre = reduce("mean", tensor, reduced, True)
    spread = reduce("mean", compute("square", compute("subtract", tensor, centre)), reduced, keepdims)
    if not keepdims:
        centre = reshape_to(centre, [n for a, n in enumerate(tensor.shape) if a not in reduced])
    return centre, spread


def _channel_moments(x: Tensor, keepdims: bool) -> tuple[Tensor, Tensor]:
    # Of the last axis, in one pass over memory.
    mean, variance = emit("channel_moments", [x])
    if not keepdims:
        return mean, variance
    shape = [1] * (x.ndim - 1) + [x.shape[-1]]
    return reshape_to(mean, shape), reshape_to(variance, shape)


@op
def normalize(
    x: TensorLike, axis: int | Sequence[int] = -1, order: int = 2, epsilon: float | None = None
) -> Tensor:
    """Scales vectors to norm 1.

    Args:
        x: tensor.
        axis: axis of the vectors.
        order: the norm's order p.
        epsilon: least norm to divide by; None: `axone.config.epsilon()`.

    Returns:
        A floating-point tensor of the shape of `x`.
    """
    if order < 1 or int(order) != order:
        raise ValueError(f"normalize: `order` must be an integer >= 1, got {order}")
    tensor = to_float(x)
    least = dtypes.epsilon() if epsilon is None else float(epsilon)
    if order == 2:
        axes = axes_of("normalize", axis, tensor.ndim)
        square = reduce("sum", compute("square", tensor), axes, True)
        # The limit is taken under the root: at a zero vector the root itself has no gradient.
        limited = compute("maximum", square, to_tensor(least * least, tensor.dtype))
        return compute("multiply", tensor, compute("rsqrt", limited))
    length = norm(tensor, order, axis, True)
    return compute("divide", tensor, compute("maximum", length, to_tensor(least, tensor.dtype)))


@op
def batch_normalization(
    x: TensorLike,
    mean: TensorLike,
    variance: TensorLike,
    axis: int,
    offset: TensorLike | None = None,
    scale: TensorLike | None = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`, channel by channel (Ioffe and Szegedy, 2015).

    Args:
        x: tensor.
        mean: one number for each channel.
        variance: one number for each channel.
        axis: axis of the channels.
        offset: one number for each channel, or None.
        scale: one number for each channel, or None.
        epsilon: keeps the root from 0.

    Returns:
        A tensor of the shape of `x`.
    """
    tensor, centre, spread = promote_float(x, mean, variance)
    index = axis_of("batch_normalization", axis, tensor.ndim)
    shape = [n if a == index else 1 for a, n in enumerate(tensor.shape)]

    def per_channel(value: Any, name: str) -> Tensor:
        channels = to_tensor(value, tensor.dtype)
        if channels.size != tensor.shape[index]:
            raise ValueError(
                f"batch_normalization: `{name}` of shape {channels.shape} must hold {tensor.shape[index]} "
                f"numbers, one for each channel of x {tensor.shape}"
            )
        return reshape_to(channels, shape)

    factor = compute(
        "rsqrt", compute("add", per_channel(spread, "variance"), to_tensor(epsilon, tensor.dtype))
    )
    if scale is not None:
        factor = compute("multiply", factor, per_channel(scale, "scale"))
    result = compute("multiply", compute("subtract", tensor, per_channel(centre, "mean")), factor)
    return result if offset is None else compute("add", result, per_channel(offset, "offset"))


def _affine(name: str, x: Tensor, factor: Any, shift: Any, axes: list[int]) -> Tensor:
    """Multiplies by `factor` and adds `shift`, which run along `axes`."""
    shape = [n if a in axes else 1 for a, n in enumerate(x.shape)]
    for kind, value in (("multiply", factor), ("add", shift)):
        if value is None:
            continue
        weights = to_tensor(value, x.dtype)
        expected = tuple(x.shape[a] for a in axes)
        if weights.shape != expected:
            raise ValueError(
                f"{name}: expected weights of shape {expected} for x {x.shape}, got {weights.shape}"
            )
        x = compute(kind, x, reshape_to(weights, shape))
    return x


@op
def layer_normalization(
    x: TensorLike,
    gamma: TensorLike | None = None,
    beta: TensorLike | None = None,
    axis: int | Sequence[int] = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Tensor:
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta` over an axis (Ba, Kiros and Hinton, 2016).

    Args:
        x: tensor.
        gamma: factors along the axes, or None.
        beta: offsets along the axes, or None.
        axis: axis or axes to normalize over.
        epsilon: keeps the root from 0; None: `axone.config.epsilon()`.

    Returns:
        A floating-point tensor of the shape of `x`.
    """
    tensor = to_float(x)
    axes = axes_of("layer_normalization", axis, tensor.ndim)
    least = dtypes.epsilon() if epsilon is None else float(epsilon)
    centred = compute("subtract", tensor, reduce("mean", tensor, axes, True))
    spread = reduce("mean", compute("square", centred), axes, True)
    factor = compute("rsqrt", compute("add", spread, to_tensor(least, tensor.dtype)))
    return _affine("layer_normalization", compute("multiply", centred, factor), gamma, beta, axes)


@op
def rms_normalization(
    x: TensorLike,
    scale: TensorLike | None = None,
    axis: int | Sequence[int] = -1,
    epsilon: float | None = None,
) -> Tensor:
    """`x / sqrt(mean(x**2) + epsilon) * scale` over an axis (Zhang and Sennrich, 2019).

    Args:
        x: tensor.
        scale: factors along the axes, or None.
        axis: axis or axes to normalize over.
        epsilon: keeps the root from 0; None: `axone.config.epsilon()`.

    Returns:
        A floating-point tensor of the shape of `x`.
    """
    tensor = to_float(x)
    axes = axes_of("rms_normalization", axis, tensor.ndim)
    least = dtypes.epsilon() if epsilon is None else float(epsilon)
    power = reduce("mean", compute("square", tensor), axes, True)
    factor = compute("rsqrt", compute("add", power, to_tensor(least, tensor.dtype)))
    return _affine("rms_normalization", compute("multiply", tensor, factor), scale, None, axes)
