from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_models import linear

import axone


@pytest.fixture
def model() -> Any:
    made = linear()
    made.compile(axone.optimizers.SGD(0.1), "mse", metrics=["mae"])
    return made


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(2).normal(size=(50, 3)).astype("float32")
    return x, (x[:, :2] * 2 - 1).astype("float32")
