"""Kernels with which a convolution computes a short-time Fourier transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from axone import ops
from axone.core.dtypes import floatx
from axone.core.suggest import did_you_mean
from axone.initializers.initializer import Initializer

__all__ = ["STFT"]

# Coefficients of sums of cosines: a constant, one period per window, two, ..., of alternating signs.
# Harris 1978, "On the use of windows for harmonic analysis with the discrete Fourier transform".
_COSINES = {
    "boxcar": (1.0,),
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
}
_SHAPES = {
    "bartlett": lambda t: 1 - np.abs(t),
    "bohman": lambda t: (1 - np.abs(t)) * np.cos(np.pi * np.abs(t)) + np.sin(np.pi * np.abs(t)) / np.pi,
}


def _named_window(name: str, length: int, periodic: bool) -> np.ndarray[Any, Any]:
    """The weights of a window; a periodic one is a longer symmetric one without its last weight."""
    if length == 1:
        return np.ones(1)
    count = length + 1 if periodic else length
    n = np.arange(count)
    if name in _COSINES:
        angle = 2 * np.pi * n / (count - 1)
        weights = np.sum([(-1) ** k * c * np.cos(k * angle) for k, c in enumerate(_COSINES[name])], axis=0)
    elif name == "cosine":
        weights = np.sin(np.pi / count * (n + 0.5))
    else:
        weights = _SHAPES[name](2 * n / (count - 1) - 1)
    return np.asarray(weights[:length])


class STFT(Initializer):
    """The real or the imaginary part of a short-time Fourier transform as a kernel (length, 1, frequencies).

    `window[t] * cos(-2 pi t f / F)`, or `sin` for the imaginary part, with F = 2 (frequencies - 1).

    Args:
        side: "real" or "imag".
        window: name of a window, its weights (length,), or None for none.
        scaling: divides by the window's root of summed squares ("density") or sum of absolute values
            ("spectrum"); None does not.
        periodic: whether a named window is periodic rather than symmetric.

    Raises:
        ValueError: an argument is unknown, or the window has another length than the kernel.

    Example:
        >>> STFT("imag", "hamming")((128, 1, 65)).shape
        (128, 1, 65)
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        if side not in ("real", "imag"):
            raise ValueError(f"STFT: side must be 'real' or 'imag', got {side!r}.")
        known = [*_COSINES, *_SHAPES, "cosine"]
        if isinstance(window, str) and window not in known:
            raise ValueError(f"STFT: unknown window {window!r}.{did_you_mean(window, known)}")
        if scaling not in (None, "density", "spectrum"):
            raise ValueError(f"STFT: scaling must be 'density', 'spectrum' or None, got {scaling!r}.")
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:
        if len(shape) != 3 or shape[2] < 2:
            raise ValueError(f"STFT: expected a shape (length, 1, frequencies of two or more), got {shape}.")
        length, _, frequencies = shape
        angle = -np.pi * np.arange(length)[:, None, None] * np.arange(frequencies) / (frequencies - 1)
        kernel = np.cos(angle) if self.side == "real" else np.sin(angle)
        if self.window is not None:
            kernel = kernel * self._weights(length)[:, None, None]
        return ops.convert_to_tensor(kernel, dtype=dtype or floatx())

    def _weights(self, length: int) -> np.ndarray[Any, Any]:
        if isinstance(self.window, str):
            weights = _named_window(self.window, length, self.periodic)
        else:
            weights = np.asarray(self.window, "float64")
        if weights.shape != (length,):
            raise ValueError(f"STFT: the window must have shape ({length},), got {weights.shape}.")
        if self.scaling == "density":
            return np.asarray(weights / np.sqrt(np.sum(weights**2)))
        return np.asarray(weights / np.sum(np.abs(weights))) if self.scaling == "spectrum" else weights

    def get_config(self) -> dict[str, Any]:
        window = self.window if isinstance(self.window, str) or self.window is None else list(self.window)
        return {"side": self.side, "window": window, "periodic": self.periodic, "scaling": self.scaling}
