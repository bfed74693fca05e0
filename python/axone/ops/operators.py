"""Python's operators on tensors, registered when `axone.ops` is imported: `x + y`, `x[key]`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axone.core.numpy_protocol import register_numpy_names
from axone.core.tensor import KerasTensor, Tensor, register_operators
from axone.core.variable import Variable
from axone.ops import arithmetic, bitwise, comparison
from axone.ops.getitem import get_item
from axone.ops.linear import matmul
from axone.ops.shape import reshape, squeeze


def _logic(name: str) -> Callable[[Any, Any], Any]:
    """`&`, `|` and `^`: of bits for integers, of truth values where a side is boolean."""
    bits, truth = getattr(bitwise, f"bitwise_{name}"), getattr(comparison, f"logical_{name}")

    def function(x: Any, y: Any) -> Any:
        boolean = any(isinstance(v, bool) or getattr(v, "dtype", None) == "bool" for v in (x, y))
        return truth(x, y) if boolean else bits(x, y)

    return function


def _equality(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """`==` and `!=`: anything that is no tensor or number is simply another object."""

    def compare(x: Any, y: Any) -> Any:
        if not isinstance(y, (Tensor, KerasTensor, Variable, bool, int, float, list, tuple)) and not hasattr(
            y, "dtype"
        ):
            return NotImplemented
        return function(x, y)

    return compare


def _by_numpy_name(name: str) -> Any:
    import axone.ops

    return getattr(axone.ops, name) if name in axone.ops.__all__ else None


register_numpy_names(_by_numpy_name)
register_operators(
    {
        "add": arithmetic.add,
        "sub": arithmetic.subtract,
        "mul": arithmetic.multiply,
        "truediv": arithmetic.divide,
        "floordiv": arithmetic.floor_divide,
        "mod": arithmetic.mod,
        "pow": arithmetic.power,
        "matmul": matmul,
        "and": _logic("and"),
        "or": _logic("or"),
        "xor": _logic("xor"),
        "neg": arithmetic.negative,
        "abs": arithmetic.absolute,
        "invert": bitwise.bitwise_not,
        "eq": _equality(comparison.equal),
        "ne": _equality(comparison.not_equal),
        "lt": comparison.less,
        "le": comparison.less_equal,
        "gt": comparison.greater,
        "ge": comparison.greater_equal,
        "getitem": get_item,
        "reshape": reshape,
        "squeeze": squeeze,
    }
)
