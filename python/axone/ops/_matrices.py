"""What the functions of matrices share: checks, calls of NumPy, small formulas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from axone.core.host_call import GradientRule, host_call
from axone.core.program import TensorSpec
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, fill, to_float, to_tensor
from axone.ops.shape import swapaxes

Array: TypeAlias = np.ndarray[Any, Any]
Grads: TypeAlias = list[Tensor | None]


def matrices(name: str, x: TensorLike, square: bool = False) -> Tensor:
    """A floating-point tensor of matrices; raises ValueError for fewer axes, or where they are not square."""
    tensor = to_float(x)
    if tensor.ndim < 2:
        raise ValueError(f"{name}: expected matrices (at least 2 axes), got shape {tensor.shape}")
    if square and tensor.shape[-1] != tensor.shape[-2]:
        raise ValueError(f"{name}: expected square matrices, got shape {tensor.shape}")
    return tensor


def decompose(
    name: str,
    function: Callable[..., Any],
    inputs: Sequence[Tensor],
    specs: Sequence[TensorSpec],
    rule: Callable[..., Any] | None = None,
) -> Any:
    """A NumPy function of matrices as a host call; its numerical failures become ValueError."""

    def call(*arrays: Array) -> Any:
        try:
            return function(*arrays)
        except np.linalg.LinAlgError as error:
            raise ValueError(f"{name}: {error}") from error

    gradient = None if rule is None else GradientRule(rule)
    results = host_call(call, inputs, list(specs), name=name, gradient=gradient)
    return results if len(specs) > 1 else results[0]


def spec(x: Tensor, *tail: int, cut: int = 2, dtype: str | None = None) -> TensorSpec:
    """The spec of x's stack with other last axes."""
    return TensorSpec((*x.shape[: x.ndim - cut], *tail), dtype or x.dtype)


def or_zeros(g: Tensor | None, like: Tensor) -> Tensor:
    """An arrived gradient; zeros where none did."""
    return fill(like.shape, 0, like.dtype) if g is None else g


def transposed(x: Tensor) -> Tensor:
    """The last two axes exchanged."""
    return swapaxes(x, -2, -1)


def identity_like(x: Tensor) -> Tensor:
    """An identity matrix of the size of x's last axis, which broadcasts to x."""
    return to_tensor(np.eye(x.shape[-1], dtype=x.dtype))
