"""Shapes: the same elements in another order, shape or number."""

from __future__ import annotations

import builtins
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import (
    Axis,
    ShapeLike,
    TensorLike,
    axes_of,
    axis_of,
    compute,
    promote,
    reshape_to,
    shape_of,
    to_tensor,
)
from axone.ops._common import (
    broadcast_to as broadcast_tensor,
)


@op
def reshape(x: TensorLike, newshape: ShapeLike) -> Tensor:
    """Gives a tensor another shape of the same size.

    Args:
        x: tensor of any shape.
        newshape: sizes; one may be -1 (or None): whatever is left.

    Returns:
        A tensor of that shape; elements in row-major order.

    Raises:
        ValueError: where the sizes do not multiply to the size of `x`.

    Example:

    >>> axone.ops.reshape(axone.ops.arange(6), (2, -1)).shape  # (2, 3)
    """
    tensor = to_tensor(x)
    given = [newshape] if isinstance(newshape, int) else list(np.asarray(newshape, object).ravel())
    sizes = [-1 if n is None or n == -1 else n for n in given]
    open_axes = [a for a, n in enumerate(sizes) if n == -1]
    fixed = shape_of("reshape", [n for n in sizes if n != -1])
    if len(open_axes) > 1:
        raise ValueError(f"reshape: only one size may be -1, got {tuple(given)}")
    known = math.prod(fixed)
    if open_axes and known and tensor.size % known == 0:
        fixed.insert(open_axes[0], tensor.size // known)
    elif open_axes or known != tensor.size:
        raise ValueError(
            f"reshape: {tensor.size} elements of shape {tensor.shape} do not fit into {tuple(given)}"
        )
    return reshape_to(tensor, fixed)


@op
def ravel(x: TensorLike) -> Tensor:
    """Flattens a tensor to one axis."""
    tensor = to_tensor(x)
    return reshape_to(tensor, [tensor.size])


@op
def transpose(x: TensorLike, axes: Sequence[int] | None = None) -> Tensor:
    """Reorders the axes.

    Args:
        x: tensor of any shape.
        axes: a permutation of the axes: output axis i is input axis `axes[i]`; None: the reverse order.

    Returns:
        A tensor whose shape is permuted so.

    Raises:
        ValueError: where `axes` is no permutation.
    """
    tensor = to_tensor(x)
    order = list(range(tensor.ndim))
    if axes is None:
        perm = order[::-1]
    else:
        perm = [axis_of("transpose", a, tensor.ndim) for a in axes]
        if sorted(perm) != order:
            raise ValueError(f"transpose: `axes` {tuple(axes)} is no permutation of {tensor.ndim} axes")
    return tensor if perm == order else compute("transpose", tensor, perm=perm)


@op
def moveaxis(x: TensorLike, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Moves axes to other places; the rest keep their order.

    Args:
        x: tensor of any shape.
        source: axis or axes to move.
        destination: where each of them goes.

    Returns:
        A tensor with its axes reordered.
    """
    tensor = to_tensor(x)
    sources = [axis_of("moveaxis", a, tensor.ndim) for a in listed(source)]
    goals = [axis_of("moveaxis", a, tensor.ndim) for a in listed(destination)]
    if len(sources) != len(goals) or len({*sources}) != len(sources) or len({*goals}) != len(goals):
        raise ValueError(
            f"moveaxis: `source` {source} and `destination` {destination} must pair different axes"
        )
    order = [a for a in range(tensor.ndim) if a not in sources]
    for goal, origin in sorted(zip(goals, sources, strict=True)):
        order.insert(goal, origin)
    return transpose(tensor, order)


@op
def swapaxes(x: TensorLike, axis1: int, axis2: int) -> Tensor:
    """Exchanges two axes."""
    tensor = to_tensor(x)
    a, b = (axis_of("swapaxes", axis, tensor.ndim) for axis in (axis1, axis2))
    order = list(range(tensor.ndim))
    order[a], order[b] = b, a
    return transpose(tensor, order)


@op
def expand_dims(x: TensorLike, axis: int | Sequence[int]) -> Tensor:
    """Inserts axes of size 1.

    Args:
        x: tensor of any shape.
        axis: where the new axis (or axes) stands in the result.

    Returns:
        A tensor of the same elements.
    """
    tensor = to_tensor(x)
    axes = axes_of("expand_dims", listed(axis), tensor.ndim + len(listed(axis)))
    shape = list(tensor.shape)
    for a in axes:
        shape.insert(a, 1)
    return reshape_to(tensor, shape)


@op
def squeeze(x: TensorLike, axis: Axis = None) -> Tensor:
    """Removes axes of size 1.

    Args:
        x: tensor of any shape.
        axis: axis or axes to remove; None: all of size 1.

    Returns:
        A tensor of the same elements.

    Raises:
        ValueError: where a named axis is not of size 1.
    """
    tensor = to_tensor(x)
    axes = [a for a in axes_of("squeeze", axis, tensor.ndim) if axis is not None or tensor.shape[a] == 1]
    for a in axes:
        if tensor.shape[a] != 1:
            raise ValueError(
                f"squeeze: axis {a} of shape {tensor.shape} has size {tensor.shape[a]}, expected 1"
            )
    return reshape_to(tensor, [n for a, n in enumerate(tensor.shape) if a not in axes])


@op
def broadcast_to(x: TensorLike, shape: ShapeLike) -> Tensor:
    """Repeats a tensor along new axes and axes of size 1 until it has `shape`.

    Raises:
        ValueError: where NumPy's rule does not lead from the shape of `x` to `shape`.
    """
    tensor, sizes = to_tensor(x), shape_of("broadcast_to", shape)
    fits = tensor.ndim <= len(sizes) and builtins.all(
        n in (1, size) for n, size in zip(reversed(tensor.shape), reversed(sizes), strict=False)
    )
    if not fits:
        raise ValueError(
            f"broadcast_to: a tensor of shape {tensor.shape} does not broadcast to {tuple(sizes)}"
        )
    return broadcast_tensor(tensor, sizes)


@op
def concatenate(xs: Sequence[TensorLike], axis: int = 0) -> Tensor:
    """Joins tensors along an axis that they have.

    Args:
        xs: tensors of equal shapes except along `axis`; dtypes are promoted.
        axis: axis to join along.

    Returns:
        A tensor as long along `axis` as all of them together.

    Raises:
        ValueError: where there is no tensor or shapes differ elsewhere.
    """
    tensors = _several("concatenate", xs)
    first = tensors[0]
    index = axis_of("concatenate", axis, first.ndim)
    for i, x in enumerate(tensors):
        same = x.ndim == first.ndim and builtins.all(
            n == m for a, (n, m) in enumerate(zip(x.shape, first.shape, strict=True)) if a != index
        )
        if not same:
            raise ValueError(
                f"concatenate: tensor {i} has shape {x.shape}, the first {first.shape}: "
                f"all but axis {index} must be equal"
            )
    return first if len(tensors) == 1 else compute("concatenate", *tensors, axis=index)


@op
def append(x1: TensorLike, x2: TensorLike, axis: int | None = None) -> Tensor:
    """Joins two tensors along an axis; None: flattened."""
    return concatenate([ravel(x1), ravel(x2)] if axis is None else [x1, x2], 0 if axis is None else axis)


@op
def stack(x: Sequence[TensorLike], axis: int = 0) -> Tensor:
    """Joins tensors of one shape along a new axis.

    Args:
        x: tensors of equal shapes; dtypes are promoted.
        axis: where the new axis stands in the result.

    Returns:
        A tensor with one axis more.
    """
    tensors = _several("stack", x)
    shape = tensors[0].shape
    for i, tensor in enumerate(tensors):
        if tensor.shape != shape:
            raise ValueError(
                f"stack: tensor {i} has shape {tensor.shape}, the first {shape}: all must be equal"
            )
    index = axis_of("stack", axis, len(shape) + 1)
    wide = [*shape[:index], 1, *shape[index:]]
    parts = [reshape_to(tensor, wide) for tensor in tensors]
    return parts[0] if len(parts) == 1 else compute("concatenate", *parts, axis=index)


@op
def unstack(x: TensorLike, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """Takes a tensor apart along an axis, which disappears.

    Args:
        x: tensor with at least one axis.
        num: expected number of parts; None: whatever the axis holds.
        axis: axis to take apart.

    Returns:
        One tensor for each position of the axis.
    """
    tensor = to_tensor(x)
    index = axis_of("unstack", axis, tensor.ndim)
    length = tensor.shape[index]
    if num is not None and num != length:
        raise ValueError(f"unstack: axis {axis} of shape {tensor.shape} has {length} parts, not num={num}")
    rest = [n for a, n in enumerate(tensor.shape) if a != index]
    return [reshape_to(part(tensor, index, i, 1), rest) for i in range(length)]


def part(x: Tensor, axis: int, start: int, size: int) -> Tensor:
    """`size` positions of one axis (counted from the front), from `start` on."""
    if size == x.shape[axis]:
        return x
    starts = [start if a == axis else 0 for a in range(x.ndim)]
    sizes = [size if a == axis else n for a, n in enumerate(x.shape)]
    return compute("slice", x, starts=starts, sizes=sizes, steps=[1] * x.ndim)


@op
def split(x: TensorLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Cuts a tensor into parts along an axis.

    Args:
        x: tensor with at least one axis.
        indices_or_sections: number of equal parts, or the positions of the cuts.
        axis: axis to cut.

    Returns:
        The parts, in order.

    Raises:
        ValueError: where equal parts do not come out even.
    """
    tensor = to_tensor(x)
    index = axis_of("split", axis, tensor.ndim)
    length = tensor.shape[index]
    if isinstance(indices_or_sections, int):
        sections = indices_or_sections
        if sections < 1 or length % sections:
            raise ValueError(
                f"split: axis {axis} of length {length} cannot be cut into {sections} equal parts"
            )
        cuts = list(range(0, length + 1, length // sections)) if length else [0] * (sections + 1)
    else:
        given = [int(i) for i in np.asarray(indices_or_sections).ravel()]
        clamped = [builtins.min(builtins.max(i + length if i < 0 else i, 0), length) for i in given]
        cuts = [0, *clamped, length]
    pieces = itertools.pairwise(cuts)
    return [part(tensor, index, start, builtins.max(stop - start, 0)) for start, stop in pieces]


@op
def array_split(x: TensorLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Like `split`, but parts may differ by one: the first ones are longer."""
    if not isinstance(indices_or_sections, int):
        return split(x, indices_or_sections, axis)
    tensor = to_tensor(x)
    length = tensor.shape[axis_of("array_split", axis, tensor.ndim)]
    if indices_or_sections < 1:
        raise ValueError(f"array_split: expected at least 1 part, got {indices_or_sections}")
    short, longer = divmod(length, indices_or_sections)
    return split(tensor, [i * short + builtins.min(i, longer) for i in range(1, indices_or_sections)], axis)


def _split_along(name: str, axis: int) -> Callable[..., list[Tensor]]:
    """hsplit, vsplit, dsplit."""

    def function(x: TensorLike, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
        tensor = to_tensor(x)
        return split(tensor, indices_or_sections, axis if tensor.ndim > axis else tensor.ndim - 1)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Cuts a tensor into parts along axis {axis} (NumPy's {name}); see `split`."
    return op(function)


vsplit, hsplit, dsplit = _split_along("vsplit", 0), _split_along("hsplit", 1), _split_along("dsplit", 2)


def _stack_along(name: str, axis: int, widen: Callable[[Tensor], Sequence[int]]) -> Callable[..., Tensor]:
    """hstack, vstack, dstack."""

    def function(xs: Sequence[TensorLike]) -> Tensor:
        tensors = [reshape_to(x, widen(x)) for x in _several(name, xs)]
        return concatenate(tensors, axis if tensors[0].ndim > axis else 0)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Joins tensors along axis {axis} after they got that axis (NumPy's {name})."
    return op(function)


hstack = _stack_along("hstack", 1, lambda x: x.shape if x.ndim else [1])
vstack = _stack_along("vstack", 0, lambda x: x.shape if x.ndim > 1 else [1, x.size])
dstack = _stack_along(
    "dstack", 2, lambda x: x.shape if x.ndim > 2 else [*x.shape, 1] if x.ndim == 2 else [1, x.size, 1]
)
column_stack = _stack_along("column_stack", 1, lambda x: x.shape if x.ndim > 1 else [x.size, 1])


def listed(axis: Any) -> list[int]:
    """One number or several, as a list."""
    return list(axis) if isinstance(axis, (list, tuple)) else [axis]


def _several(name: str, xs: Any) -> list[Tensor]:
    """The tensors of a list (or of the first axis of one tensor), with one dtype."""
    if not isinstance(xs, (list, tuple)):
        xs = unstack(xs)
    if not xs:
        raise ValueError(f"{name}: expected at least one tensor, got none")
    return promote(*xs)
