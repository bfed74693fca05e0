"""Indexing with `x[...]`: integers, slices, None, Ellipsis, integer arrays and, with known values, masks."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.ops._common import TensorLike, broadcast_all, compute, permuted, reshape_to, to_indices, to_tensor
from axone.ops.scatter import linear_indices


@op
def get_item(x: TensorLike, key: Any) -> Tensor:
    """`x[key]`, as in NumPy.

    Args:
        x: tensor.
        key: integers, slices (with steps), None, Ellipsis, integer arrays or tensors, or a tuple of them.
            A mask of booleans works where its values are known; in a model use `where`.

    Returns:
        The chosen part.

    Raises:
        IndexError: for an index out of range or more indices than axes.
        TypeError: for anything else.
    """
    tensor = to_tensor(x)
    keys = _expand(key if isinstance(key, tuple) else (key,), tensor.shape)
    starts, sizes, steps = [], [], []
    shape: list[int] = []  # after the basic part: every axis that is not an integer's
    arrays: list[tuple[int, Tensor]] = []  # index arrays and the axis of `shape` that each replaces
    axis = 0
    for k in keys:
        if k is None:
            shape.append(1)
            continue
        n = tensor.shape[axis]
        if isinstance(k, int):
            start, size, step = _integer(k, n, axis), 1, 1
        elif isinstance(k, slice):
            start, stop, step = k.indices(n)
            size = len(range(start, stop, step))
            shape.append(size)
        else:
            start, size, step = 0, n, 1
            arrays.append((len(shape), k))
            shape.append(n)
        starts.append(start if size else 0)
        sizes.append(size)
        steps.append(step if size else 1)
        axis += 1
    if sizes != list(tensor.shape) or any(s != 1 for s in steps):
        tensor = compute("slice", tensor, starts=starts, sizes=sizes, steps=steps)
    tensor = reshape_to(tensor, shape)
    return _gather(tensor, arrays, _adjacent(keys)) if arrays else tensor


def _integer(k: int, n: int, axis: int) -> int:
    """An index counted from the front."""
    if not -n <= k < n:
        raise IndexError(f"index {k} is out of range for axis {axis} of length {n}")
    return k % n


def _expand(keys: tuple[Any, ...], shape: tuple[int, ...]) -> list[Any]:
    """One entry for each axis (plus the Nones): int, slice, None or an int64 Tensor."""
    plain: list[Any] = []
    for k in keys:
        plain.extend(_standardize(k, shape))
    used = builtins.sum(1 for k in plain if k is not None and k is not Ellipsis)
    if used > len(shape):
        raise IndexError(f"{used} indices for a tensor with {len(shape)} axes (shape {shape})")
    dots = [i for i, k in enumerate(plain) if k is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can hold only one '...'")
    place = dots[0] if dots else len(plain)
    rest = [slice(None)] * (len(shape) - used)
    return plain[:place] + rest + plain[place + 1 :]


def _standardize(k: Any, shape: tuple[int, ...]) -> Sequence[Any]:
    """One key as plain keys; a mask becomes the arrays of its true positions."""
    if k is None or k is Ellipsis:
        return (k,)
    if isinstance(k, slice):
        return (slice(*[None if v is None else _known(v) for v in (k.start, k.stop, k.step)]),)
    if isinstance(k, (bool, np.bool_)):
        raise TypeError("a single boolean is no index; use an integer, or where()")
    if isinstance(k, (int, np.integer)):
        return (int(k),)
    if isinstance(k, (list, np.ndarray, Tensor, Variable)):
        tensor = to_tensor(np.asarray(k, "int64") if isinstance(k, list) and not k else k)
        if tensor.dtype == "bool":
            return _mask(tensor)
        indices = to_indices("indexing", tensor, "key")
        return (int(indices.numpy()),) if not indices.ndim and indices.trace is None else (indices,)
    raise TypeError(
        f"a tensor cannot be indexed with {k!r}: use integers, slices, None, ... or integer arrays"
    )


def _known(value: Any) -> int:
    """The bound of a slice as an int."""
    if isinstance(value, Tensor) and value.trace is not None:
        raise TypeError("the bounds of a slice must be numbers in a model; use ops.slice for computed starts")
    return int(np.asarray(value).__index__())


def _mask(mask: Tensor) -> Sequence[Any]:
    """The positions of a mask's true elements, one array for each of its axes."""
    if mask.trace is not None:
        raise TypeError(
            "a mask whose values are computed in a model cannot choose elements (the result would have no "
            "fixed shape); use ops.where(mask, x, 0)"
        )
    return [to_tensor(i.astype("int64")) for i in np.nonzero(mask.numpy())]


def _adjacent(keys: list[Any]) -> bool:
    """Whether the index arrays stand side by side; integers count as arrays then, as in NumPy."""
    places = [i for i, k in enumerate(keys) if isinstance(k, (Tensor, int))]
    return places == list(range(places[0], places[-1] + 1))


def _gather(x: Tensor, arrays: list[tuple[int, Tensor]], adjacent: bool) -> Tensor:
    """Replaces the axes of index arrays by the arrays' shape: in place where adjacent, else in front."""
    axes = [axis for axis, _ in arrays]
    if len(axes) == 1:
        result = compute("gather", x, arrays[0][1], axis=axes[0])
        return result if adjacent else _to_front(result, axes[0], arrays[0][1].ndim)
    indices = broadcast_all("indexing", [k for _, k in arrays])
    rest = [a for a in range(x.ndim) if a not in axes]
    sizes = [x.shape[a] for a in axes]
    front = permuted(x, [*axes, *rest])
    rows = reshape_to(front, [int(np.prod(sizes)), *[x.shape[a] for a in rest]])
    joined = compute("concatenate", *[reshape_to(i, [*i.shape, 1]) for i in indices], axis=indices[0].ndim)
    result = compute("gather", rows, linear_indices("indexing", joined, sizes), axis=0)
    count = indices[0].ndim
    before = axes[0] if adjacent else 0
    order = [*range(count, count + before), *range(count), *range(count + before, result.ndim)]
    return permuted(result, order)


def _to_front(x: Tensor, axis: int, count: int) -> Tensor:
    """Moves `count` axes from `axis` on to the front."""
    moved = list(range(axis, axis + count))
    return permuted(x, [*moved, *[a for a in range(x.ndim) if a not in moved]])
