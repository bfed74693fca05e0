"""Learning-rate schedules: Keras's `keras.optimizers.schedules`, and three of the textbooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from axone.optimizers.schedules.decays import (
    ExponentialDecay,
    InverseTimeDecay,
    LinearDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
    StepDecay,
    TimeBasedDecay,
)
from axone.optimizers.schedules.schedule import LearningRateSchedule
from axone.utils import identifiers

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "LinearDecay",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "StepDecay",
    "TimeBasedDecay",
    "deserialize",
    "serialize",
]

_CLASSES: tuple[type[LearningRateSchedule], ...] = (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    LinearDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
    StepDecay,
    TimeBasedDecay,
)
_TABLE: dict[str, Any] = {cls.__name__: cls for cls in _CLASSES}


def serialize(learning_rate_schedule: LearningRateSchedule) -> Any:
    """Returns the configuration of a schedule."""
    return identifiers.serialize(learning_rate_schedule)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Rebuilds a schedule from `serialize`'s configuration."""
    return identifiers.deserialize(config, _TABLE, "learning-rate schedule", custom_objects)
