"""Layers that deform images at random."""

from __future__ import annotations

from typing import Any

from axone import ops, random
from axone.layers.preprocessing.image_layer import FILL_MODES, ImageLayer, drawn_below, interval
from axone.layers.preprocessing.image_layer import value_range as checked_range
from axone.ops._images import one_of
from axone.ops.sampling import ORDERS

__all__ = ["RandomElasticTransform", "RandomPerspective"]


class RandomPerspective(ImageLayer):
    """Shows images as if seen from the side.

    Args:
        factor: probability that an image is changed: a number, or a pair that it is drawn from.
        scale: strength, from 0 to 1.
        interpolation: "bilinear" or "nearest".
        fill_value: what lies outside of an image.
        seed: integer, for the same draws at every run.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
    """

    _moves = True

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        label = self._label()
        self.factor = interval(label, "factor", factor, 0, 1)
        interval(label, "scale", scale, 0, 1)
        self.scale = scale
        self.interpolation = one_of(label, "interpolation", interpolation, tuple(ORDERS))
        self.fill_value = fill_value

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        n, h, w = shape[:3]
        chosen = drawn_below(self.factor, n, seed)
        corners = ops.convert_to_tensor([[[0, 0], [w - 1, 0], [0, h - 1], [w - 1, h - 1]]], dtype="float32")
        start = ops.broadcast_to(corners, (n, 4, 2))
        shift = random.uniform((n, 4, 2), -0.5 * self.scale, 0.5 * self.scale, seed=seed)
        return chosen, start, start + start * shift

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        chosen, start, end = drawn
        seen = ops.image.perspective_transform(
            images, start, end, interpolation, self.fill_value, "channels_last"
        )
        return ops.where(chosen, seen, images)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "factor": self.factor,
            "scale": self.scale,
            "interpolation": self.interpolation,
            "fill_value": self.fill_value,
        }


class RandomElasticTransform(ImageLayer):
    """Deforms images as if drawn on rubber.

    Args:
        factor: probability that an image is changed: a number, or a pair that it is drawn from.
        scale: strength, from 0 to 1: a number f for (0, f), or a pair; the larger end sets the smoothness.
        interpolation: "bilinear" or "nearest".
        fill_mode: what lies outside of an image, see `RandomZoom`; also "mirror".
        fill_value: for "constant".
        value_range: ends of the range of pixels.
        seed: integer, for the same draws at every run.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.

    Source: Simard, Steinkraus and Platt, "Best practices for convolutional neural networks", ICDAR 2003.
    """

    _moves = True

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Any = (0, 255),
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        label = self._label()
        self.factor = interval(label, "factor", factor, 0, 1)
        self.scale = interval(label, "scale", scale, 0, 1)
        self.interpolation = one_of(label, "interpolation", interpolation, tuple(ORDERS))
        self.fill_mode = one_of(label, "fill_mode", fill_mode, (*FILL_MODES, "mirror"))
        self.fill_value = fill_value
        self.value_range = checked_range(label, value_range)

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        from axone.random.draws import draw_seed

        strength = random.uniform((), *self.scale, seed=seed)
        return drawn_below(self.factor, shape[0], seed), strength, draw_seed(seed)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        chosen, strength, seed = drawn
        height, width = images.shape[1:3]
        moved = ops.image.elastic_transform(
            images,
            strength * (0.1 * max(height, width)),
            max(0.05 * self.scale[1] * min(height, width), 1e-3),
            interpolation,
            self.fill_mode,
            self.fill_value,
            seed,
            "channels_last",
        )
        return ops.clip(ops.where(chosen, moved, images), *self.value_range)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "factor": self.factor,
            "scale": self.scale,
            "interpolation": self.interpolation,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "value_range": self.value_range,
        }
