"""Learning-rate schedules: Keras's `keras.optimizers.schedules`."""

from __future__ import annotations

from axone.optimizers.schedules.schedule import LearningRateSchedule

__all__ = ["LearningRateSchedule"]
