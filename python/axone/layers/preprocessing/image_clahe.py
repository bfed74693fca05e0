"""Contrast-limited adaptive histogram equalization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from axone import ops
from axone.layers.preprocessing.image_colours import ColourLayer
from axone.ops._spatial import sizes_of

__all__ = ["ContrastLimitedAdaptiveHistogramEqualization"]

_LEVELS = 256


class ContrastLimitedAdaptiveHistogramEqualization(ColourLayer):
    """Spreads the values of each channel within the neighbourhood of each pixel (CLAHE).

    The image is cut into tiles, each with a table that spreads its values; a pixel takes the tables of the
    four tiles around it, weighted by their nearness.

    Args:
        value_range: ends of the range of values.
        clip_limit: how many times as often as on average a value counts at most; 0 for no limit. It keeps
            noise in even areas from being spread.
        tile_grid_size: numbers of tiles down and across: one number, or two.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range, or an image has fewer pixels than tiles.

    Source: Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV, 1994.
    """

    _random = False

    def __init__(
        self,
        value_range: Any = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: int | Sequence[int] = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, data_format=data_format, **kwargs)
        label = self._label()
        if not isinstance(clip_limit, (int, float)) or clip_limit < 0:
            raise ValueError(f"{label}: clip_limit must be a number of at least 0, got {clip_limit!r}.")
        self.clip_limit = clip_limit
        self.tile_grid_size = tuple(sizes_of(label, "tile_grid_size", tile_grid_size, 2))

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        n, height, width, channels = images.shape
        tall, wide = (
            -(-size // count) for size, count in zip((height, width), self.tile_grid_size, strict=True)
        )
        down, across = self.tile_grid_size
        spare = (tall * down - height, wide * across - width)
        if spare[0] > height or spare[1] > width:
            raise ValueError(
                f"{self._label()}: {height} x {width} pixels are too few for {down} x {across} tiles."
            )
        whole = ops.pad(
            self._unit(images) * 255.0, ((0, 0), (0, spare[0]), (0, spare[1]), (0, 0)), "symmetric"
        )
        level = ops.clip(ops.cast(ops.clip(whole, 0.0, 255.0), "int64"), 0, _LEVELS - 1)
        tables = ops.reshape(self._tables(level, tall, wide), (-1,))
        rows, columns = _neighbours(height, tall, down), _neighbours(width, wide, across)
        level = level[:, :height, :width]
        first = np.arange(n, dtype="int64").reshape(n, 1, 1, 1) * (down * across)
        channel = np.arange(channels, dtype="int64").reshape(1, 1, 1, channels) * _LEVELS
        result: Any = 0.0
        for row, down_share in rows:
            for column, across_share in columns:
                tile = first + row.reshape(1, -1, 1, 1) * across + column.reshape(1, 1, -1, 1)
                place = level + (tile * (channels * _LEVELS) + channel)
                share = down_share.reshape(1, -1, 1, 1) * across_share.reshape(1, 1, -1, 1)
                result = result + ops.take(tables, place) * ops.convert_to_tensor(share, dtype=images.dtype)
        return self._ranged(result / 255.0)

    def _tables(self, level: Any, tall: int, wide: int) -> Any:
        """For each image, tile and channel the new value of each of the 256."""
        n, channels = level.shape[0], level.shape[3]
        down, across = self.tile_grid_size
        tiles = n * down * across * channels
        cut = ops.reshape(level, (n, down, tall, across, wide, channels))
        own = np.arange(tiles, dtype="int64").reshape(n, down, 1, across, 1, channels) * _LEVELS
        place = ops.reshape(cut + own, (-1,))
        one = ops.ones(place.shape, dtype=self.compute_dtype)
        count = ops.reshape(ops.segment_sum(one, place, tiles * _LEVELS), (tiles, _LEVELS))
        pixels = tall * wide
        if self.clip_limit > 0:
            kept = ops.minimum(count, self.clip_limit * pixels / _LEVELS)
            count = kept + ops.sum(count - kept, axis=1, keepdims=True) / _LEVELS
        below = ops.cumsum(count, axis=1)
        least = ops.min(below, axis=1, keepdims=True)
        span = pixels - least
        return ops.clip((below - least) * 255.0 / ops.where(span != 0, span, 1.0), 0.0, 255.0)

    def get_config(self) -> dict[str, Any]:
        own = {"clip_limit": self.clip_limit, "tile_grid_size": self.tile_grid_size}
        return {**super().get_config(), **own}


def _neighbours(size: int, tile: int, count: int) -> list[tuple[Any, Any]]:
    """The tiles before and behind each position of an axis, and their shares."""
    place = (np.arange(size) - tile / 2) / tile
    low = np.floor(place)
    inside = [np.clip(low + step, 0, count - 1).astype("int64") for step in (0, 1)]
    return [(inside[0], 1 - (place - low)), (inside[1], place - low)]
