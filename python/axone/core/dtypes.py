"""Names of element types, the default float type, and promotion."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "epsilon",
    "floatx",
    "is_float_dtype",
    "is_int_dtype",
    "nearest_dtype",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "standardize_dtype",
]

_FLOATS = ("float32", "float64")
# By how much they hold: promotion of integers takes the later one.
_INTEGERS = ("bool", "uint8", "int32", "int64")
_SUPPORTED = frozenset(_FLOATS + _INTEGERS)
_ALIASES = {"float": "float32", "double": "float64", "int": "int32", "long": "int64", "bool_": "bool"}
# Types of other libraries' arrays that the engine does not compute in, and what they become.
_NEAREST = {
    "float16": "float32",
    "int8": "int32",
    "int16": "int32",
    "uint16": "int32",
    "uint32": "int64",
    "uint64": "int64",
}

_floatx = "float32"
_epsilon = 1e-7


def floatx() -> str:
    """Return the default float dtype: "float32" unless `set_floatx` changed it."""
    return _floatx


def set_floatx(value: str) -> None:
    """Set the default float dtype.

    Args:
        value: "float32" or "float64".

    Raises:
        ValueError: another name.
    """
    global _floatx
    name = standardize_dtype(value)
    if name not in _FLOATS:
        raise ValueError(f"set_floatx: expected 'float32' or 'float64', got {value!r}.")
    _floatx = name


def epsilon() -> float:
    """Return the small number that keeps divisions and logarithms finite: 1e-7 unless changed."""
    return _epsilon


def set_epsilon(value: float) -> None:
    """Set the number that `epsilon` returns."""
    global _epsilon
    _epsilon = float(value)


def standardize_dtype(dtype: Any) -> str:
    """Return the name of a dtype given as a name, a Python or NumPy type, or an object with a `name`.

    Args:
        dtype: such as "float32", `np.float32`, `float`; None means `floatx()`.

    Returns:
        One of float32, float64, int32, int64, uint8, bool.

    Raises:
        ValueError: not a dtype, or one that axone does not compute in.

    Example:
        >>> standardize_dtype(np.float64)
        'float64'
    """
    if type(dtype) is str and dtype in _SUPPORTED:
        return dtype
    if dtype is None:
        return _floatx
    if dtype in (bool, int, float):
        return {bool: "bool", int: "int32", float: _floatx}[dtype]
    name = (
        dtype if isinstance(dtype, str) else getattr(dtype, "name", None) or getattr(dtype, "__name__", None)
    )
    name = str(dtype).removeprefix("torch.") if name is None else name
    name = _ALIASES.get(name, name)
    if name not in _SUPPORTED:
        known = ", ".join((*_FLOATS, *_INTEGERS))
        raise ValueError(f"dtype {dtype!r} is not supported: axone computes in {known}.")
    return name


def nearest_dtype(dtype: np.dtype[Any]) -> str:
    """Return the dtype that an array of a NumPy dtype is converted to.

    Raises:
        TypeError: the array does not hold numbers.
    """
    name = str(dtype.name)
    if name in _SUPPORTED:
        return name
    if name in _NEAREST:
        return _NEAREST[name]
    raise TypeError(
        f"an array of dtype {name} does not hold numbers that axone computes in; convert it first."
    )


def is_float_dtype(dtype: Any) -> bool:
    """Return True for float32 and float64."""
    return standardize_dtype(dtype) in _FLOATS


def is_int_dtype(dtype: Any) -> bool:
    """Return True for uint8, int32 and int64, not for bool."""
    name = standardize_dtype(dtype)
    return name in _INTEGERS and name != "bool"


def result_type(*dtypes: Any) -> str:
    """Return the dtype of an operation on operands of these dtypes, by Keras's rules.

    Args:
        dtypes: names of dtypes, or the Python types `int` and `float`, which are weak: they take the other
            operands' precision.

    Returns:
        The promoted dtype.

    Example:
        >>> result_type("int32", "float32"), result_type("float64", float), result_type("uint8", int)
        ('float32', 'float64', 'uint8')
    """
    strong = [standardize_dtype(d) for d in dtypes if d is not int and d is not float]
    floats = [d for d in strong if d in _FLOATS]
    if floats:
        return max(floats, key=_FLOATS.index)
    if float in dtypes or not dtypes:
        return _floatx
    best = max((_INTEGERS.index(d) for d in strong), default=0)
    if int in dtypes and best == 0:
        return "int32"
    return _INTEGERS[best]
