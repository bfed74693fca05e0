"""Elements by position: gathers, scatters, slices, one-hot codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from axone.core import dtypes
from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import (
    ShapeLike,
    TensorLike,
    axis_of,
    broadcast_shape,
    broadcast_to,
    compute,
    move_axis,
    reshape_to,
    shape_of,
    to_indices,
    to_tensor,
)


@op
def take(x: TensorLike, indices: TensorLike, axis: int | None = None) -> Tensor:
    """Takes positions of one axis.

    Args:
        x: tensor with at least one axis.
        indices: integers of any shape; negative ones count from the end.
        axis: axis to take from; None: the flattened tensor.

    Returns:
        A tensor of shape `x.shape[:axis] + indices.shape + x.shape[axis + 1:]`.

    Raises:
        IndexError: where an index is out of range.

    Example:

    >>> axone.ops.take([[1.0, 2.0], [3.0, 4.0]], [1, 0, 1], axis=0).shape  # (3, 2)
    """
    tensor, positions = to_tensor(x), to_indices("take", indices)
    if axis is None:
        tensor, axis = reshape_to(tensor, [tensor.size]), 0
    return compute("gather", tensor, positions, axis=axis_of("take", axis, tensor.ndim))


@op
def take_along_axis(x: TensorLike, indices: TensorLike, axis: int | None = None) -> Tensor:
    """Takes, for each line along an axis, its own positions (as `argsort` gives them).

    Args:
        x: tensor with at least one axis.
        indices: integers with as many axes as `x`; the other axes broadcast.
        axis: axis to take along; None: both flattened.

    Returns:
        A tensor of the shape of `indices` (after broadcasting).

    Raises:
        IndexError: where an index is out of range.
        ValueError: where the ranks differ or the shapes do not broadcast.
    """
    tensor, positions = to_tensor(x), to_indices("take_along_axis", indices)
    if axis is None:
        tensor, positions = reshape_to(tensor, [tensor.size]), reshape_to(positions, [positions.size])
        axis = 0
    index = axis_of("take_along_axis", axis, tensor.ndim)
    if positions.ndim != tensor.ndim:
        raise ValueError(
            f"take_along_axis: `indices` {positions.shape} must have as many axes as x {tensor.shape}"
        )
    common = list(
        broadcast_shape("take_along_axis", *[_with(t.shape, index, 1) for t in (tensor, positions)])
    )
    tensor = broadcast_to(tensor, _with(common, index, tensor.shape[index]))
    positions = broadcast_to(positions, _with(common, index, positions.shape[index]))
    return compute("take_along_axis", tensor, positions, axis=index)


def _with(shape: Sequence[int], axis: int, size: int) -> list[int]:
    """The shape with another size at one axis."""
    return [size if a == axis else n for a, n in enumerate(shape)]


@op
def one_hot(
    x: TensorLike, num_classes: int, axis: int = -1, dtype: str | None = None, sparse: bool = False
) -> Tensor:
    """Codes class numbers as vectors with a single 1.

    Args:
        x: integers of any shape; numbers outside 0..num_classes-1 give all zeros.
        num_classes: length of the vectors.
        axis: where the vectors' axis stands in the result.
        dtype: None: `floatx()`.
        sparse: must be False: there are no sparse tensors here.

    Returns:
        A tensor with one axis more.

    Example:

    >>> axone.ops.one_hot([0, 2], 3)  # [[1, 0, 0], [0, 0, 1]]
    """
    if sparse:
        raise ValueError(
            "one_hot: sparse=True is not supported: there are no sparse tensors; use sparse=False"
        )
    labels = to_indices("one_hot", x, "x")
    (depth,) = shape_of("one_hot", num_classes)
    goal = axis_of("one_hot", axis, labels.ndim + 1)
    name = dtypes.floatx() if dtype is None else dtypes.standardize_dtype(dtype)
    return move_axis(compute("one_hot", labels, depth=depth, dtype=name), labels.ndim, goal)


@op
def multi_hot(
    inputs: TensorLike,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: str | None = None,
    sparse: bool = False,
) -> Tensor:
    """Codes sets of class numbers as vectors with a 1 for each member.

    Args:
        inputs: integers; the set's members stand along the last axis.
        num_classes: length of the vectors.
        axis: where the vectors' axis stands in the result.
        dtype: None: `floatx()`.
        sparse: must be False.

    Returns:
        A tensor with the last axis of `inputs` replaced by `num_classes`.
    """
    if num_classes is None:
        raise ValueError("multi_hot: `num_classes` is needed")
    labels = to_tensor(inputs)
    codes = one_hot(labels, num_classes, axis, dtype, sparse)
    members = labels.ndim - 1 if axis in (-1, labels.ndim) else labels.ndim
    return compute("max", codes, axes=[members], keepdims=False) if labels.ndim else codes


@op
def slice(inputs: TensorLike, start_indices: TensorLike, shape: ShapeLike) -> Tensor:
    """Cuts a block out of a tensor.

    Args:
        inputs: tensor.
        start_indices: first position along each axis: numbers, or a tensor computed in the model.
        shape: the block's sizes; -1: up to the end (with known starts).

    Returns:
        A tensor of that shape. A block that would stick out is moved back inside where its start is a tensor.

    Raises:
        ValueError: where the block does not fit.

    Example:

    >>> axone.ops.slice(axone.ops.ones((5, 4)), (1, 2), (3, 2)).shape  # (3, 2)
    """
    tensor = to_tensor(inputs)
    starts = _starts("slice", start_indices, tensor.ndim)
    known = [s if isinstance(s, int) else None for s in starts]
    sizes = [
        n - start if size == -1 and start is not None else size
        for size, n, start in zip(_listed(shape), tensor.shape, known, strict=False)
    ]
    sizes = shape_of("slice", sizes)
    if len(sizes) != tensor.ndim or len(_listed(shape)) != tensor.ndim:
        raise ValueError(f"slice: `shape` {shape} must have one size for each axis of {tensor.shape}")
    for a, (start, size, n) in enumerate(zip(known, sizes, tensor.shape, strict=True)):
        if size > n or (start is not None and not 0 <= start <= n - size):
            raise ValueError(
                f"slice: axis {a}: {size} elements from {starts[a]} do not lie within length {n}"
            )
    if all(s is not None for s in known):
        if sizes == list(tensor.shape):
            return tensor
        return compute("slice", tensor, starts=[s or 0 for s in known], sizes=sizes, steps=[1] * tensor.ndim)
    for a, first in enumerate(starts):
        tensor = compute("gather", tensor, _window(first, sizes[a], tensor.shape[a]), axis=a)
    return tensor


def _listed(x: Any) -> list[Any]:
    """The elements of a sequence of numbers, or of one number."""
    if isinstance(x, (list, tuple)):
        return list(x)
    flat: list[Any] = np.asarray(x).reshape(-1).tolist()
    return flat


def _starts(name: str, starts: Any, ndim: int) -> list[int | Tensor]:
    """One start for each axis: an int where it is known now, else a scalar tensor."""
    if isinstance(starts, Tensor) and starts.trace is not None:
        whole = to_indices(name, starts, "start_indices")
        if whole.shape != (ndim,):
            raise ValueError(
                f"{name}: `start_indices` of shape {whole.shape} must hold one number for each of {ndim} axes"
            )
        items = [compute("slice", whole, starts=[a], sizes=[1], steps=[1]) for a in range(ndim)]
        return [reshape_to(item, []) for item in items]
    listed = _listed(starts)
    if len(listed) != ndim:
        raise ValueError(f"{name}: `start_indices` {starts} must hold one number for each of {ndim} axes")
    result: list[int | Tensor] = []
    for start in listed:
        if isinstance(start, Tensor) and start.trace is not None:
            result.append(reshape_to(to_indices(name, start, "start_indices"), []))
        else:
            result.append(int(np.asarray(start)))
    return result


def _window(start: int | Tensor, size: int, length: int) -> Tensor:
    """Positions start..start+size-1, moved so that they lie within an axis."""
    if isinstance(start, int):
        return to_tensor(np.arange(start, start + size, dtype="int64"))
    first = compute("clip", start, to_tensor(0, "int64"), to_tensor(length - size, "int64"))
    return compute("add", first, to_tensor(np.arange(size, dtype="int64")))


@op
def slice_update(inputs: TensorLike, start_indices: TensorLike, updates: TensorLike) -> Tensor:
    """A copy of `inputs` with a block overwritten.

    Args:
        inputs: tensor.
        start_indices: first position of the block along each axis: numbers or a tensor.
        updates: the block, with as many axes as `inputs`.

    Returns:
        A tensor of the shape and dtype of `inputs`; gradients reach both arguments.

    Raises:
        ValueError: where the block does not fit.
    """
    tensor = to_tensor(inputs)
    block = to_tensor(updates, tensor.dtype)
    starts = _starts("slice_update", start_indices, tensor.ndim)
    inside: Tensor | None = None
    for a, (start, n) in enumerate(zip(starts, tensor.shape, strict=True)):
        size = block.shape[a] if block.ndim == tensor.ndim else -1
        if not 0 <= size <= n or (isinstance(start, int) and not 0 <= start <= n - size):
            raise ValueError(
                f"slice_update: a block {block.shape} at {start_indices} does not fit into {tensor.shape}"
            )
        if size == 0:
            return tensor
        if isinstance(start, int) and size == n:
            continue
        # Place p of the result takes place p - start of the block; the mask says where there is one.
        first = start if isinstance(start, Tensor) else to_tensor(start, "int64")
        first = compute("clip", first, to_tensor(0, "int64"), to_tensor(n - size, "int64"))
        place = compute("subtract", to_tensor(np.arange(n, dtype="int64")), first)
        low, high = to_tensor(0, "int64"), to_tensor(size - 1, "int64")
        held = compute("clip", place, low, high)
        mask = reshape_to(compute("equal", place, held), _with([1] * tensor.ndim, a, n))
        inside = mask if inside is None else compute("logical_and", inside, mask)
        block = compute("gather", block, held, axis=a)
    return block if inside is None else compute("where", inside, block, tensor)
