"""Muon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.optimizers.optimizer import Optimizer


class Muon(Optimizer):
    """Momentum made orthogonal, for the matrices of hidden layers; Adam for everything else.

    m = momentum m + g, u = g + momentum m (Nesterov) or m. u is brought near its closest orthogonal matrix by
    ns_steps of X <- a X + (b A + c A^2) X with A = X X^T, from X = u / |u|; then
    w -= rate * sqrt(max(rows, columns)) * rms_rate * X.

    Args:
        learning_rate: See `Optimizer`.
        adam_beta_1: Adam's b1, for variables that are no matrices, embeddings and excluded layers.
        adam_beta_2: Adam's b2.
        adam_weight_decay: Weight decay of Adam's variables.
        epsilon: Adam's.
        weight_decay: Weight decay of the matrices.
        exclude_layers: Regular expressions; variables whose path one of them is found in go to Adam.
        exclude_embeddings: Whether variables with "embedding" in their path go to Adam.
        muon_a: a.
        muon_b: b.
        muon_c: c.
        adam_lr_ratio: Factor of Adam's learning rate.
        momentum: How slowly the mean of gradients changes.
        ns_steps: Newton-Schulz steps.
        nesterov: Whether to look ahead.
        rms_rate: Scale of steps, or None for steps of spectral norm 1.
        **options: See `Optimizer`.

    Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; Liu et al., "Muon is
    scalable for LLM training", 2025 (the scale).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        *,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1.0,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, **options)
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or ())
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def _is_for_adam(self, variable: Variable) -> bool:
        path = str(variable.path)
        excluded = self.exclude_embeddings and "embedding" in path.lower()
        return len(variable.shape) != 2 or excluded or any(re.search(p, path) for p in self.exclude_layers)

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._momentums: list[Variable] = []
        self._velocities: list[Variable | None] = []
        for variable in variables:
            self._momentums.append(self.add_variable_from_reference(variable, "momentum"))
            adam = self._is_for_adam(variable)
            self._velocities.append(self.add_variable_from_reference(variable, "velocity") if adam else None)

    def _weight_decay_of(self, variable: Variable) -> float | None:
        return self.adam_weight_decay if self._is_for_adam(variable) else self.weight_decay

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        momentum, velocity = self._momentums[index], self._velocities[index]
        if velocity is not None:
            self._adam_step(gradient, variable, learning_rate, momentum, velocity)
            return
        m = momentum.value * self.momentum + gradient
        momentum.assign(m)
        step = self._orthogonal(gradient + self.momentum * m if self.nesterov else m)
        scale = 1.0 if self.rms_rate is None else float(max(variable.shape)) ** 0.5 * self.rms_rate
        variable.assign(variable.value - learning_rate * scale * step)

    def _adam_step(
        self, gradient: Tensor, variable: Variable, learning_rate: Any, momentum: Variable, velocity: Variable
    ) -> None:
        alpha = self.per_step("alpha", variable.dtype, lambda: self._alpha(learning_rate, variable.dtype))
        m = momentum.value + (gradient - momentum.value) * (1.0 - self.adam_beta_1)
        v = velocity.value + (ops.square(gradient) - velocity.value) * (1.0 - self.adam_beta_2)
        momentum.assign(m)
        velocity.assign(v)
        variable.assign(variable.value - alpha * (m / (ops.sqrt(v) + self.epsilon)))

    def _alpha(self, learning_rate: Any, dtype: str) -> Any:
        t = self.step(dtype)
        root = ops.sqrt(1.0 - ops.power(self.adam_beta_2, t))
        return self.adam_lr_ratio * learning_rate * root / (1.0 - ops.power(self.adam_beta_1, t))

    def _orthogonal(self, x: Any) -> Any:
        tall = x.shape[0] > x.shape[1]
        x = ops.transpose(x) if tall else x
        x = x / (ops.sqrt(ops.sum(ops.square(x))) + 1e-7)
        for _ in range(self.ns_steps):
            a = ops.matmul(x, ops.transpose(x))
            x = self.muon_a * x + ops.matmul(self.muon_b * a + self.muon_c * ops.matmul(a, a), x)
        return ops.transpose(x) if tall else x

    def get_config(self) -> dict[str, Any]:
        names = (
            "adam_beta_1 adam_beta_2 adam_weight_decay epsilon exclude_layers exclude_embeddings muon_a "
            "muon_b muon_c adam_lr_ratio momentum ns_steps nesterov rms_rate"
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in names.split()}}
