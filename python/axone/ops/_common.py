"""What the functions of `axone.ops` share: conversion, promotion, checks of axes and shapes."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar, Union, cast

import numpy as np

from axone.core import dtypes
from axone.core.tensor import KerasTensor, Tensor, convert_to_tensor
from axone.core.trace import emit
from axone.core.variable import Variable

TensorLike: TypeAlias = Union[Tensor, KerasTensor, Variable, "np.ndarray[Any, Any]", float, Sequence[Any]]
"""Whatever a function takes for a tensor: also NumPy arrays, Python numbers and nested lists of them."""

Axis: TypeAlias = int | Sequence[int] | None
"""One axis, several, or None for all of them."""

ShapeLike: TypeAlias = int | Sequence[int]

ArrayT = TypeVar("ArrayT")

_WEAK = (bool, int, float)


def compute(name: str, *inputs: Tensor, **attrs: Any) -> Tensor:
    """Runs an engine operation that has one output (in a trace: adds its node)."""
    return cast(Tensor, emit(name, list(inputs), **attrs))


def dtype_of(x: Any) -> Any:
    """The dtype that promotion sees: a name, or the type of a Python number, which is weak."""
    if isinstance(x, _WEAK):  # np.float64 too: a NumPy scalar must not turn a float32 network into float64
        return bool if isinstance(x, bool) else int if isinstance(x, int) else float
    return x.dtype if isinstance(x, (Tensor, KerasTensor, Variable)) else convert_to_tensor(x).dtype


def cast_to(x: Tensor, dtype: str) -> Tensor:
    """`x` itself where it has that dtype already."""
    return x if x.dtype == dtype else compute("cast", x, dtype=dtype)


def to_tensor(x: Any, dtype: str | None = None) -> Tensor:
    """A Tensor of `x`, cast to `dtype` where one is given."""
    if isinstance(x, Variable):
        x = x.value
    if isinstance(x, Tensor):
        return x if dtype is None else cast_to(x, dtype)
    if dtype is not None and type(x) in _WEAK:
        return Tensor.wrap(_number(x, type(x).__name__, math.copysign(1.0, x) if x == 0 else 0.0, dtype))
    return convert_to_tensor(x, dtype=dtype)


@functools.lru_cache(maxsize=4096)
def _number(value: float, kind: str, sign: float, dtype: str) -> Any:
    """The memory of a number: the same few stand in every formula.

    `kind` and `sign` tell apart what is equal as a key: 1, 1.0 and True; 0.0 and -0.0.
    """
    return convert_to_tensor(value, dtype=dtype).storage


def to_float(x: Any) -> Tensor:
    """A floating-point tensor: integers and booleans become `floatx()`."""
    x = to_tensor(x)
    return x if dtypes.is_float_dtype(x.dtype) else cast_to(x, dtypes.floatx())


def is_float(x: Tensor) -> bool:
    """Whether the tensor is float32 or float64."""
    return dtypes.is_float_dtype(x.dtype)


def promote(*xs: Any) -> list[Tensor]:
    """The arguments as tensors of their common dtype (Keras's rules)."""
    return _converted(xs)


def _converted(xs: Sequence[Any], *also: Any) -> list[Tensor]:
    """Tensors of the common dtype of `xs` and the dtypes `also`."""
    xs = [x if isinstance(x, (*_WEAK, Tensor)) else to_tensor(x) for x in xs]
    dtype = _result_type(dtypes.floatx(), *[dtype_of(x) for x in xs], *also)
    return [to_tensor(x, dtype) for x in xs]


@functools.lru_cache(maxsize=1024)
def _result_type(floatx: str, *kinds: Any) -> str:
    """`dtypes.result_type`, remembered: every operation of two operands asks."""
    return dtypes.result_type(*kinds)


def promote_float(*xs: Any) -> list[Tensor]:
    """The arguments as tensors of a common floating-point dtype."""
    return _converted(xs, float)


def promote_number(*xs: Any) -> list[Tensor]:
    """Like `promote`, but booleans become int32: for operations that have no boolean form."""
    tensors = promote(*xs)
    return [cast_to(x, "int32") for x in tensors] if tensors[0].dtype == "bool" else tensors


def to_indices(name: str, x: Any, argument: str = "indices") -> Tensor:
    """An int64 tensor; raises TypeError where `x` is not made of integers."""
    x = to_tensor(np.asarray(x, "int64") if isinstance(x, (list, tuple)) and not len(x) else x)
    if is_float(x) or x.dtype == "bool":
        raise TypeError(
            f"{name}: `{argument}` must be integers, got {x.dtype}. Cast them: ops.cast(x, 'int32')."
        )
    return cast_to(x, "int64")


def axis_of(name: str, axis: Any, ndim: int) -> int:
    """One axis counted from the front; raises ValueError where the tensor has no such axis."""
    try:
        index = int(axis.__index__())
    except (AttributeError, TypeError):
        raise TypeError(f"{name}: `axis` must be an integer, got {axis!r}") from None
    if not -ndim <= index < ndim:
        known = f"valid axes are {-ndim} to {ndim - 1}" if ndim else "a scalar has no axes"
        raise ValueError(f"{name}: axis {index} is out of range for a tensor with {ndim} axes ({known})")
    return index % ndim


def axes_of(name: str, axis: Axis, ndim: int) -> list[int]:
    """Several axes counted from the front, sorted; None means all of them. A repeat raises ValueError."""
    if axis is None:
        return list(range(ndim))
    if not isinstance(axis, (list, tuple)):
        return [axis_of(name, axis, ndim)]
    axes = sorted(axis_of(name, a, ndim) for a in axis)
    if len(set(axes)) != len(axes):
        raise ValueError(f"{name}: `axis` names an axis twice: {tuple(axis)}")
    return axes


def shape_of(name: str, shape: Any) -> list[int]:
    """A shape as a list of sizes; raises where it holds anything but integers >= 0."""
    if isinstance(shape, (Tensor, np.ndarray)):
        shape = np.asarray(shape).tolist()
    sizes = list(shape) if isinstance(shape, (list, tuple)) else [shape]
    for i, size in enumerate(sizes):
        try:
            sizes[i] = int(size if isinstance(size, int) else size.__index__())
        except (AttributeError, TypeError):
            raise TypeError(f"{name}: `shape` must be made of integers, got {shape!r}") from None
        if sizes[i] < 0:
            raise ValueError(f"{name}: `shape` must not be negative, got {shape!r}")
    return sizes


def reduced_shape(shape: Sequence[int], axes: Sequence[int], keepdims: bool) -> list[int]:
    """What is left of a shape without some axes, or with 1 in their places."""
    return [1 if a in axes else n for a, n in enumerate(shape) if keepdims or a not in axes]


def permuted(x: Tensor, order: Sequence[int]) -> Tensor:
    """Transposes unless the axes are in that order already."""
    return x if list(order) == list(range(x.ndim)) else compute("transpose", x, perm=list(order))


def move_axis(x: Tensor, source: int, destination: int) -> Tensor:
    """Transposes so that axis `source` stands at `destination` (both counted from the front)."""
    if source == destination:
        return x
    order = [a for a in range(x.ndim) if a != source]
    order.insert(destination, source)
    return compute("transpose", x, perm=order)


def reshape_to(x: Tensor, shape: Sequence[int]) -> Tensor:
    """Reshapes to a concrete shape of the same size."""
    return x if tuple(shape) == x.shape else compute("reshape", x, shape=list(shape))


def fill(shape: Sequence[int], value: float, dtype: str) -> Tensor:
    """A tensor full of one value. It costs one number in a trace, however large the shape."""
    scalar = to_tensor(value, dtype)
    return compute("broadcast_to", scalar, shape=list(shape)) if len(shape) else scalar


def broadcast_to(x: Tensor, shape: Sequence[int]) -> Tensor:
    """Broadcasts to a concrete shape; nothing is done where it has that shape already."""
    return x if tuple(shape) == x.shape else compute("broadcast_to", x, shape=list(shape))


def broadcast_shape(name: str, *shapes: Sequence[int]) -> tuple[int, ...]:
    """NumPy's common shape; raises ValueError where there is none."""
    try:
        return np.broadcast_shapes(*[tuple(s) for s in shapes])
    except ValueError:
        listed = " and ".join(str(tuple(s)) for s in shapes)
        raise ValueError(f"{name}: shapes {listed} do not broadcast") from None


def broadcast_all(name: str, tensors: Sequence[Tensor]) -> list[Tensor]:
    """The tensors, broadcast to their common shape."""
    shape = broadcast_shape(name, *[x.shape for x in tensors])
    return [broadcast_to(x, shape) for x in tensors]
