"""NumPy's functions on tensors that have no numbers yet: `np.exp(x)` in a traced function is `ops.exp(x)`.

A concrete tensor stays an array to NumPy, but for the operators: `array + tensor` is a tensor, as `tensor +
array` is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from axone.core import tree

__all__ = ["array_function", "array_ufunc", "register_numpy_names"]

# NumPy's ufuncs under names of their own in `axone.ops`.
_RENAMED = {
    "bitwise_invert": "bitwise_not",
    "conjugate": "copy",
    "degrees": "rad2deg",
    "divmod": "",
    "invert": "bitwise_not",
    "positive": "copy",
    "radians": "deg2rad",
    "remainder": "mod",
}
# What Python's operators call.
_OPERATORS = frozenset({
    "absolute", "add", "bitwise_and", "bitwise_or", "bitwise_xor", "divide", "equal", "floor_divide",
    "greater", "greater_equal", "invert", "less", "less_equal", "matmul", "multiply", "negative", "not_equal",
    "power", "remainder", "subtract", "true_divide",
})  # fmt: skip
_find: Callable[[str], Any] | None = None


def register_numpy_names(find: Callable[[str], Any]) -> None:
    """Set how a function of `axone.ops` is found by NumPy's name; None where there is none."""
    global _find
    _find = find


def _operation(name: str) -> Any:
    name = _RENAMED.get(name, name)
    return _find(name) if _find is not None and name else None


def _pending(values: Any) -> bool:
    """Whether any tensor in a nest stands for numbers to come."""
    from axone.core.tensor import KerasTensor, Tensor
    from axone.core.trace import current_trace
    from axone.core.variable import Variable

    def waits(x: Any) -> bool:
        if isinstance(x, Tensor):
            return x.trace is not None
        return isinstance(x, KerasTensor) or (isinstance(x, Variable) and current_trace() is not None)

    return any(waits(x) for x in tree.flatten(values))


def _as_arrays(values: Any) -> Any:
    from axone.core.tensor import Operators

    return tree.map_structure(lambda x: np.asarray(x) if isinstance(x, Operators) else x, values)


def array_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer NumPy's call of an elementwise function.

    Args:
        ufunc: NumPy's function.
        method: "__call__", "reduce", ...
        inputs: its arguments, at least one of them a tensor.
        kwargs: further arguments.

    Returns:
        A tensor in a trace and for operators, else what NumPy makes of the tensors' arrays.

    Raises:
        TypeError: in a trace, where there is no such operation.
    """
    pending = _pending((inputs, kwargs))
    operation = _operation(ufunc.__name__) if method == "__call__" else None
    if operation is not None and (pending or (ufunc.__name__ in _OPERATORS and not kwargs)):
        unknown = sorted(set(kwargs) - {"dtype"})
        if unknown:
            raise TypeError(f"np.{ufunc.__name__} on a traced tensor takes no {unknown}; use axone.ops.")
        return operation(*inputs)
    if pending:
        raise TypeError(
            f"np.{ufunc.__name__}{'' if method == '__call__' else '.' + method} has no counterpart for "
            f"traced tensors; "
            "use axone.ops, or axone.ops.host_call to call NumPy from the graph."
        )
    return getattr(ufunc, method)(*_as_arrays(list(inputs)), **_as_arrays(kwargs))


def array_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer NumPy's call of any other function, such as `np.mean`; see `array_ufunc`."""
    if not _pending((args, kwargs)):
        return function(*_as_arrays(list(args)), **_as_arrays(kwargs))
    operation = _operation(function.__name__)
    if operation is None:
        raise TypeError(
            f"np.{function.__name__} has no counterpart for traced tensors; use axone.ops, or "
            f"axone.ops.host_call to "
            "call NumPy from the graph."
        )
    return operation(*args, **{key: value for key, value in kwargs.items() if value is not np._NoValue})
