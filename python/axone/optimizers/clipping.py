"""Three ways to bound gradients."""

from __future__ import annotations

from collections.abc import Sequence

from axone import ops
from axone.core.tensor import Tensor


def clip_by_norm(gradient: Tensor, limit: float) -> Tensor:
    """Returns g * limit / max(|g|, limit): a gradient whose Euclidean norm is at most `limit`."""
    clipped: Tensor = gradient * (limit / ops.maximum(_norm([gradient]), limit))
    return clipped


def clip_by_global_norm(gradients: Sequence[Tensor], limit: float) -> list[Tensor]:
    """Scales all gradients by one factor, so that the norm of their concatenation is at most `limit`.

    Args:
        gradients: Tensors of any shapes.
        limit: Largest norm allowed.

    Returns:
        The scaled gradients; all NaN when any is infinite or NaN.

    Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", 2013.
    """
    scale = limit / ops.maximum(_norm(gradients), limit)
    return [gradient * ops.cast(scale, gradient.dtype) for gradient in gradients]


def clip_by_value(gradient: Tensor, limit: float) -> Tensor:
    """Returns the gradient with every entry moved into [-limit, limit]."""
    return ops.clip(gradient, -limit, limit)


def _norm(tensors: Sequence[Tensor]) -> Tensor:
    squares = ops.sum(ops.square(tensors[0]))
    for tensor in tensors[1:]:
        squares = squares + ops.cast(ops.sum(ops.square(tensor)), squares.dtype)
    return ops.sqrt(squares)
