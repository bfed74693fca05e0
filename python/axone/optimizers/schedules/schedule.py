"""The base of learning-rate schedules."""

from __future__ import annotations

import abc
from typing import Any


class LearningRateSchedule(abc.ABC):
    """A learning rate that depends on the number of steps done.

    Subclasses define `__call__(step)` with `axone.ops`, so that the schedule is part of the training step,
    and `get_config`.

    Example:
        >>> class Warmup(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.1 * ops.minimum(ops.cast(step, "float32") / 1000.0, 1.0)
        ...     def get_config(self):
        ...         return {}
    """

    @abc.abstractmethod
    def __call__(self, step: Any) -> Any:
        """Returns the learning rate at a step.

        Args:
            step: Scalar integer tensor (the optimizer's `iterations`) or Python number.
        """

    @abc.abstractmethod
    def get_config(self) -> dict[str, Any]:
        """Returns the arguments from which `from_config` rebuilds the schedule."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """Rebuilds a schedule from `get_config`."""
        return cls(**config)
