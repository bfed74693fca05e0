"""Colours: grey values, hue, saturation and value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, cast_to, compute, is_float, to_float, to_tensor
from axone.ops._images import as_batch
from axone.ops.shape import split

# Shares of red, green and blue in the brightness that the eye sees (ITU-R BT.601).
LUMA = (0.2989, 0.5870, 0.1140)


@op
def rgb_to_grayscale(images: TensorLike, data_format: str | None = None) -> Tensor:
    """The brightness of coloured images, 0.2989 red + 0.587 green + 0.114 blue, as one channel.

    Args:
        images: (height, width, 3) or a batch of them; with the channels first for "channels_first". Images of
            one channel are returned as they are.
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        Images of one channel, of the same dtype.

    Raises:
        ValueError: there are neither 3 channels nor 1.
    """
    tensor = to_tensor(images)
    x, undo = as_batch("rgb_to_grayscale", tensor, data_format)
    if x.shape[3] == 1:
        return tensor
    _expect_colours("rgb_to_grayscale", x)
    weights = to_tensor([[w] for w in LUMA], to_float(x).dtype)
    return undo(cast_to(compute("matmul", to_float(x), weights), tensor.dtype))


@op
def rgb_to_hsv(images: TensorLike, data_format: str | None = None) -> Tensor:
    """Red, green and blue in [0, 1] as hue, saturation and value in [0, 1].

    Args:
        images: floating-point images (height, width, 3) or a batch of them, or with the channels first.
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        Images of the same shape.

    Raises:
        ValueError: the dtype is no floating-point one, or there are not 3 channels.

    Source: Smith, "Color gamut transform pairs", SIGGRAPH 1978.
    """
    from axone import ops

    undo: Callable[[Any], Tensor]
    x, undo = _colours("rgb_to_hsv", images, data_format)
    r, g, b = split(x, 3, axis=3)
    value, least = ops.maximum(ops.maximum(r, g), b), ops.minimum(ops.minimum(r, g), b)
    span: Any = value - least
    saturation: Any = ops.where(value > 0, span / ops.where(value > 0, value, 1.0), 0.0)
    safe: Any = ops.where(span > 0, span, 1.0)
    sixth = 1.0 / (6.0 * safe)
    hue: Any = ops.where(value == g, sixth * (b - r) + 2 / 6, sixth * (r - g) + 4 / 6)
    hue = ops.where(value == r, sixth * (g - b), hue)
    hue = ops.where(span > 0, hue, 0.0)
    hue = hue + cast_to(hue < 0.0, x.dtype)
    return undo(ops.concatenate([hue, saturation, value], axis=3))


@op
def hsv_to_rgb(images: TensorLike, data_format: str | None = None) -> Tensor:
    """Hue, saturation and value in [0, 1] as red, green and blue in [0, 1].

    Args:
        images: floating-point images (height, width, 3) or a batch of them, or with the channels first.
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        Images of the same shape.

    Raises:
        ValueError: the dtype is no floating-point one, or there are not 3 channels.

    Source: Smith, "Color gamut transform pairs", SIGGRAPH 1978.
    """
    from axone import ops

    undo: Callable[[Any], Tensor]
    x, undo = _colours("hsv_to_rgb", images, data_format)
    hue, saturation, value = split(x, 3, axis=3)
    turn = ops.mod(hue, 1.0) * 6.0
    parts = [
        ops.clip(ops.abs(turn - 3.0) - 1.0, 0.0, 1.0),
        ops.clip(2.0 - ops.abs(turn - 2.0), 0.0, 1.0),
        ops.clip(2.0 - ops.abs(turn - 4.0), 0.0, 1.0),
    ]
    return undo(ops.concatenate([value * (1.0 - saturation + saturation * p) for p in parts], axis=3))


def _colours(name: str, images: Any, data_format: str | None) -> tuple[Tensor, Any]:
    tensor = to_tensor(images)
    x, undo = as_batch(name, tensor, data_format)
    if not is_float(tensor):
        raise ValueError(
            f"{name}: expected floating-point images in [0, 1], got {tensor.dtype}; divide pixels by 255"
        )
    _expect_colours(name, x)
    return x, undo


def _expect_colours(name: str, x: Tensor) -> None:
    if x.shape[3] != 3:
        raise ValueError(f"{name}: expected 3 channels, got {x.shape[3]} (images of shape {x.shape[1:]})")
