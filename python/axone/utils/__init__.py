"""Helpers of Keras's `keras.utils`, loaded when first used."""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "Progbar": "progbar",
    "to_categorical": "numerical",
    "normalize": "numerical",
    "set_random_seed": "session",
    "clear_session": "session",
    "pack_x_y_sample_weight": "packing",
    "unpack_x_y_sample_weight": "packing",
    "enable_interactive_logging": "io",
    "disable_interactive_logging": "io",
    "is_interactive_logging_enabled": "io",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'axone.utils' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"axone.utils.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
