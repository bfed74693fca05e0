"""Initializers without chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from axone import ops
from axone.core.dtypes import floatx
from axone.core.serialization import deserialize_keras_object, serialize_keras_object
from axone.initializers.initializer import Initializer

__all__ = ["Constant", "Identity", "Ones", "Zeros"]


class Zeros(Initializer):
    """All zeros."""

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:
        return ops.zeros(tuple(shape), dtype=dtype or floatx())


class Ones(Initializer):
    """All ones."""

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:
        return ops.ones(tuple(shape), dtype=dtype or floatx())


class Constant(Initializer):
    """One value everywhere, or the values of an array that broadcasts to the shape.

    Args:
        value: number or array.
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:
        value = np.asarray(self.value)
        try:
            np.broadcast_shapes(value.shape, tuple(shape))
            fits = np.broadcast_shapes(value.shape, tuple(shape)) == tuple(shape)
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(f"Constant: a value of shape {value.shape} does not fill shape {tuple(shape)}.")
        return ops.broadcast_to(ops.cast(ops.convert_to_tensor(value), dtype or floatx()), tuple(shape))

    def get_config(self) -> dict[str, Any]:
        return {"value": serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constant:
        return cls(deserialize_keras_object(config["value"]))


class Identity(Initializer):
    """`gain` on the diagonal of a matrix, zeros elsewhere.

    Args:
        gain: the value on the diagonal.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:
        if len(shape) != 2:
            raise ValueError(f"Identity: expected a 2-D shape, got {tuple(shape)}.")
        return ops.multiply(ops.eye(shape[0], shape[1], dtype=dtype or floatx()), self.gain)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}
