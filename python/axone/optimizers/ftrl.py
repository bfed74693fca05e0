"""FTRL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import initializers, ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.optimizers.optimizer import Optimizer


class Ftrl(Optimizer):
    """Follow the regularised leader: for wide sparse models, with weights that become exactly zero.

    With p = -learning_rate_power, g' = g + 2 l2_shrinkage w, n' = n + g^2, s = (n'^p - n^p) / rate:
    z += g' - s w, w = (clip(z, -l1, l1) - z) / (n'^p / rate + 2 (l2 + beta / (2 rate))).

    Args:
        learning_rate: See `Optimizer`.
        learning_rate_power: At most 0; -0.5 shrinks steps with the root of the sum of squares.
        initial_accumulator_value: Where n starts; at least 0.
        l1_regularization_strength: l1, at least 0.
        l2_regularization_strength: l2, at least 0.
        l2_shrinkage_regularization_strength: Strength of a penalty in the gradient, at least 0.
        beta: See the formula.
        **options: See `Optimizer`.

    Raises:
        ValueError: a value is out of its range.

    McMahan et al., "Ad click prediction: a view from the trenches", 2013.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        if learning_rate_power > 0:
            raise ValueError(f"Ftrl: learning_rate_power must be at most 0, got {learning_rate_power}.")
        for name in ("initial_accumulator_value", *(n for n in self._own() if n.endswith("strength"))):
            if getattr(self, name) < 0:
                raise ValueError(f"Ftrl: {name} must be at least 0, got {getattr(self, name)}.")

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        start = initializers.Constant(self.initial_accumulator_value)
        self._sums = self.add_optimizer_variables(variables, "accumulator", start)
        self._linears = self.add_optimizer_variables(variables, "linear")

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        held, linear = self._sums[index], self._linears[index]
        power, w = -self.learning_rate_power, variable.value
        n = held.value + ops.square(gradient)
        new_power = ops.power(n, power)
        sigma = (new_power - ops.power(held.value, power)) / learning_rate
        z = linear.value + gradient + 2.0 * self.l2_shrinkage_regularization_strength * w - sigma * w
        l2 = self.l2_regularization_strength + self.beta / (2.0 * learning_rate)
        l1 = self.l1_regularization_strength
        held.assign(n)
        linear.assign(z)
        variable.assign((ops.clip(z, -l1, l1) - z) / (new_power / learning_rate + 2.0 * l2))

    def _own(self) -> dict[str, Any]:
        names = (
            "learning_rate_power",
            "initial_accumulator_value",
            "l1_regularization_strength",
            "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
            "beta",
        )
        return {name: getattr(self, name) for name in names}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._own()}
