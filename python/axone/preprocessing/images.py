"""Pictures in files and arrays, through Pillow."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from axone import config
from axone.core import dtypes
from axone.core.tensor import is_tensor

__all__ = ["ImageDecodeError", "array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]

Array = np.ndarray[Any, Any]

MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_METHODS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


class ImageDecodeError(OSError, ValueError):
    """A file that holds no picture that can be read."""


def pillow(name: str) -> Any:
    """Return Pillow's module of that name.

    Raises:
        ImportError: Pillow is not installed.
    """
    import importlib

    try:
        return importlib.import_module(f"PIL.{name}")
    except ImportError as error:
        raise ImportError(
            "pictures need Pillow: pip install 'axone[image]' (or pip install pillow)."
        ) from error


def _format(data_format: str | None) -> str:
    name = config.image_data_format() if data_format is None else data_format
    if name not in ("channels_last", "channels_first"):
        raise ValueError(f"data_format must be 'channels_last' or 'channels_first', got {data_format!r}.")
    return name


def decode(source: Any, what: Any) -> Any:
    """Return the picture in a file object, all of it read.

    Args:
        source: binary file object.
        what: its name, for messages.

    Raises:
        ImageDecodeError: there is none.
    """
    image = pillow("Image")
    try:
        picture = image.open(source)
        picture.load()
    except (OSError, ValueError, SyntaxError, EOFError, image.DecompressionBombError) as error:
        raise ImageDecodeError(f"{what}: this cannot be decoded as an image ({error}).") from error
    return picture


def in_mode(picture: Any, color_mode: str) -> Any:
    """Return the picture in a colour mode: "grayscale", "rgb" or "rgba"."""
    if color_mode not in MODES:
        raise ValueError(f"color_mode must be 'grayscale', 'rgb' or 'rgba', got {color_mode!r}.")
    # Deep grey values would be cut off at 255.
    if color_mode == "grayscale" and picture.mode in ("L", "I;16", "I"):
        return picture
    mode = MODES[color_mode]
    return picture if picture.mode == mode else picture.convert(mode)


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: Sequence[int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Reads a picture from a file.

    Args:
        path: Path, or a binary file object.
        color_mode: "rgb", "rgba" or "grayscale".
        target_size: Height and width to resize to; None for the picture's own.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
        keep_aspect_ratio: Whether borders are cut off rather than the picture distorted.

    Returns:
        Pillow's image.

    Raises:
        ImageDecodeError: The file holds no picture (it is an OSError and a ValueError).
        OSError: The file cannot be read.
        ImportError: Pillow is not installed.
        ValueError: An option is unknown.

    Example:

    >>> array = img_to_array(load_img("cat.jpg", target_size=(224, 224)))  # (224, 224, 3)
    """
    if isinstance(path, (str, bytes, os.PathLike)):
        with open(path, "rb") as file:
            picture = decode(io.BytesIO(file.read()), os.fsdecode(path))
    elif hasattr(path, "read"):
        picture = decode(path, getattr(path, "name", "the file object"))
    else:
        raise TypeError(f"load_img: expected a path or a binary file object, got {type(path).__name__}.")
    picture = in_mode(picture, color_mode)
    if target_size is None:
        return picture
    if interpolation not in _METHODS:
        raise ValueError(f"interpolation must be one of {', '.join(_METHODS)}, got {interpolation!r}.")
    height, width = (int(n) for n in target_size)
    if picture.size == (width, height):
        return picture
    box = _middle(picture.size, width, height) if keep_aspect_ratio else None
    method = getattr(pillow("Image").Resampling, interpolation.upper())
    return picture.resize((width, height), method, box=box)


def _middle(size: tuple[int, int], target_width: int, target_height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the largest middle part of an aspect ratio."""
    width, height = size
    w = max(min(width, height * target_width // target_height), 1)
    h = max(min(height, width * target_height // target_width), 1)
    left, top = (width - w) // 2, (height - h) // 2
    return left, top, left + w, top + h


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> Array:
    """Turns a picture into an array.

    Args:
        img: Pillow's image.
        data_format: "channels_last" or "channels_first"; None for the configured one.
        dtype: Of the array; None for `floatx()`.

    Returns:
        (height, width, channels), or with the channels first; values from 0 to 255 for usual pictures.

    Raises:
        ValueError: It is no picture of 2 or 3 axes.
    """
    layout = _format(data_format)
    x = np.asarray(img, dtype=dtypes.floatx() if dtype is None else dtypes.standardize_dtype(dtype))
    if x.ndim not in (2, 3):
        raise ValueError(f"img_to_array: expected an image of 2 or 3 axes, got shape {x.shape}.")
    x = x[:, :, None] if x.ndim == 2 else x
    return x.transpose(2, 0, 1) if layout == "channels_first" else x


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Any:
    """Turns an array into a picture.

    Args:
        x: (height, width, channels) with 1, 3 or 4 channels, or with the channels first.
        data_format: "channels_last" or "channels_first"; None for the configured one.
        scale: Whether values are stretched to 0 ... 255; else they are taken as they are.
        dtype: Dtype to compute in; None for `floatx()`.

    Returns:
        Pillow's image.

    Raises:
        ValueError: The shape is another one.
        ImportError: Pillow is not installed.
    """
    image, layout = pillow("Image"), _format(data_format)
    array = np.asarray(x, dtype=dtypes.floatx() if dtype is None else dtypes.standardize_dtype(dtype))
    if array.ndim != 3:
        raise ValueError(f"array_to_img: expected one image of 3 axes, got shape {array.shape}.")
    if layout == "channels_first":
        array = array.transpose(1, 2, 0)
    if array.shape[2] not in (1, 3, 4):
        raise ValueError(f"array_to_img: expected 1, 3 or 4 channels, got {array.shape[2]}.")
    if scale and array.size:
        array = array - array.min()
        array = array / (array.max() or 1) * 255
    if array.shape[2] == 1:
        deep = array.size and array.max() > 255
        return image.fromarray(array[:, :, 0].astype("int32" if deep else "uint8"))
    return image.fromarray(array.astype("uint8"))


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Writes an array to a file as a picture.

    Args:
        path: Path or file object.
        x: (height, width, channels), or with the channels first.
        data_format: "channels_last" or "channels_first"; None for the configured one.
        file_format: "png", "jpeg", ...; None goes by the path's ending.
        scale: Whether values are stretched to 0 ... 255.
        **kwargs: For Pillow's `save`.

    Raises:
        ValueError: The shape fits no picture.
        ImportError: Pillow is not installed.
    """
    if file_format is None and isinstance(path, (str, Path)):
        file_format = Path(path).suffix[1:].lower()
    if file_format and file_format.lower() == "jpg":
        file_format = "jpeg"
    picture = array_to_img(x, data_format, scale)
    if picture.mode == "RGBA" and file_format == "jpeg":
        warnings.warn("JPEG holds no transparency: the image is saved as RGB.", stacklevel=2)
        picture = picture.convert("RGB")
    picture.save(path, format=file_format or None, **kwargs)


def smart_resize(
    x: Any, size: Sequence[int], interpolation: str = "bilinear", data_format: str = "channels_last"
) -> Any:
    """Resizes images without distortion: their largest middle part of the right aspect ratio.

    Args:
        x: (height, width, channels) or a batch of them; array or tensor.
        size: Height and width.
        interpolation: See `ops.image.resize`.
        data_format: "channels_last" or "channels_first".

    Returns:
        The images; an array for an array.

    Raises:
        ValueError: The shape or an option does not fit.
    """
    from axone import ops

    y = ops.image.resize(x, tuple(size), interpolation, crop_to_aspect_ratio=True, data_format=data_format)
    return y if is_tensor(x) else ops.convert_to_numpy(y)
