"""Models: Keras's `keras.models`; each module is loaded when one of its names is first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from axone.models.cloning import clone_model
    from axone.models.files import model_from_json
    from axone.models.functional import Functional
    from axone.models.model import Model
    from axone.models.sequential import Sequential

_HOME = {
    "Functional": "functional",
    "Model": "model",
    "Sequential": "sequential",
    "clone_model": "cloning",
    "load_model": "saving",
    "model_from_json": "files",
    "save_model": "saving",
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
    home = "axone.saving" if _HOME[name] == "saving" else f"axone.models.{_HOME[name]}"
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
