"""Activation functions: elementwise (or along one axis), from tensors to tensors of the same shape."""

from __future__ import annotations

from typing import Any

from axone import ops

__all__ = [
    "celu",
    "elu",
    "exponential",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "step",
    "tanh",
    "tanh_shrink",
    "threshold",
]


def linear(x: Any) -> Any:
    """`x`."""
    return x


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """`max(x, 0)`, or its generalisation.

    Args:
        x: tensor.
        negative_slope: slope below the threshold.
        max_value: upper limit, or None.
        threshold: values below it are damped: `negative_slope * (x - threshold)`.

    Example: `relu([-1.0, 2.0])` gives `[0, 2]`.
    """
    y: Any
    if threshold == 0.0:
        y = ops.relu(x) if negative_slope == 0.0 else ops.leaky_relu(x, negative_slope)
    else:
        below = ops.multiply(ops.subtract(x, threshold), negative_slope)
        y = ops.where(ops.greater_equal(x, threshold), x, below)
    return y if max_value is None else ops.minimum(y, max_value)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """`x` where positive, else `negative_slope * x`. Source: Maas et al. 2013."""
    return ops.leaky_relu(x, negative_slope)


def relu6(x: Any) -> Any:
    """`min(max(x, 0), 6)`."""
    return ops.relu6(x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """`x` where positive, else `alpha * (exp(x) - 1)`. Source: https://arxiv.org/abs/1511.07289"""
    return ops.elu(x, alpha)


def selu(x: Any) -> Any:
    """Scaled ELU, which keeps mean 0 and variance 1. Source: https://arxiv.org/abs/1706.02515"""
    return ops.selu(x)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """`max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)`. Source: https://arxiv.org/abs/1704.07483"""
    return ops.celu(x, alpha)


def gelu(x: Any, approximate: bool = False) -> Any:
    """`x * P(X <= x)` for a standard normal X. Source: https://arxiv.org/abs/1606.08415

    Args:
        x: tensor.
        approximate: use the tanh approximation.
    """
    return ops.gelu(x, approximate)


def glu(x: Any, axis: int = -1) -> Any:
    """First half of `axis` times the sigmoid of the second. Source: https://arxiv.org/abs/1612.08083"""
    return ops.glu(x, axis=axis)


def sigmoid(x: Any) -> Any:
    """`1 / (1 + exp(-x))`."""
    return ops.sigmoid(x)


def hard_sigmoid(x: Any) -> Any:
    """`clip(x / 6 + 1/2, 0, 1)`."""
    return ops.hard_sigmoid(x)


def step(x: Any) -> Any:
    """1 where x >= 0, else 0: the unit of the perceptron. Its gradient is 0, so that nothing below it learns.

    Rosenblatt, "The perceptron", 1958.
    """
    x = ops.convert_to_tensor(x)
    return ops.cast(ops.greater_equal(x, 0.0), x.dtype)


def log_sigmoid(x: Any) -> Any:
    """`log(sigmoid(x))`, without overflow."""
    return ops.log_sigmoid(x)


def sparse_sigmoid(x: Any) -> Any:
    """`clip((x + 1) / 2, 0, 1)`."""
    return ops.sparse_sigmoid(x)


def silu(x: Any) -> Any:
    """`x * sigmoid(x)`, also called swish. Source: https://arxiv.org/abs/1710.05941"""
    return ops.silu(x)


def hard_silu(x: Any) -> Any:
    """`x * hard_sigmoid(x)`. Source: https://arxiv.org/abs/1905.02244"""
    return ops.hard_silu(x)


def mish(x: Any) -> Any:
    """`x * tanh(softplus(x))`. Source: https://arxiv.org/abs/1908.08681"""
    return ops.mish(x)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return ops.tanh(x)


def hard_tanh(x: Any) -> Any:
    """`clip(x, -1, 1)`."""
    return ops.hard_tanh(x)


def tanh_shrink(x: Any) -> Any:
    """`x - tanh(x)`."""
    return ops.tanh_shrink(x)


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """`x` where `|x| > threshold`, else 0."""
    return ops.hard_shrink(x, threshold)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """`sign(x) * max(|x| - threshold, 0)`."""
    return ops.soft_shrink(x, threshold)


def threshold(x: Any, threshold: float, default_value: float = 0.0) -> Any:
    """`x` where above `threshold`, else `default_value`."""
    return ops.threshold(x, threshold, default_value)


def softplus(x: Any) -> Any:
    """`log(exp(x) + 1)`, without overflow."""
    return ops.softplus(x)


def softsign(x: Any) -> Any:
    """`x / (|x| + 1)`."""
    return ops.softsign(x)


def squareplus(x: Any, b: float = 4.0) -> Any:
    """`(x + sqrt(x**2 + b)) / 2`. Source: https://arxiv.org/abs/2112.11687"""
    return ops.squareplus(x, b)


def sparse_plus(x: Any) -> Any:
    """0 up to -1, `(x + 1)**2 / 4` up to 1, `x` above."""
    return ops.sparse_plus(x)


def exponential(x: Any) -> Any:
    """`exp(x)`."""
    return ops.exp(x)


def softmax(x: Any, axis: int | tuple[int, ...] = -1) -> Any:
    """`exp(x) / sum(exp(x))` along `axis`."""
    return ops.softmax(x, axis=axis)


def log_softmax(x: Any, axis: int | tuple[int, ...] = -1) -> Any:
    """Logarithm of the softmax, without overflow."""
    return ops.log_softmax(x, axis=axis)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point of the probability simplex nearest to `x`. Source: https://arxiv.org/abs/1602.02068"""
    return ops.sparsemax(x, axis=axis)
