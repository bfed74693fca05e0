"""A small model for the tests of training."""

from __future__ import annotations

from typing import Any

import numpy as np

import axone


def linear(units: int = 2, activation: str | None = None, inputs: int = 3) -> Any:
    """Returns one Dense layer with fixed weights, not compiled."""
    model = axone.Sequential([axone.Input((inputs,)), axone.layers.Dense(units, activation=activation)])
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape).astype("float32") / 2 for w in model.get_weights()])
    return model
