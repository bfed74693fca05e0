"""Convolutions of one, two and three dimensions: plain, grouped, by channel, separable, transposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone.core.operation import op
from axone.core.settings import flags
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, compute, promote_float, reshape_to
from axone.ops._spatial import (
    format_of,
    from_last,
    output_sizes,
    padding_of,
    pads_of,
    sizes_of,
    spatial_rank,
    to_last,
)

Sizes = int | Sequence[int]
PADDINGS = ("valid", "same", "causal")


@op
def conv(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Convolution: each output is a weighted sum of a window of the input.

    Args:
        inputs: (batch, *space, channels), or (batch, channels, *space) for "channels_first"; 1 to 3 spatial
            axes.
        kernel: (*window, channels / groups, filters); the number of groups follows from the channels.
        strides: steps between windows: one number, or one for each axis.
        padding: "valid" (none), "same" (zeros around, ceil(size / stride) outputs), or for one spatial axis
            "causal" (zeros before).
        data_format: "channels_last" or "channels_first"; None: `axone.config.image_data_format()`.
        dilation_rate: distance of a window's elements from each other.

    Returns:
        (batch, *output space, filters), or with the channels first.

    Raises:
        ValueError: the ranks or channels do not fit, or the kernel is larger than the input.

    Example:

    >>> axone.ops.conv(axone.ops.ones((1, 5, 5, 3)), axone.ops.ones((3, 3, 3, 8))).shape  # (1, 3, 3, 8)
    """
    layout = format_of("conv", data_format)
    x, w = promote_float(inputs, kernel)
    rank = spatial_rank("conv", x, layout)
    allowed = PADDINGS if rank == 1 else PADDINGS[:2]
    y = _convolved(
        "conv", to_last(x, layout), w, strides, padding_of("conv", padding, allowed), dilation_rate
    )
    return from_last(y, layout)


def conv_of_steps(
    sequences: TensorLike, kernel: TensorLike, strides: Any, padding: str, dilation_rate: Any
) -> Tensor:
    """Convolve each image of sequences; steps of zero gradient behind the others change no bit of a result.

    Args:
        sequences: tensor (batch, steps, *space, channels).
        kernel: tensor (*window, channels, filters).
        strides, padding, dilation_rate: see `conv`.

    Returns:
        Tensor (batch, steps, *output space, filters).
    """
    x, w = promote_float(sequences, kernel)
    batch, steps = x.shape[:2]
    images = reshape_to(x, (batch * steps, *x.shape[2:]))
    y = _convolved("conv", images, w, strides, padding, dilation_rate, samples=batch)
    return reshape_to(y, (batch, steps, *y.shape[1:]))


def _convolved(
    name: str, x: Tensor, w: Tensor, strides: Any, padding: str, dilation: Any, **more: int
) -> Tensor:
    """The convolution of a tensor whose channels are last."""
    rank, channels = x.ndim - 2, x.shape[-1]
    if w.ndim != x.ndim:
        raise ValueError(
            f"{name}: a kernel of {rank + 2} axes (*window, channels, filters) goes with inputs of shape "
            f"{x.shape}, got {w.shape}"
        )
    depth, filters = w.shape[-2:]
    groups = channels // depth if depth and channels % depth == 0 else 0
    if not groups or filters % groups:
        raise ValueError(
            f"{name}: a kernel {w.shape} of {depth} channels and {filters} filters does not divide the "
            f"{channels} channels of the inputs into groups"
        )
    steps = sizes_of(name, "strides", strides, rank)
    spread = sizes_of(name, "dilation_rate", dilation, rank)
    window, space = w.shape[:-2], x.shape[1:-1]
    output_sizes(name, space, window, steps, spread, padding)
    pads = [pads_of(*axis, padding) for axis in zip(space, window, steps, spread, strict=True)]
    return compute(
        "conv",
        x,
        w,
        strides=steps,
        dilation=spread,
        pad_lo=[low for low, _ in pads],
        pad_hi=[high for _, high in pads],
        groups=groups,
        exact=flags["exact_convolution"],
        **more,
    )


@op
def depthwise_conv(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Convolution of each channel with kernels of its own.

    Args:
        inputs: see `conv`.
        kernel: (*window, channels, multiplier).
        strides: see `conv`.
        padding: see `conv`.
        data_format: see `conv`.
        dilation_rate: see `conv`.

    Returns:
        (batch, *output space, channels * multiplier): the outputs of one channel stand next to each other.

    Raises:
        ValueError: see `conv`.

    Example:

    >>> x, w = axone.ops.ones((1, 5, 5, 3)), axone.ops.ones((3, 3, 3, 2))
    >>> axone.ops.depthwise_conv(x, w).shape  # (1, 3, 3, 6)
    """
    layout = format_of("depthwise_conv", data_format)
    x, w = promote_float(inputs, kernel)
    rank = spatial_rank("depthwise_conv", x, layout)
    mode = padding_of("depthwise_conv", padding, PADDINGS if rank == 1 else PADDINGS[:2])
    y = _depthwise("depthwise_conv", to_last(x, layout), w, strides, mode, dilation_rate)
    return from_last(y, layout)


def _depthwise(name: str, x: Tensor, w: Tensor, strides: Any, padding: str, dilation: Any) -> Tensor:
    if w.ndim != x.ndim or w.shape[-2] != x.shape[-1]:
        raise ValueError(
            f"{name}: expected a kernel (*window, {x.shape[-1]}, multiplier) for {x.shape[-1]} channels, got "
            f"{w.shape}"
        )
    flat = reshape_to(w, [*w.shape[:-2], 1, w.shape[-2] * w.shape[-1]])
    return _convolved(name, x, flat, strides, padding, dilation)


@op
def separable_conv(
    inputs: TensorLike,
    depthwise_kernel: TensorLike,
    pointwise_kernel: TensorLike,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """A convolution by channel, then one across channels with a window of 1.

    Args:
        inputs: see `conv`.
        depthwise_kernel: (*window, channels, multiplier).
        pointwise_kernel: (1, ..., 1, channels * multiplier, filters).
        strides: see `conv`.
        padding: see `conv`.
        data_format: see `conv`.
        dilation_rate: see `conv`.

    Returns:
        (batch, *output space, filters), or with the channels first.

    Raises:
        ValueError: see `conv`.
    """
    name = "separable_conv"
    layout = format_of(name, data_format)
    x, depthwise, pointwise = promote_float(inputs, depthwise_kernel, pointwise_kernel)
    rank = spatial_rank(name, x, layout)
    mode = padding_of(name, padding, PADDINGS if rank == 1 else PADDINGS[:2])
    channels = depthwise.shape[-1] * x.shape[-1 if layout == "channels_last" else 1]
    if pointwise.shape[:-1] != (*[1] * rank, channels):
        wanted = ", ".join(["1"] * rank)
        raise ValueError(
            f"{name}: expected a pointwise kernel ({wanted}, {channels}, filters), got {pointwise.shape}"
        )
    y = _depthwise(name, to_last(x, layout), depthwise, strides, mode, dilation_rate)
    return from_last(_convolved(name, y, pointwise, 1, "valid", 1), layout)


@op
def conv_transpose(
    inputs: TensorLike,
    kernel: TensorLike,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Transposed convolution: the gradient of a convolution by its input, used to enlarge.

    Args:
        inputs: (batch, *space, channels), or with the channels first.
        kernel: (*window, filters, channels).
        strides: factors of enlargement: one number, or one for each axis.
        padding: "valid": outputs of (size - 1) * stride + window positions, at least size * stride; "same":
            size * stride.
        output_padding: positions added behind, one number or one for each axis, each below the stride: "same"
            then gives (size - 1) * stride + window % 2 + output_padding. None: as above.
        data_format: see `conv`.
        dilation_rate: distance of a window's elements from each other.

    Returns:
        (batch, *output space, filters), or with the channels first.

    Raises:
        ValueError: the ranks or channels do not fit.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016.

    Example:

    >>> x, w = axone.ops.ones((1, 4, 4, 3)), axone.ops.ones((3, 3, 8, 3))
    >>> axone.ops.conv_transpose(x, w, strides=2, padding="same").shape  # (1, 8, 8, 8)
    """
    name = "conv_transpose"
    layout, mode = format_of(name, data_format), padding_of(name, padding)
    x, w = promote_float(inputs, kernel)
    rank = spatial_rank(name, x, layout)
    x = to_last(x, layout)
    if w.ndim != x.ndim or w.shape[-1] != x.shape[-1]:
        raise ValueError(
            f"{name}: expected a kernel of {x.ndim} axes (*window, filters, {x.shape[-1]}) for inputs of "
            f"{x.shape[-1]} channels, got {w.shape}"
        )
    steps = sizes_of(name, "strides", strides, rank)
    spread = sizes_of(name, "dilation_rate", dilation_rate, rank)
    more = more_of(name, output_padding, steps)
    axes = zip(x.shape[1:-1], w.shape[:-2], steps, spread, more, strict=True)
    found = [transposed_axis(*axis, mode) for axis in axes]
    y = compute(
        "conv_input_grad",
        x,
        w,
        strides=steps,
        dilation=spread,
        pad_lo=[low for _, low, _ in found],
        pad_hi=[high for _, _, high in found],
        groups=1,
        exact=flags["exact_convolution"],
        input_shape=[x.shape[0], *[size for size, _, _ in found], w.shape[-2]],
    )
    return from_last(y, layout)


def more_of(name: str, output_padding: Any, strides: Sequence[int]) -> list[int | None]:
    """`output_padding` for each axis; None where it was not given."""
    if output_padding is None:
        return [None] * len(strides)
    more = sizes_of(name, "output_padding", output_padding, len(strides), 0)
    for axis, (m, stride) in enumerate(zip(more, strides, strict=True)):
        if m >= stride:
            raise ValueError(
                f"{name}: `output_padding` must be below the stride, got {m} for stride {stride} at spatial "
                f"axis {axis}"
            )
    return list(more)


def transposed_axis(
    size: int, kernel: int, stride: int, dilation: int, more: int | None, padding: str
) -> tuple[int, int, int]:
    """Output size of a transposed convolution, and what its convolution pads before and after."""
    reach = (kernel - 1) * dilation + 1
    whole = (size - 1) * stride + reach  # before anything is cut off
    if padding == "valid":
        return whole + (max(stride - reach, 0) if more is None else more), 0, 0
    # As Keras counts: `total` positions beyond the inputs' own, of which up to reach - 1 lie in front.
    total = stride + reach - 2 if more is None else reach + reach % 2 - 2 + more
    front = min(total - total // 2, reach - 1)
    low, high = reach - 1 - front, reach - 1 - (total - front)
    return whole - low - high, low, max(high, 0)
