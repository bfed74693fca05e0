"""The base of layers that change images: what is drawn at random, what becomes of images and labels."""

from __future__ import annotations

from typing import Any

from axone import ops, random
from axone.core.random import SeedGenerator
from axone.core.tensor import is_tensor
from axone.layers.arguments import data_format as checked_format
from axone.layers.layer import Layer

__all__ = ["ImageLayer", "drawn_below", "interval", "value_range"]

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
_KEYS = ("images", "labels", "segmentation_masks")


class ImageLayer(Layer):
    """Base of layers that preprocess or augment images.

    A subclass says in `_draw` what is drawn at random for a batch, and in `_apply` what becomes of the
    images; both see batches with channels last. Labels stay as they are, and segmentation masks too, unless
    the subclass moves pixels (`_moves`): then masks are moved likewise, each pixel taking its nearest
    neighbour's value.

    Call arguments:
        data: images (height, width, channels) or a batch of them; or a dict with "images" and any of "labels"
            and "segmentation_masks".
        training: whether images are augmented; layers that are not random change them in any case.

    Args:
        seed: integer, for the same draws at every run.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.
    """

    _random = True
    _moves = False
    interpolation: str = "bilinear"

    def __init__(
        self, seed: int | SeedGenerator | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        self.bounding_box_format = kwargs.pop("bounding_box_format", None)
        super().__init__(**kwargs)
        self.data_format = checked_format(self._label(), data_format)
        self.seed = seed
        if self._random:
            self.generator = seed if isinstance(seed, SeedGenerator) else SeedGenerator(seed)
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self._build_at_init()

    # -- what a subclass says ------------------------------------------------------------------------------

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        """Random numbers for images of a shape (batch, height, width, channels)."""
        return None

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        """The changed images (batch, height, width, channels)."""
        raise TypeError(f"{type(self).__name__} must define _apply.")

    def _labels(self, labels: Any, drawn: Any) -> Any:
        """The labels of the changed images."""
        return labels

    # -- Keras's steps -------------------------------------------------------------------------------------

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return what is drawn for some images, for the methods `transform_...`; None for nothing."""
        if self._random and not training:
            return None
        images = self._batch(data["images"] if isinstance(data, dict) else data)
        source = self.generator if seed is None and self._random else seed
        return self._draw(tuple(images.shape), source)

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the changed images."""
        x = ops.cast(images, self.compute_dtype)
        if self._random and not training:
            return x
        return self._like(self._apply(self._batch(x), transformation, self.interpolation), x)

    def transform_labels(self, labels: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the labels of the changed images."""
        return self._labels(labels, transformation) if training or not self._random else labels

    def transform_segmentation_masks(
        self, masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the masks of the changed images."""
        if not self._moves or (self._random and not training):
            return masks
        moved = self._apply(self._batch(ops.cast(masks, self.compute_dtype)), transformation, "nearest")
        return self._like(moved, masks)

    def call(self, data: Any, training: bool = True) -> Any:
        """Return the changed images, or a dict of them and what belongs to them."""
        if not isinstance(data, dict):
            images = data if is_tensor(data) else ops.convert_to_tensor(data)
            self._check(images)
            drawn = self.get_random_transformation(images, training)
            return self.transform_images(images, drawn, training)
        unknown = sorted(set(data) - set(_KEYS))
        if unknown or "images" not in data:
            raise ValueError(
                f"{self._label()}: expected a dict with 'images' and any of {', '.join(_KEYS[1:])}, got keys "
                f"{sorted(data)}."
            )
        parts = {key: ops.convert_to_tensor(value) for key, value in data.items()}
        self._check(parts["images"])
        drawn = self.get_random_transformation(parts["images"], training)
        change = {
            "images": self.transform_images,
            "labels": self.transform_labels,
            "segmentation_masks": self.transform_segmentation_masks,
        }
        return {key: change[key](value, drawn, training) for key, value in parts.items()}

    # -- batches with channels last ------------------------------------------------------------------------

    def _check(self, images: Any) -> None:
        if len(images.shape) not in (3, 4):
            raise ValueError(
                f"{self._label()}: expected an image of 3 axes or a batch of 4, got shape "
                f"{tuple(images.shape)}."
            )

    def _batch(self, x: Any) -> Any:
        x = ops.expand_dims(x, 0) if len(x.shape) == 3 else x
        return ops.moveaxis(x, 1, -1) if self.data_format == "channels_first" else x

    def _like(self, batch: Any, x: Any) -> Any:
        batch = ops.moveaxis(batch, -1, 1) if self.data_format == "channels_first" else batch
        return ops.squeeze(batch, 0) if len(x.shape) == 3 else batch

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "data_format": self.data_format}
        if self._random:
            config["seed"] = None if isinstance(self.seed, SeedGenerator) else self.seed
        return config


def interval(
    label: str, name: str, value: Any, low: float, high: float, spread: bool | None = None
) -> tuple[float, float]:
    """Return the ends of a range that a factor is drawn from.

    Args:
        label: the layer, for messages.
        name: the argument.
        value: a pair, or one number f: the range from -f (or from `low`, if that is larger) to f.
        low, high: bounds.
        spread: for one number: True for the range (-f, f), False for (0, f); None: as the bounds say.

    Raises:
        ValueError: naming the layer, if the value is no such number or pair.
    """
    pair = list(value) if isinstance(value, (list, tuple)) else [value]
    numbers = [v for v in pair if isinstance(v, (int, float)) and not isinstance(v, bool)]
    wrong = len(numbers) != len(pair) or len(pair) not in (1, 2)
    if not wrong and len(pair) == 2:
        wrong = pair[0] > high or pair[1] < low
    elif not wrong:
        wrong = not low <= pair[0] <= high
    if wrong:
        raise ValueError(
            f"{label}: {name} must be a number or a pair of numbers from {low} to {high}, got {value!r}."
        )
    if len(pair) == 2:
        first, last = sorted(pair)
        return first, last
    size = abs(pair[0])
    if spread is None:
        return max(-size, low), size
    return (-size if spread else 0), size


def value_range(label: str, value: Any) -> tuple[float, float]:
    """Return the ends of the range of pixels.

    Raises:
        ValueError: naming the layer, if it is no pair of different numbers.
    """
    pair = sorted(value) if isinstance(value, (list, tuple)) and len(value) == 2 else []
    if not pair or not all(isinstance(v, (int, float)) for v in pair) or pair[0] == pair[1]:
        raise ValueError(f"{label}: value_range must be a pair such as (0, 255), got {value!r}.")
    return pair[0], pair[1]


def drawn_below(factor: tuple[float, float], count: int, seed: Any) -> Any:
    """For each of `count` images, whether it is chosen: with a probability drawn from the range `factor`."""
    probability = random.uniform((count, 1, 1, 1), factor[0], factor[1], seed=seed)
    return random.uniform((count, 1, 1, 1), seed=seed) < probability
