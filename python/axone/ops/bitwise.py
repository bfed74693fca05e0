"""Bits of integers."""

from __future__ import annotations

from collections.abc import Callable

from axone.core.tensor import Tensor

from axone.core.operation import op
from axone.ops._common import TensorLike, compute, is_float, promote, to_tensor


def _bitwise(name: str, summary: str, engine: str) -> Callable[[TensorLike, TensorLike], Tensor]:
    """A function of two integer tensors that runs one engine operation."""

    def function(x: TensorLike, y: TensorLike) -> Tensor:
        a, b = promote(x, y)
        if is_float(a):
            raise TypeError(f"{name}: expected integers or booleans, got {a.dtype}")
        return compute(engine, a, b)

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


bitwise_and = _bitwise("bitwise_and", "Bit by bit `x & y`.", "bitwise_and")
bitwise_or = _bitwise("bitwise_or", "Bit by bit `x | y`.", "bitwise_or")
bitwise_xor = _bitwise("bitwise_xor", "Bit by bit `x ^ y`.", "bitwise_xor")
left_shift = _bitwise("left_shift", "`x << y`: the bits of `x` moved up by `y` places.", "left_shift")
right_shift = _bitwise("right_shift", "`x >> y`: the bits of `x` moved down by `y` places.", "right_shift")
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
