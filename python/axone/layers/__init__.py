"""Layers: Keras's `keras.layers`; each module is loaded when one of its names is first used."""

# ruff: noqa: I001, RUF022
# fmt: off

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from axone.core.old_names import old_module
from axone.core.suggest import did_you_mean

if TYPE_CHECKING:
    from axone.layers.activation import Activation
    from axone.layers.attention.additive import AdditiveAttention
    from axone.layers.attention.attention import Attention
    from axone.layers.attention.group_query import GroupQueryAttention
    from axone.layers.attention.multi_head import MultiHeadAttention
    from axone.layers.batch_normalization import BatchNormalization
    from axone.layers.conv import Conv1D, Conv2D, Conv3D
    from axone.layers.conv_transpose import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose
    from axone.layers.dense import Dense
    from axone.layers.depthwise_conv import (
        DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D,
    )
    from axone.layers.dropout import Dropout
    from axone.layers.einsum_dense import EinsumDense
    from axone.layers.embedding import Embedding
    from axone.layers.flatten import Flatten
    from axone.layers.function import Lambda
    from axone.layers.global_pool import (
        AdaptiveAveragePooling1D, AdaptiveAveragePooling2D, AdaptiveAveragePooling3D,
        AdaptiveMaxPooling1D, AdaptiveMaxPooling2D, AdaptiveMaxPooling3D, GlobalAveragePooling1D,
        GlobalAveragePooling2D, GlobalAveragePooling3D, GlobalMaxPooling1D, GlobalMaxPooling2D,
        GlobalMaxPooling3D,
    )
    from axone.layers.input_layer import Input, InputLayer
    from axone.layers.input_spec import InputSpec
    from axone.layers.layer import Layer
    from axone.layers.layer_normalization import (
        GroupNormalization, LayerNormalization, RMSNormalization, UnitNormalization,
    )
    from axone.layers.merging import (
        Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract, add, average, concatenate,
        dot, maximum, minimum, multiply, subtract,
    )
    from axone.layers.noise import AlphaDropout, GaussianDropout, GaussianNoise
    from axone.layers.pool import (
        AveragePooling1D, AveragePooling2D, AveragePooling3D, MaxPooling1D, MaxPooling2D, MaxPooling3D,
    )
    from axone.layers.preprocessing.category_encoding import CategoryEncoding
    from axone.layers.preprocessing.discretization import Discretization
    from axone.layers.preprocessing.hashed_crossing import HashedCrossing
    from axone.layers.preprocessing.hashing import Hashing
    from axone.layers.preprocessing.image_clahe import ContrastLimitedAdaptiveHistogramEqualization
    from axone.layers.preprocessing.image_colours import (
        RandomBrightness, RandomColorDegeneration, RandomColorJitter, RandomContrast, RandomGrayscale,
        RandomHue, RandomSaturation,
    )
    from axone.layers.preprocessing.image_maps import (
        RandomFlip, RandomRotation, RandomShear, RandomTranslation, RandomZoom,
    )
    from axone.layers.preprocessing.image_mixing import CutMix, MixUp, RandomErasing
    from axone.layers.preprocessing.image_policies import AugMix, RandAugment
    from axone.layers.preprocessing.image_size import CenterCrop, RandomCrop, Resizing
    from axone.layers.preprocessing.image_tones import (
        AutoContrast, Equalization, RandomGaussianBlur, RandomInvert, RandomPosterization,
        RandomSharpness, Solarization,
    )
    from axone.layers.preprocessing.image_warps import RandomElasticTransform, RandomPerspective
    from axone.layers.preprocessing.integer_lookup import IntegerLookup
    from axone.layers.preprocessing.normalization import Normalization
    from axone.layers.preprocessing.pipeline import Pipeline
    from axone.layers.preprocessing.rescaling import Rescaling
    from axone.layers.preprocessing.string_lookup import StringLookup
    from axone.layers.preprocessing.text_vectorization import TextVectorization
    from axone.layers.rectifiers import ELU, LeakyReLU, PReLU, RReLU, ReLU, Softmax
    from axone.layers.recurrent.bidirectional import Bidirectional
    from axone.layers.recurrent.conv_lstm import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
    from axone.layers.recurrent.gru import GRU, GRUCell
    from axone.layers.recurrent.lstm import LSTM, LSTMCell
    from axone.layers.recurrent.rnn import RNN
    from axone.layers.recurrent.simple_rnn import SimpleRNN, SimpleRNNCell
    from axone.layers.recurrent.stacked import StackedRNNCells
    from axone.layers.recurrent.time_distributed import TimeDistributed
    from axone.layers.resampling import (
        Cropping1D, Cropping2D, Cropping3D, UpSampling1D, UpSampling2D, UpSampling3D, ZeroPadding1D,
        ZeroPadding2D, ZeroPadding3D,
    )
    from axone.layers.reshaping import Permute, RepeatVector, Reshape
    from axone.layers.simple import ActivityRegularization, Identity, Masking
    from axone.layers.spatial_dropout import SpatialDropout1D, SpatialDropout2D, SpatialDropout3D
    from axone.layers.wrapper import SpectralNormalization, Wrapper

    AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
    MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
    GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
    GlobalAvgPool3D, GlobalMaxPool1D = GlobalAveragePooling3D, GlobalMaxPooling1D
    GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling2D, GlobalMaxPooling3D
    Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
    Convolution1DTranspose, Convolution2DTranspose = Conv1DTranspose, Conv2DTranspose
    Convolution3DTranspose = Conv3DTranspose
    SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D

# Module -> the layers in it.
_NAMES = {
    "activation": ("Activation",),
    "attention.additive": ("AdditiveAttention",),
    "attention.attention": ("Attention",),
    "attention.group_query": ("GroupQueryAttention",),
    "attention.multi_head": ("MultiHeadAttention",),
    "batch_normalization": ("BatchNormalization",),
    "conv": ("Conv1D", "Conv2D", "Conv3D"),
    "conv_transpose": ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
    "dense": ("Dense",),
    "depthwise_conv": ("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
    "dropout": ("Dropout",),
    "einsum_dense": ("EinsumDense",),
    "embedding": ("Embedding",),
    "flatten": ("Flatten",),
    "function": ("Lambda",),
    "global_pool": (
        "AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D",
        "AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D", "GlobalAveragePooling1D",
        "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
        "GlobalMaxPooling3D",
    ),
    "input_layer": ("Input", "InputLayer"),
    "input_spec": ("InputSpec",),
    "layer": ("Layer",),
    "layer_normalization": (
        "GroupNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization",
    ),
    "merging": (
        "Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract", "add",
        "average", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract",
    ),
    "noise": ("AlphaDropout", "GaussianDropout", "GaussianNoise"),
    "pool": (
        "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "MaxPooling1D", "MaxPooling2D",
        "MaxPooling3D",
    ),
    "preprocessing.category_encoding": ("CategoryEncoding",),
    "preprocessing.discretization": ("Discretization",),
    "preprocessing.hashed_crossing": ("HashedCrossing",),
    "preprocessing.hashing": ("Hashing",),
    "preprocessing.image_clahe": ("ContrastLimitedAdaptiveHistogramEqualization",),
    "preprocessing.image_colours": (
        "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast",
        "RandomGrayscale", "RandomHue", "RandomSaturation",
    ),
    "preprocessing.image_maps": (
        "RandomFlip", "RandomRotation", "RandomShear", "RandomTranslation", "RandomZoom",
    ),
    "preprocessing.image_mixing": ("CutMix", "MixUp", "RandomErasing"),
    "preprocessing.image_policies": ("AugMix", "RandAugment"),
    "preprocessing.image_size": ("CenterCrop", "RandomCrop", "Resizing"),
    "preprocessing.image_tones": (
        "AutoContrast", "Equalization", "RandomGaussianBlur", "RandomInvert", "RandomPosterization",
        "RandomSharpness", "Solarization",
    ),
    "preprocessing.image_warps": ("RandomElasticTransform", "RandomPerspective"),
    "preprocessing.integer_lookup": ("IntegerLookup",),
    "preprocessing.normalization": ("Normalization",),
    "preprocessing.pipeline": ("Pipeline",),
    "preprocessing.rescaling": ("Rescaling",),
    "preprocessing.string_lookup": ("StringLookup",),
    "preprocessing.text_vectorization": ("TextVectorization",),
    "rectifiers": ("ELU", "LeakyReLU", "PReLU", "RReLU", "ReLU", "Softmax"),
    "recurrent.bidirectional": ("Bidirectional",),
    "recurrent.conv_lstm": ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
    "recurrent.gru": ("GRU", "GRUCell"),
    "recurrent.lstm": ("LSTM", "LSTMCell"),
    "recurrent.rnn": ("RNN",),
    "recurrent.simple_rnn": ("SimpleRNN", "SimpleRNNCell"),
    "recurrent.stacked": ("StackedRNNCells",),
    "recurrent.time_distributed": ("TimeDistributed",),
    "resampling": (
        "Cropping1D", "Cropping2D", "Cropping3D", "UpSampling1D", "UpSampling2D", "UpSampling3D",
        "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
    ),
    "reshaping": ("Permute", "RepeatVector", "Reshape"),
    "simple": ("ActivityRegularization", "Identity", "Masking"),
    "spatial_dropout": ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
    "wrapper": ("SpectralNormalization", "Wrapper"),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}

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
    "Activation", "ActivityRegularization", "AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D", "AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D",
    "Add", "AdditiveAttention", "AlphaDropout", "Attention", "AugMix", "AutoContrast", "Average",
    "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "AvgPool1D", "AvgPool2D", "AvgPool3D",
    "BatchNormalization", "Bidirectional", "CategoryEncoding", "CenterCrop", "Concatenate",
    "ContrastLimitedAdaptiveHistogramEqualization", "Conv1D", "Conv1DTranspose", "Conv2D",
    "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D",
    "Convolution1D", "Convolution1DTranspose", "Convolution2D", "Convolution2DTranspose", "Convolution3D",
    "Convolution3DTranspose", "Cropping1D", "Cropping2D", "Cropping3D", "CutMix", "Dense",
    "DepthwiseConv1D", "DepthwiseConv2D", "Discretization", "Dot", "Dropout", "ELU", "EinsumDense",
    "Embedding", "Equalization", "Flatten", "GRU", "GRUCell", "GaussianDropout", "GaussianNoise",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalAvgPool1D",
    "GlobalAvgPool2D", "GlobalAvgPool3D", "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPool3D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GroupNormalization",
    "GroupQueryAttention", "HashedCrossing", "Hashing", "Identity", "Input", "InputLayer", "InputSpec",
    "IntegerLookup", "LSTM", "LSTMCell", "Lambda", "Layer", "LayerNormalization", "LeakyReLU", "Masking",
    "MaxPool1D", "MaxPool2D", "MaxPool3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "Maximum",
    "Minimum", "MixUp", "MultiHeadAttention", "Multiply", "Normalization", "PReLU", "Permute", "Pipeline",
    "RMSNormalization", "RNN", "RReLU", "RandAugment", "RandomBrightness", "RandomColorDegeneration",
    "RandomColorJitter", "RandomContrast", "RandomCrop", "RandomElasticTransform", "RandomErasing",
    "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert",
    "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness",
    "RandomShear", "RandomTranslation", "RandomZoom", "ReLU", "RepeatVector", "Rescaling", "Reshape",
    "Resizing", "SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D",
    "SimpleRNN", "SimpleRNNCell", "Softmax", "Solarization", "SpatialDropout1D", "SpatialDropout2D",
    "SpatialDropout3D", "SpectralNormalization", "StackedRNNCells", "StringLookup", "Subtract",
    "TextVectorization", "TimeDistributed", "UnitNormalization", "UpSampling1D", "UpSampling2D",
    "UpSampling3D", "Wrapper", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "add", "average",
    "concatenate", "deserialize", "dot", "maximum", "minimum", "multiply", "serialize", "subtract",
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
