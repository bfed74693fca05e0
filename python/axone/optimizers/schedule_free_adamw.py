"""Schedule-free AdamW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.optimizers.optimizer import Optimizer


class ScheduleFreeAdamW(Optimizer):
    """Adam's scaling with an average of the iterates in place of a schedule.

    The variable is y = (1 - b1) z + b1 x. v += (1 - b2) (g^2 - v),
    z -= rate g / (sqrt(v / (1 - b2^t)) + epsilon), x += (z - x) / t.

    Args:
        learning_rate: See `Optimizer`; larger than Adam's.
        beta_1: b1, where between z and the average x gradients are taken.
        beta_2: b2, how slowly the mean square changes.
        epsilon: Keeps the denominator from zero.
        warmup_steps: Steps over which the rate rises linearly to its value.
        **options: See `Optimizer`.

    Defazio et al., "The road less scheduled", 2024.
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._iterates, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        for iterate, variable in zip(self._iterates, variables, strict=True):
            iterate.assign(variable.value)

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        dtype = variable.dtype
        rate, share, correction = self.per_step("factors", dtype, lambda: self._factors(learning_rate, dtype))
        index = self._get_variable_index(variable)
        iterate, velocity = self._iterates[index], self._velocities[index]
        v = velocity.value + (ops.square(gradient) - velocity.value) * (1.0 - self.beta_2)
        velocity.assign(v)
        before = iterate.value
        z = before - rate * gradient / (ops.sqrt(v * correction) + self.epsilon)
        x = (variable.value - (1.0 - self.beta_1) * before) / self.beta_1
        x = (1.0 - share) * x + share * z
        iterate.assign(z)
        variable.assign((1.0 - self.beta_1) * z + self.beta_1 * x)

    def _factors(self, learning_rate: Any, dtype: str) -> tuple[Any, Any, Any]:
        t = self.step(dtype)
        if self.warmup_steps > 0:
            learning_rate = learning_rate * ops.minimum(t / float(self.warmup_steps), 1.0)
        return learning_rate, 1.0 / t, 1.0 / (1.0 - ops.power(self.beta_2, t))

    def get_config(self) -> dict[str, Any]:
        own = {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "warmup_steps": self.warmup_steps,
        }
        return {**super().get_config(), **own}
