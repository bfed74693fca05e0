"""An activation as a layer of its own."""

from __future__ import annotations

from typing import Any

from axone import activations
from axone.layers.layer import Layer

__all__ = ["Activation"]


class Activation(Layer):
    """Applies an activation function.

    Args:
        activation: name or function.
        **kwargs: see `Layer`.

    Example: `Activation("softmax")`.
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return activation(inputs)."""
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": activations.serialize(self.activation)}
