"""Layers around a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone import ops
from axone.core.serialization import deserialize_keras_object, serialize_keras_object
from axone.layers.arguments import positive_integer
from axone.layers.input_spec import InputSpec
from axone.layers.layer import Layer

__all__ = ["SpectralNormalization", "Wrapper"]


class Wrapper(Layer):
    """Base of layers that change what another layer does.

    Args:
        layer: the layer inside.
        **kwargs: see `Layer`.

    Raises:
        TypeError: layer is no layer.
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise TypeError(f"{type(self).__name__}: expected a layer, got {type(layer).__name__}.")
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Build the layer inside."""
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Build wrapper and layer from `get_config`."""
        inside = deserialize_keras_object(config["layer"], custom_objects)
        return cls(inside, **{key: value for key, value in config.items() if key != "layer"})


class SpectralNormalization(Wrapper):
    """Divides a layer's kernel by its largest singular value at each training step.

    The value is estimated by power iteration: v = normalise(u K^T), u = normalise(v K), sigma = v K u^T.

    Args:
        layer: a layer with a `kernel` or `embeddings`.
        power_iterations: iterations a step.
        **kwargs: see `Layer`.

    Miyato et al., "Spectral normalization for generative adversarial networks", 2018.
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = positive_integer(self._label(), "power_iterations", power_iterations)

    def build(self, input_shape: Any = None) -> None:
        """Build the layer, and the vector u."""
        super().build(input_shape)
        kernel = getattr(self.layer, "kernel", getattr(self.layer, "embeddings", None))
        if kernel is None:
            raise ValueError(
                f"{self._label()}: {type(self.layer).__name__} has neither kernel nor embeddings."
            )
        self.kernel = kernel
        from axone import initializers

        self.vector_u = self.add_weight(
            name="vector_u",
            shape=(1, kernel.shape[-1]),
            initializer=initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
        )
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the layer's outputs."""
        if training:
            u, kernel = self.normalized_weights()
            self.vector_u.assign(u)
            self.kernel.assign(kernel)
        return self.layer(inputs)

    def normalized_weights(self) -> tuple[Any, Any]:
        """Return the next estimate of the singular vector, and the kernel divided by its singular value."""
        kernel = self.kernel.value
        flat = ops.reshape(kernel, (-1, kernel.shape[-1]))
        u = self.vector_u.value
        for _ in range(self.power_iterations):
            v = _unit(ops.matmul(u, ops.transpose(flat)))
            u = _unit(ops.matmul(v, flat))
        u, v = ops.stop_gradient(u), ops.stop_gradient(v)
        sigma = ops.reshape(ops.matmul(ops.matmul(v, flat), ops.transpose(u)), ())
        empty = ops.all(ops.equal(kernel, 0.0))
        divided = kernel / ops.where(empty, ops.ones_like(sigma), sigma)
        return ops.where(empty, self.vector_u.value, u), ops.where(empty, kernel, divided)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power_iterations": self.power_iterations}


def _unit(x: Any) -> Any:
    return x / ops.sqrt(ops.maximum(ops.sum(ops.square(x)), 1e-12))
