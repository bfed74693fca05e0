"""Activations with arguments or weights."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from axone import constraints, initializers, ops, random, regularizers
from axone.core.random import SeedGenerator
from axone.layers.input_spec import InputSpec
from axone.layers.layer import Layer

__all__ = ["ELU", "LeakyReLU", "PReLU", "RReLU", "ReLU", "Softmax"]


def _not_negative(owner: str, name: str, value: Any) -> float:
    number = -1.0 if value is None else float(value)
    if number < 0:
        raise ValueError(f"{owner}: {name} must be a number of at least 0, got {value!r}.")
    return number


class ReLU(Layer):
    """max(x, 0), with an optional ceiling, slope and threshold.

    x >= max_value gives max_value, threshold <= x < max_value gives x, below it negative_slope * (x -
    threshold).

    Args:
        max_value: ceiling, or None.
        negative_slope: slope below the threshold.
        threshold: where the slope ends.
        **kwargs: see `Layer`.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = self._label()
        self.max_value = None if max_value is None else _not_negative(owner, "max_value", max_value)
        self.negative_slope = _not_negative(owner, "negative_slope", negative_slope)
        self.threshold = _not_negative(owner, "threshold", threshold)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return the rectified inputs."""
        if self.threshold == 0 and self.negative_slope == 0 and self.max_value in (None, 6.0):
            return ops.relu(inputs) if self.max_value is None else ops.relu6(inputs)
        below = self.negative_slope * (inputs - self.threshold)
        outputs = ops.where(inputs >= self.threshold, inputs, below)
        return outputs if self.max_value is None else ops.minimum(outputs, self.max_value)

    def get_config(self) -> dict[str, Any]:
        own = {
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }
        return {**super().get_config(), **own}


class LeakyReLU(Layer):
    """x for x >= 0, else negative_slope * x.

    Args:
        negative_slope: slope of the negative side.
        **kwargs: see `Layer`; also `alpha`, the argument's name in Keras 2 (with a DeprecationWarning).

    Maas, Hannun, Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        if "alpha" in kwargs:
            warnings.warn("LeakyReLU: `alpha` is now `negative_slope`.", DeprecationWarning, stacklevel=2)
            negative_slope = kwargs.pop("alpha")
        super().__init__(**kwargs)
        self.negative_slope = _not_negative(self._label(), "negative_slope", negative_slope)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return the inputs, negative ones made smaller."""
        return ops.leaky_relu(inputs, negative_slope=self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative_slope": self.negative_slope}


class ELU(Layer):
    """x for x >= 0, else alpha * (exp(x) - 1).

    Args:
        alpha: minus the limit of the negative side.
        **kwargs: see `Layer`.

    Clevert, Unterthiner, Hochreiter, "Fast and accurate deep network learning by exponential linear units",
    2016.
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = float(alpha)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return elu(inputs)."""
        return ops.elu(inputs, alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


class PReLU(Layer):
    """x for x >= 0, else alpha * x, with a learned alpha for each feature.

    Args:
        alpha_initializer: first slopes.
        alpha_regularizer: penalty on the slopes.
        alpha_constraint: limit of the slopes after each training step.
        shared_axes: axes along which slopes are shared, counted from 1, such as (1, 2) for images.
        **kwargs: see `Layer`.

    He et al., "Delving deep into rectifiers", 2015.
    """

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else list(shared_axes or ()) or None

    def build(self, input_shape: Any) -> None:
        """Make the slopes: one for each entry of a sample, but for shared axes."""
        shared = self.shared_axes or []
        shape = tuple(1 if axis in shared else n for axis, n in enumerate(input_shape[1:], 1))
        if None in shape:
            raise ValueError(
                f"{self._label()}: axes of unknown size must be shared (shared_axes=...), got shape "
                f"{input_shape}."
            )
        self.alpha = self.add_weight(
            name="alpha",
            shape=shape,
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        own = {axis: n for axis, n in enumerate(input_shape) if axis and axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=own)

    def call(self, inputs: Any) -> Any:
        """Return the inputs, negative ones times alpha."""
        return ops.relu(inputs) - ops.multiply(self.alpha, ops.relu(-inputs))

    def get_config(self) -> dict[str, Any]:
        own = {
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }
        return {**super().get_config(), **own}


class RReLU(Layer):
    """x for x >= 0, else a * x, with a random slope a while training and the mean slope otherwise.

    Args:
        lower: smallest slope.
        upper: largest slope.
        seed: integer, for the same slopes at every run.
        **kwargs: see `Layer`.

    Raises:
        ValueError: lower is above upper.

    Xu et al., "Empirical evaluation of rectified activations in convolutional network", 2015.
    """

    def __init__(
        self,
        lower: float = 1 / 8,
        upper: float = 1 / 3,
        seed: int | SeedGenerator | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 <= lower <= upper:
            raise ValueError(f"{self._label()}: expected 0 <= lower <= upper, got {lower} and {upper}.")
        self.lower = float(lower)
        self.upper = float(upper)
        self.seed = seed
        self.seed_generator = seed if isinstance(seed, SeedGenerator) else SeedGenerator(seed)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the inputs, negative ones times a slope."""
        if not training:
            return ops.leaky_relu(inputs, negative_slope=(self.lower + self.upper) / 2)
        slope = random.uniform(
            inputs.shape, self.lower, self.upper, dtype=inputs.dtype, seed=self.seed_generator
        )
        return ops.where(inputs >= 0, inputs, slope * inputs)

    def get_config(self) -> dict[str, Any]:
        seed = None if isinstance(self.seed, SeedGenerator) else self.seed
        return {**super().get_config(), "lower": self.lower, "upper": self.upper, "seed": seed}


class Softmax(Layer):
    """exp(x) / sum(exp(x)) along one or more axes.

    Args:
        axis: axis, or axes, of the sum.
        **kwargs: see `Layer`.
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return probabilities; entries whose mask is False get none."""
        if mask is not None:
            inputs = inputs + (1.0 - ops.cast(mask, inputs.dtype)) * -1e9
        if isinstance(self.axis, int):
            return ops.softmax(inputs, axis=self.axis)
        axes = tuple(self.axis)
        if len(axes) == 1:
            return ops.softmax(inputs, axis=axes[0])
        return ops.exp(inputs - ops.logsumexp(inputs, axis=axes, keepdims=True))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
