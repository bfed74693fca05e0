"""Classes of pixels, drawn over images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from axone.core.tensor import convert_to_numpy
from axone.visualization.gallery import channels_last, plot_image_gallery

__all__ = ["draw_segmentation_masks", "plot_segmentation_mask_gallery"]


def _colors(count: int, mapping: Mapping[int, Sequence[float]] | None) -> np.ndarray[Any, Any]:
    """One color (red, green, blue) from 0 to 255 per class; without a mapping those that Keras gives them."""
    if mapping is None:
        steps = np.array([2**25 - 1, 2**15 - 1, 2**21 - 1])
        return np.asarray(np.arange(count)[:, None] * steps % 255, "float32")
    missing = [number for number in range(count) if number not in mapping]
    if missing:
        raise ValueError(f"draw_segmentation_masks: color_mapping has no color for the classes {missing}.")
    return np.array([mapping[number] for number in range(count)], "float32")


def draw_segmentation_masks(
    images: Any,
    segmentation_masks: Any,
    num_classes: int | None = None,
    color_mapping: Mapping[int, Sequence[float]] | None = None,
    alpha: float = 0.8,
    blend: bool = True,
    ignore_index: int = -1,
    data_format: str | None = None,
) -> np.ndarray[Any, Any]:
    """Return images with their pixels coloured by class.

    Args:
        images: array or tensor (number, height, width, 3) of values from 0 to 255.
        segmentation_masks: class numbers, integers (number, height, width) or (number, height, width, 1).
            Classes from `num_classes` on keep the image's colors.
        num_classes: how many classes have colors; None takes the largest class number, so that this class
            has none, as in Keras.
        color_mapping: from class number to (red, green, blue), 0 to 255; made up when None.
        alpha: opacity of the colors.
        blend: whether to mix the colors with the image; False replaces it.
        ignore_index: a class whose pixels stay as they are.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        Array of the images' shape, channels last: uint8 where blended, else float32.

    Raises:
        ValueError: shapes that do not fit each other, or classes without a color.
        TypeError: masks that are not integers.
    """
    pixels = channels_last("draw_segmentation_masks", images, data_format).astype("float32")
    masks = np.asarray(convert_to_numpy(segmentation_masks))
    if masks.ndim == 4:
        masks = channels_last("draw_segmentation_masks", masks, data_format)[..., 0]
    if masks.shape != pixels.shape[:3]:
        raise ValueError(
            f"draw_segmentation_masks: images {pixels.shape} need masks of shape {pixels.shape[:3]}, got "
            f"{masks.shape}."
        )
    if masks.dtype.kind not in "iu":
        raise TypeError(f"draw_segmentation_masks: masks must be integers, got {masks.dtype}.")
    if pixels.shape[-1] != 3:
        raise ValueError(f"draw_segmentation_masks: images have 3 channels, got {pixels.shape[-1]}.")
    count = int(masks.max(initial=0)) if num_classes is None else num_classes
    drawn: np.ndarray[Any, Any] = pixels.copy()
    inside = (masks >= 0) & (masks < count)
    drawn[inside] = _colors(count, color_mapping)[masks[inside]]
    if not blend:
        return drawn
    mixed = pixels * np.float32(1 - alpha) + drawn * np.float32(alpha)
    shown: np.ndarray[Any, Any] = np.where((masks != ignore_index)[..., None], mixed, pixels)
    return shown.astype("uint8")


def plot_segmentation_mask_gallery(
    images: Any,
    num_classes: int,
    value_range: Sequence[float] = (0, 255),
    y_true: Any = None,
    y_pred: Any = None,
    color_mapping: Mapping[int, Sequence[float]] | None = None,
    blend: bool = True,
    alpha: float = 0.8,
    ignore_index: int = -1,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Show images beside the same with their true and their predicted classes; needs matplotlib.

    Args:
        images: array or tensor (number, height, width, 3).
        num_classes: how many classes have colors.
        value_range: values of black and white in the images.
        y_true, y_pred: class numbers (number, height, width, 1).
        color_mapping, blend, alpha, ignore_index, data_format: see `draw_segmentation_masks`.
        **kwargs: for `plot_image_gallery`: path, scale, dpi, ...
    """
    pixels = channels_last("plot_segmentation_mask_gallery", images, data_format)
    columns = [pixels]
    for classes in (y_true, y_pred):
        if classes is not None:
            masks = np.asarray(convert_to_numpy(classes))
            masks = channels_last("plot_segmentation_mask_gallery", masks, data_format).astype("int32")
            drawn = draw_segmentation_masks(
                pixels, masks, num_classes, color_mapping, alpha, blend, ignore_index, "channels_last"
            )
            columns.append(drawn)
    shown = np.stack(columns, axis=1).reshape(-1, *pixels.shape[1:])
    plot_image_gallery(
        shown,
        value_range=value_range,
        rows=len(pixels),
        cols=len(columns),
        data_format="channels_last",
        **kwargs,
    )
