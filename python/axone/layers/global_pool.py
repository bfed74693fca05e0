"""Pooling layers over all positions, or into a fixed number of windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from axone import ops
from axone.layers.spatial import SpatialLayer

__all__ = [
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
]


class GlobalPooling(SpatialLayer):
    """Base of layers that pool over all positions.

    Args:
        data_format: "channels_last" or "channels_first"; None: the configured one.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: see `Layer`.
    """

    _reduce: Callable[..., Any]

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self.keepdims = keepdims
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return the pooled inputs."""
        return type(self)._reduce(inputs, axis=tuple(self._spatial_axes), keepdims=self.keepdims)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        self._space(input_shape)
        space = [1] * self.rank if self.keepdims else []
        return self._shape(input_shape[0], space, input_shape[self._channel_axis])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "keepdims": self.keepdims}


class GlobalMaxPooling1D(GlobalPooling):
    """The largest element of all steps.

    Args:
        data_format, keepdims, **kwargs: see `GlobalPooling`.

    Input shape: (batch, steps, channels). Output shape: (batch, channels).
    """

    rank = 1
    _reduce = staticmethod(ops.max)


class GlobalMaxPooling2D(GlobalPooling):
    """The largest element of all pixels, channel by channel.

    Args:
        data_format, keepdims, **kwargs: see `GlobalPooling`.

    Input shape: (batch, height, width, channels). Output shape: (batch, channels).
    """

    rank = 2
    _reduce = staticmethod(ops.max)


class GlobalMaxPooling3D(GlobalPooling):
    """The largest element of a volume, channel by channel.

    Args:
        data_format, keepdims, **kwargs: see `GlobalPooling`.

    Input shape: (batch, *space, channels). Output shape: (batch, channels).
    """

    rank = 3
    _reduce = staticmethod(ops.max)


class GlobalAveragePooling1D(GlobalPooling):
    """The mean of all steps; masked ones do not count.

    Args:
        data_format, keepdims, **kwargs: see `GlobalPooling`.

    Input shape: (batch, steps, channels). Output shape: (batch, channels).
    """

    rank = 1
    _reduce = staticmethod(ops.mean)

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mean; mask (batch, steps) says which steps count."""
        if mask is None:
            return super().call(inputs)
        (axis,) = self._spatial_axes
        counts = ops.cast(ops.expand_dims(mask, self._channel_axis), inputs.dtype)
        kept = ops.where(counts > 0, inputs, 0.0)
        total = ops.sum(kept, axis, keepdims=self.keepdims)
        return total / ops.sum(counts, axis, keepdims=self.keepdims)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """The steps are gone, and their mask with them."""


class GlobalAveragePooling2D(GlobalPooling):
    """The mean of all pixels, channel by channel.

    Args:
        data_format, keepdims, **kwargs: see `GlobalPooling`.

    Input shape: (batch, height, width, channels). Output shape: (batch, channels).

    Example: `GlobalAveragePooling2D()(Input((7, 7, 512)))` has shape (None, 512).
    """

    rank = 2
    _reduce = staticmethod(ops.mean)


class GlobalAveragePooling3D(GlobalPooling):
    """The mean of a volume, channel by channel.

    Args:
        data_format, keepdims, **kwargs: see `GlobalPooling`.

    Input shape: (batch, *space, channels). Output shape: (batch, channels).
    """

    rank = 3
    _reduce = staticmethod(ops.mean)


class AdaptivePooling(SpatialLayer):
    """Base of layers that pool into as many windows as wanted, whatever the size of the input.

    Args:
        output_size: number of windows: one number, or one for each axis. Window i of o holds positions
            floor(i * size / o) to ceil((i + 1) * size / o).
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.
    """

    _pool: Callable[..., Any]

    def __init__(
        self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format, **kwargs)
        self.output_size = self._sizes("output_size", output_size)
        self._build_at_init()

    def call(self, inputs: Any) -> Any:
        """Return the pooled inputs."""
        return type(self)._pool(inputs, self.output_size, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        self._space(input_shape)
        return self._shape(input_shape[0], self.output_size, input_shape[self._channel_axis])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "output_size": self.output_size}


class AdaptiveMaxPooling1D(AdaptivePooling):
    """The largest elements of `output_size` windows of steps.

    Args:
        output_size, data_format, **kwargs: see `AdaptivePooling`.
    """

    rank = 1
    _pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling2D(AdaptivePooling):
    """The largest elements of `output_size` windows of pixels.

    Args:
        output_size, data_format, **kwargs: see `AdaptivePooling`.
    """

    rank = 2
    _pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling3D(AdaptivePooling):
    """The largest elements of `output_size` windows of a volume.

    Args:
        output_size, data_format, **kwargs: see `AdaptivePooling`.
    """

    rank = 3
    _pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveAveragePooling1D(AdaptivePooling):
    """The means of `output_size` windows of steps.

    Args:
        output_size, data_format, **kwargs: see `AdaptivePooling`.
    """

    rank = 1
    _pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling2D(AdaptivePooling):
    """The means of `output_size` windows of pixels.

    Args:
        output_size, data_format, **kwargs: see `AdaptivePooling`.

    Example: `AdaptiveAveragePooling2D(7)(Input((None, None, 8)))` has shape (None, 7, 7, 8).
    """

    rank = 2
    _pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling3D(AdaptivePooling):
    """The means of `output_size` windows of a volume.

    Args:
        output_size, data_format, **kwargs: see `AdaptivePooling`.
    """

    rank = 3
    _pool = staticmethod(ops.adaptive_average_pool)
