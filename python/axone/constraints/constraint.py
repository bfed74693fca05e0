"""Limits that weights are brought back to after each training step."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core.dtypes import epsilon

__all__ = ["Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"]


class Constraint:
    """A projection: `__call__(w)` returns the allowed weights. A subclass also defines `get_config`."""

    def __call__(self, w: Any) -> Any:
        """Return the weights brought back into the limits."""
        raise TypeError(f"{type(self).__name__} defines no __call__(self, w).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild this constraint."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build a constraint from what `get_config` returned."""
        return cls(**config)


def _norm(w: Any, axis: Any) -> Any:
    axes = tuple(axis) if isinstance(axis, (list, tuple)) else axis
    return ops.sqrt(ops.sum(ops.square(w), axis=axes, keepdims=True))


class MaxNorm(Constraint):
    """Scales down what is longer than `max_value`.

    Args:
        max_value: largest norm.
        axis: axes over which the norm is taken: 0 for a dense kernel, [0, 1, 2] for a 2-D convolution.

    Source: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norm = _norm(w, self.axis)
        wanted = ops.clip(norm, 0, self.max_value)
        return ops.multiply(w, ops.divide(wanted, ops.add(norm, epsilon())))

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Sets negative weights to zero."""

    def __call__(self, w: Any) -> Any:
        return ops.maximum(w, 0)


class UnitNorm(Constraint):
    """Scales to norm one.

    Args:
        axis: axes over which the norm is taken.
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return ops.divide(w, ops.add(_norm(w, self.axis), epsilon()))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Brings norms between two bounds.

    Args:
        min_value, max_value: bounds of the norm.
        rate: how far to go at each step: 1 is all the way.
        axis: axes over which the norm is taken.
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norm = _norm(w, self.axis)
        wanted = ops.add(
            ops.multiply(ops.clip(norm, self.min_value, self.max_value), self.rate),
            ops.multiply(norm, 1 - self.rate),
        )
        return ops.multiply(w, ops.divide(wanted, ops.add(norm, epsilon())))

    def get_config(self) -> dict[str, Any]:
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }
