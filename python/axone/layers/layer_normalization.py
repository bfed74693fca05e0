"""Normalisation of each sample by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.layers.affine import Affine
from axone.layers.input_spec import InputSpec
from axone.layers.layer import Layer

__all__ = ["GroupNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization"]


def _axes(axis: int | Sequence[int]) -> list[int]:
    return [axis] if isinstance(axis, int) else sorted(axis)


class LayerNormalization(Affine):
    """Brings each sample to mean 0 and variance 1 along some axes, then scales and shifts it.

    Args:
        axis: axis, or axes, of the statistics and of gamma and beta.
        epsilon, center, scale: see `Affine`.
        beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
        gamma_constraint:
            see `Affine`.
        **kwargs: see `Layer`.

    Ba, Kiros, Hinton, "Layer normalization", 2016.
    """

    def __init__(self, axis: int | Sequence[int] = -1, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(epsilon=epsilon, **kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta, of the sizes of the axes."""
        self.axis = _axes(self.axis)
        self._build_affine(tuple(self._size(input_shape, a) for a in self.axis))

    def call(self, inputs: Any) -> Any:
        """Return the normalised inputs."""
        return ops.layer_normalization(inputs, self.gamma, self.beta, self.axis, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


class GroupNormalization(Affine):
    """Brings groups of a sample's channels to mean 0 and variance 1, then scales and shifts each channel.

    Args:
        groups: number of groups, which must divide the channels; -1: one group a channel.
        axis: axis of the channels.
        epsilon, center, scale: see `Affine`.
        beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
        gamma_constraint:
            see `Affine`.
        **kwargs: see `Layer`.

    Raises:
        ValueError: groups does not divide the channels.

    Wu, He, "Group normalization", 2018.
    """

    def __init__(self, groups: int = 32, axis: int = -1, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(epsilon=epsilon, **kwargs)
        if isinstance(groups, bool) or not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise ValueError(f"{self._label()}: groups must be a positive integer or -1, got {groups!r}.")
        self.groups = groups
        self.axis = axis

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta, one number per channel."""
        channels = self._size(input_shape, self.axis)
        if self.groups == -1:
            self.groups = channels
        if channels % self.groups:
            raise ValueError(
                f"{self._label()}: {self.groups} groups do not divide {channels} channels (input shape "
                f"{input_shape})."
            )
        self._build_affine((channels,))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Any) -> Any:
        """Return the normalised inputs."""
        shape, rank = tuple(inputs.shape), len(inputs.shape)
        axis = self.axis % rank
        split = (*shape[:axis], self.groups, shape[axis] // self.groups, *shape[axis + 1 :])
        grouped = ops.reshape(inputs, split)
        mean, variance = ops.moments(grouped, [a for a in range(1, rank + 1) if a != axis], keepdims=True)
        outputs = ops.reshape((grouped - mean) * ops.rsqrt(variance + self.epsilon), shape)
        channels = tuple(n if a == axis else 1 for a, n in enumerate(shape))
        if self.gamma is not None:
            outputs = outputs * ops.reshape(self.gamma, channels)
        return outputs if self.beta is None else outputs + ops.reshape(self.beta, channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}


class RMSNormalization(Layer):
    """x / sqrt(mean(x^2) + epsilon) * scale along some axes.

    Args:
        axis: axis, or axes, of the mean and of the scale.
        epsilon: keeps the divisor from zero.
        **kwargs: see `Layer`.

    Zhang, Sennrich, "Root mean square layer normalization", 2019.
    """

    def __init__(self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        """Make the scale, of the sizes of the axes."""
        self.axis = _axes(self.axis)
        shape = tuple(input_shape[a] for a in self.axis)
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones")

    def call(self, inputs: Any) -> Any:
        """Return the scaled inputs."""
        return ops.rms_normalization(inputs, scale=self.scale, axis=self.axis, epsilon=self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}


class UnitNormalization(Layer):
    """Scales vectors to length 1.

    Args:
        axis: axis, or axes, of the vectors.
        **kwargs: see `Layer`.
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return the inputs divided by their length."""
        return ops.normalize(inputs, axis=self.axis, order=2, epsilon=1e-12)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
