"""Kernels of the short-time Fourier transform."""

from __future__ import annotations

import numpy as np
import pytest

from axone import initializers
from axone.initializers import STFT


@pytest.mark.parametrize("window", ["hann", "hamming", "blackman", "boxcar", "bartlett", None])
@pytest.mark.parametrize("periodic", [False, True])
def test_is_the_transform_of_a_windowed_frame(window, periodic) -> None:
    frame = np.random.default_rng(0).normal(size=8)
    weights = {
        "hann": np.hanning,
        "hamming": np.hamming,
        "blackman": np.blackman,
        "boxcar": np.ones,
        "bartlett": np.bartlett,
        None: np.ones,
    }[window](9 if periodic and window else 8)[:8]
    expected = np.fft.rfft(frame * weights)
    for side, part in (("real", expected.real), ("imag", expected.imag)):
        kernel = STFT(side, window, None, periodic)((8, 1, 5), "float64").numpy()
        np.testing.assert_allclose(frame @ kernel[:, 0], part, atol=1e-12)


def test_scaling() -> None:
    window = [1.0, 2.0, -2.0, 4.0]
    plain = STFT(window=window, scaling=None)((4, 1, 3), "float64").numpy()
    np.testing.assert_allclose(STFT(window=window)((4, 1, 3), "float64").numpy(), plain / 5)
    np.testing.assert_allclose(
        STFT(window=window, scaling="spectrum")((4, 1, 3), "float64").numpy(), plain / 9
    )


def test_names_and_configuration() -> None:
    made = STFT("imag", "cosine", None, True)
    again = initializers.deserialize(initializers.serialize(made))
    assert type(again) is STFT and again.get_config() == made.get_config()
    assert type(initializers.get("stft")) is type(initializers.get("STFTInitializer")) is STFT


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"side": "left"}, "side must be 'real' or 'imag'"),
        ({"window": "han"}, "unknown window 'han'.*hann"),
        ({"scaling": "loud"}, "scaling must be"),
    ],
)
def test_wrong_arguments(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        STFT(**arguments)


def test_wrong_shapes() -> None:
    with pytest.raises(ValueError, match=r"expected a shape \(length, 1, frequencies"):
        STFT()((8, 5))
    with pytest.raises(ValueError, match=r"window must have shape \(8,\), got \(3,\)"):
        STFT(window=[1, 2, 3])((8, 1, 5))
