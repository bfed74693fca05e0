"""Random initializers; n is a fan-in, a fan-out or their mean, which keeps signals from growing or dying.

Sources: Glorot and Bengio 2010, http://proceedings.mlr.press/v9/glorot10a.html ; He et al. 2015,
https://arxiv.org/abs/1502.01852 ; LeCun et al. 1998, "Efficient BackProp"; Saxe et al. 2013,
https://arxiv.org/abs/1312.6120 (orthogonal).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from axone import ops, random
from axone.core.dtypes import floatx
from axone.core.random import SeedGenerator, make_default_seed
from axone.core.serialization import deserialize_keras_object, serialize_keras_object
from axone.initializers.initializer import Initializer

__all__ = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "compute_fans",
]

# Standard deviation of a standard normal cut at +-2.
_TRUNCATED_STD = 0.87962566103423978


class RandomInitializer(Initializer):
    """Base of the random initializers.

    Args:
        seed: an integer gives the same values at every call, a `SeedGenerator` new ones; None draws an
            integer from the global seed.
    """

    def __init__(self, seed: int | SeedGenerator | None = None) -> None:
        if isinstance(seed, dict):
            seed = deserialize_keras_object(seed)
        if seed is not None and (
            isinstance(seed, bool) or not isinstance(seed, (int, np.integer, SeedGenerator))
        ):
            raise ValueError(
                f"{type(self).__name__}: seed must be an integer, a SeedGenerator or None, got {seed!r}."
            )
        self._given_seed = seed
        self.seed = make_default_seed() if seed is None else seed

    def get_config(self) -> dict[str, Any]:
        return {"seed": serialize_keras_object(self._given_seed)}


class RandomNormal(RandomInitializer):
    """Normal distribution.

    Args:
        mean, stddev: its mean and standard deviation.
        seed: see `RandomInitializer`.
    """

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: int | SeedGenerator | None = None
    ) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:
        return random.normal(tuple(shape), self.mean, self.stddev, dtype=dtype or floatx(), seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


class TruncatedNormal(RandomNormal):
    """Normal distribution without the values further than two `stddev` from the mean."""

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:
        return random.truncated_normal(
            tuple(shape), self.mean, self.stddev, dtype=dtype or floatx(), seed=self.seed
        )


class RandomUniform(RandomInitializer):
    """Uniform distribution.

    Args:
        minval, maxval: bounds; the upper one is left out.
        seed: see `RandomInitializer`.
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | SeedGenerator | None = None
    ) -> None:
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:
        return random.uniform(tuple(shape), self.minval, self.maxval, dtype=dtype or floatx(), seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, **super().get_config()}


def compute_fans(
    shape: Sequence[int], input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """Return how many inputs reach an output and how many outputs an input reaches.

    Args:
        shape: (inputs, outputs) for a dense kernel, (..., input channels, output channels) for a convolution.
        input_axes, output_axes: the axes to count where the shape follows neither form.
    """
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


class VarianceScaling(RandomInitializer):
    """Random values of variance `scale / n`.

    Args:
        scale: positive factor.
        mode: "fan_in", "fan_out" or "fan_avg": what n is.
        distribution: "truncated_normal" (or "normal"), "untruncated_normal" or "uniform" (+-sqrt(3 scale/n)).
        seed: see `RandomInitializer`.
        input_axes, output_axes: see `compute_fans`.

    Raises:
        ValueError: on an unknown mode or distribution, or a scale that is not positive.
    """

    _MODES = ("fan_in", "fan_out", "fan_avg")
    _DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | SeedGenerator | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        name = type(self).__name__
        if not scale > 0:
            raise ValueError(f"{name}: scale must be positive, got {scale}.")
        distribution = "truncated_normal" if distribution.lower() == "normal" else distribution.lower()
        if mode not in self._MODES:
            raise ValueError(f"{name}: mode must be one of {self._MODES}, got {mode!r}.")
        if distribution not in self._DISTRIBUTIONS:
            raise ValueError(
                f"{name}: distribution must be one of {self._DISTRIBUTIONS}, got {distribution!r}."
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:
        shape, dtype = tuple(shape), dtype or floatx()
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "truncated_normal":
            stddev = math.sqrt(variance) / _TRUNCATED_STD
            return random.truncated_normal(shape, 0.0, stddev, dtype=dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), dtype=dtype, seed=self.seed)
        limit = math.sqrt(3.0 * variance)
        return random.uniform(shape, -limit, limit, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            **super().get_config(),
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _Scaled(VarianceScaling):
    """A `VarianceScaling` with fixed options, which differ by class."""

    _FIXED: tuple[float, str, str]

    def __init__(
        self,
        seed: int | SeedGenerator | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self._FIXED, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {key: config[key] for key in ("seed", "input_axes", "output_axes")}


class GlorotUniform(_Scaled):
    """Uniform in +-sqrt(6 / (fan_in + fan_out)); Keras's default."""

    _FIXED = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Truncated normal of standard deviation sqrt(2 / (fan_in + fan_out))."""

    _FIXED = (1.0, "fan_avg", "truncated_normal")


class HeNormal(_Scaled):
    """Truncated normal of standard deviation sqrt(2 / fan_in); for ReLU and its kin."""

    _FIXED = (2.0, "fan_in", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform in +-sqrt(6 / fan_in); for ReLU and its kin."""

    _FIXED = (2.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Truncated normal of standard deviation sqrt(1 / fan_in); for SELU."""

    _FIXED = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform in +-sqrt(3 / fan_in)."""

    _FIXED = (1.0, "fan_in", "uniform")


class Orthogonal(RandomInitializer):
    """A random matrix with orthonormal rows or columns, whichever are fewer; higher ranks as (prod of all but
    the last axis, last axis).

    Args:
        gain: factor of the matrix.
        seed: see `RandomInitializer`.
    """

    def __init__(self, gain: float = 1.0, seed: int | SeedGenerator | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:
        shape, dtype = tuple(shape), dtype or floatx()
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: expected a shape of two or more axes, got {shape}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        size = (max(rows, columns), min(rows, columns))
        q, r = np.linalg.qr(random.normal(size, dtype="float64", seed=self.seed).numpy())
        # Signs as in the unique factorisation with a positive diagonal, so that q is uniformly distributed.
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
        matrix = q.T if rows < columns else q
        return ops.convert_to_tensor((self.gain * matrix).reshape(shape), dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, **super().get_config()}
