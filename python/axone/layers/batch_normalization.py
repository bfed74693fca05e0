"""Batch normalisation."""

from __future__ import annotations

from typing import Any

from axone import initializers, ops
from axone.core import dtypes
from axone.layers.affine import Affine
from axone.layers.input_spec import InputSpec

__all__ = ["BatchNormalization"]


class BatchNormalization(Affine):
    """Brings each feature to mean 0 and variance 1 over the batch, then scales and shifts it.

    gamma * (x - mean) / sqrt(variance + epsilon) + beta. While training, mean and variance are the batch's,
    and moving
    averages of them are kept: average = momentum * average + (1 - momentum) * batch's. Otherwise, and in a
    layer with
    `trainable = False`, the averages are used.

    Args:
        axis: axis of the features; statistics are over all others.
        momentum: see above.
        epsilon, center, scale: see `Affine`.
        beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
        gamma_constraint:
            see `Affine`.
        moving_mean_initializer, moving_variance_initializer: first averages.
        renorm: whether the batch's statistics are corrected towards the averages (batch renormalisation).
        renorm_clipping: limits "rmin", "rmax", "dmax" of that correction, or None.
        renorm_momentum: momentum of the averages that correct.
        synchronized: accepted; there is one replica.
        **kwargs: see `Layer`.

    Ioffe, Szegedy, "Batch normalization", 2015; Ioffe, "Batch renormalization", 2017.

    Example: `Sequential([Dense(64, use_bias=False), BatchNormalization(), Activation("relu")])`.
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        self.axis = int(axis)
        self.momentum = float(momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        unknown = set(renorm_clipping or {}) - {"rmin", "rmax", "dmax"}
        if unknown:
            raise ValueError(
                f"{self._label()}: renorm_clipping has 'rmin', 'rmax' and 'dmax', got {sorted(unknown)}."
            )
        self.renorm = renorm
        self.renorm_clipping = dict(renorm_clipping or {}) if renorm else renorm_clipping
        self.renorm_momentum = float(renorm_momentum)
        self.synchronized = synchronized

    def build(self, input_shape: Any) -> None:
        """Make gamma, beta and the averages, one number per feature."""
        size = self._size(input_shape, self.axis)
        self._build_affine((size,))

        def average(name: str, initializer: Any) -> Any:
            return self.add_weight(name=name, shape=(size,), initializer=initializer, trainable=False)

        self.moving_mean = average("moving_mean", self.moving_mean_initializer)
        self.moving_variance = average("moving_variance", self.moving_variance_initializer)
        if self.renorm:
            deviation = self._first_deviation
            self.moving_stddev = average("moving_stddev", deviation)
            self.renorm_mean = average("renorm_mean", self.moving_mean_initializer)
            self.renorm_stddev = average("renorm_stddev", deviation)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def _first_deviation(self, shape: Any, dtype: Any = None) -> Any:
        return ops.sqrt(self.moving_variance_initializer(shape, dtype=dtype))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return the normalised inputs; where a mask is given, only marked steps count in the statistics."""
        gamma, beta = self.gamma, self.beta
        if not (training and self.trainable):
            return self._normalised(inputs, self.moving_mean, self.moving_variance, gamma, beta)
        mean, variance = self._moments(inputs, mask)
        if self.renorm:
            gamma, beta = self._renormed(mean, variance)
        else:
            self._follow(self.moving_mean, mean, self.momentum)
            self._follow(self.moving_variance, variance, self.momentum)
        return self._normalised(inputs, mean, variance, gamma, beta)

    def _normalised(self, inputs: Any, mean: Any, variance: Any, gamma: Any, beta: Any) -> Any:
        return ops.batch_normalization(
            inputs, mean, variance, self.axis, offset=beta, scale=gamma, epsilon=self.epsilon
        )

    @staticmethod
    def _follow(average: Any, value: Any, momentum: float) -> None:
        average.assign(average.value * momentum + value * (1.0 - momentum))

    def _moments(self, inputs: Any, mask: Any) -> tuple[Any, Any]:
        rank = len(inputs.shape)
        axes = [a for a in range(rank) if a != self.axis % rank]
        if mask is None:
            mean, variance = ops.moments(inputs, axes=axes)
            return mean, variance
        if len(mask.shape) != rank - 1:
            raise ValueError(
                f"{self._label()}: a mask has one axis less than the inputs, got {tuple(mask.shape)} for "
                f"{tuple(inputs.shape)}."
            )
        counts = ops.broadcast_to(ops.cast(ops.expand_dims(mask, -1), inputs.dtype), inputs.shape)
        total = ops.sum(counts, axes, keepdims=True) + dtypes.epsilon()
        mean = ops.sum(ops.where(counts > 0, inputs, 0.0), axes, keepdims=True) / total
        squares = ops.square(ops.where(counts > 0, inputs - mean, 0.0))
        variance = ops.sum(squares, axes, keepdims=True) / total
        return ops.squeeze(mean, tuple(axes)), ops.squeeze(variance, tuple(axes))

    def _renormed(self, mean: Any, variance: Any) -> tuple[Any, Any]:
        """gamma and beta that correct the batch's statistics towards the averages, which are then updated."""
        deviation = ops.sqrt(variance + self.epsilon)
        held = ops.maximum(self.renorm_stddev.value, self.epsilon**0.5)
        r = ops.stop_gradient(deviation / held)
        d = ops.stop_gradient((mean - self.renorm_mean.value) / held)
        limits = self.renorm_clipping or {}
        if "rmin" in limits:
            r = ops.maximum(r, limits["rmin"])
        if "rmax" in limits:
            r = ops.minimum(r, limits["rmax"])
        if "dmax" in limits:
            d = ops.clip(d, -limits["dmax"], limits["dmax"])
        gamma = r if self.gamma is None else r * self.gamma
        shift = d if self.gamma is None else d * self.gamma
        self._follow(self.renorm_mean, mean, self.renorm_momentum)
        self._follow(self.renorm_stddev, deviation, self.renorm_momentum)
        self._follow(self.moving_mean, mean, self.momentum)
        self._follow(self.moving_stddev, deviation, self.momentum)
        self.moving_variance.assign(ops.relu(ops.square(self.moving_stddev.value) - self.epsilon))
        return gamma, shift if self.beta is None else shift + self.beta

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "renorm": self.renorm,
            "renorm_clipping": self.renorm_clipping,
            "renorm_momentum": self.renorm_momentum,
            "synchronized": self.synchronized,
        }
