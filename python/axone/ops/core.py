"""Basics: conversion, dtype, shape, and the barrier against gradients."""

from __future__ import annotations

from typing import Any

from axone.core import dtypes
from axone.core.operation import op
from axone.core.tensor import KerasTensor, Tensor, convert_to_numpy, is_tensor
from axone.core.variable import Variable
from axone.ops._common import TensorLike, cast_to, compute, is_float, to_tensor

__all__ = [
    "array", "cast", "convert_to_numpy", "convert_to_tensor", "copy", "dtype", "is_tensor", "ndim",
    "saturate_cast", "shape", "size", "stop_gradient",
]  # fmt: skip


@op
def cast(x: TensorLike, dtype: str) -> Tensor:
    """Converts to another dtype: floats to integers drop the fraction, numbers to booleans ask "not 0?".

    Args:
        x: tensor of any shape.
        dtype: name of the new dtype, such as "float32".

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: for an unknown dtype.
    """
    return cast_to(to_tensor(x), dtypes.standardize_dtype(dtype))


@op
def saturate_cast(x: TensorLike, dtype: str) -> Tensor:
    """`cast`, with numbers beyond the new dtype's range moved to its ends.

    Args:
        x: tensor of any shape.
        dtype: name of the new dtype.

    Returns:
        A tensor of the same shape.
    """
    import numpy as np

    tensor, goal = to_tensor(x), dtypes.standardize_dtype(dtype)
    if goal == "bool" or tensor.dtype == "bool" or goal == tensor.dtype:
        return cast_to(tensor, goal)
    limits: Any = np.finfo(goal) if dtypes.is_float_dtype(goal) else np.iinfo(goal)
    if is_float(tensor):
        low, high = float(limits.min), float(limits.max)
        own = np.finfo(tensor.dtype)
        # The limits must not round beyond the range: the largest float32 below 2**31 is 2**31 - 128.
        if not dtypes.is_float_dtype(goal) and int(np.asarray(high, tensor.dtype)) > limits.max:
            high = float(np.nextafter(np.asarray(high, tensor.dtype), np.asarray(0, tensor.dtype)))
        low, high = max(low, float(own.min)), min(high, float(own.max))
    else:
        if dtypes.is_float_dtype(goal):
            return cast_to(tensor, goal)
        source = np.iinfo(tensor.dtype)
        low, high = max(int(limits.min), int(source.min)), min(int(limits.max), int(source.max))
    ends = to_tensor(np.asarray(low, tensor.dtype)), to_tensor(np.asarray(high, tensor.dtype))
    return cast_to(compute("clip", tensor, *ends), goal)


@op
def convert_to_tensor(
    x: TensorLike, dtype: str | None = None, sparse: bool | None = None, ragged: bool | None = None
) -> Tensor:
    """A tensor of an array, a number or a nested list.

    Args:
        x: what to convert; a tensor is returned as it is.
        dtype: None: that of `x` (`floatx()` for Python floats, int32 for ints).
        sparse: no effect: there are no sparse tensors.
        ragged: no effect: there are no ragged tensors.

    Returns:
        A tensor.
    """
    return to_tensor(x, None if dtype is None else dtypes.standardize_dtype(dtype))


def array(x: TensorLike, dtype: str | None = None) -> Tensor:
    """A tensor of `x`: `convert_to_tensor` by NumPy's name."""
    return convert_to_tensor(x, dtype)


@op
def copy(x: TensorLike) -> Tensor:
    """A tensor equal to `x`. Tensors never change, so that nothing is copied."""
    return to_tensor(x)


@op
def stop_gradient(variable: TensorLike) -> Tensor:
    """The same values, through which no gradient flows."""
    return compute("stop_gradient", to_tensor(variable))


def shape(x: TensorLike) -> tuple[int | None, ...]:
    """Sizes of the axes as a tuple; None where a symbolic tensor leaves one open."""
    known = x if isinstance(x, (Tensor, KerasTensor, Variable)) else to_tensor(x)
    return tuple(known.shape)


def dtype(x: TensorLike) -> str:
    """The name of a tensor's dtype."""
    return str(x.dtype if isinstance(x, (KerasTensor, Variable)) else to_tensor(x).dtype)


def ndim(x: TensorLike) -> int:
    """Number of axes."""
    return len(shape(x))


def size(x: TensorLike) -> int | None:
    """Number of elements; None where a symbolic tensor leaves it open."""
    total = 1
    for n in shape(x):
        if n is None:
            return None
        total *= n
    return total
