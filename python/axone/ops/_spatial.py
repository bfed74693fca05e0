"""What convolution, pooling and image functions share: formats, paddings, sizes of windows."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from axone import config
from axone.core.tensor import Tensor
from axone.ops._common import permuted

FORMATS = ("channels_last", "channels_first")


def format_of(name: str, data_format: str | None) -> str:
    """ "channels_last" or "channels_first"; None: the configured one."""
    if data_format is None:
        return config.image_data_format()
    if data_format not in FORMATS:
        raise ValueError(
            f"{name}: `data_format` must be 'channels_last' or 'channels_first', got {data_format!r}"
        )
    return data_format


def to_last(x: Tensor, data_format: str) -> Tensor:
    """The tensor with its channels on the last axis."""
    return x if data_format == "channels_last" else permuted(x, [0, *range(2, x.ndim), 1])


def from_last(x: Tensor, data_format: str) -> Tensor:
    """The reverse of `to_last`."""
    return x if data_format == "channels_last" else permuted(x, [0, x.ndim - 1, *range(1, x.ndim - 1)])


def sizes_of(name: str, argument: str, value: Any, rank: int, least: int = 1) -> list[int]:
    """One whole number for each of `rank` axes; a single one stands for all."""
    try:
        numbers = [operator.index(v) for v in value] if hasattr(value, "__len__") else None
        found = [operator.index(value)] * rank if numbers is None else numbers
    except TypeError:
        found = []
    if len(found) != rank or min(found) < least:
        few = f"a tuple of {rank} integers" if rank > 1 else "an integer"
        raise ValueError(f"{name}: `{argument}` must be {few} of at least {least}, got {value!r}")
    return found


def padding_of(name: str, padding: Any, allowed: Sequence[str] = ("valid", "same")) -> str:
    """A padding's name in lower case, if it is one of those allowed."""
    text = padding.lower() if isinstance(padding, str) else padding
    if text not in allowed:
        listed = " or ".join(map(repr, allowed))
        raise ValueError(f"{name}: `padding` must be {listed}, got {padding!r}")
    return str(text)


def pads_of(size: int, kernel: int, stride: int, dilation: int, padding: str) -> tuple[int, int]:
    """Positions to add before and after an axis.

    "same" makes ceil(size / stride) outputs, an odd position goes behind; "causal" lets no output see later
    inputs.
    """
    reach = (kernel - 1) * dilation + 1
    if padding == "valid":
        return 0, 0
    if padding == "causal":
        return reach - 1, 0
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def output_sizes(
    name: str,
    space: Sequence[int | None],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
    padding: str,
    what: str = "kernel",
) -> list[int | None]:
    """The number of windows along each axis; None where the axis is unknown.

    Raises:
        ValueError: where no window fits.
    """
    result: list[int | None] = []
    for axis, (size, k, stride, step) in enumerate(zip(space, kernel, strides, dilation, strict=True)):
        if size is None:
            result.append(None)
            continue
        reach = (k - 1) * step + 1
        count = (size + sum(pads_of(size, k, stride, step, padding)) - reach) // stride + 1
        if count < 1 or size < 1:
            dilated = f" (dilated by {step}: {reach})" if step > 1 else ""
            mend = f" Use padding='same' or a smaller {what}." if size > 0 and padding == "valid" else ""
            raise ValueError(
                f"{name}: a {what} of size {k}{dilated} does not fit into {size} positions of spatial axis "
                f"{axis} (sizes {tuple(space)}, padding {padding!r}).{mend}"
            )
        result.append(count)
    return result


def spatial_rank(name: str, x: Tensor, data_format: str, most: int = 3) -> int:
    """The number of spatial axes of a batch, 1 to `most`."""
    rank = x.ndim - 2
    if not 1 <= rank <= most:
        layout = "(batch, *space, channels)"
        if data_format == "channels_first":
            layout = "(batch, channels, *space)"
        raise ValueError(
            f"{name}: expected inputs {layout} with 1 to {most} spatial axes, got shape {x.shape}"
        )
    return rank
