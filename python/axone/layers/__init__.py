"""Layers: Keras's `keras.layers`; each module is loaded when one of its names is first used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from axone.core.old_names import old_module
from axone.core.suggest import did_you_mean

if TYPE_CHECKING:
    from axone.layers.activation import Activation
    from axone.layers.batch_normalization import BatchNormalization
    from axone.layers.dense import Dense
    from axone.layers.dropout import Dropout
    from axone.layers.einsum_dense import EinsumDense
    from axone.layers.flatten import Flatten
    from axone.layers.function import Lambda
    from axone.layers.input_layer import Input, InputLayer
    from axone.layers.input_spec import InputSpec
    from axone.layers.layer import Layer
    from axone.layers.layer_normalization import (
        GroupNormalization,
        LayerNormalization,
        RMSNormalization,
        UnitNormalization,
    )
    from axone.layers.merging import (
        Add,
        Average,
        Concatenate,
        Dot,
        Maximum,
        Minimum,
        Multiply,
        Subtract,
        add,
        average,
        concatenate,
        dot,
        maximum,
        minimum,
        multiply,
        subtract,
    )
    from axone.layers.noise import AlphaDropout, GaussianDropout, GaussianNoise
    from axone.layers.preprocessing.category_encoding import CategoryEncoding
    from axone.layers.preprocessing.discretization import Discretization
    from axone.layers.preprocessing.hashed_crossing import HashedCrossing
    from axone.layers.preprocessing.hashing import Hashing
    from axone.layers.preprocessing.integer_lookup import IntegerLookup
    from axone.layers.preprocessing.normalization import Normalization
    from axone.layers.preprocessing.rescaling import Rescaling
    from axone.layers.preprocessing.string_lookup import StringLookup
    from axone.layers.preprocessing.text_vectorization import TextVectorization
    from axone.layers.rectifiers import ELU, LeakyReLU, PReLU, ReLU, RReLU, Softmax
    from axone.layers.reshaping import Permute, RepeatVector, Reshape
    from axone.layers.simple import ActivityRegularization, Identity, Masking
    from axone.layers.wrapper import SpectralNormalization, Wrapper

_HOME = {
    "Activation": "activation",
    "ActivityRegularization": "simple",
    "Add": "merging",
    "AlphaDropout": "noise",
    "Average": "merging",
    "BatchNormalization": "batch_normalization",
    "CategoryEncoding": "preprocessing.category_encoding",
    "Concatenate": "merging",
    "Dense": "dense",
    "Discretization": "preprocessing.discretization",
    "Dot": "merging",
    "Dropout": "dropout",
    "ELU": "rectifiers",
    "EinsumDense": "einsum_dense",
    "Flatten": "flatten",
    "GaussianDropout": "noise",
    "GaussianNoise": "noise",
    "GroupNormalization": "layer_normalization",
    "HashedCrossing": "preprocessing.hashed_crossing",
    "Hashing": "preprocessing.hashing",
    "Identity": "simple",
    "Input": "input_layer",
    "InputLayer": "input_layer",
    "InputSpec": "input_spec",
    "IntegerLookup": "preprocessing.integer_lookup",
    "Lambda": "function",
    "Layer": "layer",
    "LayerNormalization": "layer_normalization",
    "LeakyReLU": "rectifiers",
    "Masking": "simple",
    "Maximum": "merging",
    "Minimum": "merging",
    "Multiply": "merging",
    "Normalization": "preprocessing.normalization",
    "PReLU": "rectifiers",
    "Permute": "reshaping",
    "RMSNormalization": "layer_normalization",
    "RReLU": "rectifiers",
    "ReLU": "rectifiers",
    "RepeatVector": "reshaping",
    "Rescaling": "preprocessing.rescaling",
    "Reshape": "reshaping",
    "Softmax": "rectifiers",
    "SpectralNormalization": "wrapper",
    "StringLookup": "preprocessing.string_lookup",
    "Subtract": "merging",
    "TextVectorization": "preprocessing.text_vectorization",
    "UnitNormalization": "layer_normalization",
    "Wrapper": "wrapper",
    "add": "merging",
    "average": "merging",
    "concatenate": "merging",
    "dot": "merging",
    "maximum": "merging",
    "minimum": "merging",
    "multiply": "merging",
    "subtract": "merging",
}

__all__ = [
    "ELU",
    "Activation",
    "ActivityRegularization",
    "Add",
    "AlphaDropout",
    "Average",
    "BatchNormalization",
    "CategoryEncoding",
    "Concatenate",
    "Dense",
    "Discretization",
    "Dot",
    "Dropout",
    "EinsumDense",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GroupNormalization",
    "HashedCrossing",
    "Hashing",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "IntegerLookup",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "PReLU",
    "Permute",
    "RMSNormalization",
    "RReLU",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Softmax",
    "SpectralNormalization",
    "StringLookup",
    "Subtract",
    "TextVectorization",
    "UnitNormalization",
    "Wrapper",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
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
        old = old_module(f"layers.{name}")
        if old is not None:
            return old
        raise AttributeError(f"module 'axone.layers' has no attribute '{name}'.{did_you_mean(name, __all__)}")
    value = getattr(importlib.import_module(f"axone.layers.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
