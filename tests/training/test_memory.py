"""Training, prediction and compiling again do not let memory grow."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import linear

STATM = Path("/proc/self/statm")


def resident() -> float:
    """Resident memory in MB."""
    return int(STATM.read_text().split()[1]) * 4096 / 1e6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("what", ["fit", "one batch", "compile"])
def test_memory_stays_flat(what: str, data: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = (np.tile(a, (40, 1)) for a in data)
    model = linear()
    model.compile("adam", "mse", metrics=["mae"])

    def fit() -> None:
        model.fit(x, y, epochs=10, validation_split=0.1, verbose=0)
        model.predict(x, verbose=0)

    def one_batch() -> None:
        for n in range(1, 60):
            model.train_on_batch(x[:n], y[:n])
            model.predict_on_batch(x[:n])

    def compile_again() -> None:
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(x[:64], y[:64], verbose=0)

    job: Callable[[], Any] = {"fit": fit, "one batch": one_batch, "compile": compile_again}[what]
    for _ in range(8):
        job()
    before = resident()
    for _ in range(16):
        job()
    assert resident() - before < 4
