"""Models: Keras's `keras.models`; each module is loaded when one of its names is first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from axone.models.cloning import clone_model
    from axone.models.functional import Functional
    from axone.models.model import Model
    from axone.models.sequential import Sequential
    from axone.saving import load_model, save_model
    from axone.saving.model_json import model_from_json

_HOME = {
    "Functional": "axone.models.functional",
    "Model": "axone.models.model",
    "Sequential": "axone.models.sequential",
    "clone_model": "axone.models.cloning",
    "load_model": "axone.saving",
    "model_from_json": "axone.saving.model_json",
    "save_model": "axone.saving",
}

__all__ = [
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'axone.models' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
