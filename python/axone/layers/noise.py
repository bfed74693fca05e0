"""Noise while training."""

from __future__ import annotations

import math
from typing import Any

from axone import ops, random
from axone.core.random import SeedGenerator
from axone.layers.arguments import fraction
from axone.layers.dropout import Dropout
from axone.layers.layer import Layer

__all__ = ["AlphaDropout", "GaussianDropout", "GaussianNoise"]


class GaussianNoise(Layer):
    """Adds normal noise while training.

    Args:
        stddev: standard deviation, from 0 to 1.
        seed: integer, for the same noise at every run.
        **kwargs: see `Layer`.
    """

    def __init__(self, stddev: float, seed: int | SeedGenerator | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = fraction(self._label(), "stddev", stddev)
        self.seed = seed
        if self.stddev > 0:
            self.seed_generator = seed if isinstance(seed, SeedGenerator) else SeedGenerator(seed)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the inputs, with noise when training."""
        if not training or self.stddev == 0:
            return inputs
        noise = random.normal(inputs.shape, 0.0, self.stddev, dtype=inputs.dtype, seed=self.seed_generator)
        return inputs + noise

    def get_config(self) -> dict[str, Any]:
        seed = None if isinstance(self.seed, SeedGenerator) else self.seed
        return {**super().get_config(), "stddev": self.stddev, "seed": seed}


class GaussianDropout(Layer):
    """Multiplies by normal noise of mean 1 while training.

    Args:
        rate: as in `Dropout`: the noise has standard deviation sqrt(rate / (1 - rate)); from 0 to below 1.
        seed: integer, for the same noise at every run.
        **kwargs: see `Layer`.

    Srivastava et al., "Dropout", 2014, section 10.
    """

    def __init__(self, rate: float, seed: int | SeedGenerator | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = fraction(self._label(), "rate", rate)
        if self.rate == 1:
            raise ValueError(f"{self._label()}: rate must be below 1, got {rate!r}.")
        self.seed = seed
        if self.rate > 0:
            self.seed_generator = seed if isinstance(seed, SeedGenerator) else SeedGenerator(seed)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the inputs, times noise when training."""
        if not training or self.rate == 0:
            return inputs
        stddev = math.sqrt(self.rate / (1.0 - self.rate))
        return inputs * random.normal(inputs.shape, 1.0, stddev, dtype=inputs.dtype, seed=self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        seed = None if isinstance(self.seed, SeedGenerator) else self.seed
        return {**super().get_config(), "rate": self.rate, "seed": seed}


class AlphaDropout(Dropout):
    """Dropout for networks of SELUs: keeps mean and variance of the inputs.

    Args:
        rate: see `Dropout`.
        noise_shape: see `Dropout`.
        seed: see `Dropout`.
        **kwargs: see `Layer`.

    Klambauer et al., "Self-normalizing neural networks", 2017.
    """

    # The limit of SELU for large negative inputs: -alpha * scale.
    _LOWEST = -1.6732632423543772 * 1.0507009873554805

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the inputs, with some set to SELU's limit when training."""
        if not training or self.rate == 0:
            return inputs
        shape = self._mask_shape(inputs.shape) or inputs.shape
        kept = ops.cast(random.uniform(shape, seed=self.seed_generator) >= self.rate, inputs.dtype)
        lowest = self._LOWEST
        a = ((1.0 - self.rate) * (1.0 + self.rate * lowest * lowest)) ** -0.5
        return a * (inputs * kept + lowest * (1.0 - kept)) - a * lowest * self.rate
