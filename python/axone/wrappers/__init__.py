"""Models as scikit-learn estimators: Keras's `keras.wrappers`, loaded when first used."""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "SKLearnClassifier": "estimators",
    "SKLearnRegressor": "estimators",
    "SKLearnTransformer": "estimators",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name == "scikit_learn":  # Keras 2's module
        return importlib.import_module("axone.wrappers.scikit_learn")
    if name not in _HOME:
        raise AttributeError(f"module 'axone.wrappers' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"axone.wrappers.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
