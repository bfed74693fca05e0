"""Preprocessing layers one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone.core.serialization import deserialize_keras_object, serialize_keras_object
from axone.layers.layer import Layer

__all__ = ["Pipeline"]


class Pipeline(Layer):
    """Applies layers one after the other; other than `Sequential` it is no model.

    Args:
        layers: the layers.
        **kwargs: see `Layer`.

    Example: `Pipeline([RandomFlip("horizontal"), RandomRotation(0.1)])(images)`.
    """

    def __init__(self, layers: Sequence[Layer], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._steps = list(layers)
        wrong = next((step for step in self._steps if not isinstance(step, Layer)), None)
        if wrong is not None:
            raise ValueError(f"{self._label()}: expected layers, got {wrong!r}.")
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True

    @property
    def layers(self) -> list[Layer]:
        """The layers in their order."""
        return list(self._steps)

    def call(self, inputs: Any, training: bool = True) -> Any:
        """Return what the last layer returns."""
        for step in self._steps:
            inputs = step(inputs, training=training) if step._call_signature.takes_training else step(inputs)
        return inputs

    def get_config(self) -> dict[str, Any]:
        # Keras's layer takes no other arguments.
        return {"layers": [serialize_keras_object(step) for step in self._steps], "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        layers = [deserialize_keras_object(step, custom_objects) for step in config["layers"]]
        return cls(**{**config, "layers": layers})
