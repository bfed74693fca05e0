"""Nadam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.optimizers.optimizer import Optimizer


class Nadam(Optimizer):
    """Adam with Nesterov's look-ahead.

    With u_t = b1 (1 - 0.96^t / 2) and its products U_t = u_1 ... u_t:
    m += (1 - b1) (g - m), v += (1 - b2) (g^2 - v),
    w -= rate * (u_{t+1} m / (1 - U_{t+1}) + (1 - u_t) g / (1 - U_t)) / (sqrt(v / (1 - b2^t)) + epsilon).

    Args:
        learning_rate: See `Optimizer`.
        beta_1: b1, how slowly the mean of the gradient changes.
        beta_2: b2, how slowly the mean of its square changes.
        epsilon: Keeps the denominator from zero.
        **options: See `Optimizer`.

    Dozat, "Incorporating Nesterov momentum into Adam", 2016.
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
        self._product = self.add_variable((), "ones", variables[0].dtype if variables else None, "product")

    def _share(self, t: Any) -> Any:
        return self.beta_1 * (1.0 - 0.5 * ops.power(0.96, t))

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        self._product.assign(self._product.value * self._share(self.step(self._product.dtype)))
        super()._update(grads, variables)

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        dtype = variable.dtype
        of_mean, of_gradient, correction = self.per_step("factors", dtype, lambda: self._factors(dtype))
        index = self._get_variable_index(variable)
        momentum, velocity = self._momentums[index], self._velocities[index]
        m = momentum.value + (gradient - momentum.value) * (1.0 - self.beta_1)
        v = velocity.value + (ops.square(gradient) - velocity.value) * (1.0 - self.beta_2)
        momentum.assign(m)
        velocity.assign(v)
        ahead = of_mean * m + of_gradient * gradient
        variable.assign(variable.value - learning_rate * ahead / (ops.sqrt(v * correction) + self.epsilon))

    def _factors(self, dtype: str) -> tuple[Any, Any, Any]:
        """Factors of m, of g and of v, the same for all variables of one type."""
        t = self.step(dtype)
        now, following = self._share(t), self._share(t + 1.0)
        product = ops.cast(self._product.value, dtype)
        correction = 1.0 / (1.0 - ops.power(self.beta_2, t))
        return following / (1.0 - product * following), (1.0 - now) / (1.0 - product), correction

    def get_config(self) -> dict[str, Any]:
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return {**super().get_config(), **own}
