"""Layers: Keras's `keras.layers`; each module is loaded when one of its names is first used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from axone.layers.activation import Activation
    from axone.layers.dense import Dense
    from axone.layers.dropout import Dropout
    from axone.layers.flatten import Flatten
    from axone.layers.input_layer import Input, InputLayer
    from axone.layers.input_spec import InputSpec
    from axone.layers.layer import Layer

_HOME = {
    "Activation": "activation",
    "Dense": "dense",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "Input": "input_layer",
    "InputLayer": "input_layer",
    "InputSpec": "input_spec",
    "Layer": "layer",
}

__all__ = [
    "Activation",
    "Dense",
    "Dropout",
    "Flatten",
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "deserialize",
    "serialize",
]


def serialize(layer: Layer) -> dict[str, Any]:
    """Return the layer, without its weights, as a plain dict."""
    from axone.core.serialization import serialize_keras_object

    config: dict[str, Any] = serialize_keras_object(layer)
    return config


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Build a layer from its plain dict."""
    from axone.core.serialization import deserialize_keras_object

    return deserialize_keras_object({"module": "keras.layers", **config}, custom_objects)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'axone.layers' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"axone.layers.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
