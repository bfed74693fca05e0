"""A learning rate set before every epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from axone.callbacks.callback import Callback
from axone.utils.io import print_msg


class LearningRateScheduler(Callback):
    """Sets the learning rate to what a function says at the beginning of every epoch.

    Args:
        schedule: `schedule(epoch, learning_rate) -> learning_rate`, or `schedule(epoch)`; epochs count from
            0.
        verbose: 1 prints every new rate.

    Example:
        >>> LearningRateScheduler(lambda epoch, rate: rate * 0.9)
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise ValueError(
                "LearningRateScheduler: schedule must be a function of the epoch (and the rate), got "
                f"{schedule!r}. A fixed rate is the optimizer's learning_rate."
            )
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        optimizer = self.model.optimizer
        arguments: tuple[Any, ...] = (epoch, float(optimizer.learning_rate))
        rate = self.schedule(*(arguments if _takes_two(self.schedule) else arguments[:1]))
        if isinstance(rate, (bool, str)) or not hasattr(rate, "__float__") or np.ndim(rate):
            raise ValueError(f"LearningRateScheduler: the schedule must return a number, got {rate!r}.")
        optimizer.learning_rate = float(rate)
        if self.verbose > 0:
            print_msg(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _takes_two(schedule: Callable[..., float]) -> bool:
    try:
        inspect.signature(schedule).bind(0, 0.1)
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True
