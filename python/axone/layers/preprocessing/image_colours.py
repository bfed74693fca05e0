"""Layers that change the colours of images at random."""

from __future__ import annotations

from typing import Any

from axone import ops, random
from axone.core.dtypes import epsilon
from axone.layers.preprocessing.image_layer import ImageLayer, drawn_below, interval
from axone.layers.preprocessing.image_layer import value_range as checked_range

__all__ = [
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomGrayscale",
    "RandomHue",
    "RandomSaturation",
]


class ColourLayer(ImageLayer):
    """Base of layers that change pixels within a range of values.

    Args:
        value_range: ends of the range, usually (0, 255) or (0, 1); results are limited to it.
        seed: integer, for the same draws at every run.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Attributes:
        factor: ends of the range that a factor is drawn from.
    """

    factor: tuple[float, float] | None = None

    def __init__(
        self, value_range: Any = (0, 255), seed: Any = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        self.value_range = checked_range(self._label(), value_range)

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        return None if self.factor is None else self._drawn(shape[0], *self.factor, seed)

    @staticmethod
    def _drawn(count: int, low: float, high: float, seed: Any) -> Any:
        """One number for each image."""
        return random.uniform((count, 1, 1, 1), low, high, seed=seed)

    def _clipped(self, images: Any) -> Any:
        return ops.clip(images, *self.value_range)

    def _unit(self, images: Any) -> Any:
        """From the range of values to [0, 1]."""
        low, high = self.value_range
        return images if (low, high) == (0, 1) else (images - low) / (high - low)

    def _ranged(self, images: Any) -> Any:
        """The reverse of `_unit`."""
        low, high = self.value_range
        return images if (low, high) == (0, 1) else images * (high - low) + low

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "value_range": self.value_range}
        return config if self.factor is None else {**config, "factor": self.factor}


class RandomBrightness(ColourLayer):
    """Adds a random number to each image.

    Args:
        factor: range of what is added, as a fraction of the range of values: a pair of numbers from -1 to 1,
            or f for (-f, f).
        value_range: ends of the range of values; results are limited to it.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: Any = None, **kwargs: Any) -> None:
        super().__init__(value_range, seed, **kwargs)
        self.factor = interval(self._label(), "factor", factor, -1, 1)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        low, high = self.value_range
        return self._clipped(images + drawn * (high - low))


class RandomContrast(ColourLayer):
    """Moves the pixels of each image away from their channel's mean, or towards it, by a random factor.

    Args:
        factor: a pair (l, u) for factors from 1 - l to 1 + u; or f for (f, f).
        value_range: ends of the range of values; results are limited to it.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: Any = None, **kwargs: Any) -> None:
        super().__init__(value_range, seed, **kwargs)
        pair = factor if isinstance(factor, (tuple, list)) else (factor, factor)
        for f in pair:
            interval(self._label(), "factor", f, 0, 1)
        interval(self._label(), "factor", tuple(pair), 0, 1)
        self.factor = (pair[0], pair[1])

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        lower, upper = self.factor or (0, 0)
        return self._drawn(shape[0], 1 - lower, 1 + upper, seed)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        mean = ops.mean(images, axis=(1, 2), keepdims=True)
        return self._clipped((images - mean) * drawn + mean)


class RandomSaturation(ColourLayer):
    """Makes the colours of each image stronger or weaker.

    Args:
        factor: range of a factor f, a pair of numbers from 0 to 1, or one number u for (0, u); the saturation
            is multiplied by f / (1 - f): 0 leaves grey, 0.5 changes nothing, 1 saturates.
        value_range: ends of the range of values.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, 3), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range, or there are not 3 channels.
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed, data_format, **kwargs)
        self.factor = interval(self._label(), "factor", factor, 0, 1)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        hue, saturation, value = ops.split(
            ops.image.rgb_to_hsv(self._unit(images), "channels_last"), 3, axis=3
        )
        saturation = ops.clip(saturation * drawn / (1.0 - drawn + epsilon()), 0.0, 1.0)
        changed = ops.concatenate([hue, saturation, value], axis=3)
        return self._ranged(ops.image.hsv_to_rgb(changed, "channels_last"))


class RandomHue(ColourLayer):
    """Turns the colours of each image around the colour wheel.

    Args:
        factor: range of the angle as a fraction of half a turn: a pair of numbers from 0 to 1, or one
            number u for (0, u); the direction is drawn too.
        value_range: ends of the range of values.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, 3), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range, or there are not 3 channels.
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed, data_format, **kwargs)
        self.factor = interval(self._label(), "factor", factor, 0, 1)

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        sign = ops.where(random.uniform((shape[0], 1, 1, 1), seed=seed) > 0.5, -0.5, 0.5)
        return sign * super()._draw(shape, seed)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        hue, saturation, value = ops.split(
            ops.image.rgb_to_hsv(self._unit(images), "channels_last"), 3, axis=3
        )
        changed = ops.concatenate([ops.mod(hue + drawn, 1.0), saturation, value], axis=3)
        return self._ranged(ops.clip(ops.image.hsv_to_rgb(changed, "channels_last"), 0.0, 1.0))


class RandomColorDegeneration(ColourLayer):
    """Mixes each image with its grey values.

    Args:
        factor: range of the share of grey: a pair of numbers from 0 to 1, or one number u for (0, u).
        value_range: ends of the range of values; results are limited to it.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, 3), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range, or there are not 3 channels.
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed, data_format, **kwargs)
        self.factor = interval(self._label(), "factor", factor, 0, 1)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        grey = ops.image.rgb_to_grayscale(images, "channels_last")
        return self._clipped(images + drawn * (grey - images))


class RandomGrayscale(ImageLayer):
    """Takes the colours from some of the images.

    Args:
        factor: probability that an image becomes grey.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, 3), or without the batch. Output shape: the same.

    Raises:
        ValueError: the factor is out of range, or there are not 3 channels.
    """

    def __init__(
        self, factor: float = 0.5, data_format: str | None = None, seed: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        interval(self._label(), "factor", factor, 0, 1)
        self.factor = factor

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        return drawn_below((self.factor, self.factor), shape[0], seed)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        grey = ops.image.rgb_to_grayscale(images, "channels_last")
        return ops.where(drawn, ops.broadcast_to(grey, images.shape), images)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


class RandomColorJitter(ImageLayer):
    """Changes brightness, contrast, saturation and hue of each image, in this order.

    Args:
        value_range: ends of the range of values.
        brightness_factor: see `RandomBrightness`; None leaves it out.
        contrast_factor: see `RandomContrast`; None leaves it out.
        saturation_factor: see `RandomSaturation`; None leaves it out.
        hue_factor: see `RandomHue`; None leaves it out.
        seed: integer, for the same draws at every run.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, 3), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        self.value_range = checked_range(self._label(), value_range)
        self._factors = {
            "brightness_factor": brightness_factor,
            "contrast_factor": contrast_factor,
            "saturation_factor": saturation_factor,
            "hue_factor": hue_factor,
        }
        kinds = (RandomBrightness, RandomContrast, RandomSaturation, RandomHue)
        self._steps = [
            kind(factor, value_range=value_range, seed=self.generator, data_format="channels_last")
            for kind, factor in zip(kinds, self._factors.values(), strict=True)
            if factor is not None
        ]

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        return [step._draw(shape, seed) for step in self._steps]

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        for step, numbers in zip(self._steps, drawn, strict=True):
            images = step._apply(images, numbers, interpolation)
        return images

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "value_range": self.value_range, **self._factors}
