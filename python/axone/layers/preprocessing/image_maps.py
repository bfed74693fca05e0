"""Layers that move the pixels of images at random."""

from __future__ import annotations

import math
from typing import Any

from axone import ops, random
from axone.layers.preprocessing.image_layer import FILL_MODES, ImageLayer, interval
from axone.ops._images import one_of
from axone.ops.sampling import ORDERS, transformed

__all__ = [
    "RandomFlip",
    "RandomRotation",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
]


class RandomFlip(ImageLayer):
    """Mirrors half of the images.

    Args:
        mode: "horizontal" (left and right), "vertical", or "horizontal_and_vertical" (both at once).
        seed: integer, for the same draws at every run.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: the mode is unknown.

    Example: `Sequential([RandomFlip("horizontal"), RandomRotation(0.1)])`.
    """

    _moves = True

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        self.mode = one_of(self._label(), "mode", mode, ("horizontal", "vertical", "horizontal_and_vertical"))

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        return random.uniform((shape[0], 1, 1, 1), seed=seed) <= 0.5

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        axes = {"horizontal": [2], "vertical": [1]}.get(self.mode, [1, 2])
        return ops.where(drawn, ops.flip(images, axes), images)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mode": self.mode}


class _Map(ImageLayer):
    """What layers share that read images at affinely mapped places.

    Args:
        fill_mode: what lies outside of an image: "reflect" (b a | a b c | c b), "wrap" (b c | a b c | a b),
            "constant" (`fill_value`), "nearest" (a a | a b c | c c).
        interpolation: "bilinear" or "nearest".
        seed: integer, for the same draws at every run.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.
    """

    _moves = True

    def __init__(
        self,
        fill_mode: str,
        interpolation: str,
        seed: Any,
        fill_value: float,
        data_format: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        label = self._label()
        self.fill_mode = one_of(label, "fill_mode", fill_mode, FILL_MODES)
        self.interpolation = one_of(label, "interpolation", interpolation, tuple(ORDERS))
        self.fill_value = fill_value

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        return transformed(images, drawn, interpolation, self.fill_mode, self.fill_value, projective=False)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "fill_mode": self.fill_mode,
            "interpolation": self.interpolation,
            "fill_value": self.fill_value,
        }


def _plain(factor: Any) -> Any:
    """A factor as a configuration holds it."""
    return tuple(factor) if isinstance(factor, list) else factor


def _matrix(a0: Any, a1: Any, a2: Any, b0: Any, b1: Any, b2: Any) -> Any:
    """(batch, 8) coefficients from one vector or number each."""
    like = next(v for v in (a0, a1, a2, b0, b1, b2) if hasattr(v, "shape"))
    columns = [v if hasattr(v, "shape") else ops.full_like(like, v) for v in (a0, a1, a2, b0, b1, b2, 0, 0)]
    return ops.stack(columns, axis=1)


class RandomRotation(_Map):
    """Turns each image by a random angle.

    Args:
        factor: range of the angle as a fraction of a full turn: a pair, or f for (-f, f); positive angles
            turn counter-clockwise.
        fill_mode, interpolation, seed, fill_value, data_format, **kwargs: see `RandomZoom`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.

    Example: `RandomRotation(0.1)` turns by -36 to 36 degrees.
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: Any = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.factor = interval(self._label(), "factor", factor, -1, 1)

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        low, high = (f * 2 * math.pi for f in self.factor)
        angle = random.uniform((shape[0],), low, high, seed=seed)
        cos, sin = ops.cos(angle), ops.sin(angle)
        x, y = (shape[2] - 1) / 2, (shape[1] - 1) / 2
        return _matrix(cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


class RandomZoom(_Map):
    """Makes each image larger or smaller by random factors.

    Args:
        height_factor: range of the change of the visible height: a pair, or f for (-f, f). 0.2 shows 20 %
            more (the picture shrinks), -0.2 shows 20 % less.
        width_factor: likewise for the width; None: the same factor, so that nothing is distorted.
        fill_mode: what lies outside of an image: "reflect" (b a | a b c | c b), "wrap" (b c | a b c | a b),
            "constant" (`fill_value`), "nearest" (a a | a b c | c c).
        interpolation: "bilinear" or "nearest".
        seed: integer, for the same draws at every run.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: Any = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        label = self._label()
        self.height_factor, self.width_factor = _plain(height_factor), _plain(width_factor)
        self._height = interval(label, "height_factor", height_factor, -1, 1, True)
        self._width = None
        if width_factor is not None:
            self._width = interval(label, "width_factor", width_factor, -1, 1, True)
        if min(self._height[0], (self._width or (0,))[0]) <= -1:
            raise ValueError(f"{label}: a factor of -1 would show nothing; factors must be above it.")

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        def factor(ends: tuple[float, float]) -> Any:
            return random.uniform((shape[0],), 1 + ends[0], 1 + ends[1], seed=seed)

        tall = factor(self._height)
        wide = tall if self._width is None else factor(self._width)
        x, y = (shape[2] - 1) / 2, (shape[1] - 1) / 2
        return _matrix(wide, 0, x * (1.0 - wide), 0, tall, y * (1.0 - tall))

    def get_config(self) -> dict[str, Any]:
        own = {"height_factor": self.height_factor, "width_factor": self.width_factor}
        return {**super().get_config(), **own}


class RandomTranslation(_Map):
    """Shifts each image at random.

    Args:
        height_factor: range of the shift down as a fraction of the height: a pair, or f for (-f, f).
        width_factor: of the shift to the right, likewise.
        fill_mode, interpolation, seed, fill_value, data_format, **kwargs: see `RandomZoom`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: Any = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor, self.width_factor = _plain(height_factor), _plain(width_factor)
        self._height = interval(self._label(), "height_factor", height_factor, -1, 1, True)
        self._width = interval(self._label(), "width_factor", width_factor, -1, 1, True)

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        down = random.uniform((shape[0],), *self._height, seed=seed) * shape[1]
        right = random.uniform((shape[0],), *self._width, seed=seed) * shape[2]
        return _matrix(1, 0, -right, 0, 1, -down)

    def get_config(self) -> dict[str, Any]:
        own = {"height_factor": self.height_factor, "width_factor": self.width_factor}
        return {**super().get_config(), **own}


class RandomShear(_Map):
    """Slants each image at random.

    Args:
        x_factor: range of the shift to the side per row: a pair of numbers from 0 to 1, or f for (-f, f); the
            sign is drawn too.
        y_factor: of the shift down per column, likewise.
        interpolation, fill_mode, fill_value, data_format, seed, **kwargs: see `RandomZoom`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.x_factor, self.y_factor = _plain(x_factor), _plain(y_factor)
        self._x = interval(self._label(), "x_factor", x_factor, 0, 1, True)
        self._y = interval(self._label(), "y_factor", y_factor, 0, 1, True)

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        sign = ops.where(random.uniform((shape[0],), seed=seed) > 0.5, -1.0, 1.0)
        down = random.uniform((shape[0],), *self._y, seed=seed) * sign
        aside = random.uniform((shape[0],), *self._x, seed=seed) * sign
        return _matrix(1, aside, 0, down, 1, 0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "x_factor": self.x_factor, "y_factor": self.y_factor}
