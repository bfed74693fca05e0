"""Keras's `keras.ops.linalg`."""
# ruff: noqa: I001, RUF022
# fmt: off

from axone.ops.linear import norm

__all__ = [
    "norm",
]
