"""Lion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.optimizers.optimizer import Optimizer


class Lion(Optimizer):
    """Steps of one size, in the direction of the sign of a mean of gradients.

    w -= rate * sign(b1 m + (1 - b1) g), m = b2 m + (1 - b2) g.

    Args:
        learning_rate: See `Optimizer`; three to ten times smaller than Adam's.
        beta_1: b1 in (0, 1], weight of the past in the direction.
        beta_2: b2, how slowly the mean changes.
        **options: See `Optimizer`.

    Raises:
        ValueError: beta_1 lies outside (0, 1].

    Chen et al., "Symbolic discovery of optimization algorithms", 2023.
    """

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        if not 0.0 < beta_1 <= 1.0:
            raise ValueError(
                f"Lion: beta_1 must lie in (0, 1], got {beta_1}; with 0 it would be the plain sign."
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        held = self._momentums[self._get_variable_index(variable)]
        m = held.value
        direction = ops.sign(m * self.beta_1 + gradient * (1.0 - self.beta_1))
        variable.assign(variable.value - learning_rate * direction)
        held.assign(m * self.beta_2 + gradient * (1.0 - self.beta_2))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}
