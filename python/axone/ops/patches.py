"""Windows of images as columns, columns as images, and pixels as channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, compute, reshape_to, to_float, to_tensor
from axone.ops._spatial import format_of, from_last, output_sizes, padding_of, pads_of, sizes_of, to_last

Sizes = int | Sequence[int]


def cut_windows(
    name: str,
    x: Tensor,
    axes: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
    pads: Sequence[tuple[int, int]],
) -> Tensor:
    """Each of some axes as two: the windows, and the elements of a window; zeros are padded around."""
    space = [x.shape[a] + sum(p) for a, p in zip(axes, pads, strict=True)]
    counts = output_sizes(name, space, window, strides, dilation, "valid", "window")
    if any(map(any, pads)):
        low, high = [0] * x.ndim, [0] * x.ndim
        for a, (before, behind) in zip(axes, pads, strict=True):
            low[a], high[a] = before, behind
        x = compute("pad", x, low=low, high=high, value=0.0)
    settings = list(zip(axes, counts, window, strides, dilation, strict=True))
    for axis, count, size, stride, step in reversed(settings):
        if count is None:
            continue
        places = np.arange(count)[:, None] * stride + np.arange(size) * step
        x = compute("gather", x, to_tensor(places.astype("int64")), axis=axis)
    return x


@op
def unfold(
    x: TensorLike, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> Tensor:
    """Windows of images as columns (im2col).

    Args:
        x: (batch, channels, height, width).
        kernel_size: the window's height and width.
        dilation: distance of a window's elements from each other.
        padding: zeros around the images.
        stride: steps between windows.

    Returns:
        (batch, channels * window size, windows).

    Raises:
        ValueError: the rank is another one, or no window fits.

    Example:

    >>> axone.ops.unfold(axone.ops.ones((1, 2, 4, 4)), 2, stride=2).shape  # (1, 8, 4)
    """
    tensor = to_tensor(x)
    if tensor.ndim != 4:
        raise ValueError(
            f"unfold: expected images (batch, channels, height, width), got shape {tensor.shape}"
        )
    pads = [(p, p) for p in sizes_of("unfold", "padding", padding, 2, 0)]
    window = sizes_of("unfold", "kernel_size", kernel_size, 2)
    steps, spread = sizes_of("unfold", "stride", stride, 2), sizes_of("unfold", "dilation", dilation, 2)
    cut = cut_windows("unfold", tensor, [2, 3], window, steps, spread, pads)
    n, c, h, kh, w, kw = cut.shape
    return reshape_to(compute("transpose", cut, perm=[0, 1, 3, 5, 2, 4]), [n, c * kh * kw, h * w])


@op
def fold(
    x: TensorLike,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """Adds columns of windows up to images (col2im): the transpose of `unfold`.

    Args:
        x: (batch, channels * window size, windows), as `unfold` gives them.
        output_size: height and width of the images.
        kernel_size: see `unfold`.
        dilation: see `unfold`.
        padding: see `unfold`.
        stride: see `unfold`.

    Returns:
        (batch, channels, height, width).

    Raises:
        ValueError: the sizes do not fit each other.
    """
    tensor = to_float(x)
    window, space = (
        sizes_of("fold", "kernel_size", kernel_size, 2),
        sizes_of("fold", "output_size", output_size, 2),
    )
    steps, spread = sizes_of("fold", "stride", stride, 2), sizes_of("fold", "dilation", dilation, 2)
    pads = sizes_of("fold", "padding", padding, 2, 0)
    padded = [n + 2 * p for n, p in zip(space, pads, strict=True)]
    counts = output_sizes("fold", padded, window, steps, spread, "valid")
    taps = window[0] * window[1]
    if tensor.ndim != 3 or tensor.shape[1] % taps or tensor.shape[2] != counts[0] * counts[1]:  # type: ignore[operator]
        raise ValueError(
            f"fold: expected x (batch, channels * {taps}, {counts[0]} * {counts[1]}), got {tensor.shape}"
        )
    n, c = tensor.shape[0], tensor.shape[1] // taps
    # One image per channel; the kernel puts each column's element back into its place of the window.
    columns = reshape_to(tensor, [n * c, taps, counts[0], counts[1]])  # type: ignore[list-item]
    kernel = to_tensor(np.eye(taps).reshape(*window, 1, taps), tensor.dtype)
    images = compute(
        "conv_input_grad",
        compute("transpose", columns, perm=[0, 2, 3, 1]),
        kernel,
        strides=steps,
        dilation=spread,
        pad_lo=pads,
        pad_hi=pads,
        groups=1,
        input_shape=[n * c, *space, 1],
    )
    return reshape_to(images, [n, c, *space])


@op
def depth_to_space(x: TensorLike, block_size: int, data_format: str | None = "channels_last") -> Tensor:
    """Channels as blocks of pixels ("pixel shuffle").

    Args:
        x: (batch, height, width, channels * block_size**2), or with the channels first.
        block_size: height and width of a block, at least 2.
        data_format: "channels_last" or "channels_first".

    Returns:
        (batch, height * block_size, width * block_size, channels), or with the channels first.

    Raises:
        ValueError: the channels cannot be divided so.
    """
    tensor, b, layout = _block(x, block_size, data_format, "depth_to_space")
    n, h, w, c = tensor.shape
    if c % (b * b):
        raise ValueError(f"depth_to_space: {c} channels are no multiple of block_size**2 = {b * b}")
    # With the channels first a channel's block elements stand next to each other, as in Keras.
    first = layout == "channels_first"
    split = [n, h, w, c // (b * b), b, b] if first else [n, h, w, b, b, c // (b * b)]
    perm = [0, 1, 4, 2, 5, 3] if first else [0, 1, 3, 2, 4, 5]
    blocks = compute("transpose", reshape_to(tensor, split), perm=perm)
    return from_last(reshape_to(blocks, [n, h * b, w * b, c // (b * b)]), layout)


@op
def space_to_depth(x: TensorLike, block_size: int, data_format: str | None = "channels_last") -> Tensor:
    """Blocks of pixels as channels: the reverse of `depth_to_space`.

    Args:
        x: (batch, height, width, channels), or with the channels first.
        block_size: height and width of a block, at least 2.
        data_format: "channels_last" or "channels_first".

    Returns:
        (batch, height / block_size, width / block_size, channels * block_size**2), or with the
        channels first.

    Raises:
        ValueError: height or width cannot be divided so.
    """
    tensor, b, layout = _block(x, block_size, data_format, "space_to_depth")
    n, h, w, c = tensor.shape
    if h % b or w % b:
        raise ValueError(f"space_to_depth: images of {h} x {w} are no multiple of block_size {b}")
    perm = [0, 1, 3, 5, 2, 4] if layout == "channels_first" else [0, 1, 3, 2, 4, 5]
    blocks = compute("transpose", reshape_to(tensor, [n, h // b, b, w // b, b, c]), perm=perm)
    return from_last(reshape_to(blocks, [n, h // b, w // b, c * b * b]), layout)


def _block(x: TensorLike, block_size: int, data_format: str | None, name: str) -> tuple[Tensor, int, str]:
    tensor, layout = to_tensor(x), format_of(name, data_format)
    if tensor.ndim != 4:
        raise ValueError(f"{name}: expected images of 4 axes, got shape {tensor.shape}")
    (size,) = sizes_of(name, "block_size", block_size, 1, 2)
    return to_last(tensor, layout), size, layout


@op
def extract_patches(
    images: TensorLike,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Windows of images or volumes, each as one vector.

    Args:
        images: (height, width, channels) or a batch of them; for a `size` of three numbers volumes (depth,
            height, width, channels). With the channels first for "channels_first".
        size: height and width of a window, or three sizes.
        strides: steps between windows; None: `size`.
        dilation_rate: distance of a window's elements from each other.
        padding: "valid" or "same" (zeros around).
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        (*windows, window size * channels), with a batch axis where there was one.

    Raises:
        ValueError: the rank does not fit, or no window fits.

    Example:

    >>> axone.ops.image.extract_patches(axone.ops.ones((2, 20, 20, 3)), 5).shape  # (2, 4, 4, 75)
    """
    rank = len(size) if hasattr(size, "__len__") else 2
    if rank not in (2, 3):
        raise ValueError(f"extract_patches: `size` must be a number, two or three, got {size!r}")
    return _patches("extract_patches", images, rank, size, strides, dilation_rate, padding, data_format)


@op
def extract_patches_3d(
    volumes: TensorLike,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Windows of volumes, each as one vector; see `extract_patches`.

    Args:
        volumes: (depth, height, width, channels) or a batch of them; or with the channels first.
        size: sizes of a window: one number, or three.
        strides: steps between windows; None: `size`.
        dilation_rate: distance of a window's elements from each other.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        (*windows, window size * channels), with a batch axis where there was one.

    Raises:
        ValueError: the rank does not fit, or no window fits.
    """
    return _patches("extract_patches_3d", volumes, 3, size, strides, dilation_rate, padding, data_format)


def _patches(
    name: str, images: Any, rank: int, size: Any, strides: Any, dilation: Any, padding: Any, data_format: Any
) -> Tensor:
    layout, tensor = format_of(name, data_format), to_tensor(images)
    if tensor.ndim not in (rank + 1, rank + 2):
        raise ValueError(f"{name}: expected {rank + 1} or {rank + 2} axes, got shape {tensor.shape}")
    single = tensor.ndim == rank + 1
    x = to_last(reshape_to(tensor, [1, *tensor.shape]) if single else tensor, layout)
    window = sizes_of(name, "size", size, rank)
    steps = window if strides is None else sizes_of(name, "strides", strides, rank)
    spread = sizes_of(name, "dilation_rate", dilation, rank)
    mode = padding_of(name, padding)
    space = zip(x.shape[1:-1], window, steps, spread, strict=True)
    pads = [pads_of(*axis, mode) for axis in space]
    cut = cut_windows(name, x, range(1, rank + 1), window, steps, spread, pads)
    counts = [1 + 2 * i for i in range(rank)]
    perm = [0, *counts, *[a + 1 for a in counts], cut.ndim - 1]
    vectors = math.prod(window) * x.shape[-1]
    flat = reshape_to(
        compute("transpose", cut, perm=perm), [x.shape[0], *[cut.shape[a] for a in counts], vectors]
    )
    y = from_last(flat, layout)
    return reshape_to(y, y.shape[1:]) if single else y
