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
    from axone.layers.preprocessing.category_encoding import CategoryEncoding
    from axone.layers.preprocessing.discretization import Discretization
    from axone.layers.preprocessing.hashed_crossing import HashedCrossing
    from axone.layers.preprocessing.hashing import Hashing
    from axone.layers.preprocessing.integer_lookup import IntegerLookup
    from axone.layers.preprocessing.normalization import Normalization
    from axone.layers.preprocessing.rescaling import Rescaling
    from axone.layers.preprocessing.string_lookup import StringLookup
    from axone.layers.preprocessing.text_vectorization import TextVectorization

_HOME = {
    "Activation": "activation",
    "CategoryEncoding": "preprocessing.category_encoding",
    "Dense": "dense",
    "Discretization": "preprocessing.discretization",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "HashedCrossing": "preprocessing.hashed_crossing",
    "Hashing": "preprocessing.hashing",
    "Input": "input_layer",
    "InputLayer": "input_layer",
    "InputSpec": "input_spec",
    "IntegerLookup": "preprocessing.integer_lookup",
    "Layer": "layer",
    "Normalization": "preprocessing.normalization",
    "Rescaling": "preprocessing.rescaling",
    "StringLookup": "preprocessing.string_lookup",
    "TextVectorization": "preprocessing.text_vectorization",
}

__all__ = [
    "Activation",
    "CategoryEncoding",
    "Dense",
    "Discretization",
    "Dropout",
    "Flatten",
    "HashedCrossing",
    "Hashing",
    "Input",
    "InputLayer",
    "InputSpec",
    "IntegerLookup",
    "Layer",
    "Normalization",
    "Rescaling",
    "StringLookup",
    "TextVectorization",
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
