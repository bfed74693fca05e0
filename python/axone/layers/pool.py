"""Pooling layers with windows of a fixed size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from axone import ops
from axone.layers.spatial import SpatialLayer
from axone.ops._spatial import output_sizes, padding_of

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
]


class Pooling(SpatialLayer):
    """Base of pooling layers.

    Args:
        pool_size: size of the window: one number, or one for each axis.
        strides: steps between windows; None: `pool_size`.
        padding: "valid" (none) or "same" (ceil(size / stride) windows; what is padded never counts).
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.
    """

    _pool: Callable[..., Any]

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format, **kwargs)
        self.pool_size = self._sizes("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else self._sizes("strides", strides)
        self.padding = padding_of(self._label(), padding)
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return the pooled inputs."""
        return type(self)._pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        space = self._space(input_shape)
        ones = [1] * self.rank
        found = output_sizes(self._label(), space, self.pool_size, self.strides, ones, self.padding, "window")
        return self._shape(input_shape[0], found, input_shape[self._channel_axis])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
        }


class MaxPooling1D(Pooling):
    """The largest element of each window of steps.

    Args:
        pool_size, strides, padding, data_format, **kwargs: see `Pooling`.

    Input shape: (batch, steps, channels). Output shape: (batch, new steps, channels).

    Raises:
        ValueError: the window is larger than the input.
    """

    rank = 1
    _pool = staticmethod(ops.max_pool)


class MaxPooling2D(Pooling):
    """The largest element of each window of pixels, channel by channel.

    Args:
        pool_size, strides, padding, data_format, **kwargs: see `Pooling`.

    Input shape: (batch, height, width, channels). Output shape: (batch, new height, new width, channels).

    Raises:
        ValueError: the window is larger than the input.

    Example: `MaxPooling2D(2)(Input((28, 28, 8)))` has shape (None, 14, 14, 8).
    """

    rank = 2
    _pool = staticmethod(ops.max_pool)


class MaxPooling3D(Pooling):
    """The largest element of each window of a volume, channel by channel.

    Args:
        pool_size, strides, padding, data_format, **kwargs: see `Pooling`.

    Input shape: (batch, *space, channels). Output shape: (batch, *new space, channels).

    Raises:
        ValueError: the window is larger than the input.
    """

    rank = 3
    _pool = staticmethod(ops.max_pool)


class AveragePooling1D(Pooling):
    """The mean of each window of steps.

    Args:
        pool_size, strides, padding, data_format, **kwargs: see `Pooling`.

    Input shape: (batch, steps, channels). Output shape: (batch, new steps, channels).

    Raises:
        ValueError: the window is larger than the input.
    """

    rank = 1
    _pool = staticmethod(ops.average_pool)


class AveragePooling2D(Pooling):
    """The mean of each window of pixels, channel by channel.

    Args:
        pool_size, strides, padding, data_format, **kwargs: see `Pooling`.

    Input shape: (batch, height, width, channels). Output shape: (batch, new height, new width, channels).

    Raises:
        ValueError: the window is larger than the input.

    Example: `AveragePooling2D(2)(Input((28, 28, 8)))` has shape (None, 14, 14, 8).
    """

    rank = 2
    _pool = staticmethod(ops.average_pool)


class AveragePooling3D(Pooling):
    """The mean of each window of a volume, channel by channel.

    Args:
        pool_size, strides, padding, data_format, **kwargs: see `Pooling`.

    Input shape: (batch, *space, channels). Output shape: (batch, *new space, channels).

    Raises:
        ValueError: the window is larger than the input.
    """

    rank = 3
    _pool = staticmethod(ops.average_pool)
