"""Schedules along a cosine."""

from __future__ import annotations

import math
from typing import Any

from axone import ops
from axone.optimizers.schedules.decays import Decay, as_float, positive


class CosineDecay(Decay):
    """Falls from its start to alpha times it along half a cosine; optionally rises in a line before.

    After the warmup, with t counted from its end,
    rate(t) = start * ((1 - alpha) (1 + cos(pi t / decay_steps)) / 2 + alpha), where start is `warmup_target`
    (else the initial rate).

    Args:
        initial_learning_rate: Rate at step 0.
        decay_steps: Steps of the fall.
        alpha: Last rate, as a share of the highest.
        name: Name of the schedule.
        warmup_target: Rate at the end of the warmup, or None for no warmup.
        warmup_steps: Steps of the warmup.

    Raises:
        ValueError: decay_steps is not positive.

    Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
    """

    arguments = ("initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive("CosineDecay", "decay_steps", decay_steps)
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Any:
        t = as_float(step)
        if self.warmup_target is None:
            return self._fall(ops.minimum(t, float(self.decay_steps)), self.initial_learning_rate)
        warmup = float(self.warmup_steps)
        t = ops.minimum(t, self.decay_steps + warmup)
        fall = self._fall(t - warmup, self.warmup_target)
        if not warmup:
            return fall
        rise = self.initial_learning_rate + (self.warmup_target - self.initial_learning_rate) * (t / warmup)
        return ops.where(t < warmup, rise, fall)

    def _fall(self, t: Any, start: float) -> Any:
        half = 0.5 * (1.0 + ops.cos(math.pi * t / float(self.decay_steps)))
        return start * ((1.0 - self.alpha) * half + self.alpha)


class CosineDecayRestarts(Decay):
    """Half a cosine again and again: the i-th is t_mul^i times as long and starts m_mul^i times as high.

    Args:
        initial_learning_rate: Rate at step 0.
        first_decay_steps: Steps of the first fall.
        t_mul: Factor of the length from one fall to the next.
        m_mul: Factor of the height from one fall to the next.
        alpha: Last rate of a fall, as a share of the initial rate.
        name: Name of the schedule.

    Raises:
        ValueError: first_decay_steps is not positive.

    Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
    """

    arguments = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = positive("CosineDecayRestarts", "first_decay_steps", first_decay_steps)
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Any:
        done = as_float(step) / float(self.first_decay_steps)
        if self.t_mul == 1.0:
            restarts = ops.floor(done)
            share = done - restarts
        else:
            # The first i falls last (1 - t_mul^i) / (1 - t_mul) first lengths.
            ratio = float(self.t_mul)
            restarts = ops.floor(ops.log(1.0 - done * (1.0 - ratio)) / math.log(ratio))
            before = (1.0 - ops.power(ratio, restarts)) / (1.0 - ratio)
            share = (done - before) / ops.power(ratio, restarts)
        height = ops.power(float(self.m_mul), restarts)
        half = 0.5 * height * (1.0 + ops.cos(math.pi * share))
        return self.initial_learning_rate * ((1.0 - self.alpha) * half + self.alpha)
