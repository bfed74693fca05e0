"""Layers of a line or two: identity, a function, a penalty, a mask."""

from __future__ import annotations

from typing import Any

from axone import ops, regularizers
from axone.layers.call import set_mask
from axone.layers.layer import Layer

__all__ = ["ActivityRegularization", "Identity", "Masking"]


class Identity(Layer):
    """Returns its inputs, of any structure.

    Args:
        **kwargs: see `Layer`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return the inputs."""
        return inputs


class ActivityRegularization(Layer):
    """Returns its inputs and adds a penalty on them to the loss.

    Args:
        l1: factor of the sum of absolute values.
        l2: factor of the sum of squares.
        **kwargs: see `Layer`.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.supports_masking = True
        self.l1 = l1
        self.l2 = l2
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return the inputs."""
        return inputs

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "l1": self.l1, "l2": self.l2}
        config.pop("activity_regularizer", None)
        return config


class Masking(Layer):
    """Marks the time steps that consist of one value, so that later layers skip them.

    Args:
        mask_value: steps whose features are all equal to it are masked.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, features).
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True
        self._build_at_init()

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return (batch, steps): True where a step counts."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        """Return the inputs with masked steps set to 0."""
        counts = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        outputs = ops.where(counts, inputs, ops.zeros_like(inputs))
        set_mask(outputs, ops.squeeze(counts, -1))
        return outputs

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mask_value": self.mask_value}
