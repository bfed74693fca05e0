"""RMSprop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.optimizers.optimizer import Optimizer


class RMSprop(Optimizer):
    """Steps divided by the root of the running mean of squared gradients.

    v = rho v + (1 - rho) g^2, w -= rate * g / sqrt(v + epsilon). Centred: v is replaced by v - a^2, where a
    is the running mean of g (an estimate of the variance). With momentum b: m = b m + step, w -= m.

    Args:
        learning_rate: See `Optimizer`.
        rho: How slowly the running means change.
        momentum: b in [0, 1].
        epsilon: Keeps the denominator from zero.
        centered: Whether to divide by the deviation rather than by the root mean square.
        **options: See `Optimizer`.

    Hinton, "Neural networks for machine learning", lecture 6.5, 2012; centred: Graves, "Generating sequences
    with recurrent neural networks", 2013.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        if self.momentum > 0:
            self._momentums = self.add_optimizer_variables(variables, "momentum")
        if self.centered:
            self._averages_of_gradients = self.add_optimizer_variables(variables, "average_gradient")

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        velocity = self._velocities[index]
        v = self.rho * velocity.value + (1.0 - self.rho) * ops.square(gradient)
        velocity.assign(v)
        if self.centered:
            average = self._averages_of_gradients[index]
            a = self.rho * average.value + (1.0 - self.rho) * gradient
            average.assign(a)
            v = v - ops.square(a)
        step = learning_rate * gradient / ops.sqrt(v + self.epsilon)
        if self.momentum > 0:
            momentum = self._momentums[index]
            step = self.momentum * momentum.value + step
            momentum.assign(step)
        variable.assign(variable.value - step)

    def get_config(self) -> dict[str, Any]:
        own = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return {**super().get_config(), **own}
