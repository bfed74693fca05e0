"""Fourier transforms: NumPy's, with gradients. A complex tensor is a pair (real part, imaginary part)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from axone.core.host_call import GradientRule, host_call
from axone.core.operation import op
from axone.core.program import TensorSpec
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, axis_of, compute, fill, promote_float, shape_of, to_float, to_tensor

Pair: TypeAlias = tuple[Tensor, Tensor]
Grads: TypeAlias = list[Tensor | None]


def _pair(name: str, x: Any) -> list[Tensor]:
    """The two parts as floating-point tensors of one shape."""
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(f"{name}: expected a pair (real part, imaginary part), got {type(x).__name__}")
    real, imaginary = promote_float(*x)
    if real.shape != imaginary.shape:
        raise ValueError(
            f"{name}: the parts have shapes {real.shape} and {imaginary.shape}; they must be equal"
        )
    if not real.ndim:
        raise ValueError(f"{name}: a scalar has no Fourier transform")
    return [real, imaginary]


def _call(name: str, function: Callable[..., Any], parts: Sequence[Tensor], shape: Any, rule: Any) -> Pair:
    """A linear host call with a pair of outputs."""

    def call(*arrays: Any) -> Any:
        z = function(arrays[0] + 1j * arrays[1] if len(arrays) == 2 else arrays[0])
        return z.real, z.imag

    specs = [TensorSpec(tuple(shape), parts[0].dtype)] * 2
    result: Pair = host_call(call, parts, specs, name=name, gradient=GradientRule(rule))
    return result


def _known(grads: Grads, like: Sequence[Tensor]) -> list[Tensor]:
    return [fill(y.shape, 0, y.dtype) if g is None else g for g, y in zip(grads, like, strict=True)]


def _transform(name: str, parts: list[Tensor], axes: int, inverse: bool) -> Pair:
    """Over the last one or two axes. The adjoint is the transform the other way, up to its factor."""
    functions: dict[tuple[int, bool], Callable[..., Any]] = {
        (1, False): np.fft.fft,
        (1, True): np.fft.ifft,
        (2, False): np.fft.fft2,
        (2, True): np.fft.ifft2,
    }
    size = float(np.prod(parts[0].shape[-axes:]))

    def rule(_: list[Tensor], outputs: list[Tensor], grads: Grads) -> list[Tensor]:
        back = _transform(name, _known(grads, outputs), axes, not inverse)
        factor = to_tensor(1 / size if inverse else size, back[0].dtype)
        return [compute("multiply", part, factor) for part in back]

    return _call(name, functions[axes, inverse], parts, parts[0].shape, rule)


@op
def fft(x: tuple[TensorLike, TensorLike]) -> Pair:
    """Discrete Fourier transform along the last axis.

    Args:
        x: pair (real part, imaginary part) of tensors of one shape.

    Returns:
        The transform as such a pair.
    """
    return _transform("fft", _pair("fft", x), 1, inverse=False)


def _two_axes(name: str, x: Any) -> list[Tensor]:
    parts = _pair(name, x)
    if parts[0].ndim < 2:
        raise ValueError(f"{name}: expected at least 2 axes, got shape {parts[0].shape}")
    return parts


@op
def fft2(x: tuple[TensorLike, TensorLike]) -> Pair:
    """Discrete Fourier transform along the last two axes; arguments as for `fft`."""
    return _transform("fft2", _two_axes("fft2", x), 2, inverse=False)


@op
def ifft2(x: tuple[TensorLike, TensorLike]) -> Pair:
    """Inverse of `fft2`."""
    return _transform("ifft2", _two_axes("ifft2", x), 2, inverse=True)


def _multiplicity(length: int, dtype: str) -> Tensor:
    """How often each kept frequency of a real signal of that length stands in the whole spectrum."""
    counts = np.full(length // 2 + 1, 2.0)
    counts[0] = 1.0
    if length % 2 == 0:
        counts[-1] = 1.0
    return to_tensor(counts.astype(dtype))


def _fitted(x: Tensor, length: int) -> Tensor:
    """The last axis cut, or filled up with zeros."""
    from axone.ops.shape import part

    missing = length - x.shape[-1]
    if missing <= 0:
        return part(x, x.ndim - 1, 0, length) if missing else x
    rest = [0] * (x.ndim - 1)
    return compute("pad", x, low=[*rest, 0], high=[*rest, missing], value=0.0)


@op
def rfft(x: TensorLike, fft_length: int | None = None) -> Pair:
    """Fourier transform of a real signal along the last axis: its frequencies from 0 to the highest.

    Args:
        x: floating-point tensor.
        fft_length: length to which the axis is cut or filled up with zeros; None: its own.

    Returns:
        Pair (real part, imaginary part) of tensors whose last axis is `fft_length // 2 + 1` long.
    """
    tensor = to_float(x)
    if not tensor.ndim:
        raise ValueError("rfft: a scalar has no Fourier transform")
    length = tensor.shape[-1] if fft_length is None else shape_of("rfft", fft_length)[0]
    signal = _fitted(tensor, length)

    def rule(_: list[Tensor], outputs: list[Tensor], grads: Grads) -> list[Tensor]:
        weights = compute("divide", to_tensor(length, signal.dtype), _multiplicity(length, signal.dtype))
        real, imaginary = (compute("multiply", g, weights) for g in _known(grads, outputs))
        return [irfft((real, imaginary), length)]

    return _call("rfft", np.fft.rfft, [signal], (*signal.shape[:-1], length // 2 + 1), rule)


@op
def irfft(x: tuple[TensorLike, TensorLike], fft_length: int | None = None) -> Tensor:
    """Inverse of `rfft`.

    Args:
        x: pair (real part, imaginary part) of tensors whose last axis holds frequencies.
        fft_length: length of the signal; None: twice the number of frequencies but one.

    Returns:
        A real tensor.
    """
    parts = _pair("irfft", x)
    length = 2 * (parts[0].shape[-1] - 1) if fft_length is None else shape_of("irfft", fft_length)[0]
    parts = [_fitted(p, length // 2 + 1) for p in parts]

    def rule(_: list[Tensor], __: list[Tensor], grads: Grads) -> list[Tensor]:
        assert grads[0] is not None
        counts = _multiplicity(length, parts[0].dtype)
        weights = compute("divide", counts, to_tensor(length, counts.dtype))
        return [compute("multiply", g, weights) for g in rfft(grads[0], length)]

    spec = TensorSpec((*parts[0].shape[:-1], length), parts[0].dtype)
    result: Tensor = host_call(
        lambda re, im: np.fft.irfft(re + 1j * im, length),
        parts,
        spec,
        name="irfft",
        gradient=GradientRule(rule),
    )
    return result


@op
def extract_sequences(x: TensorLike, sequence_length: int, sequence_stride: int) -> Tensor:
    """Overlapping pieces of the last axis.

    Args:
        x: tensor of shape (..., n).
        sequence_length: length of a piece.
        sequence_stride: distance of their beginnings.

    Returns:
        A tensor of shape (..., pieces, sequence_length); what does not fill a piece at the end is left out.
    """
    tensor = to_tensor(x)
    axis = axis_of("extract_sequences", -1, tensor.ndim)
    length, stride = int(sequence_length), int(sequence_stride)
    if not 1 <= length <= tensor.shape[-1] or stride < 1:
        raise ValueError(
            f"extract_sequences: pieces of {length} at distances of {stride} do not fit shape {tensor.shape}"
        )
    starts = np.arange(0, tensor.shape[-1] - length + 1, stride, dtype="int64")
    return compute("gather", tensor, to_tensor(starts[:, None] + np.arange(length)), axis=axis)


def _window(window: Any, length: int, fft_length: int, dtype: str) -> np.ndarray[Any, Any]:
    """The window's weights (periodic forms), centred in `fft_length`."""
    if fft_length < length:
        raise ValueError(f"stft: `fft_length` ({fft_length}) must not be below `sequence_length` ({length})")
    if window is None:
        return np.ones(fft_length, dtype)
    if isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise ValueError(f"stft: `window` must be 'hann', 'hamming', a vector or None, got {window!r}")
        share = 0.5 if window == "hann" else 0.54
        weights = share - (1 - share) * np.cos(2 * np.pi * np.arange(length) / length)
    else:
        weights = np.asarray(window, "float64")
    if weights.shape != (length,):
        raise ValueError(f"stft: `window` must have shape ({length},), got {weights.shape}")
    before = (fft_length - length) // 2
    return np.pad(weights, (before, fft_length - length - before)).astype(dtype)


@op
def stft(
    x: TensorLike,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> Pair:
    """Short-time Fourier transform: `rfft` of overlapping, weighted pieces of a signal.

    Args:
        x: floating-point tensor of shape (..., n).
        sequence_length: length of the window.
        sequence_stride: distance of the pieces.
        fft_length: length of a piece, at least the window's, which stands in its middle.
        window: "hann", "hamming", a vector of weights, or None: all 1.
        center: whether the signal is mirrored at its ends, so that pieces stand centred on their places.

    Returns:
        Pair of tensors of shape (..., pieces, fft_length // 2 + 1).
    """
    from axone.ops.arrange import pad

    tensor = to_float(x)
    weights = _window(window, sequence_length, fft_length, tensor.dtype)
    if center:
        ends = (fft_length // 2, fft_length // 2)
        tensor = pad(tensor, [(0, 0)] * (tensor.ndim - 1) + [ends], mode="reflect")
    pieces = extract_sequences(tensor, fft_length, sequence_stride)
    return rfft(compute("multiply", pieces, to_tensor(weights)), fft_length)


@op
def istft(
    x: tuple[TensorLike, TensorLike],
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Tensor:
    """Inverse of `stft`: weighted pieces are added up where they overlap.

    Args:
        x: pair of tensors of shape (..., pieces, fft_length // 2 + 1).
        sequence_length, sequence_stride, fft_length, window, center: as they were for `stft`.
        length: length of the signal; None: all of it.

    Returns:
        A tensor of shape (..., n).
    """
    from axone.ops.shape import part

    parts = _two_axes("istft", x)
    weights = _window(window, sequence_length, fft_length, parts[0].dtype)
    pieces = irfft((parts[0], parts[1]), fft_length)
    count, total = pieces.shape[-2], fft_length + sequence_stride * (pieces.shape[-2] - 1)
    places = sequence_stride * np.arange(count)[:, None] + np.arange(fft_length)
    norm = np.bincount(places.ravel(), np.tile(np.square(weights.astype("float64")), count), total)
    scale = (1.0 if window is not None else fft_length / sequence_stride) / np.where(norm > 1e-10, norm, 1.0)
    weighted = compute("multiply", pieces, to_tensor(weights))
    flat = compute("reshape", weighted, shape=[*weighted.shape[:-2], count * fft_length])
    start = fill([*flat.shape[:-1], total], 0, flat.dtype)
    index = to_tensor(places.reshape(-1).astype("int64"))
    signal = compute("scatter_add", start, index, flat, axis=flat.ndim - 1)
    signal = compute("multiply", signal, to_tensor(scale.astype(flat.dtype)))
    begin = fft_length // 2 if center else 0
    end = total - begin if length is None else min(begin + length, total)
    return part(signal, signal.ndim - 1, begin, max(end - begin, 0))
