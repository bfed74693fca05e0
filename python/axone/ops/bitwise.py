"""Bits of integers."""

from __future__ import annotations

from collections.abc import Callable

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, compute, is_float, promote, promote_number, to_tensor


def _bitwise(name: str, summary: str, boolean: str = "") -> Callable[[TensorLike, TensorLike], Tensor]:
    """A function of two integer tensors that runs one engine operation, or `boolean` for truth values."""

    def function(x: TensorLike, y: TensorLike) -> Tensor:
        a, b = promote(x, y) if boolean else promote_number(x, y)
        if is_float(a):
            raise TypeError(f"{name}: expected integers or booleans, got {a.dtype}")
        return compute(boolean if a.dtype == "bool" else name, a, b)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{summary}

    Args:
        x: tensor of integers or booleans.
        y: the same; its shape must broadcast with that of `x`.

    Returns:
        A tensor of the broadcast shape and the promoted dtype.

    Raises:
        TypeError: for floating-point numbers.
    """
    return op(function)


bitwise_and = _bitwise("bitwise_and", "Bit by bit `x & y`.", "logical_and")
bitwise_or = _bitwise("bitwise_or", "Bit by bit `x | y`.", "logical_or")
bitwise_xor = _bitwise("bitwise_xor", "Bit by bit `x ^ y`.", "logical_xor")
left_shift = _bitwise("left_shift", "`x << y`: the bits of `x` moved up by `y` places.")
right_shift = _bitwise("right_shift", "`x >> y`: the bits of `x` moved down by `y` places.")
bitwise_left_shift, bitwise_right_shift = left_shift, right_shift


@op
def bitwise_not(x: TensorLike) -> Tensor:
    """`~x`: every bit turned over.

    Args:
        x: tensor of integers or booleans.

    Returns:
        A tensor of the shape and dtype of `x`.

    Raises:
        TypeError: for floating-point numbers.
    """
    tensor = to_tensor(x)
    if is_float(tensor):
        raise TypeError(f"bitwise_not: expected integers or booleans, got {tensor.dtype}")
    return compute("logical_not" if tensor.dtype == "bool" else "bitwise_not", tensor)


bitwise_invert = bitwise_not
