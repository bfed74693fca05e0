"""Adagrad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import initializers, ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.ops.scatter import update_rows
from axone.optimizers.optimizer import Optimizer


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients: rare features keep large steps.

    s += g^2, w -= rate * g / sqrt(s + epsilon).

    Args:
        learning_rate: See `Optimizer`; values larger than Adam's are usual (0.01 to 1).
        initial_accumulator_value: Where s starts.
        epsilon: Keeps the denominator from zero.
        **options: See `Optimizer`.

    Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
    2011.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        start = initializers.Constant(self.initial_accumulator_value)
        self._sums = self.add_optimizer_variables(variables, "accumulator", start)

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        held = self._sums[self._get_variable_index(variable)]

        def rule(g: Tensor, w: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
            s = s + ops.square(g)
            return w - learning_rate * g / ops.sqrt(s + self.epsilon), s

        value, s = update_rows(rule, gradient, variable.value, held.value)
        held.assign(s)
        variable.assign(value)

    def get_config(self) -> dict[str, Any]:
        own = {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}
        return {**super().get_config(), **own}
