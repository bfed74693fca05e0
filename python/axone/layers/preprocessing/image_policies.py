"""Layers that apply several augmentations, chosen at random."""

from __future__ import annotations

from typing import Any

from axone import ops, random
from axone.layers.arguments import positive_integer
from axone.layers.preprocessing.image_colours import RandomBrightness, RandomColorDegeneration, RandomContrast
from axone.layers.preprocessing.image_layer import ImageLayer, interval
from axone.layers.preprocessing.image_layer import value_range as checked_range
from axone.layers.preprocessing.image_maps import RandomRotation, RandomShear, RandomTranslation
from axone.layers.preprocessing.image_tones import (
    AutoContrast,
    Equalization,
    RandomPosterization,
    RandomSharpness,
    Solarization,
)

__all__ = ["AugMix", "RandAugment"]

# Policies have 2 to 5; more make a graph that takes long to build.
_MAX_STEPS = 32


def _few(label: str, name: str, value: Any) -> int:
    """A number of augmentations, each of which becomes a part of the graph."""
    count = positive_integer(label, name, value)
    if count > _MAX_STEPS:
        raise ValueError(f"{label}: {name} must be at most {_MAX_STEPS}, got {count}.")
    return count


class _Policy(ImageLayer):
    """What layers share that choose among augmentations of one strength."""

    def __init__(
        self,
        value_range: Any,
        factor: Any,
        interpolation: str,
        seed: Any,
        data_format: str | None,
        everything: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        self.value_range = checked_range(self._label(), value_range)
        self.factor = interval(self._label(), "factor", factor, 0, 1)
        self.interpolation = interpolation
        pair = self.factor
        common: dict[str, Any] = {"data_format": "channels_last"}
        maps: dict[str, Any] = {**common, "interpolation": interpolation, "seed": self.generator}
        fixed: dict[str, Any] = {**common, "value_range": self.value_range}
        tones: dict[str, Any] = {**fixed, "seed": self.generator}
        self._choices: list[ImageLayer] = [
            RandomShear(pair, pair, **maps),
            RandomTranslation(pair, pair, **maps),
            RandomRotation(pair, **maps),
            Solarization(pair, pair, **tones),
            RandomPosterization(max(1, int(8 * pair[1])), **tones),
            AutoContrast(**fixed),
            Equalization(**fixed),
        ]
        if everything:
            self._choices += [
                RandomBrightness(pair, **tones),
                RandomColorDegeneration(pair, **tones),
                RandomContrast(pair, **tones),
                RandomSharpness(pair, **tones),
            ]

    def _drawn_each(self, shape: tuple[int, ...], seed: Any) -> list[Any]:
        """What each of the augmentations draws."""
        return [layer._draw(shape, seed) for layer in self._choices]

    def _chosen(self, number: Any, images: Any, drawn: list[Any], interpolation: str) -> Any:
        """The images after the augmentation of a number; one above all of them does nothing."""
        steps = [
            lambda x, layer=layer, numbers=numbers: layer._apply(x, numbers, interpolation)
            for layer, numbers in zip(self._choices, drawn, strict=True)
        ]
        return ops.switch(number, [*steps, lambda x: x], images)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "value_range": self.value_range,
            "factor": self.factor,
            "interpolation": self.interpolation,
        }


class RandAugment(_Policy):
    """Applies some augmentations, chosen at random for each batch.

    Shear, translation, rotation, brightness, colours, contrast, sharpness, posterization, solarization,
    stretched contrast and equalization.

    Args:
        value_range: ends of the range of values.
        num_ops: number of augmentations, one after the other.
        factor: strength: a pair of numbers from 0 to 1, or f for (0, f).
        interpolation: "bilinear" or "nearest".
        seed: integer, for the same draws at every run.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, 3), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.

    Source: Cubuk et al., "RandAugment: practical automated data augmentation", 2020.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, factor, interpolation, seed, data_format, **kwargs)
        self.num_ops = _few(self._label(), "num_ops", num_ops)

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        numbers = random.randint((self.num_ops,), 0, len(self._choices), seed=seed)
        return [(numbers[i], self._drawn_each(shape, seed)) for i in range(self.num_ops)]

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        for number, numbers in drawn:
            images = self._chosen(number, images, numbers, interpolation)
        return images

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_ops": self.num_ops}


class AugMix(_Policy):
    """Mixes images with several augmented versions of themselves.

    Args:
        value_range: ends of the range of values; results are limited to it.
        num_chains: number of versions.
        chain_depth: augmentations of each, one after the other, chosen at random for each batch.
        factor: strength: a pair of numbers from 0 to 1, or f for (0, f).
        alpha: parameter of the distributions that the shares are drawn from.
        all_ops: whether brightness, colours, contrast and sharpness may change too.
        interpolation: "bilinear" or "nearest".
        seed: integer, for the same draws at every run.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, height, width, 3), or without the batch. Output shape: the same.

    Raises:
        ValueError: an argument is out of range.

    Source: Hendrycks et al., "AugMix: a simple data processing method to improve robustness", ICLR 2020.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, factor, interpolation, seed, data_format, all_ops, **kwargs)
        label = self._label()
        self.num_chains = _few(label, "num_chains", num_chains)
        self.chain_depth = _few(label, "chain_depth", chain_depth)
        if not isinstance(alpha, (int, float)) or alpha <= 0:
            raise ValueError(f"{label}: alpha must be a positive number, got {alpha!r}.")
        self.alpha = alpha
        self.all_ops = all_ops

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        parts = random.gamma((self.num_chains,), self.alpha, seed=seed)
        own = random.beta((), self.alpha, self.alpha, seed=seed)
        count = self.num_chains * self.chain_depth
        numbers = random.randint((count,), 0, len(self._choices) + 1, seed=seed)
        steps = [(numbers[i], self._drawn_each(shape, seed)) for i in range(count)]
        return parts / ops.sum(parts), own, steps

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        shares, own, steps = drawn
        own = ops.cast(own, images.dtype)
        mixed = ops.zeros_like(images)
        for chain in range(self.num_chains):
            version = images
            for number, numbers in steps[chain * self.chain_depth : (chain + 1) * self.chain_depth]:
                version = self._chosen(number, version, numbers, interpolation)
            mixed = mixed + version * ops.cast(shares[chain], images.dtype)
        return ops.clip(own * images + (1.0 - own) * mixed, *self.value_range)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_chains": self.num_chains,
            "chain_depth": self.chain_depth,
            "alpha": self.alpha,
            "all_ops": self.all_ops,
        }
