"""Layers that give images another size."""

from __future__ import annotations

from typing import Any

from axone import ops, random
from axone.layers.arguments import positive_integer
from axone.layers.preprocessing.image_layer import ImageLayer
from axone.ops._images import one_of
from axone.ops.resizing import INTERPOLATIONS

__all__ = ["CenterCrop", "RandomCrop", "Resizing"]


class _Sized(ImageLayer):
    """What layers share whose outputs have a height and width of their own."""

    _moves = True

    def __init__(self, height: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.height = positive_integer(self._label(), "height", height)
        self.width = positive_integer(self._label(), "width", width)

    def _cut(self, images: Any, top: Any, left: Any) -> Any:
        shape = (images.shape[0], self.height, self.width, images.shape[3])
        return ops.slice(images, ops.stack([0, top, left, 0]), shape)

    def _resized(self, images: Any, interpolation: str) -> Any:
        """The largest middle part of that aspect ratio, resized."""
        size = (self.height, self.width)
        return ops.image.resize(
            images, size, interpolation, crop_to_aspect_ratio=True, data_format="channels_last"
        )

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        space = (self.height, self.width)
        if self.data_format == "channels_first":
            return (*input_shape[:-2], *space)
        return (*input_shape[:-3], *space, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "height": self.height, "width": self.width}


class Resizing(_Sized):
    """Resizes images.

    Args:
        height, width: of the outputs.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: whether borders are cut off rather than the image distorted.
        pad_to_aspect_ratio: whether borders are added rather than the image distorted.
        fill_mode: must be "constant".
        fill_value: value of added borders.
        antialias: whether details that are too fine for the new size are smoothed away.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, any height, any width, channels), or without the batch.
    Output shape: (batch, height, width, channels).

    Raises:
        ValueError: an argument is out of range.

    Example: `Resizing(150, 150)(image)`.
    """

    _random = False

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(height, width, data_format=data_format, **kwargs)
        label = self._label()
        self.interpolation = one_of(label, "interpolation", str(interpolation).lower(), INTERPOLATIONS)
        self.fill_mode = one_of(label, "fill_mode", fill_mode, ("constant",))
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError(
                f"{label}: only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be True."
            )
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_value = fill_value
        self.antialias = bool(antialias)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation,
            self.antialias,
            self.crop_to_aspect_ratio,
            self.pad_to_aspect_ratio,
            self.fill_mode,
            self.fill_value,
            "channels_last",
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "interpolation": self.interpolation,
            "crop_to_aspect_ratio": self.crop_to_aspect_ratio,
            "pad_to_aspect_ratio": self.pad_to_aspect_ratio,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "antialias": self.antialias,
        }


class CenterCrop(_Sized):
    """Cuts the middle out of images; smaller images are resized, cut to the aspect ratio.

    Args:
        height, width: of the outputs.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, any height, any width, channels), or without the batch.
    Output shape: (batch, height, width, channels).
    """

    _random = False

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(height, width, data_format=data_format, **kwargs)

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        top, left = images.shape[1] - self.height, images.shape[2] - self.width
        if top < 0 or left < 0:
            return self._resized(images, interpolation)
        return self._cut(images, top // 2, left // 2)


class RandomCrop(_Sized):
    """Cuts a random part out of images, the same for a whole batch; otherwise, and where the images are not
    larger, resizes them, cut to the aspect ratio.

    Args:
        height, width: of the outputs.
        seed: integer, for the same parts at every run.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        **kwargs: see `Layer`.

    Input shape: (batch, any height, any width, channels), or without the batch.
    Output shape: (batch, height, width, channels).
    """

    def __init__(
        self, height: int, width: int, seed: Any = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(height, width, seed=seed, data_format=data_format, **kwargs)

    def _draw(self, shape: tuple[int, ...], seed: Any) -> Any:
        spare = shape[1] - self.height, shape[2] - self.width
        if min(spare) < 0:
            return None
        return [random.randint((), 0, n + 1, dtype="int64", seed=seed) for n in spare]

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the cropped images; without training their middle, resized."""
        x = ops.cast(images, self.compute_dtype)
        drawn = transformation if training else None
        return self._like(self._apply(self._batch(x), drawn, self.interpolation), x)

    def transform_segmentation_masks(
        self, masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the cropped masks."""
        drawn = transformation if training else None
        return self._like(
            self._apply(self._batch(ops.cast(masks, self.compute_dtype)), drawn, "nearest"), masks
        )

    def _apply(self, images: Any, drawn: Any, interpolation: str) -> Any:
        return self._resized(images, interpolation) if drawn is None else self._cut(images, *drawn)
