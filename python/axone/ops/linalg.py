"""Keras's `keras.ops.linalg`."""
# fmt: off

from axone.ops.linear import norm

__all__ = [
    "norm",
]
