"""Layers that put values elsewhere without computing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.layers.arguments import positive_integer
from axone.layers.input_spec import InputSpec
from axone.layers.layer import Layer

__all__ = ["Permute", "RepeatVector", "Reshape"]


class Reshape(Layer):
    """Gives each sample another shape; the batch axis stays.

    Args:
        target_shape: shape of a sample; one entry may be -1 for what is left.
        **kwargs: see `Layer`.

    Raises:
        ValueError: the sizes do not fit the input.

    Example: `Reshape((28, 28, 1))(Input((784,)))` is a tensor of shape (None, 28, 28, 1).
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(int(n) for n in target_shape)
        if self.target_shape.count(-1) > 1 or any(n < -1 for n in self.target_shape):
            raise ValueError(
                f"{self._label()}: target_shape takes positive sizes and at most one -1, got "
                f"{self.target_shape}."
            )
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return the inputs with shape (batch, *target_shape)."""
        return ops.reshape(inputs, (inputs.shape[0], *self.target_shape))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """Changes the order of a sample's axes.

    Args:
        dims: the new order, counted from 1; the batch axis stays first.
        **kwargs: see `Layer`.

    Raises:
        ValueError: dims is no order of 1, 2, ...

    Example: `Permute((2, 1))(Input((10, 64)))` is a tensor of shape (None, 64, 10).
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(int(d) for d in dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"{self._label()}: dims must be an order of 1 ... n, got {self.dims}.")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return the inputs with their axes in the new order."""
        return ops.transpose(inputs, (0, *self.dims))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": self.dims}


class RepeatVector(Layer):
    """Repeats each sample's vector n times.

    Args:
        n: how often.
        **kwargs: see `Layer`.

    Example: `RepeatVector(3)(Input((32,)))` is a tensor of shape (None, 3, 32).
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive_integer(self._label(), "n", n)
        self.input_spec = InputSpec(ndim=2)
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return (batch, n, features)."""
        return ops.broadcast_to(ops.expand_dims(inputs, 1), (inputs.shape[0], self.n, inputs.shape[1]))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}
