"""Many images on one page, with what they are and what they were taken for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from axone import config
from axone.core.tensor import convert_to_numpy
from axone.utils.optional import need

__all__ = ["channels_last", "plot_image_gallery"]


def _grid(count: int, rows: int | None, cols: int | None) -> tuple[int, int]:
    """Rows and columns for some images, where one or both are not given."""
    for name, value in (("rows", rows), ("cols", cols)):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise ValueError(f"plot_image_gallery: {name} must be a positive integer, got {value!r}.")
    if rows is None:
        rows = math.ceil(count / cols) if cols is not None else math.ceil(math.sqrt(count))
    return rows, cols or max(1, math.ceil(count / rows))


def channels_last(who: str, images: Any, data_format: str | None) -> np.ndarray[Any, Any]:
    """Return images as an array (number, height, width, channels).

    Args:
        who: function that asks, for errors.
        images: array or tensor of that shape, or with channels first where `data_format` says so.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Raises:
        ValueError: they have not four axes.
    """
    pixels = np.asarray(convert_to_numpy(images))
    if pixels.ndim != 4:
        raise ValueError(
            f"{who}: expected a batch of images, (number, height, width, channels), got shape "
            f"{pixels.shape}; for a single image give images[None]."
        )
    first = (data_format or config.image_data_format()) == "channels_first"
    return pixels.transpose(0, 2, 3, 1) if first else pixels


def _pixels(images: Any, value_range: Sequence[float], data_format: str | None) -> np.ndarray[Any, Any]:
    """Images as (number, height, width, 1 or 3 or 4) of values from 0 to 1."""
    pixels = np.asarray(convert_to_numpy(images))
    if pixels.ndim == 3:  # gray images without an axis of channels
        pixels, data_format = pixels[..., None], "channels_last"
    pixels = channels_last("plot_image_gallery", pixels, data_format)
    if pixels.shape[-1] not in (1, 3, 4):
        raise ValueError(f"plot_image_gallery: images have 1, 3 or 4 channels, got {pixels.shape[-1]}.")
    if len(pixels) == 0:
        raise ValueError("plot_image_gallery: there are no images.")
    low, high = (float(bound) for bound in value_range)
    if not high > low:
        raise ValueError(f"plot_image_gallery: value_range must be (lowest, highest), got {value_range}.")
    scaled: np.ndarray[Any, Any] = np.clip((pixels.astype("float64") - low) / (high - low), 0.0, 1.0)
    return scaled


def _classes(values: Any) -> list[Any]:
    """Class numbers as Python integers; rows of probabilities stand for their largest."""
    array = np.asarray(convert_to_numpy(values))
    if array.ndim == 2 and array.shape[1] > 1:
        array = array.argmax(axis=1)
    return list(array.reshape(-1).tolist())


def plot_image_gallery(
    images: Any,
    y_true: Any = None,
    y_pred: Any = None,
    label_map: Mapping[Any, str] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    value_range: Sequence[float] = (0, 255),
    scale: float = 2,
    path: Any = None,
    show: bool | None = None,
    transparent: bool = True,
    dpi: int = 60,
    legend_handles: Any = None,
    data_format: str | None = None,
) -> None:
    """Show images in rows and columns, or write them to a file; needs matplotlib.

    Args:
        images: array or tensor (number, height, width, channels); gray images need no axis of channels.
        y_true: class numbers (number,), or rows of probabilities, written over the images.
        y_pred: predicted classes, alike. Where both are given wrong ones are red.
        label_map: from class number to name.
        rows, cols: numbers of rows and columns; about equal where not given.
        value_range: values of black and white: (0, 255) or (0, 1).
        scale: inches per image.
        path: file to write; shows nothing then.
        show: whether to show the figure; without a path it is shown unless `show` is False.
        transparent: whether a file has a transparent background.
        dpi: pixels per inch of a file.
        legend_handles: patches of matplotlib for a legend.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Raises:
        ValueError: images of another shape, labels without `label_map`, or both `path` and `show`.
        ImportError: matplotlib is not installed.

    Example:
        >>> axone.visualization.plot_image_gallery(x[:9], y_true=y[:9], label_map=names)
    """
    if path is not None and show:
        raise ValueError("plot_image_gallery: give a path to write to or show=True, not both.")
    if (y_true is not None or y_pred is not None) and label_map is None:
        raise ValueError("plot_image_gallery: y_true and y_pred need label_map, from class number to name.")
    pixels = _pixels(images, value_range, data_format)
    rows, cols = _grid(len(pixels), rows, cols)
    plt = need("matplotlib.pyplot", "plot_image_gallery", "plot")
    truth = None if y_true is None else _classes(y_true)
    guess = None if y_pred is None else _classes(y_pred)
    figure, axes = plt.subplots(
        rows, cols, figsize=(cols * scale, rows * scale), squeeze=False, frameon=False, layout="tight"
    )
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="lower center")
    for number, axis in enumerate(axes.flat):
        axis.axis("off")
        if number >= len(pixels):
            continue
        image = pixels[number]
        axis.imshow(image[..., 0] if image.shape[-1] == 1 else image, cmap="gray", vmin=0.0, vmax=1.0)
        parts = [
            f"{what}: {(label_map or {}).get(found[number], 'Unknown')}"
            for what, found in (("Label", truth), ("Pred", guess))
            if found is not None and number < len(found)
        ]
        wrong = len(parts) == 2 and truth is not None and guess is not None and truth[number] != guess[number]
        if parts:
            axis.set_title("\n".join(parts), fontsize=8, color="#b3261e" if wrong else "#202124")
    if path is not None:
        figure.savefig(path, bbox_inches="tight", pad_inches=0.05, transparent=transparent, dpi=dpi)
    elif show is not False:
        plt.show()
    if path is not None or show is not False:
        plt.close(figure)
