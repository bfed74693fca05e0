"""Loops inside of the graph: a function is traced once and runs as many times as wanted, in C++."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from axone.core import tree
from axone.core.body import BodyTrace
from axone.core.operation import op
from axone.core.tensor import Tensor, TracedValueError
from axone.core.trace import current_trace
from axone.ops._common import cast_to, compute, reshape_to, to_tensor
from axone.ops.shape import concatenate, moveaxis, stack

# Steps that a while loop without a limit may take.
_ENDLESS = 2**62


class _Nest:
    """A nest of tensors as a flat list, and back; None stands for nothing."""

    def __init__(self, nest: Any) -> None:
        self.nest = nest
        self.flat = [to_tensor(x) for x in tree.flatten(nest) if x is not None]

    def pack(self, flat: Sequence[Any]) -> Any:
        """A nest of the same structure with other tensors."""
        values = iter(flat)
        return tree.map_structure(lambda x: None if x is None else next(values), self.nest)


def _inputs(trace: BodyTrace, tensors: Sequence[Tensor], drop_axis: bool = False) -> list[Tensor]:
    return [trace.input(t.shape[1:] if drop_axis else t.shape, t.dtype) for t in tensors]


def _expect_like(name: str, made: Any, wanted: _Nest) -> list[Tensor]:
    """The flat tensors of what a loop's function made of the carried nest.

    Raises:
        ValueError: structure, shape or dtype differ.
    """
    result = _Nest(made)
    try:
        tree.assert_same_structure(made, wanted.nest)
    except ValueError as error:
        raise ValueError(f"{name}: the function changes the structure of what it carries: {error}") from None
    for i, (a, b) in enumerate(zip(result.flat, wanted.flat, strict=True)):
        if a.shape != b.shape or a.dtype != b.dtype:
            raise ValueError(
                f"{name}: carried value {i} begins as {b.dtype} of shape {b.shape}, the function makes it "
                f"{a.dtype} of shape {a.shape}; it must stay the same. Cast the first value, or the result."
            )
    return result.flat


@op
def scan(
    f: Callable[[Any, Any], Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> Any:
    """Run a function over elements, carrying values from step to step.

    The function is traced once; its steps run in C++, forwards and for gradients backwards, in memory linear
    in the number of steps. A variable that it assigns keeps its last value.

    Args:
        f: function of (carried nest, element) that returns (new carried nest, output). The element is a nest
            like `xs` without the first axis, or None; the output may be None.
        init: nest of what is carried into the first step; shapes and dtypes stay.
        xs: tensor or nest of tensors with equally long first axes; None: no elements.
        length: number of steps; needed where `xs` is None.
        reverse: whether to begin with the last element; outputs stand where their elements do.
        unroll: no effect; for Keras's signature.

    Returns:
        (carried nest after the last step, nest of outputs with the steps' axis in front).

    Raises:
        TypeError: `f` cannot be called.
        ValueError: lengths that differ, or a carried value that changes its shape or dtype.

    Example:

    >>> axone.ops.scan(lambda total, x: (total + x, total), 0.0, np.array([1.0, 2.0, 3.0], "float32"))
    (6.0, [0, 1, 3])
    """
    if not callable(f):
        raise TypeError(f"scan: expected a function, got {f!r}")
    if not isinstance(unroll, bool) and (not isinstance(unroll, int) or unroll < 1):
        raise ValueError(f"scan: unroll must be a positive integer or a bool, got {unroll!r}")
    carried, elements = _Nest(init), _Nest(xs)
    steps = _length("scan", elements.flat, length)
    if _writing_out.get():
        return _written_out(f, carried, elements, steps, reverse)
    with BodyTrace() as trace:
        inputs = _inputs(trace, carried.flat)
        items = _inputs(trace, elements.flat, drop_axis=True)
        made = f(carried.pack(inputs), elements.pack(items))
        if not isinstance(made, (tuple, list)) or len(made) != 2:
            raise ValueError(f"scan: the function must return (carried, output), got {type(made).__name__}")
        outputs = _expect_like("scan", made[0], carried)
        stacked = _Nest(made[1])
    results = trace.run(
        "scan",
        carried.flat,
        elements.flat,
        [*inputs, *items],
        [*outputs, *stacked.flat],
        length=steps,
        reverse=bool(reverse),
    )
    count = len(carried.flat)
    return carried.pack(results[:count]), stacked.pack(results[count:])


# Longer loops make graphs that no one wants to load.
_MAX_WRITTEN_OUT = 10_000
_writing_out: ContextVar[bool] = ContextVar("writing_out", default=False)


@contextmanager
def loops_written_out() -> Iterator[None]:
    """Within this context `scan` adds the operations of each step to the graph, for formats without loops."""
    token = _writing_out.set(True)
    try:
        yield
    finally:
        _writing_out.reset(token)


def writes_loops_out() -> bool:
    """Whether `loops_written_out` holds."""
    return _writing_out.get()


def _written_out(
    f: Callable[[Any, Any], Any], carried: _Nest, elements: _Nest, steps: int, back: bool
) -> Any:
    if not 0 < steps <= _MAX_WRITTEN_OUT:
        raise ValueError(f"scan: a loop of {steps} steps cannot be written out step by step")
    state, made = carried.pack(carried.flat), []
    for i in reversed(range(steps)) if back else range(steps):
        state, output = f(state, elements.pack([x[i] for x in elements.flat]))
        made.append(_Nest(output))
    if back:
        made.reverse()
    columns = zip(*(nest.flat for nest in made), strict=True)
    return state, made[0].pack([stack(column, axis=0) for column in columns])


def _length(name: str, tensors: Sequence[Tensor], length: int | None) -> int:
    lengths = {t.shape[0] if t.ndim else None for t in tensors}
    if length is not None:
        lengths.add(int(length))
    if not lengths:
        raise ValueError(f"{name}: without elements (xs) the number of steps (length) is needed")
    if len(lengths) > 1 or None in lengths:
        raise ValueError(f"{name}: first axes must be equally long, got {sorted(lengths, key=str)}")
    (count,) = lengths
    if count is None or count < 0:
        raise ValueError(f"{name}: length must not be negative, got {count}")
    return int(count)


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """Repeat a function while a condition holds.

    Both are traced once and run in C++. There is no gradient: `scan` and `fori_loop` have one.

    Args:
        cond: function of the loop variables that returns one boolean.
        body: function of them that returns their new values, of the same shapes and dtypes.
        loop_vars: tuple or list of nests, given one by one to the functions, or one tensor.
        maximum_iterations: stop after so many steps at the latest; None: no limit.

    Returns:
        The loop variables when the condition no longer holds, structured as they came.

    Raises:
        ValueError: loop variables that change, or a condition that is not one boolean.

    Example:

    >>> axone.ops.while_loop(lambda i: i < 10, lambda i: i + 3, (0,))  # (12,)
    """
    several = isinstance(loop_vars, (tuple, list))
    carried = _Nest(tuple(loop_vars) if several else (loop_vars,))
    if maximum_iterations is not None and int(maximum_iterations) < 0:
        raise ValueError(f"while_loop: maximum_iterations must not be negative, got {maximum_iterations}")
    first = _flag(cond(*carried.pack(carried.flat)))
    if maximum_iterations == 0:
        first = to_tensor(False)
    with BodyTrace() as trace:
        inputs = _inputs(trace, carried.flat)
        made = body(*carried.pack(inputs))
        made = tuple(made) if isinstance(made, (tuple, list)) and several else (made,)
        outputs = _expect_like("while_loop", made, carried)
        more = _flag(cond(*carried.pack(outputs)))
    limit = _ENDLESS if maximum_iterations is None else max(int(maximum_iterations), 1)
    results = trace.run("while_loop", carried.flat, [], inputs, [more, *outputs], [first], length=limit)
    packed = carried.pack(results)
    if not several:
        return packed[0]
    return list(packed) if isinstance(loop_vars, list) else packed


def _flag(condition: Any) -> Tensor:
    flag = to_tensor(condition)
    if flag.size != 1:
        raise ValueError(f"while_loop: the condition must be one boolean, got shape {flag.shape}")
    return reshape_to(cast_to(flag, "bool"), [])


def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """Run a function for each whole number from `lower` to `upper - 1`, carrying a value.

    Args:
        lower: first number.
        upper: end. Where both are known beforehand, the loop has a gradient.
        body_fun: function of (number, carried nest) that returns the new carried nest.
        init_val: nest of what is carried into the first step.

    Returns:
        The carried nest after the last step.

    Raises:
        ValueError: a carried value that changes its shape or dtype.

    Example:

    >>> axone.ops.fori_loop(0, 4, lambda i, x: x + i, 0)  # 6
    """
    begin, end = to_tensor(lower, "int32"), to_tensor(upper, "int32")
    if begin.trace is None and end.trace is None:
        numbers = np.arange(int(begin), max(int(begin), int(end)), dtype="int32")
        return scan(lambda carry, i: (body_fun(i, carry), None), init_val, numbers)[0]
    return while_loop(lambda i, _: i < end, lambda i, carry: (i + 1, body_fun(i, carry)), (begin, init_val))[
        1
    ]


@op
def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """Apply a function to each element along the first axis, and stack the results.

    The function is traced once and runs in C++; what can be written with operations on the whole tensor is
    faster so.

    Args:
        f: function of one element (a nest of them, structured like `xs`).
        xs: tensor, or nest of tensors with equally long first axes.

    Returns:
        A nest like `f`'s result, with the elements' axis in front.

    Raises:
        ValueError: no elements, or first axes that differ.

    Example:

    >>> axone.ops.map(lambda x: x * x, np.arange(3.0))  # [0, 1, 4]
    """
    elements = _Nest(xs)
    count = _length("map", elements.flat, None)
    if not count:
        raise ValueError("map: expected at least one element, got none")
    try:
        return scan(lambda _, x: (None, f(x)), None, elements.pack(elements.flat))[1]
    except TracedValueError:
        if current_trace() is not None:
            raise
    # A function that needs numbers: one by one.
    results = [f(elements.pack([t[i] for t in elements.flat])) for i in range(count)]
    return tree.map_structure(lambda *ys: stack([to_tensor(y) for y in ys]), *results)


@op
def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """`map` by another name: a function of each element along the first axis, results stacked.

    Args:
        function: function of one element.
        elements: tensor, or list of tensors with equally long first axes (then a list of elements comes in).

    Returns:
        A nest like the function's result, with the elements' axis in front.
    """
    return map(function, elements)


@op
def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Combine elements from the first to each: `[a, f(a, b), f(f(a, b), c), ...]`.

    Pairs are combined on the whole tensor, so that there are about 2 log2(n) calls of `f` (Blelloch,
    "Prefix sums and their applications", 1990).

    Args:
        f: associative function of two nests like `elems`, over any number of elements along `axis`.
        elems: tensor or nest of tensors, equally long along `axis`.
        reverse: whether to begin with the last element.
        axis: the elements' axis.

    Returns:
        A nest like `elems`.

    Raises:
        TypeError: `f` cannot be called.
        ValueError: lengths that differ.

    Example:

    >>> axone.ops.associative_scan(lambda a, b: a + b, np.arange(5))  # [0, 1, 3, 6, 10]
    """
    if not callable(f):
        raise TypeError(f"associative_scan: expected a function, got {f!r}")
    nest = _Nest(elems)
    flat = [moveaxis(x, axis, 0) for x in nest.flat]
    _length("associative_scan", flat, None)
    if reverse:
        flat = [compute("flip", x, axes=[0]) for x in flat]

    def combine(a: list[Any], b: list[Any]) -> list[Any]:
        moved = [[moveaxis(x, 0, axis) for x in side] for side in (a, b)]
        return [moveaxis(x, axis, 0) for x in _Nest(f(nest.pack(moved[0]), nest.pack(moved[1]))).flat]

    result = _prefixes(combine, flat)
    if reverse:
        result = [compute("flip", x, axes=[0]) for x in result]
    return nest.pack([moveaxis(x, 0, axis) for x in result])


def _prefixes(combine: Callable[[list[Any], list[Any]], list[Any]], xs: list[Any]) -> list[Any]:
    """Prefixes of neighbouring pairs are every second prefix; the others need one more element each."""
    n = xs[0].shape[0]
    if n < 2:
        return xs
    pairs = combine([x[0 : n - 1 : 2] for x in xs], [x[1::2] for x in xs])
    odd = _prefixes(combine, pairs)
    if n == 2:
        return [concatenate([x[:1], o], axis=0) for x, o in zip(xs, odd, strict=True)]
    before = [o[: (n - 1) // 2] for o in odd]
    even = combine(before, [x[2::2] for x in xs])
    even = [concatenate([x[:1], e], axis=0) for x, e in zip(xs, even, strict=True)]
    return [_interleaved(e, o) for e, o in zip(even, odd, strict=True)]


def _interleaved(even: Tensor, odd: Tensor) -> Tensor:
    count = odd.shape[0]
    woven = stack([even[:count], odd], axis=1)
    woven = reshape_to(woven, [2 * count, *odd.shape[1:]])
    return woven if even.shape[0] == count else concatenate([woven, even[count:]], axis=0)
