"""Adafactor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.optimizers.optimizer import Optimizer


class Adafactor(Optimizer):
    """Adaptive steps with a memory of one row and one column per matrix instead of a whole matrix.

    With q = g^2 + epsilon_1, b = 1 - t^beta_2_decay: r = b r + (1 - b) row means of q, c likewise of columns,
    v = r c / mean(r) (vectors keep v = b v + (1 - b) q), u = g / sqrt(v),
    w -= max(epsilon_2, rms(w)) min(rate, 1 / sqrt(t)) u / max(1, rms(u) / clip_threshold).

    Args:
        learning_rate: See `Optimizer`.
        beta_2_decay: Exponent of b, negative.
        epsilon_1: Keeps squares from zero.
        epsilon_2: Smallest scale of a variable.
        clip_threshold: Largest root mean square of u.
        relative_step: Whether a rate given as a number is bounded by 1 / sqrt(t).
        **options: See `Optimizer`.

    Shazeer, Stern, "Adafactor: adaptive learning rates with sublinear memory cost", 2018.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._rows: list[Variable | None] = []
        self._columns: list[Variable | None] = []
        self._velocities: list[Variable] = []
        for variable in variables:
            shape, name = tuple(variable.shape), variable.name
            if len(shape) < 2:
                # Keras keeps two unused scalars, which its files hold.
                for _ in range(2):
                    self.add_variable((), name=name)
                self._rows.append(None)
                self._columns.append(None)
            else:
                self._rows.append(self.add_variable(shape[:-1], dtype=variable.dtype, name=name))
                self._columns.append(
                    self.add_variable(shape[:-2] + shape[-1:], dtype=variable.dtype, name=name)
                )
            self._velocities.append(self.add_variable_from_reference(variable, "velocity"))

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        dtype = variable.dtype
        rate, keep = self.per_step("rates", dtype, lambda: self._rates(learning_rate, dtype))
        v = self._mean_square(gradient, variable, keep)
        u = gradient / ops.sqrt(v)
        u = u / ops.maximum(1.0, _rms(u) / self.clip_threshold)
        variable.assign(variable.value - ops.maximum(self.epsilon_2, _rms(variable.value)) * rate * u)

    def _rates(self, learning_rate: Any, dtype: str) -> tuple[Any, Any]:
        """min(rate, 1 / sqrt(t)), which Keras takes whatever relative_step says, and b."""
        t = self.step(dtype)
        return ops.minimum(learning_rate, 1.0 / ops.sqrt(t)), 1.0 - ops.power(t, self.beta_2_decay)

    def _mean_square(self, gradient: Tensor, variable: Variable, keep: Any) -> Any:
        index = self._get_variable_index(variable)
        row, column, velocity = self._rows[index], self._columns[index], self._velocities[index]
        squares = ops.square(gradient) + self.epsilon_1
        if row is None or column is None:
            v = keep * velocity.value + (1.0 - keep) * squares
        else:
            r = keep * row.value + (1.0 - keep) * ops.mean(squares, axis=-1)
            c = keep * column.value + (1.0 - keep) * ops.mean(squares, axis=-2)
            row.assign(r)
            column.assign(c)
            share = r / ops.mean(r, axis=-1, keepdims=True)
            v = ops.expand_dims(share, -1) * ops.expand_dims(c, -2)
        velocity.assign(v)
        return v

    def get_config(self) -> dict[str, Any]:
        own = {
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }
        return {**super().get_config(), **own}


def _rms(x: Any) -> Any:
    return ops.sqrt(ops.mean(ops.square(x)))
