"""Tensors made from a shape, a range or a pattern."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from axone.core import dtypes
from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import ShapeLike, TensorLike, broadcast_to, dtype_of, fill, shape_of, to_tensor


def _dtype(dtype: Any) -> str:
    """The dtype's name; `floatx()` for None."""
    return dtypes.floatx() if dtype is None else dtypes.standardize_dtype(dtype)


def zeros(shape: ShapeLike, dtype: str | None = None) -> Tensor:
    """A tensor of zeros; `dtype` None: `floatx()`."""
    return fill(shape_of("zeros", shape), 0, _dtype(dtype))


def ones(shape: ShapeLike, dtype: str | None = None) -> Tensor:
    """A tensor of ones; `dtype` None: `floatx()`."""
    return fill(shape_of("ones", shape), 1, _dtype(dtype))


def empty(shape: ShapeLike, dtype: str | None = None) -> Tensor:
    """A tensor of any content: zeros here, so that no result hangs on old memory."""
    return fill(shape_of("empty", shape), 0, _dtype(dtype))


@op
def full(shape: ShapeLike, fill_value: TensorLike, dtype: str | None = None) -> Tensor:
    """A tensor full of one value (or of a value that broadcasts to its shape).

    Args:
        shape: sizes.
        fill_value: number or tensor.
        dtype: None: that of the value (`floatx()` for Python floats, int32 for ints).

    Returns:
        A tensor of that shape.
    """
    return broadcast_to(
        to_tensor(fill_value, None if dtype is None else _dtype(dtype)), shape_of("full", shape)
    )


def _like(name: str, summary: str, value: float) -> Callable[..., Tensor]:
    """zeros_like, ones_like, empty_like."""

    def function(x: TensorLike, dtype: str | None = None) -> Tensor:
        tensor = to_tensor(x)
        return fill(tensor.shape, value, tensor.dtype if dtype is None else _dtype(dtype))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    Args:
        x: tensor of any shape.
        dtype: None: that of `x`.

    Returns:
        A tensor of the shape of `x`.
    """
    return op(function)


zeros_like = _like("zeros_like", "Zeros in the shape of another tensor.", 0)
ones_like = _like("ones_like", "Ones in the shape of another tensor.", 1)
empty_like = _like("empty_like", "A tensor of another's shape and any content (zeros here).", 0)


@op
def full_like(x: TensorLike, fill_value: TensorLike, dtype: str | None = None) -> Tensor:
    """One value in the shape of another tensor; `dtype` None: that of `x`."""
    tensor = to_tensor(x)
    return broadcast_to(to_tensor(fill_value, tensor.dtype if dtype is None else _dtype(dtype)), tensor.shape)


def eye(N: int, M: int | None = None, k: int = 0, dtype: str | None = None) -> Tensor:
    """Ones on a diagonal, zeros elsewhere.

    Args:
        N: rows.
        M: columns; None: as many as rows.
        k: which diagonal: positive above the main one, negative below.
        dtype: None: `floatx()`.

    Returns:
        A tensor of shape (N, M).
    """
    rows, columns = shape_of("eye", [N, N if M is None else M])
    return to_tensor(np.eye(rows, columns, k, _dtype(dtype)))


def identity(n: int, dtype: str | None = None) -> Tensor:
    """The identity matrix of shape (n, n)."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: str | None = None) -> Tensor:
    """Ones on and below a diagonal, zeros above; arguments as in `eye`."""
    rows, columns = shape_of("tri", [N, N if M is None else M])
    return to_tensor(np.tri(rows, columns, k).astype(_dtype(dtype)))


def arange(
    start: float | Tensor,
    stop: float | Tensor | None = None,
    step: float | Tensor | None = None,
    dtype: str | None = None,
) -> Tensor:
    """Evenly spaced numbers from `start` up to, not including, `stop`.

    Args:
        start: first number; alone: the stop of a range from 0.
        stop: end of the range.
        step: distance of neighbours; None: 1.
        dtype: None: int32 for integers, `floatx()` for floats.

    Returns:
        A vector.

    Raises:
        ValueError: where `step` is 0.

    Example:

    >>> axone.ops.arange(2, 8, 2)  # [2, 4, 6]
    """
    given = [v for v in (start, stop, step) if v is not None]
    name = dtypes.result_type(*[dtype_of(v) for v in given]) if dtype is None else _dtype(dtype)
    first, last, distance = (0 if v is None else np.asarray(v).item() for v in (start, stop, step))
    if stop is None:
        first, last = 0, first
    if step is not None and distance == 0:
        raise ValueError("arange: `step` must not be 0")
    return to_tensor(np.arange(first, last, 1 if step is None else distance).astype(name))


def linspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: str | None = None,
    axis: int = 0,
) -> Tensor | tuple[Tensor, Tensor]:
    """`num` evenly spaced numbers from `start` to `stop`.

    Args:
        start: first number (or array of them).
        stop: last number.
        num: how many.
        endpoint: whether `stop` itself is the last.
        retstep: whether the distance of neighbours is returned too.
        dtype: None: the promoted floating dtype.
        axis: where the new axis stands, for arrays.

    Returns:
        A tensor of `num` numbers, or (tensor, step).
    """
    (count,) = shape_of("linspace", num)
    name = dtypes.result_type(dtype_of(start), dtype_of(stop), float) if dtype is None else _dtype(dtype)
    values, step = np.linspace(
        np.asarray(start, "float64"),
        np.asarray(stop, "float64"),
        count,
        endpoint=endpoint,
        retstep=True,
        axis=axis,
    )
    result = to_tensor(values.astype(name))
    return (result, to_tensor(np.asarray(step, name))) if retstep else result


def logspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: str | None = None,
    axis: int = 0,
) -> Tensor:
    """`base ** linspace(start, stop, num)`; arguments as in `linspace`."""
    (count,) = shape_of("logspace", num)
    name = dtypes.result_type(dtype_of(start), dtype_of(stop), float) if dtype is None else _dtype(dtype)
    values = np.logspace(
        np.asarray(start, "float64"),
        np.asarray(stop, "float64"),
        count,
        endpoint=endpoint,
        base=base,
        axis=axis,
    )
    return to_tensor(values.astype(name))


def geomspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    dtype: str | None = None,
    axis: int = 0,
) -> Tensor:
    """`num` numbers from `start` to `stop`, each the one before times the same factor; see `linspace`."""
    (count,) = shape_of("geomspace", num)
    name = dtypes.result_type(dtype_of(start), dtype_of(stop), float) if dtype is None else _dtype(dtype)
    ends = np.asarray(start, "float64"), np.asarray(stop, "float64")
    return to_tensor(np.geomspace(*ends, count, endpoint=endpoint, axis=axis).astype(name))


def _window(name: str, summary: str) -> Callable[[int], Tensor]:
    """A window function of signal processing, from NumPy."""
    make: Any = getattr(np, name)

    def function(x: int) -> Tensor:
        (length,) = shape_of(name, int(np.asarray(x)))
        return to_tensor(make(length).astype(dtypes.floatx()))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    Args:
        x: number of points.

    Returns:
        A vector of `floatx()`.
    """
    return function


bartlett = _window("bartlett", "The Bartlett window: a triangle that ends in zeros.")
blackman = _window("blackman", "The Blackman window.")
hamming = _window("hamming", "The Hamming window: a raised cosine.")
hanning = _window("hanning", "The Hann window: a raised cosine that ends in zeros.")


def kaiser(x: int, beta: float) -> Tensor:
    """The Kaiser window of `x` points and shape `beta`."""
    (length,) = shape_of("kaiser", int(np.asarray(x)))
    return to_tensor(np.kaiser(length, float(beta)).astype(dtypes.floatx()))
