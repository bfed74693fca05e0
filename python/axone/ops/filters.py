"""Images filtered: blurred, their edges, their likeness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, to_float, to_tensor
from axone.ops._images import as_batch
from axone.ops._spatial import sizes_of
from axone.ops.convolution import depthwise_conv


def gaussian(size: int, sigma: Any, dtype: str) -> Any:
    """`size` values of a Gaussian around the middle, which add up to 1; sigma may be a tensor."""
    from axone import ops

    place = to_tensor(np.arange(size) - (size - 1) / 2, dtype)
    values = ops.exp(-0.5 * ops.square(place / sigma))
    return values / ops.sum(values)


def blurred(x: Tensor, size: Sequence[int], sigma: Sequence[Any], padding: str = "same") -> Any:
    """A batch of images, channels last, convolved with Gaussians along rows and columns."""
    from axone import ops

    for axis in (0, 1):
        shape = [1, 1, 1, 1]
        shape[axis] = size[axis]
        line = ops.reshape(gaussian(size[axis], sigma[axis], x.dtype), shape)
        kernel = ops.repeat(line, x.shape[-1], axis=2)
        x = depthwise_conv(x, kernel, padding=padding, data_format="channels_last")
    return x


@op
def gaussian_blur(
    images: TensorLike,
    kernel_size: int | Sequence[int] = (3, 3),
    sigma: Any = (1.0, 1.0),
    data_format: str | None = None,
) -> Tensor:
    """Blurs images with a Gaussian.

    Args:
        images: (height, width, channels) or a batch of them; with the channels first for "channels_first".
        kernel_size: pixels of the window: one number, or along width and height.
        sigma: standard deviations in pixels, likewise.
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        Images of the same shape, in floating point; what lies outside counts as 0.

    Raises:
        ValueError: a size is below 1.
    """
    x, undo = as_batch("gaussian_blur", to_float(images), data_format)
    across, down = sizes_of("gaussian_blur", "kernel_size", kernel_size, 2)
    spread = list(sigma) if hasattr(sigma, "__len__") else [sigma, sigma]
    return undo(blurred(x, (down, across), (spread[1], spread[0])))


@op
def sobel_edges(images: TensorLike, data_format: str | None = None) -> Tensor:
    """Changes of brightness down and across, by Sobel's filters.

    Args:
        images: batch (batch, height, width, channels), or with the channels first.
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        A floating-point tensor with one axis more: [..., 0] down, [..., 1] across.

    Raises:
        ValueError: the rank is another one.

    Source: Sobel and Feldman, "A 3x3 isotropic gradient operator", 1968.
    """
    from axone import ops

    x, undo = as_batch("sobel_edges", to_float(images), data_format)
    across = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    filters = np.stack([across.T, across], axis=-1)[:, :, None, :]
    kernel = to_tensor(np.repeat(filters, x.shape[3], axis=2), x.dtype)
    edges: Any = depthwise_conv(x, kernel, padding="same", data_format="channels_last")
    edges = ops.reshape(edges, (*x.shape, 2))
    return ops.stack([undo(edges[..., 0]), undo(edges[..., 1])], axis=-1)


@op
def ssim(
    image1: TensorLike,
    image2: TensorLike,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Tensor:
    """Structural similarity of images: 1 for equal ones.

    Args:
        image1: (height, width, channels) or a batch of them; with the channels first for "channels_first".
        image2: likewise, of the same shape.
        max_val: the pixels' range.
        filter_size: side of the Gaussian window in which means and variances are taken.
        filter_sigma: its standard deviation in pixels.
        k1: keeps a quotient of means finite.
        k2: keeps a quotient of variances finite.
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        One number for each pair of images.

    Raises:
        ValueError: the shapes differ, or the images are smaller than the window.

    Source: Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment", IEEE TIP, 2004.
    """
    from axone import ops

    first, second = to_float(image1), to_float(image2)
    if first.shape != second.shape:
        raise ValueError(f"ssim: the images' shapes differ: {first.shape} and {second.shape}")
    x, _ = as_batch("ssim", first, data_format)
    y, _ = as_batch("ssim", second, data_format)

    def mean(z: Any) -> Any:
        return blurred(z, (filter_size, filter_size), (filter_sigma, filter_sigma), "valid")

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mx, my = mean(x), mean(y)
    vx, vy = mean(ops.square(x)) - mx * mx, mean(ops.square(y)) - my * my
    cov = mean(ops.multiply(x, y)) - mx * my
    likeness = (2.0 * mx * my + c1) * (2.0 * cov + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2))
    means = ops.mean(likeness, axis=(1, 2, 3))
    return ops.reshape(means, ()) if first.ndim == 3 else means
