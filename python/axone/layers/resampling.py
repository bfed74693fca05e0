"""Layers that make inputs larger or smaller by repeating, interpolating, padding or cropping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.layers.spatial import SpatialLayer

__all__ = [
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
]

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class UpSampling(SpatialLayer):
    """Base of layers that repeat every position.

    Args:
        size: repetitions along each axis: one number, or one for each axis.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.
    """

    size: Any

    def __init__(self, size: int | Sequence[int] = 2, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self.size = self._sizes("size", size)
        self._build_at_init()

    def _factors(self) -> Sequence[int]:
        return tuple(self.size)

    def call(self, inputs: Any) -> Any:
        """Return the inputs with every position repeated."""
        outputs = inputs
        for axis, factor in zip(self._spatial_axes, self._factors(), strict=True):
            outputs = ops.repeat(outputs, factor, axis) if factor > 1 else outputs
        return outputs

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        pairs = zip(self._space(input_shape), self._factors(), strict=True)
        space = [None if n is None else n * factor for n, factor in pairs]
        return self._shape(input_shape[0], space, input_shape[self._channel_axis])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}


class UpSampling1D(UpSampling):
    """Repeats every step `size` times.

    Args:
        size: repetitions.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, channels). Output shape: (batch, steps * size, channels).
    """

    rank = 1

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(size, "channels_last", **kwargs)
        (self.size,) = self.size

    def _factors(self) -> Sequence[int]:
        return (self.size,)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["data_format"]  # as in Keras, which reads these configurations too
        return config


class UpSampling2D(UpSampling):
    """Makes images larger by whole factors.

    Args:
        size: factors of height and width: one number, or two.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels).
    Output shape: (batch, height * size, width * size, channels).

    Raises:
        ValueError: the interpolation is unknown, or a factor is below 1.

    Example: `UpSampling2D(2, interpolation="bilinear")(Input((7, 7, 8)))` has shape (None, 14, 14, 8).
    """

    rank = 2

    def __init__(
        self,
        size: int | Sequence[int] = 2,
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(size, data_format, **kwargs)
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in _INTERPOLATIONS:
            raise ValueError(
                f"{self._label()}: interpolation must be one of {', '.join(_INTERPOLATIONS)}, got "
                f"{interpolation!r}."
            )

    def call(self, inputs: Any) -> Any:
        """Return the larger images."""
        if self.interpolation == "nearest":
            return super().call(inputs)
        space = [n * f for n, f in zip(self._space(inputs.shape), self.size, strict=True)]
        return ops.image.resize(inputs, space, self.interpolation, data_format=self.data_format)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "interpolation": self.interpolation}


class UpSampling3D(UpSampling):
    """Repeats every position of a volume.

    Args:
        size, data_format, **kwargs: see `UpSampling`.

    Input shape: (batch, *space, channels). Output shape: (batch, *(space * size), channels).
    """

    rank = 3


class ZeroPadding(SpatialLayer):
    """Base of layers that add zeros around the inputs.

    Args:
        padding: positions on each side: one number, one for each axis, or a pair (before, behind) for each
            axis.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.
    """

    padding: Any

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        pairs = self._pairs("padding", padding)
        self.padding = pairs[0] if self.rank == 1 else pairs
        self._build_at_init()

    def _widths(self) -> list[tuple[int, int]]:
        return [self.padding] if self.rank == 1 else list(self.padding)

    def call(self, inputs: Any) -> Any:
        """Return the inputs with zeros around them."""
        return ops.pad(inputs, self._shape((0, 0), self._widths(), (0, 0)))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        pairs = zip(self._space(input_shape), self._widths(), strict=True)
        space = [None if n is None else n + sum(width) for n, width in pairs]
        return self._shape(input_shape[0], space, input_shape[self._channel_axis])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding}


class ZeroPadding1D(ZeroPadding):
    """Adds zero steps before and behind.

    Args:
        padding: steps on each side: one number, or a pair (before, behind).
        data_format, **kwargs: see `ZeroPadding`.

    Input shape: (batch, steps, channels). Output shape: (batch, new steps, channels).
    """

    rank = 1


class ZeroPadding2D(ZeroPadding):
    """Adds zeros around images.

    Args:
        padding: pixels: one number, (height, width), or ((top, bottom), (left, right)).
        data_format, **kwargs: see `ZeroPadding`.

    Input shape: (batch, height, width, channels). Output shape: (batch, new height, new width, channels).

    Example: `ZeroPadding2D(((1, 0), (1, 0)))(Input((7, 7, 3)))` has shape (None, 8, 8, 3).
    """

    rank = 2


class ZeroPadding3D(ZeroPadding):
    """Adds zeros around volumes.

    Args:
        padding: positions: one number, three, or three pairs.
        data_format, **kwargs: see `ZeroPadding`.

    Input shape: (batch, *space, channels). Output shape: (batch, *new space, channels).
    """

    rank = 3


class Cropping(SpatialLayer):
    """Base of layers that cut off the borders of the inputs.

    Args:
        cropping: positions on each side: one number, one for each axis, or a pair (before, behind) for each
            axis.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.
    """

    cropping: Any

    def __init__(self, cropping: Any = 0, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        pairs = self._pairs("cropping", cropping)
        self.cropping = pairs[0] if self.rank == 1 else pairs
        self._build_at_init()

    def _left(self, input_shape: Any) -> list[Any]:
        """The sizes that are left."""
        widths = [self.cropping] if self.rank == 1 else self.cropping
        space = self._space(input_shape)
        left = [None if n is None else n - sum(width) for n, width in zip(space, widths, strict=True)]
        if any(n is not None and n < 1 for n in left):
            raise ValueError(
                f"{self._label()}: cropping {self.cropping} leaves nothing of the sizes {tuple(space)}."
            )
        return left

    def call(self, inputs: Any) -> Any:
        """Return the inner part of the inputs."""
        widths = [self.cropping] if self.rank == 1 else self.cropping
        starts = self._shape(0, [before for before, _ in widths], 0)
        sizes = self._shape(inputs.shape[0], self._left(inputs.shape), inputs.shape[self._channel_axis])
        return ops.slice(inputs, starts, sizes)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return self._shape(input_shape[0], self._left(input_shape), input_shape[self._channel_axis])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cropping": self.cropping}


class Cropping1D(Cropping):
    """Cuts off steps at the start and the end.

    Args:
        cropping: steps on each side: one number, or a pair (before, behind).
        **kwargs: see `Layer`.

    Input shape: (batch, steps, channels). Output shape: (batch, new steps, channels).

    Raises:
        ValueError: nothing is left.
    """

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["data_format"]  # as in Keras, which reads these configurations too
        return config


class Cropping2D(Cropping):
    """Cuts off the borders of images.

    Args:
        cropping: pixels: one number, (height, width), or ((top, bottom), (left, right)).
        data_format, **kwargs: see `Cropping`.

    Input shape: (batch, height, width, channels). Output shape: (batch, new height, new width, channels).

    Raises:
        ValueError: nothing is left.

    Example: `Cropping2D(((2, 2), (4, 4)))(Input((28, 28, 3)))` has shape (None, 24, 20, 3).
    """

    rank = 2


class Cropping3D(Cropping):
    """Cuts off the borders of volumes.

    Args:
        cropping: positions: one number, three, or three pairs.
        data_format, **kwargs: see `Cropping`.

    Input shape: (batch, *space, channels). Output shape: (batch, *new space, channels).

    Raises:
        ValueError: nothing is left.
    """

    rank = 3

    def __init__(self, cropping: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)
