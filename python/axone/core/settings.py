"""Switches of this process that several parts ask for; `axone.config` sets them."""

from __future__ import annotations

import warnings
from typing import Any

__all__ = ["Limit", "flags", "max_epochs", "max_steps"]


class Limit:
    """An upper bound that users may set over their scripts' own numbers.

    Args:
        name: what is limited, for messages.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.value: int | None = None

    def set(self, value: Any) -> None:
        """Set the bound, None for none.

        Raises:
            ValueError: neither None nor a whole number of at least 1.
        """
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise ValueError(
                f"set_max_{self.name}: expected a whole number of at least 1 or None, got {value!r}."
            )
        self.value = value

    def apply(self, wanted: int | None, available: int | None = None) -> int | None:
        """Return `wanted`, or the bound with a warning where that (or what there is) exceeds it."""
        if self.value is None:
            return wanted
        planned = available if wanted is None else wanted
        if planned is not None and planned <= self.value:
            return wanted
        warnings.warn(f"Limiting {self.name} to {self.value}, as axone.config says.", stacklevel=4)
        return self.value


max_epochs = Limit("epochs")
max_steps = Limit("steps_per_epoch")
# flash_attention: a wish that changes no numbers. unsafe_deserialization: safe_mode=True counts as False.
# exact_convolution: no Winograd.
flags = {"flash_attention": False, "unsafe_deserialization": False, "exact_convolution": False}
