"""Adadelta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.optimizers.optimizer import Optimizer


class Adadelta(Optimizer):
    """Steps in the units of the weights: the gradient times the ratio of two running root mean squares.

    s = rho s + (1 - rho) g^2, d = sqrt(e + epsilon) / sqrt(s + epsilon) * g, e = rho e + (1 - rho) d^2,
    w -= rate * d.

    Args:
        learning_rate: See `Optimizer`; 1.0 gives the paper's rule.
        rho: How slowly the running means change.
        epsilon: Keeps the denominator from zero, and starts the motion.
        **options: See `Optimizer`.

    Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
    """

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho = rho
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        names = ["accumulated_grad", "accumulated_delta_var"]
        self._squares, self._steps = self.add_optimizer_variables(variables, names)

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        squares, steps = self._squares[index], self._steps[index]
        s = self.rho * squares.value + (1.0 - self.rho) * ops.square(gradient)
        step = ops.sqrt(steps.value + self.epsilon) * gradient / ops.sqrt(s + self.epsilon)
        squares.assign(s)
        steps.assign(self.rho * steps.value + (1.0 - self.rho) * ops.square(step))
        variable.assign(variable.value - learning_rate * step)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}
