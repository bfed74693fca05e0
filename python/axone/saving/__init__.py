"""Models to files and back: Keras's `keras.saving`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from axone.core.registration import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from axone.core.serialization import deserialize_keras_object, serialize_keras_object

if TYPE_CHECKING:
    from axone.saving.loading import load_model, load_weights, save_model, save_weights

_LAZY = ("load_model", "load_weights", "save_model", "save_weights")

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'axone.saving' has no attribute '{name}'")
    return getattr(importlib.import_module("axone.saving.loading"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
