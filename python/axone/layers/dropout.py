"""Dropout."""

from __future__ import annotations

from typing import Any

from axone import random
from axone.core.random import SeedGenerator
from axone.layers.arguments import fraction
from axone.layers.layer import Layer

__all__ = ["Dropout"]


class Dropout(Layer):
    """Sets a random fraction of the inputs to zero while training and scales the others by 1 / (1 - rate).

    Args:
        rate: fraction to drop, from 0 to 1.
        noise_shape: shape of the mask; axes of size 1 share one draw, None takes the input's size.
        seed: integer, for the same masks at every run.
        **kwargs: see `Layer`.

    Source: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html

    Example: `Dropout(0.5)(x, training=True)`.
    """

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | SeedGenerator | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rate = fraction(self._label(), "rate", rate)
        self.seed = seed
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        if self.rate > 0:
            self.seed_generator = seed if isinstance(seed, SeedGenerator) else SeedGenerator(seed)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the inputs, with some dropped when training."""
        if not training or self.rate == 0:
            return inputs
        return random.dropout(inputs, self.rate, self._mask_shape(inputs.shape), seed=self.seed_generator)

    def _mask_shape(self, shape: Any) -> tuple[int, ...] | None:
        if self.noise_shape is None:
            return None
        if len(self.noise_shape) != len(shape):
            raise ValueError(
                f"{self._label()}: noise_shape {self.noise_shape} needs {len(shape)} axes, like the input."
            )
        return tuple(
            size if wanted is None else wanted for wanted, size in zip(self.noise_shape, shape, strict=True)
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        seed = self.seed if not isinstance(self.seed, SeedGenerator) else None
        return {**super().get_config(), "rate": self.rate, "seed": seed, "noise_shape": self.noise_shape}
