"""Penalties on weights or outputs, added to the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone import ops

__all__ = ["L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer"]


class Regularizer:
    """A penalty: `__call__(x)` returns a scalar tensor. A subclass also defines `get_config`."""

    def __call__(self, x: Any) -> Any:
        """Return the penalty of `x`."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild this regularizer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build a regularizer from what `get_config` returned."""
        return cls(**config)


def _factor(owner: Regularizer, name: str, value: Any) -> float:
    """The penalty's factor as a float; it must be finite and not negative."""
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise ValueError(f"{type(owner).__name__}: {name} must be a number, got {value!r}.")
    if not np.isfinite(value) or value < 0:
        raise ValueError(f"{type(owner).__name__}: {name} must be finite and not negative, got {value}.")
    return float(value)


class L1(Regularizer):
    """`l1 * sum(|x|)`.

    Args:
        l1: factor.
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = 0.01 if l1 is None else _factor(self, "l1", l1)

    def __call__(self, x: Any) -> Any:
        return ops.multiply(ops.sum(ops.abs(x)), self.l1)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(Regularizer):
    """`l2 * sum(x**2)`.

    Args:
        l2: factor.
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = 0.01 if l2 is None else _factor(self, "l2", l2)

    def __call__(self, x: Any) -> Any:
        return ops.multiply(ops.sum(ops.square(x)), self.l2)

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class L1L2(Regularizer):
    """`l1 * sum(|x|) + l2 * sum(x**2)`.

    Args:
        l1, l2: factors.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = 0.0 if l1 is None else _factor(self, "l1", l1)
        self.l2 = 0.0 if l2 is None else _factor(self, "l2", l2)

    def __call__(self, x: Any) -> Any:
        return ops.add(
            ops.multiply(ops.sum(ops.abs(x)), self.l1), ops.multiply(ops.sum(ops.square(x)), self.l2)
        )

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Pushes the rows (or columns) of a matrix towards being orthogonal to each other.

    `factor * sum(|cosines of the pairs|) / number of pairs`

    Args:
        factor: factor.
        mode: "rows" or "columns".
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _factor(self, "factor", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(f"OrthogonalRegularizer: mode must be 'rows' or 'columns', got {mode!r}.")
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        if len(x.shape) != 2:
            raise ValueError(f"OrthogonalRegularizer: expected a matrix, got shape {tuple(x.shape)}.")
        if self.mode == "columns":
            x = ops.transpose(x)
        norm = ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=1, keepdims=True), 1e-12))
        x = ops.divide(x, norm)
        size = int(x.shape[0])
        cosines = ops.matmul(x, ops.transpose(x))
        others = ops.multiply(ops.abs(cosines), 1.0 - np.eye(size, dtype="float32"))
        pairs = max(1.0, size * (size - 1) / 2)
        return ops.multiply(ops.sum(others), self.factor * 0.5 / pairs)

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}
