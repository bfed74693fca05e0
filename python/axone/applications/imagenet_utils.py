"""From pictures to what networks trained on ImageNet take, and from their outputs to names of classes."""

from __future__ import annotations

import functools
import json
from typing import Any, Protocol

import numpy as np

from axone import config, ops
from axone.core.dtypes import floatx
from axone.core.suggest import did_you_mean
from axone.core.tensor import KerasTensor, Tensor, convert_to_numpy
from axone.utils.files import get_file

__all__ = ["decode_predictions", "preprocess_input"]

MODES = ("caffe", "tf", "torch")
# Means over ImageNet's training images, blue first, and means and deviations of pixels in [0, 1], red first.
BGR_MEANS = (103.939, 116.779, 123.68)
RGB_MEANS = (0.485, 0.456, 0.406)
RGB_DEVIATIONS = (0.229, 0.224, 0.225)

CLASSES_URL = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
CLASSES_HASH = "c2c37ea517e94d9795004a39431a14cb"


class Preprocess(Protocol):
    """`preprocess_input` of one network."""

    def __call__(self, x: Any, data_format: str | None = None) -> Any: ...


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Scales pictures as networks expect that were trained on ImageNet.

    Args:
        x: pixels from 0 to 255, red first: a batch (n, rows, columns, 3) or one picture (rows, columns, 3),
            an array or a tensor. It is not changed.
        data_format: "channels_last" or "channels_first"; None for the configured one.
        mode: "caffe" (blue first, minus ImageNet's means), "tf" (from -1 to 1) or "torch" (from 0 to 1, then
            mean 0 and deviation 1 over ImageNet).

    Returns:
        As `x`, floating point: of `x`'s own dtype where that is one, else `floatx()`.

    Raises:
        ValueError: for an unknown mode or format, or where there are no three channels.

    Example:
        >>> preprocess_input(np.full((1, 1, 1, 3), 255), mode="tf")
        array([[[[1., 1., 1.]]]], dtype=float32)
    """
    if mode not in MODES:
        raise ValueError(
            f"preprocess_input: mode must be one of {', '.join(MODES)}, got {mode!r}."
            f"{did_you_mean(mode, MODES)}"
        )
    if data_format not in (None, "channels_last", "channels_first"):
        raise ValueError(
            f"preprocess_input: data_format must be 'channels_last' or 'channels_first', got {data_format!r}."
        )
    x = _floating(x)
    if mode == "tf":
        return x / 127.5 - 1.0
    rank = len(x.shape)
    axis = rank - 3 if (data_format or config.image_data_format()) == "channels_first" else rank - 1
    if rank not in (3, 4) or x.shape[axis] != 3:
        raise ValueError(
            f"preprocess_input: expected pictures with 3 channels on axis {axis}, e.g. (n, 224, 224, 3), got "
            f"shape {tuple(x.shape)}."
        )
    shape = [3 if a == axis else 1 for a in range(rank)]

    def per_channel(values: tuple[float, ...]) -> Any:
        return np.array(values, dtype=str(x.dtype)).reshape(shape)

    if mode == "torch":
        return (x / 255.0 - per_channel(RGB_MEANS)) / per_channel(RGB_DEVIATIONS)
    flip = np.flip if isinstance(x, np.ndarray) else ops.flip
    return flip(x, axis) - per_channel(BGR_MEANS)


def _floating(x: Any) -> Any:
    if isinstance(x, (Tensor, KerasTensor)):
        return x if "float" in x.dtype else ops.cast(x, floatx())
    x = np.asarray(x)
    return x if np.issubdtype(x.dtype, np.floating) else x.astype(floatx())


def preprocessor(mode: str | None, module: str) -> Preprocess:
    """Return the `preprocess_input` of a network; mode None for networks that scale pixels themselves."""

    def preprocess_input(x: Any, data_format: str | None = None) -> Any:
        return x if mode is None else _preprocess(x, data_format, mode)

    preprocess_input.__module__ = module
    preprocess_input.__qualname__ = "preprocess_input"
    preprocess_input.__doc__ = (
        "Returns the pictures as they are: the network itself scales pixels from 0 to 255."
        if mode is None
        else f"Scales pixels from 0 to 255 as the network expects: "
        f'`imagenet_utils.preprocess_input(x, data_format, mode="{mode}")`.'
    )
    return preprocess_input


_preprocess = preprocess_input


@functools.lru_cache(maxsize=1)
def _classes() -> list[tuple[str, str]]:
    """WordNet's identifier and the name of every class, in order."""
    path = get_file("imagenet_class_index.json", CLASSES_URL, cache_subdir="models", file_hash=CLASSES_HASH)
    with open(path, encoding="utf-8") as file:
        index = json.load(file)
    return [(index[str(i)][0], index[str(i)][1]) for i in range(len(index))]


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, Any]]]:
    """Names the likeliest classes of a network trained on ImageNet.

    Args:
        preds: its outputs, of shape (n, 1000).
        top: how many classes to name for each picture.

    Returns:
        For each picture a list, likeliest first, of (WordNet's identifier, name, score).

    Raises:
        ValueError: if the outputs are of another shape, or `top` is not positive.
        ConnectionError: if the names of the classes (35 KB) are not on this disk and could not be downloaded.

    Example:
        >>> decode_predictions(model.predict(x), top=1)[0]
        [('n02504458', 'African_elephant', 0.82)]
    """
    scores = convert_to_numpy(preds)
    if scores.ndim != 2 or scores.shape[1] != 1000:
        raise ValueError(
            f"decode_predictions: expected outputs of shape (n, 1000), got {tuple(scores.shape)}. It knows "
            f"the 1000 classes of ImageNet only."
        )
    if isinstance(top, bool) or not isinstance(top, (int, np.integer)) or top < 1:
        raise ValueError(f"decode_predictions: top must be a positive integer, got {top!r}.")
    names = _classes()
    best = np.argsort(scores, axis=1)[:, : -top - 1 : -1]
    return [[(*names[i], row[i]) for i in order] for row, order in zip(scores, best, strict=True)]
