"""Flattening of samples."""

from __future__ import annotations

import math
from typing import Any

from axone import ops
from axone.layers.arguments import data_format as checked_format
from axone.layers.input_spec import InputSpec
from axone.layers.layer import Layer

__all__ = ["Flatten"]


class Flatten(Layer):
    """Makes each sample one vector; the batch axis stays.

    Args:
        data_format: "channels_last", or "channels_first" to bring the channels to the end before, so that
            weights trained with either layout agree.
        **kwargs: see `Layer`.

    Example: `Flatten()(Input((28, 28)))` is a tensor of shape (None, 784).
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = checked_format(self._label(), data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        """Return the inputs with all axes but the first merged."""
        shape = tuple(inputs.shape)
        if self.data_format == "channels_first" and len(shape) > 2:
            inputs = ops.transpose(inputs, (0, *range(2, len(shape)), 1))
        return ops.reshape(inputs, (shape[0], math.prod(shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        sizes = input_shape[1:]
        return (input_shape[0], None if None in sizes else math.prod(sizes))

    def compute_output_spec(self, inputs: Any) -> Any:
        from axone.core.tensor import KerasTensor

        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}
