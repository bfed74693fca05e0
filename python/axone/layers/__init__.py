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
    from axone.layers.conv import (
        Conv1D,
        Conv2D,
        Conv3D,
    )
    from axone.layers.conv_transpose import (
        Conv1DTranspose,
        Conv2DTranspose,
        Conv3DTranspose,
    )
    from axone.layers.dense import Dense
    from axone.layers.depthwise_conv import (
        DepthwiseConv1D,
        DepthwiseConv2D,
        SeparableConv1D,
        SeparableConv2D,
    )
    from axone.layers.dropout import Dropout
    from axone.layers.einsum_dense import EinsumDense
    from axone.layers.flatten import Flatten
    from axone.layers.function import Lambda
    from axone.layers.global_pool import (
        AdaptiveAveragePooling1D,
        AdaptiveAveragePooling2D,
        AdaptiveAveragePooling3D,
        AdaptiveMaxPooling1D,
        AdaptiveMaxPooling2D,
        AdaptiveMaxPooling3D,
        GlobalAveragePooling1D,
        GlobalAveragePooling2D,
        GlobalAveragePooling3D,
        GlobalMaxPooling1D,
        GlobalMaxPooling2D,
        GlobalMaxPooling3D,
    )
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
    from axone.layers.pool import (
        AveragePooling1D,
        AveragePooling2D,
        AveragePooling3D,
        MaxPooling1D,
        MaxPooling2D,
        MaxPooling3D,
    )
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
    from axone.layers.resampling import (
        Cropping1D,
        Cropping2D,
        Cropping3D,
        UpSampling1D,
        UpSampling2D,
        UpSampling3D,
        ZeroPadding1D,
        ZeroPadding2D,
        ZeroPadding3D,
    )
    from axone.layers.reshaping import Permute, RepeatVector, Reshape
    from axone.layers.simple import ActivityRegularization, Identity, Masking
    from axone.layers.spatial_dropout import (
        SpatialDropout1D,
        SpatialDropout2D,
        SpatialDropout3D,
    )
    from axone.layers.wrapper import SpectralNormalization, Wrapper

_HOME = {
    "Activation": "activation",
    "ActivityRegularization": "simple",
    "AdaptiveAveragePooling1D": "global_pool",
    "AdaptiveAveragePooling2D": "global_pool",
    "AdaptiveAveragePooling3D": "global_pool",
    "AdaptiveMaxPooling1D": "global_pool",
    "AdaptiveMaxPooling2D": "global_pool",
    "AdaptiveMaxPooling3D": "global_pool",
    "Add": "merging",
    "AlphaDropout": "noise",
    "Average": "merging",
    "AveragePooling1D": "pool",
    "AveragePooling2D": "pool",
    "AveragePooling3D": "pool",
    "BatchNormalization": "batch_normalization",
    "CategoryEncoding": "preprocessing.category_encoding",
    "Concatenate": "merging",
    "Conv1D": "conv",
    "Conv1DTranspose": "conv_transpose",
    "Conv2D": "conv",
    "Conv2DTranspose": "conv_transpose",
    "Conv3D": "conv",
    "Conv3DTranspose": "conv_transpose",
    "Cropping1D": "resampling",
    "Cropping2D": "resampling",
    "Cropping3D": "resampling",
    "Dense": "dense",
    "DepthwiseConv1D": "depthwise_conv",
    "DepthwiseConv2D": "depthwise_conv",
    "Discretization": "preprocessing.discretization",
    "Dot": "merging",
    "Dropout": "dropout",
    "ELU": "rectifiers",
    "EinsumDense": "einsum_dense",
    "Flatten": "flatten",
    "GaussianDropout": "noise",
    "GaussianNoise": "noise",
    "GlobalAveragePooling1D": "global_pool",
    "GlobalAveragePooling2D": "global_pool",
    "GlobalAveragePooling3D": "global_pool",
    "GlobalMaxPooling1D": "global_pool",
    "GlobalMaxPooling2D": "global_pool",
    "GlobalMaxPooling3D": "global_pool",
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
    "MaxPooling1D": "pool",
    "MaxPooling2D": "pool",
    "MaxPooling3D": "pool",
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
    "SeparableConv1D": "depthwise_conv",
    "SeparableConv2D": "depthwise_conv",
    "Softmax": "rectifiers",
    "SpatialDropout1D": "spatial_dropout",
    "SpatialDropout2D": "spatial_dropout",
    "SpatialDropout3D": "spatial_dropout",
    "SpectralNormalization": "wrapper",
    "StringLookup": "preprocessing.string_lookup",
    "Subtract": "merging",
    "TextVectorization": "preprocessing.text_vectorization",
    "UnitNormalization": "layer_normalization",
    "UpSampling1D": "resampling",
    "UpSampling2D": "resampling",
    "UpSampling3D": "resampling",
    "Wrapper": "wrapper",
    "ZeroPadding1D": "resampling",
    "ZeroPadding2D": "resampling",
    "ZeroPadding3D": "resampling",
    "add": "merging",
    "average": "merging",
    "concatenate": "merging",
    "dot": "merging",
    "maximum": "merging",
    "minimum": "merging",
    "multiply": "merging",
    "subtract": "merging",
}

# Other names of the same classes, as Keras has them.
_SAME = {
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "Convolution1D": "Conv1D",
    "Convolution1DTranspose": "Conv1DTranspose",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "Convolution3DTranspose": "Conv3DTranspose",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
}

__all__ = [
    "ELU",
    "Activation",
    "ActivityRegularization",
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "Add",
    "AlphaDropout",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "BatchNormalization",
    "CategoryEncoding",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "Convolution1D",
    "Convolution1DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Convolution3D",
    "Convolution3DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Dense",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "Discretization",
    "Dot",
    "Dropout",
    "EinsumDense",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
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
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
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
    "SeparableConv1D",
    "SeparableConv2D",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "SpectralNormalization",
    "StringLookup",
    "Subtract",
    "TextVectorization",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "Wrapper",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
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
    today = _SAME.get(name, name)
    if today not in _HOME:
        old = old_module(f"layers.{name}")
        if old is not None:
            return old
        raise AttributeError(f"module 'axone.layers' has no attribute '{name}'.{did_you_mean(name, __all__)}")
    value = getattr(importlib.import_module(f"axone.layers.{_HOME[today]}"), today)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
