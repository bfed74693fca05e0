"""Data before it enters a model: Keras's `keras.preprocessing`."""

from __future__ import annotations

import importlib
from typing import Any

_MODULES = frozenset(("image", "sequence", "text"))
_HOME = {
    "image_dataset_from_directory": "axone.utils",
    "text_dataset_from_directory": "axone.utils",
    "timeseries_dataset_from_array": "axone.utils",
}

__all__ = [
    "image",
    "image_dataset_from_directory",
    "sequence",
    "text",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _MODULES:
        try:
            return importlib.import_module(f"axone.preprocessing.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"axone.preprocessing.{name}":
                raise
    raise AttributeError(f"module 'axone.preprocessing' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
