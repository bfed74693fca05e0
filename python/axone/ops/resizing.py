"""Images of another size: resized, scaled, cropped, padded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, axis_of, compute, shape_of, to_float, to_tensor
from axone.ops._images import as_batch, one_of
from axone.ops._spatial import sizes_of
from axone.ops.interpolation import METHODS, along_axis, nearest_places, resampling_matrix

INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


@op
def resize(
    images: TensorLike,
    size: int | Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Gives images another height and width.

    Args:
        images: (height, width, channels) or a batch of them; with the channels first for "channels_first".
        size: new height and width.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        antialias: whether details that are too fine for the new size are smoothed away.
        crop_to_aspect_ratio: whether borders are cut off rather than the image distorted.
        pad_to_aspect_ratio: whether borders are added rather than the image distorted.
        fill_mode: must be "constant".
        fill_value: value of added borders.
        data_format: "channels_last" or "channels_first"; None: `axone.config.image_data_format()`.

    Returns:
        Images of that size, in floating point unless interpolation is "nearest".

    Raises:
        ValueError: an argument is out of range, or the arguments contradict each other.

    Example:

    >>> axone.ops.image.resize(axone.ops.ones((28, 28, 1)), (14, 14)).shape  # (14, 14, 1)
    """
    method = one_of("resize", "interpolation", interpolation, INTERPOLATIONS)
    one_of("resize", "fill_mode", fill_mode, ("constant",))
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("resize: only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be True")
    goal = sizes_of("resize", "size", size, 2)
    x, undo = as_batch("resize", to_tensor(images), data_format)
    if 0 in x.shape[1:3]:
        raise ValueError(f"resize: the images are empty (shape {x.shape})")
    if crop_to_aspect_ratio:
        x = _cropped_to(x, goal)
    elif pad_to_aspect_ratio:
        x = _padded_to(x, goal, fill_value)
    return undo(resized(x, goal, method, antialias))


def resized(x: Tensor, goal: Sequence[int], method: str, antialias: bool = False) -> Tensor:
    """A batch of images, channels last, in another size."""
    pairs = [(axis, x.shape[axis], count) for axis, count in zip((1, 2), goal, strict=True)]
    # The axis that shrinks most comes first: less is left to do for the other.
    for axis, size, count in sorted(pairs, key=lambda p: p[2] / p[1]):
        if size == count:
            continue
        if method == "nearest":
            x = compute("gather", x, to_tensor(nearest_places(size, count)), axis=axis)
        else:
            x = along_axis(
                to_float(x), resampling_matrix(size, count, count / size, 0.0, method, antialias), axis
            )
    return x if method == "nearest" else to_float(x)


def _cropped_to(x: Tensor, goal: Sequence[int]) -> Tensor:
    """The largest middle part that has the aspect ratio of the goal."""
    height, width = x.shape[1:3]
    h = max(min(height, int(float(width * goal[0]) / goal[1])), 1)
    w = max(min(width, int(float(height * goal[1]) / goal[0])), 1)
    starts = [0, (height - h) // 2, (width - w) // 2, 0]
    return compute("slice", x, starts=starts, sizes=[x.shape[0], h, w, x.shape[3]], steps=[1] * 4)


def _padded_to(x: Tensor, goal: Sequence[int], value: float) -> Tensor:
    """With borders on both sides of one axis, so that the aspect ratio is (nearly) that of the goal."""
    height, width = x.shape[1:3]
    rows = (max(height, int(float(width * goal[0]) / goal[1])) - height) // 2
    columns = 0 if rows else (max(width, int(float(height * goal[1]) / goal[0])) - width) // 2
    widths = [0, rows, columns, 0]
    return compute("pad", x, low=widths, high=widths, value=float(value))


@op
def scale_and_translate(
    images: TensorLike,
    output_shape: Sequence[int],
    scale: TensorLike,
    translation: TensorLike,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Tensor:
    """Scales and shifts axes: place p goes to p * scale + translation.

    Pixels have their centres at 0.5, 1.5, ...; what lies outside of the input is 0.

    Args:
        images: tensor of any shape.
        output_shape: shape of the result; only the axes of `spatial_dims` may differ.
        scale: a factor for each of these axes.
        translation: a shift for each, in positions of the result.
        spatial_dims: the axes.
        method: "linear", "cubic", "lanczos3" or "lanczos5" ("bilinear", "bicubic" and so on mean the same).
        antialias: whether the kernel grows where an axis is made shorter.

    Returns:
        A floating-point tensor of `output_shape`; gradients reach scale and translation too.

    Raises:
        ValueError: the shapes do not fit, or the method is unknown.
    """
    name = "scale_and_translate"
    one_of(name, "method", method, METHODS)
    x = to_float(images)
    axes = [axis_of(name, axis, x.ndim) for axis in spatial_dims]
    goal = shape_of(name, output_shape)
    changed = [a for a, (n, m) in enumerate(zip(x.shape, goal, strict=False)) if n != m and a not in axes]
    if len(goal) != x.ndim or changed:
        raise ValueError(
            f"{name}: output_shape {tuple(goal)} must be {x.shape} but for the axes {tuple(axes)}"
        )
    factors, shifts = to_tensor(scale, x.dtype), to_tensor(translation, x.dtype)
    if factors.shape != (len(axes),) or shifts.shape != (len(axes),):
        raise ValueError(
            f"{name}: scale and translation must hold one number for each of {len(axes)} axes, got shapes "
            f"{factors.shape} and {shifts.shape}"
        )
    from axone import ops

    fixed = factors.trace is None and shifts.trace is None
    factor: Any
    shift: Any
    for i, axis in enumerate(axes):
        if fixed:
            factor, shift = float(factors.numpy()[i]), float(shifts.numpy()[i])
            matrix = resampling_matrix(x.shape[axis], goal[axis], factor, shift, method, antialias)
        else:
            factor, shift = factors[i], shifts[i]
            matrix = resampling_matrix(x.shape[axis], goal[axis], factor, shift, method, antialias, ops)
        x = along_axis(x, matrix, axis)
    return x


def _ends(
    name: str, kind: str, axis: str, size: int, before: int | None, behind: int | None, target: int | None
) -> tuple[int, int]:
    """What is added ("padding") or cut off ("cropping") at the ends of an axis; one of three is missing."""
    sides = ("top", "bottom") if axis == "height" else ("left", "right")
    values = {f"{sides[0]}_{kind}": before, f"{sides[1]}_{kind}": behind, f"target_{axis}": target}
    given = ", ".join(f"{n}={v}" for n, v in values.items())
    if list(values.values()).count(None) != 1:
        raise ValueError(f"{name}: give exactly two of {', '.join(values)}; got {given}")
    for n, value in values.items():
        if value is not None and (isinstance(value, bool) or not hasattr(value, "__index__") or value < 0):
            raise ValueError(f"{name}: `{n}` must be a whole number of at least 0, got {value!r}")
    difference = 0
    if target is not None:
        difference = target - size if kind == "padding" else size - target
    low = difference - (behind or 0) if before is None else before
    high = difference - low if behind is None else behind
    if min(low, high) < 0 or (kind == "cropping" and low + high > size):
        raise ValueError(f"{name}: {given} do not fit a {axis} of {size}")
    return low, high


@op
def pad_images(
    images: TensorLike,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Adds zeros around images; exactly two of the three numbers of each axis are given.

    Args:
        images: (height, width, channels) or a batch of them; with the channels first for "channels_first".
        top_padding: rows above.
        left_padding: columns to the left.
        bottom_padding: rows below.
        right_padding: columns to the right.
        target_height: height of the result.
        target_width: width of the result.
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        The larger images.

    Raises:
        ValueError: too few or too many numbers, or a target below the size.

    Example:

    >>> x = axone.ops.ones((15, 25, 3))
    >>> axone.ops.image.pad_images(x, 2, 3, target_height=20, target_width=30).shape  # (20, 30, 3)
    """
    x, undo = as_batch("pad_images", to_tensor(images), data_format)
    height = _ends("pad_images", "padding", "height", x.shape[1], top_padding, bottom_padding, target_height)
    width = _ends("pad_images", "padding", "width", x.shape[2], left_padding, right_padding, target_width)
    low, high = [0, height[0], width[0], 0], [0, height[1], width[1], 0]
    return undo(compute("pad", x, low=low, high=high, value=0.0))


@op
def crop_images(
    images: TensorLike,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Cuts off the borders of images; exactly two of the three numbers of each axis are given.

    Args:
        images: (height, width, channels) or a batch of them; with the channels first for "channels_first".
        top_cropping: rows above.
        left_cropping: columns to the left.
        bottom_cropping: rows below.
        right_cropping: columns to the right.
        target_height: height of the result.
        target_width: width of the result.
        data_format: "channels_last" or "channels_first"; None: the configured one.

    Returns:
        The smaller images.

    Raises:
        ValueError: too few or too many numbers, or more than the images hold.
    """
    x, undo = as_batch("crop_images", to_tensor(images), data_format)
    name = "crop_images"
    height = _ends(name, "cropping", "height", x.shape[1], top_cropping, bottom_cropping, target_height)
    width = _ends(name, "cropping", "width", x.shape[2], left_cropping, right_cropping, target_width)
    starts = [0, height[0], width[0], 0]
    sizes = [x.shape[0], x.shape[1] - sum(height), x.shape[2] - sum(width), x.shape[3]]
    return undo(compute("slice", x, starts=starts, sizes=sizes, steps=[1] * 4))
