"""Layers that mix images with each other, or cover parts of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone import ops, random
from axone.layers.preprocessing.image_layer import ImageLayer, drawn_below, interval
from axone.layers.preprocessing.image_layer import value_range as checked_range

__all__ = ["CutMix", "MixUp", "RandomErasing"]


def _boxes(shape: tuple[int, ...], tall: Any, wide: Any, seed: Any) -> Any:
    """Random boxes, one for each image.

    Args:
        shape: of the images.
        tall: heights of the boxes as fractions (batch, 1, 1, 1).
        wide: widths, likewise.
        seed: of the places.

    Returns:
        (batch, height, width, 1): True inside of the box.
    """
    inside = None
    for axis, share in ((1, tall), (2, wide)):
        length = share * shape[axis]
        start = random.uniform((shape[0], 1, 1, 1), seed=seed) * (shape[axis] - length)
        place = np.arange(shape[axis], dtype="float32").reshape([-1 if a == axis else 1 for a in range(4)])
        within = ops.logical_and(place >= start, place < start + length)
        inside = within if inside is None else ops.logical_and(inside, within)
    return inside


class MixUp(ImageLayer):
    """Mixes each image, and its label, with another one of the batch.

    Args:
        alpha: parameter of the beta distribution that the shares are drawn from: the larger, the more mixed.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input: images (batch, height, width, channels), or a dict with "images" and "labels" (batch, classes).

    Raises:
        ValueError: alpha is not positive.

    Source: Zhang et al., "mixup: beyond empirical risk minimization", 2018.

    Example: `MixUp()({"images": images, "labels": one_hot_labels}, training=True)`.
    """

    def __init__(
        self, alpha: float = 0.2, data_format: str | None = None, seed: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        if not isinstance(alpha, (int, float)) or alpha <= 0:
            raise ValueError(f"{self._label()}: alpha must be a positive number, got {alpha!r}.")
        self.alpha = alpha

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        share = random.beta((shape[0],), self.alpha, self.alpha, seed=seed)
        return share, random.shuffle(np.arange(shape[0], dtype="int64"), seed=seed)

    def _mixed(self, x: Any, drawn: Any) -> Any:
        share, partner = drawn
        share = ops.cast(ops.reshape(share, (-1, *[1] * (len(x.shape) - 1))), x.dtype)
        return share * x + (1.0 - share) * ops.take(x, partner, axis=0)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        return self._mixed(images, drawn)

    def _labels(self, labels: Any, drawn: Any) -> Any:
        return labels if drawn is None else self._mixed(ops.cast(labels, self.compute_dtype), drawn)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


class CutMix(ImageLayer):
    """Puts a random part of another image of the batch into each image, and mixes the labels by its area.

    Args:
        factor: range of the beta distribution's parameter: a pair of numbers from 0 to 1, or f for (0, f).
        seed: integer, for the same draws at every run.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input: images (batch, height, width, channels), or a dict with "images" and "labels" (batch, classes).

    Raises:
        ValueError: the factor is out of range.

    Source: Yun et al., "CutMix: regularization strategy to train strong classifiers", ICCV 2019.
    """

    def __init__(
        self, factor: Any = 1.0, seed: Any = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        self.factor = interval(self._label(), "factor", factor, 0, 1)

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        n = shape[0]
        alpha = random.uniform((n,), *self.factor, seed=seed) + 1e-6
        side = ops.reshape(ops.sqrt(1.0 - random.beta((n,), alpha, alpha, seed=seed)), (n, 1, 1, 1))
        inside = _boxes(shape, side, side, seed)
        # What the label counts is the area that is really seen.
        share = 1.0 - ops.mean(ops.cast(inside, "float32"), axis=(1, 2, 3))
        return inside, share, random.shuffle(np.arange(n, dtype="int64"), seed=seed)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        inside, _, partner = drawn
        return ops.where(inside, ops.take(images, partner, axis=0), images)

    def _labels(self, labels: Any, drawn: Any) -> Any:
        if drawn is None:
            return labels
        _, share, partner = drawn
        x = ops.cast(labels, self.compute_dtype)
        share = ops.cast(ops.reshape(share, (-1, *[1] * (len(x.shape) - 1))), x.dtype)
        return share * x + (1.0 - share) * ops.take(x, partner, axis=0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


class RandomErasing(ImageLayer):
    """Covers a random box of each image.

    Args:
        factor: probability that an image is changed: a number f for (0, f), or a pair that it is drawn from.
        scale: range of the squares of the box's height and width as fractions of the image's.
        fill_value: what covers: a number, one for each channel, or None for normal noise.
        value_range: ends of the range of values; what covers is limited to it.
        seed: integer, for the same draws at every run.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, channels), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.

    Source: Zhong et al., "Random erasing data augmentation", AAAI 2020.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: Any = None,
        value_range: Any = (0, 255),
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        label = self._label()
        self.factor = interval(label, "factor", factor, 0, 1)
        self.scale = interval(label, "scale", scale, 0, 1)
        self.value_range = checked_range(label, value_range)
        numbers = fill_value if isinstance(fill_value, (list, tuple)) else [fill_value]
        if not all(v is None or isinstance(v, (int, float)) for v in numbers):
            raise ValueError(f"{label}: fill_value must be a number, numbers or None, got {fill_value!r}.")
        self.fill_value = fill_value

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        tall, wide = (ops.sqrt(random.uniform((shape[0], 1, 1, 1), *self.scale, seed=seed)) for _ in range(2))
        inside = ops.logical_and(_boxes(shape, tall, wide, seed), drawn_below(self.factor, shape[0], seed))
        if self.fill_value is None:
            cover = random.normal(shape, seed=seed) * self.value_range[1]
        else:
            cover = ops.convert_to_tensor(np.asarray(self.fill_value, "float32"))
        return inside, ops.clip(cover, *self.value_range)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        inside, cover = drawn
        return ops.where(inside, ops.cast(cover, images.dtype), images)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "factor": self.factor,
            "scale": self.scale,
            "fill_value": self.fill_value,
            "value_range": self.value_range,
        }
