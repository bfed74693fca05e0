"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.ops.scatter import update_rows
from axone.optimizers.optimizer import Optimizer


class SGD(Optimizer):
    """Gradient descent, with momentum where asked for.

    w -= rate * g, or with momentum b: m = b m - rate * g, then w += m, or with Nesterov's look-ahead
    w += b m - rate * g.

    Args:
        learning_rate: See `Optimizer`.
        momentum: b in [0, 1].
        nesterov: Whether to look ahead.
        **options: See `Optimizer`.

    Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; Sutskever et al., "On
    the importance of initialization and momentum in deep learning", 2013.
    """

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        if not 0.0 <= momentum <= 1.0:
            raise ValueError(f"SGD: momentum must lie in [0, 1], got {momentum}.")
        self.momentum = momentum
        self.nesterov = nesterov

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        if self.momentum:
            self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        if not self.momentum:
            rate = ops.cast(learning_rate, gradient.dtype)
            (value,) = update_rows(lambda g, w: (w - g * rate,), gradient, variable.value)
            variable.assign(value)
            return
        step = gradient * learning_rate
        held = self._momentums[self._get_variable_index(variable)]
        m = self.momentum * held.value - step
        held.assign(m)
        variable.assign(variable.value + (self.momentum * m - step if self.nesterov else m))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
