"""Adam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.optimizers.optimizer import Optimizer


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square.

    m += (1 - b1) (g - m), v += (1 - b2) (g^2 - v), w -= a m / (sqrt(v) + epsilon), where
    a = rate * sqrt(1 - b2^t) / (1 - b1^t) undoes the bias of starting from zero.

    Args:
        learning_rate: See `Optimizer`.
        beta_1: b1, how slowly the mean of the gradient changes.
        beta_2: b2, how slowly the mean of its square changes.
        epsilon: Keeps the denominator from zero.
        amsgrad: Whether v is replaced by the largest v so far.
        **options: See `Optimizer`.

    Kingma, Ba, "Adam: a method for stochastic optimization", 2015 (algorithm 1 in the efficient order of
    section 2); Reddi, Kale, Kumar, "On the convergence of Adam and beyond", 2018.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        if self.amsgrad:
            self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat")

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        alpha = self.per_step("alpha", variable.dtype, lambda: self._alpha(learning_rate, variable.dtype))
        index = self._get_variable_index(variable)
        momentum, velocity = self._momentums[index], self._velocities[index]
        m = momentum.value + (gradient - momentum.value) * (1.0 - self.beta_1)
        v = velocity.value + (ops.square(gradient) - velocity.value) * (1.0 - self.beta_2)
        momentum.assign(m)
        velocity.assign(v)
        if self.amsgrad:
            v = ops.maximum(self._velocity_hats[index].value, v)
            self._velocity_hats[index].assign(v)
        variable.assign(variable.value - alpha * (m / (ops.sqrt(v) + self.epsilon)))

    def _alpha(self, learning_rate: Any, dtype: str) -> Any:
        t = ops.cast(ops.add(self.iterations, 1), dtype)
        return learning_rate * ops.sqrt(1.0 - ops.power(self.beta_2, t)) / (1.0 - ops.power(self.beta_1, t))

    def get_config(self) -> dict[str, Any]:
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "amsgrad": self.amsgrad}
        return {**super().get_config(), **own}
