"""Entries of the table: Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
from case import Array as A
from case import case

PAIRS = [
    ([A((1,)), A((1,))],),
    ([A((7,)), A((7,))],),
    ([A((2, 8)), A((2, 8))],),
    ([A((2, 3, 5)), A((2, 3, 5))],),
]


def parts(z: Any) -> Any:
    return z.real, z.imag


def joined(x: Any) -> Any:
    return x[0] + 1j * x[1]


case("fft", lambda x: parts(np.fft.fft(joined(x))), PAIRS, tolerance=4e-6)
case("fft2", lambda x: parts(np.fft.fft2(joined(x))), PAIRS[2:], tolerance=4e-6)
case("ifft2", lambda x: parts(np.fft.ifft2(joined(x))), PAIRS[2:], tolerance=4e-6)
case(
    "rfft",
    lambda x, n=None: parts(np.fft.rfft(x, n)),
    [(A((7,)),), (A((2, 8)),), (A((2, 8)), 5), (A((2, 5)), 8), (A((1,)),)],
    tolerance=4e-6,
)
case(
    "irfft",
    lambda x, n=None: np.fft.irfft(joined(x), n),
    [
        ([A((4,)), A((4,))],),
        ([A((2, 5)), A((2, 5))],),
        ([A((2, 5)), A((2, 5))], 7),
        ([A((2, 3)), A((2, 3))], 9),
    ],
    tolerance=4e-6,
)
case(
    "extract_sequences",
    lambda x, n, s: np.stack([x[..., i : i + n] for i in range(0, x.shape[-1] - n + 1, s)], -2),
    [(A((9,)), 4, 2), (A((2, 7)), 7, 1), (A((2, 3, 10)), 3, 4)],
)


def hann(n: int) -> Any:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)


def _stft(x: Any, length: int, stride: int, n: int, center: bool) -> Any:
    before = (n - length) // 2
    weights = np.pad(hann(length), (before, n - length - before))
    if center:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(n // 2, n // 2)], mode="reflect")
    return parts(
        np.fft.rfft(
            np.stack([x[..., i : i + n] for i in range(0, x.shape[-1] - n + 1, stride)], -2) * weights
        )
    )


case(
    "stft",
    lambda x, a, b, c: _stft(x, a, b, c, True),
    [(A((16,)), 6, 2, 8), (A((2, 12)), 4, 3, 4)],
    tolerance=4e-6,
)
case(
    "stft",
    lambda x, a, b, c, center: _stft(x, a, b, c, False),
    [(A((2, 16)), 5, 2, 8)],
    "ends",
    center=False,
    tolerance=4e-6,
)


def _istft(x: Any, length: int, stride: int, n: int) -> Any:
    """Weighted pieces over the sum of squared weights, one piece after the other."""
    before = (n - length) // 2
    weights = np.pad(hann(length), (before, n - length - before))
    pieces = np.fft.irfft(joined(x), n)
    total = n + stride * (pieces.shape[-2] - 1)
    signal, norm = np.zeros((*pieces.shape[:-2], total)), np.zeros(total)
    for i in range(pieces.shape[-2]):
        signal[..., i * stride : i * stride + n] += pieces[..., i, :] * weights
        norm[i * stride : i * stride + n] += weights**2
    return (signal / np.where(norm > 1e-10, norm, 1))[..., n // 2 : total - n // 2]


case(
    "istft",
    _istft,
    [([A((7, 3)), A((7, 3))], 4, 1, 4), ([A((2, 5, 5)), A((2, 5, 5))], 8, 2, 8)],
    tolerance=1e-5,
)
