"""Functions compiled on first use, and gradients of functions."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from axone.core import tree
from axone.core.program import Program, TensorSpec, trace_program
from axone.core.tensor import Tensor, convert_to_tensor
from axone.core.trace import current_trace, emit
from axone.core.variable import Variable

__all__ = ["function", "grad", "value_and_grad"]

# Signatures of one function that are kept compiled; the least recently used is dropped.
_KEPT = 32


def _is_data(x: Any) -> bool:
    """Whether an argument is data that each call brings anew, as opposed to a part of the program."""
    return isinstance(x, (Tensor, np.ndarray, np.generic, float))


class _Compiled:
    """A function and its programs by signature."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self._fn = fn
        self._programs: OrderedDict[Any, Program] = OrderedDict()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if current_trace() is not None:
            return self._fn(*args, **kwargs)
        leaves = tree.flatten((args, kwargs))
        data = [convert_to_tensor(x) for x in leaves if _is_data(x)]
        static = tuple((type(x), x) if not _is_data(x) else None for x in leaves)
        shape = tree.map_structure(lambda _: None, (args, kwargs))
        key = (repr(shape), static, tuple((t.shape, t.dtype) for t in data))
        program = self._programs.get(key)
        if program is None:
            program = self._trace(args, kwargs, data)
            self._programs[key] = program
            if len(self._programs) > _KEPT:
                self._programs.popitem(last=False)
        self._programs.move_to_end(key)
        return program.run(*data)

    def _trace(self, args: Any, kwargs: Any, data: list[Tensor]) -> Program:
        def call(*tensors: Tensor) -> Any:
            fresh = iter(tensors)
            a, k = tree.map_structure(lambda x: next(fresh) if _is_data(x) else x, (args, kwargs))
            return self._fn(*a, **k)

        return trace_program(
            call, [TensorSpec(t.shape, t.dtype) for t in data], getattr(self._fn, "__name__", "")
        )


def function(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function: it is traced once per signature and then runs as one program.

    Args:
        fn: function of tensors, arrays and floats (data), and of other hashable values (part of the program).
            Its Python code runs only while it is traced; assignments to variables are part of the program.

    Returns:
        A function with the same arguments; it returns tensors.

    Example:
        >>> @axone.function
        ... def scaled(x, factor):
        ...     return axone.ops.sum(x) * factor
        >>> float(scaled(np.ones(3, "float32"), 2.0))
        6.0
    """
    return functools.wraps(fn, updated=())(_Wrapper(_Compiled(fn)))


class _Wrapper:
    """Makes a callable object usable as a method too.

    `functools.wraps` must not copy the wrapped function's attributes: it may be such an object itself, whose
    call would take the place of this one's.
    """

    __name__: str

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)


def _as_source(x: Any) -> Tensor:
    tensor = convert_to_tensor(x)
    # A constant may stand elsewhere in the function too: a node of its own keeps this argument apart.
    return emit("stop_gradient", [tensor]) if tensor.trace is None else tensor


def value_and_grad(
    fn: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes `fn`'s value and its gradient.

    Args:
        fn: function whose result (with `has_aux` the first of its two results) is a scalar tensor.
        argnums: position of the argument to differentiate by, or several; an argument may be a nest of
            tensors, or of variables.
        has_aux: `fn` returns (value, auxiliary data).

    Returns:
        Function of the same arguments that returns (value, gradient), the gradient structured like the
        argument (a tuple for several); zeros where the value does not depend on it.

    Raises:
        ValueError: the value is not a scalar.

    Example:
        >>> squares = axone.value_and_grad(lambda x: axone.ops.sum(x * x))
        >>> value, gradient = squares(np.array([1.0, 2.0], "float32"))
        >>> gradient.numpy()
        array([2., 4.], dtype=float32)
    """
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def traced(*args: Any, **kwargs: Any) -> Any:
        trace = current_trace()
        assert trace is not None
        chosen = list(args)
        for p in positions:
            chosen[p] = tree.map_structure(lambda x: x if isinstance(x, Variable) else _as_source(x), args[p])
        result = fn(*chosen, **kwargs)
        value, aux = result if has_aux else (result, None)
        value = convert_to_tensor(value)
        if value.shape != ():
            raise ValueError(
                f"grad: the function must return a scalar, got shape {value.shape}; sum or average it first."
            )
        wrt = [chosen[p] for p in positions]
        sources = [convert_to_tensor(x) for x in tree.flatten(wrt)]
        found = [
            g if g is not None else convert_to_tensor(np.zeros(s.shape, s.dtype))
            for s, g in zip(sources, trace.gradients([value], sources), strict=True)
        ]
        grads = tree.pack_sequence_as(wrt, found)
        gradient = grads[0] if isinstance(argnums, int) else tuple(grads)
        return ((value, aux), gradient) if has_aux else (value, gradient)

    return functools.wraps(fn, updated=())(_Wrapper(_Compiled(traced)))


def grad(
    fn: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes the gradient of `fn`; see `value_and_grad`.

    Returns:
        Function of the same arguments that returns the gradient (with `has_aux`: and the auxiliary data).

    Example:
        >>> float(axone.grad(axone.grad(lambda x: x**3))(2.0))
        12.0
    """
    both = value_and_grad(fn, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return functools.wraps(fn, updated=())(_Wrapper(gradient))
