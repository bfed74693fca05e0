"""LAMB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.optimizers.optimizer import Optimizer


class Lamb(Optimizer):
    """Adam whose step is as long, relative to each variable, as the learning rate says; for large batches.

    m += (1 - b1) (g - m), v += (1 - b2) (g^2 - v), u = m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon),
    w -= rate * |w| / |u| * u, where a norm of 0 makes the ratio 1.

    Args:
        learning_rate: See `Optimizer`.
        beta_1: b1, how slowly the mean of the gradient changes.
        beta_2: b2, how slowly the mean of its square changes.
        epsilon: Keeps the denominator from zero.
        **options: See `Optimizer`.

    You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", 2020.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        dtype = variable.dtype
        of_mean, of_square = self.per_step("corrections", dtype, lambda: self._corrections(dtype))
        index = self._get_variable_index(variable)
        momentum, velocity = self._momentums[index], self._velocities[index]
        m = momentum.value + (gradient - momentum.value) * (1.0 - self.beta_1)
        v = velocity.value + (ops.square(gradient) - velocity.value) * (1.0 - self.beta_2)
        momentum.assign(m)
        velocity.assign(v)
        u = m * of_mean / (ops.sqrt(v * of_square) + self.epsilon)
        length, of_step = _norm(variable.value), _norm(u)
        usable = ops.logical_and(length > 0, of_step > 0)
        ratio = ops.where(usable, length / ops.where(usable, of_step, 1.0), 1.0)
        variable.assign(variable.value - ratio * learning_rate * u)

    def _corrections(self, dtype: str) -> tuple[Any, Any]:
        t = self.step(dtype)
        return 1.0 / (1.0 - ops.power(self.beta_1, t)), 1.0 / (1.0 - ops.power(self.beta_2, t))

    def get_config(self) -> dict[str, Any]:
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return {**super().get_config(), **own}


def _norm(x: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(x)))
