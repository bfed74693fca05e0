"""Adamax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.optimizers.optimizer import Optimizer


class Adamax(Optimizer):
    """Adam with the largest recent gradient in place of the root mean square.

    m += (1 - b1) (g - m), u = max(b2 u, |g|), w -= rate / (1 - b1^t) * m / (u + epsilon).

    Args:
        learning_rate: See `Optimizer`.
        beta_1: b1, how slowly the mean of the gradient changes.
        beta_2: b2, how slowly the largest gradient is forgotten.
        epsilon: Keeps the denominator from zero.
        **options: See `Optimizer`.

    Kingma, Ba, "Adam: a method for stochastic optimization", 2015, section 7.1.
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
        self._momentums, self._norms = self.add_optimizer_variables(variables, ["momentum", "norm"])

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        dtype = variable.dtype
        rate = self.per_step(
            "rate", dtype, lambda: learning_rate / (1.0 - ops.power(self.beta_1, self.step(dtype)))
        )
        index = self._get_variable_index(variable)
        momentum, norm = self._momentums[index], self._norms[index]
        m = momentum.value + (gradient - momentum.value) * (1.0 - self.beta_1)
        u = ops.maximum(self.beta_2 * norm.value, ops.abs(gradient))
        momentum.assign(m)
        norm.assign(u)
        variable.assign(variable.value - rate * m / (u + self.epsilon))

    def get_config(self) -> dict[str, Any]:
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return {**super().get_config(), **own}
