"""Layers that change the tones of images: inverted, coarser, stretched, sharper, softer."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone import ops, random
from axone.layers.arguments import positive_integer
from axone.layers.preprocessing.image_colours import ColourLayer
from axone.layers.preprocessing.image_layer import drawn_below, interval

__all__ = [
    "AutoContrast",
    "Equalization",
    "RandomGaussianBlur",
    "RandomInvert",
    "RandomPosterization",
    "RandomSharpness",
    "Solarization",
]


class RandomInvert(ColourLayer):
    """Turns some of the images into their negatives.

    Args:
        factor: probability that an image is inverted: a number f for (0, f), or a pair that it is drawn from.
        value_range: ends of the range of values.
        seed: integer, for the same draws at every run.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = (0, 255),
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed, data_format, **kwargs)
        self.factor = interval(self._label(), "factor", factor, 0, 1)

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        return drawn_below(self.factor or (0, 0), shape[0], seed)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        return ops.where(drawn, self.value_range[1] - images, images)


class Solarization(ColourLayer):
    """Inverts the pixels above a threshold, after something was added to all.

    Args:
        addition_factor: range of what is added, as a fraction of the range of values: a pair of numbers from
            0 to 1, or f for (0, f).
        threshold_factor: range of the threshold, likewise.
        value_range: ends of the range of values.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = (0, 255),
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed, **kwargs)
        self.addition_factor = interval(self._label(), "addition_factor", addition_factor, 0, 1)
        self.threshold_factor = interval(self._label(), "threshold_factor", threshold_factor, 0, 1)

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        ranges = (self.addition_factor, self.threshold_factor)
        return [self._drawn(shape[0], *ends, seed) for ends in ranges]

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        added, threshold = drawn
        lighter = ops.clip(self._unit(images) + added, 0.0, 1.0)
        return self._ranged(ops.where(lighter < threshold, lighter, 1.0 - lighter))

    def get_config(self) -> dict[str, Any]:
        own = {"addition_factor": self.addition_factor, "threshold_factor": self.threshold_factor}
        return {**super().get_config(), **own}


class RandomPosterization(ColourLayer):
    """Keeps only the first bits of each pixel.

    Args:
        factor: bits to keep, from 1 to 8; or a pair (least, most), of which `most` is never drawn unless both
            are equal.
        value_range: ends of the range of values.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
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
        pair = factor if isinstance(factor, (tuple, list)) else (factor, factor)
        low, high = interval(self._label(), "factor", tuple(pair), 1, 8)
        self.factor = (positive_integer(self._label(), "factor", low), int(high))

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        low, high = self.factor or (1, 1)
        if low == high:
            return float(2 ** (8 - low))
        bits = random.randint((shape[0], 1, 1, 1), int(low), int(high), seed=seed)
        return ops.power(2.0, 8.0 - ops.cast(bits, "float32"))

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        whole = ops.floor(ops.clip(self._unit(images) * 255.0, 0.0, 255.0))
        return self._ranged(ops.floor(whole / drawn) * drawn / 255.0)


class RandomSharpness(ColourLayer):
    """Makes each image softer or sharper.

    Args:
        factor: range of a number f, a pair of numbers from 0 to 1, or one number u for (0, u): 0 leaves a
            smoothed image, 0.5 changes nothing, 1 sharpens.
        value_range: ends of the range of values; results are limited to it.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
    """

    # The middle pixel counts 5 times as much as each of its neighbours.
    _WINDOW = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13.0

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
        window = np.repeat(self._WINDOW[:, :, None, None], images.shape[3], axis=2)
        kernel = ops.convert_to_tensor(window, dtype=images.dtype)
        smooth = ops.depthwise_conv(images, kernel, padding="same", data_format="channels_last")
        return self._clipped(images + (1.0 - 2.0 * drawn) * (smooth - images))


class RandomGaussianBlur(ColourLayer):
    """Blurs some of the images with a Gaussian.

    Args:
        factor: probability that an image is blurred: a number f for (0, f), or a pair that it is drawn from.
        kernel_size: pixels of the window, an odd number, or two of them.
        sigma: range of the standard deviations in pixels, a pair of numbers from 0 to 1, or one number u for
            (0, u); drawn once for a batch.
        value_range: ends of the range of values; results are limited to it.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed, data_format, **kwargs)
        label = self._label()
        self.factor = interval(label, "factor", factor, 0, 1)
        self.sigma = interval(label, "sigma", sigma, 0, 1)
        sizes = kernel_size if isinstance(kernel_size, (tuple, list)) else (kernel_size, kernel_size)
        self.kernel_size = tuple(positive_integer(label, "kernel_size", n) for n in sizes)
        if len(self.kernel_size) != 2 or any(n % 2 == 0 for n in self.kernel_size):
            raise ValueError(f"{label}: kernel_size must be an odd number or two, got {kernel_size!r}.")

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        spread = random.uniform((2,), *self.sigma, seed=seed) + 1e-6
        return drawn_below(self.factor or (0, 0), shape[0], seed), spread

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        chosen, spread = drawn
        sigma = [ops.cast(spread[i], images.dtype) for i in (0, 1)]
        soft = ops.image.gaussian_blur(images, self.kernel_size, sigma, "channels_last")
        return self._clipped(ops.where(chosen, soft, images))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kernel_size": self.kernel_size, "sigma": self.sigma}


class AutoContrast(ColourLayer):
    """Stretches each channel of each image over the whole range of values.

    Args:
        value_range: ends of the range of values.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.
    """

    _random = False

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any) -> None:
        super().__init__(value_range, **kwargs)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        low = ops.min(images, axis=(1, 2), keepdims=True)
        span = ops.max(images, axis=(1, 2), keepdims=True) - low
        stretched = self._ranged((images - low) / ops.where(span > 0, span, 1.0))
        return ops.where(span > 0, stretched, images)


class Equalization(ColourLayer):
    """Spreads the values of each channel of each image, so that all occur about equally often.

    Args:
        value_range: ends of the range of values.
        bins: number of values that are told apart.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.
    """

    _random = False

    def __init__(
        self,
        value_range: Any = (0, 255),
        bins: int = 256,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, data_format=data_format, **kwargs)
        self.bins = positive_integer(self._label(), "bins", bins)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        n, height, width, channels = images.shape
        level = ops.cast(ops.clip(self._unit(images), 0.0, 1.0) * (self.bins - 1), "int64")
        # Each image and channel has bins of its own.
        own = np.arange(n * channels, dtype="int64").reshape(n, 1, 1, channels) * self.bins
        place = ops.reshape(level + own, (-1,))
        one = ops.ones(place.shape, dtype=images.dtype)
        count = ops.reshape(ops.segment_sum(one, place, n * channels * self.bins), (n * channels, self.bins))
        below = ops.cumsum(count, axis=1)
        first = ops.min(ops.where(below > 0, below, float(height * width)), axis=1, keepdims=True)
        span = height * width - first
        table = ops.clip(ops.round((below - first) * 255.0 / ops.where(span > 0, span, 1.0)), 0.0, 255.0)
        spread = ops.reshape(ops.take(ops.reshape(table, (-1,)), place), images.shape) / 255.0
        several = ops.moveaxis(ops.reshape(span > 0, (n, channels, 1, 1)), 1, 3)
        return ops.where(several, self._ranged(spread), images)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bins": self.bins}
