"""What layers over positions share: where the axes are, and arguments with one number for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.layers.arguments import data_format as checked_format
from axone.layers.input_spec import InputSpec
from axone.layers.layer import Layer
from axone.ops._spatial import sizes_of

__all__ = ["SpatialLayer"]


class SpatialLayer(Layer):
    """Base of layers whose inputs have `rank` spatial axes between batch and channels, or behind both.

    Args:
        data_format: "channels_last" or "channels_first"; None: `axone.config.image_data_format()`.
        **kwargs: see `Layer`.
    """

    rank: int

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = checked_format(self._label(), data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _sizes(self, argument: str, value: Any, least: int = 1) -> tuple[int, ...]:
        """One whole number for each spatial axis."""
        return tuple(sizes_of(self._label(), argument, value, self.rank, least))

    def _pairs(self, argument: str, value: Any) -> tuple[tuple[int, int], ...]:
        """Numbers before and behind for each spatial axis, given as one number, one an axis, or one pair an
        axis."""
        label = self._label()
        if self.rank == 1:
            return (_pair(label, argument, value),)
        each = value if hasattr(value, "__len__") else [value] * self.rank
        if len(each) != self.rank:
            raise ValueError(
                f"{label}: `{argument}` must be a number, {self.rank} numbers or {self.rank} pairs, "
                f"got {value!r}."
            )
        return tuple(_pair(label, argument, v) for v in each)

    @property
    def _first(self) -> bool:
        return self.data_format == "channels_first"

    @property
    def _channel_axis(self) -> int:
        return 1 if self._first else -1

    @property
    def _spatial_axes(self) -> range:
        return range(2, self.rank + 2) if self._first else range(1, self.rank + 1)

    def _space(self, shape: Sequence[Any]) -> list[Any]:
        """The spatial sizes of a shape, once its rank is known to fit."""
        if len(shape) != self.rank + 2:
            raise ValueError(
                f"{self._label()}: expected {self.rank + 2} dimensions, got {len(shape)} (input shape "
                f"{tuple(shape)})."
            )
        return [shape[axis] for axis in self._spatial_axes]

    def _channels(self, shape: Sequence[Any]) -> int:
        """The number of channels of a shape, which must be known."""
        channels = shape[self._channel_axis]
        if channels is None:
            raise ValueError(
                f"{self._label()}: the number of channels must be fixed, got input shape {tuple(shape)} with "
                f"data_format={self.data_format!r}."
            )
        return int(channels)

    def _shape(self, batch: Any, space: Sequence[Any], channels: Any) -> tuple[Any, ...]:
        """A shape in this layer's format."""
        return (batch, channels, *space) if self._first else (batch, *space, channels)

    def _to_last(self, x: Any) -> Any:
        return ops.moveaxis(x, 1, -1) if self._first else x

    def _from_last(self, x: Any) -> Any:
        return ops.moveaxis(x, -1, 1) if self._first else x

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


def _pair(label: str, argument: str, value: Any) -> tuple[int, int]:
    before, behind = sizes_of(label, argument, value, 2, 0)
    return before, behind
