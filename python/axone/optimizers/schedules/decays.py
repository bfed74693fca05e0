"""Schedules that fall with the step: exponential, inverse-time, polynomial, piecewise, linear, in steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core import dtypes
from axone.optimizers.schedules.schedule import LearningRateSchedule


def as_float(step: Any) -> Any:
    """Returns a step number as a scalar of type `floatx()`."""
    return ops.cast(step, dtypes.floatx())


class Decay(LearningRateSchedule):
    """A schedule whose constructor's arguments are attributes of the same names."""

    arguments: tuple[str, ...] = ()

    def get_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.arguments}


class ExponentialDecay(Decay):
    """rate(t) = initial * decay_rate^(t / decay_steps).

    Args:
        initial_learning_rate: Rate at step 0.
        decay_steps: Steps after which the rate has been multiplied by `decay_rate` once.
        decay_rate: Factor.
        staircase: Whether t / decay_steps is rounded down, so that the rate falls in steps.
        name: Name of the schedule.

    Example:
        >>> optimizer = axone.optimizers.SGD(axone.optimizers.schedules.ExponentialDecay(0.1, 1000, 0.9))
    """

    arguments: tuple[str, ...] = (
        "initial_learning_rate",
        "decay_steps",
        "decay_rate",
        "staircase",
        "name",
    )

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive(type(self).__name__, "decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        power = _periods(step, self.decay_steps, self.staircase)
        return self.initial_learning_rate * ops.power(float(self.decay_rate), power)


class InverseTimeDecay(Decay):
    """rate(t) = initial / (1 + decay_rate * t / decay_steps).

    Args:
        initial_learning_rate: Rate at step 0.
        decay_steps: Unit of time, in steps.
        decay_rate: How fast the rate falls.
        staircase: Whether t / decay_steps is rounded down.
        name: Name of the schedule.
    """

    arguments = ExponentialDecay.arguments

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive(type(self).__name__, "decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        return self.initial_learning_rate / (
            1.0 + self.decay_rate * _periods(step, self.decay_steps, self.staircase)
        )


class TimeBasedDecay(Decay):
    """rate(t) = initial / (1 + decay * t): the `decay=` argument of Keras 1 and 2.

    Args:
        initial_learning_rate: Rate at step 0.
        decay: How fast the rate falls; after 1 / decay steps it is halved.
        name: Name of the schedule.
    """

    arguments: tuple[str, ...] = ("initial_learning_rate", "decay", "name")

    def __init__(self, initial_learning_rate: float, decay: float, name: str = "TimeBasedDecay") -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay = decay
        self.name = name

    def __call__(self, step: Any) -> Any:
        return self.initial_learning_rate / (1.0 + self.decay * as_float(step))


class StepDecay(Decay):
    """rate(t) = initial * factor^floor(t / every): falls by a factor every so many steps.

    Args:
        initial_learning_rate: Rate at step 0.
        every: Steps between two falls.
        factor: Factor of each fall.
        name: Name of the schedule.
    """

    arguments: tuple[str, ...] = ("initial_learning_rate", "every", "factor", "name")

    def __init__(
        self, initial_learning_rate: float, every: int, factor: float = 0.5, name: str = "StepDecay"
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.every = positive("StepDecay", "every", every)
        self.factor = factor
        self.name = name

    def __call__(self, step: Any) -> Any:
        return self.initial_learning_rate * ops.power(float(self.factor), _periods(step, self.every, True))


class PolynomialDecay(Decay):
    """rate(t) = (initial - end) (1 - t / decay_steps)^power + end, and `end` afterwards.

    Args:
        initial_learning_rate: Rate at step 0.
        decay_steps: Steps until the end.
        end_learning_rate: Rate at the end.
        power: Exponent; 1 falls in a straight line.
        cycle: Whether, beyond `decay_steps`, the length is taken as its next multiple, so that the rate jumps
            up again.
        name: Name of the schedule.
    """

    arguments: tuple[str, ...] = (
        "initial_learning_rate",
        "decay_steps",
        "end_learning_rate",
        "power",
        "cycle",
        "name",
    )

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive(type(self).__name__, "decay_steps", decay_steps)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Any:
        t = as_float(step)
        length: Any = float(self.decay_steps)
        if self.cycle:
            length = length * ops.maximum(ops.ceil(t / length), 1.0)
        left = 1.0 - ops.minimum(t / length, 1.0)
        span = self.initial_learning_rate - self.end_learning_rate
        return span * ops.power(left, float(self.power)) + self.end_learning_rate


class LinearDecay(PolynomialDecay):
    """rate(t) = initial + (end - initial) t / decay_steps, and `end` afterwards.

    Args:
        initial_learning_rate: Rate at step 0.
        decay_steps: Steps until the end.
        end_learning_rate: Rate at the end.
        name: Name of the schedule.
    """

    arguments: tuple[str, ...] = ("initial_learning_rate", "decay_steps", "end_learning_rate", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0,
        name: str = "LinearDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, end_learning_rate, name=name)


class PiecewiseConstantDecay(Decay):
    """values[0] up to and including step boundaries[0], then values[1], and so on.

    Args:
        boundaries: Increasing step numbers.
        values: Rates, one more than boundaries.
        name: Name of the schedule.

    Raises:
        ValueError: the numbers of boundaries and values do not fit.
    """

    arguments: tuple[str, ...] = ("boundaries", "values", "name")

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                f"PiecewiseConstantDecay: expected one value more than boundaries, got {len(boundaries)} "
                f"boundaries and {len(values)} values."
            )
        self.boundaries = list(boundaries)
        self.values = list(values)
        self.name = name

    def __call__(self, step: Any) -> Any:
        t = as_float(step)
        rate: Any = as_float(self.values[0])
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            rate = ops.where(t > float(boundary), float(value), rate)
        return rate


def positive(who: str, name: str, value: Any) -> Any:
    if not value > 0:
        raise ValueError(f"{who}: {name} must be positive, got {value}.")
    return value


def _periods(step: Any, length: float, whole: bool) -> Any:
    periods = as_float(step) / float(length)
    return ops.floor(periods) if whole else periods
