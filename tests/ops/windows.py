"""Convolution and pooling written as they are defined: window by window, in float64. Nothing of axone's."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

Array = Any


def tuples(value: Any, rank: int) -> tuple[int, ...]:
    """One number for each axis."""
    return (value,) * rank if isinstance(value, int) else tuple(value)


def extents(size: int, kernel: int, stride: int, dilation: int, padding: str) -> tuple[int, int, int]:
    """Number of windows, and what is padded before and behind: as TensorFlow defines "same"."""
    reach = (kernel - 1) * dilation + 1
    if padding == "valid":
        return (size - reach) // stride + 1, 0, 0
    if padding == "causal":
        return (size - 1) // stride + 1, reach - 1, 0
    count = -(-size // stride)
    total = max((count - 1) * stride + reach - size, 0)
    return count, total // 2, total - total // 2


class Taps:
    """The windows over an input, one element of all of them at a time."""

    def __init__(self, x: Array, kernel: Any, strides: Any, padding: str, dilation: Any, fill: float) -> None:
        rank = x.ndim - 2
        self.kernel, self.strides = tuples(kernel, rank), tuples(strides, rank)
        self.dilation = tuples(dilation, rank)
        axes = zip(x.shape[1:-1], self.kernel, self.strides, self.dilation, strict=True)
        found = [extents(*axis, padding) for axis in axes]
        self.counts = [count for count, _, _ in found]
        self.pads = [(0, 0), *[(low, high) for _, low, high in found], (0, 0)]
        self.padded = np.pad(x, self.pads, constant_values=fill)

    def __iter__(self) -> Any:
        for tap in itertools.product(*map(range, self.kernel)):
            axes = zip(tap, self.strides, self.dilation, self.counts, strict=True)
            yield tap, (slice(None), *[slice(t * d, t * d + s * (n - 1) + 1, s) for t, s, d, n in axes])

    def inner(self, padded: Array) -> Array:
        """Without what was padded."""
        return padded[tuple(slice(low, padded.shape[a] - high) for a, (low, high) in enumerate(self.pads))]


def conv(
    x: Array, w: Array, strides: Any = 1, padding: str = "valid", layout: Any = None, dilation: Any = 1
) -> Array:
    """Convolution of inputs with channels last, groups by the kernel's channels."""
    taps, groups = Taps(x, w.shape[:-2], strides, padding, dilation, 0.0), x.shape[-1] // w.shape[-2]
    filters = w.shape[-1] // groups
    y = np.zeros((x.shape[0], *taps.counts, w.shape[-1]))
    for tap, places in taps:
        part = taps.padded[places]
        for g in range(groups):
            channels = part[..., g * w.shape[-2] : (g + 1) * w.shape[-2]]
            own = slice(g * filters, (g + 1) * filters)
            y[..., own] += channels @ w[tap][:, own]
    return y


def conv_gradients(
    x: Array, w: Array, dy: Array, strides: Any, padding: str, dilation: Any
) -> tuple[Array, Array]:
    """What the chain rule gives for input and kernel."""
    taps, groups = Taps(x, w.shape[:-2], strides, padding, dilation, 0.0), x.shape[-1] // w.shape[-2]
    depth, filters = w.shape[-2], w.shape[-1] // groups
    dx, dw = np.zeros_like(taps.padded), np.zeros_like(w)
    for tap, places in taps:
        for g in range(groups):
            channels, own = slice(g * depth, (g + 1) * depth), slice(g * filters, (g + 1) * filters)
            dx[places][..., channels] += dy[..., own] @ w[tap][:, own].T
            part = taps.padded[places][..., channels]
            dw[tap][:, own] += np.tensordot(part, dy[..., own], (range(x.ndim - 1), range(x.ndim - 1)))
    return taps.inner(dx), dw


def depthwise(x: Array, w: Array, *options: Any) -> Array:
    """Convolution of each channel with its own kernels."""
    parts = [conv(x[..., c : c + 1], w[..., c : c + 1, :], *options) for c in range(x.shape[-1])]
    return np.concatenate(parts, axis=-1)


def separable(x: Array, w: Array, point: Array, *options: Any) -> Array:
    """A convolution by channel, then one across channels."""
    return conv(depthwise(x, w, *options), point)


def transposed(
    x: Array, w: Array, strides: Any = 1, padding: str = "valid", more: Any = None, layout: Any = None,
    dilation: Any = 1,
) -> Array:  # fmt: skip
    """Every input adds its kernel's image to the output, which is then cut (or extended) as Keras says."""
    rank = x.ndim - 2
    kernel, strides, dilation = w.shape[:-2], tuples(strides, rank), tuples(dilation, rank)
    added = (None,) * rank if more is None else tuples(more, rank)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    whole = [(n - 1) * s + r for n, s, r in zip(x.shape[1:-1], strides, reach, strict=True)]
    y = np.zeros((x.shape[0], *[n + max(strides) + 1 for n in whole], w.shape[-2]))
    for tap in itertools.product(*map(range, kernel)):
        axes = zip(tap, strides, dilation, x.shape[1:-1], strict=True)
        places = (slice(None), *[slice(t * d, t * d + s * (n - 1) + 1, s) for t, s, d, n in axes])
        y[places] += x @ w[tap].T
    cut: list[Any] = [slice(None)]
    for n, k, s, m, size in zip(whole, reach, strides, added, x.shape[1:-1], strict=True):
        if padding == "valid":
            cut.append(slice(0, n + (max(s - k, 0) if m is None else m)))
            continue
        length = size * s if m is None else (size - 1) * s + k % 2 + m
        # Keras's rule: of what the outputs reach beyond the inputs, the larger half lies in front.
        beyond = s + k - 2 if m is None else k + k % 2 - 2 + m
        first = k - 1 - min(beyond - beyond // 2, k - 1)
        cut.append(slice(first, first + length))
    return y[tuple(cut)]


def pool(kind: str, x: Array, size: Any, strides: Any = None, padding: str = "valid") -> Array:
    """Largest element or mean of every window; what is padded does not count."""
    strides = size if strides is None else strides
    fill = -np.inf if kind == "max" else 0.0
    taps = Taps(x, size, strides, padding, 1, fill)
    parts = [taps.padded[places] for _, places in taps]
    if kind == "max":
        return np.max(parts, axis=0)
    inside = Taps(np.ones_like(x), size, strides, padding, 1, 0.0)
    return np.sum(parts, axis=0) / np.sum([inside.padded[places] for _, places in inside], axis=0)


def adaptive(kind: str, x: Array, size: Any) -> Array:
    """Windows from floor(i n / o) to ceil((i + 1) n / o)."""
    for axis, count in enumerate(tuples(size, x.ndim - 2), 1):
        n, parts = x.shape[axis], []
        for i in range(count):
            window = np.take(x, range(i * n // count, -(-(i + 1) * n // count)), axis=axis)
            parts.append(window.max(axis) if kind == "max" else window.mean(axis))
        x = np.stack(parts, axis=axis)
    return x


def patches(x: Array, size: Any, strides: Any = None, dilation: Any = 1, padding: str = "valid") -> Array:
    """Every window as one vector."""
    taps = Taps(x, tuples(size, x.ndim - 2), size if strides is None else strides, padding, dilation, 0.0)
    return np.concatenate([taps.padded[places] for _, places in taps], axis=-1)


def unfold(x: Array, size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Array:
    """Every window of images with channels first as a column."""
    rows, columns = tuples(padding, 2)
    wide = np.pad(x, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    kh, kw = tuples(size, 2)
    cut = patches(np.moveaxis(wide, 1, -1), (kh, kw), tuples(stride, 2), dilation)
    n, h, w, _ = cut.shape
    return cut.reshape(n, h * w, kh * kw, x.shape[1]).transpose(0, 3, 2, 1).reshape(n, -1, h * w)


def fold(x: Array, output: Any, size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Array:
    """The transpose of `unfold`: which place each element came from is found by unfolding the places."""
    (height, width), (kh, kw) = tuples(output, 2), tuples(size, 2)
    number = np.arange(1.0, height * width + 1).reshape(1, 1, height, width)
    places = unfold(number, size, dilation, padding, stride)[0].astype(int)  # 0: padding
    channels = x.reshape(x.shape[0], -1, kh * kw, x.shape[2])
    y = np.zeros((*channels.shape[:2], height * width + 1))
    for n, c in np.ndindex(*channels.shape[:2]):
        np.add.at(y[n, c], places, channels[n, c])
    return y[..., 1:].reshape(*channels.shape[:2], height, width)
