"""The base class of initializers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["Initializer"]


class Initializer:
    """Gives the first value of a variable. A subclass defines `__call__` and, with options, `get_config`.

    Example:
        class Halves(Initializer):
            def __call__(self, shape, dtype=None):
                return ops.full(shape, 0.5, dtype=dtype)
    """

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:
        """Return a tensor of that shape and dtype."""
        raise TypeError(f"{type(self).__name__} defines no __call__(self, shape, dtype=None).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild this initializer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build an initializer from what `get_config` returned."""
        return cls(**config)

    def clone(self) -> Any:
        """Return a new initializer with the same arguments."""
        return type(self).from_config(self.get_config())
