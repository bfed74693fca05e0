"""Keras's `keras.ops.nn`: activations, losses and normalizations."""
# ruff: noqa: I001
# fmt: off

from axone.ops.activation import (
    celu, elu, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_swish, hard_tanh, leaky_relu,
    log_sigmoid, log_softmax, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign,
    sparse_plus, sparse_sigmoid, sparsemax, squareplus, swish, tanh_shrink, threshold,
)
from axone.ops.attention import dot_product_attention
from axone.ops.indexing import multi_hot, one_hot
from axone.ops.losses import binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy
from axone.ops.normalization import (
    batch_normalization, layer_normalization, moments, normalize, rms_normalization,
)
from axone.ops.statistics import psnr

__all__ = [
    "batch_normalization", "binary_crossentropy", "categorical_crossentropy", "celu",
    "dot_product_attention", "elu", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu",
    "hard_swish", "hard_tanh", "layer_normalization", "leaky_relu", "log_sigmoid", "log_softmax",
    "moments", "multi_hot", "normalize", "one_hot", "psnr", "relu", "relu6", "rms_normalization", "selu",
    "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign",
    "sparse_categorical_crossentropy", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus",
    "swish", "tanh_shrink", "threshold",
]
