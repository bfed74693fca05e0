"""Keras's `keras.ops.nn`: activations, losses and normalizations."""
# ruff: noqa: I001
# fmt: off

from axone.ops.activation import (
    celu, elu, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_swish, hard_tanh, leaky_relu,
    log_sigmoid, log_softmax, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign,
    sparse_plus, sparse_sigmoid, sparsemax, squareplus, swish, tanh_shrink, threshold,
)
from axone.ops.attention import dot_product_attention
from axone.ops.convolution import conv, conv_transpose, depthwise_conv, separable_conv
from axone.ops.indexing import multi_hot, one_hot
from axone.ops.losses import binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy
from axone.ops.normalization import (
    batch_normalization, layer_normalization, moments, normalize, rms_normalization,
)
from axone.ops.patches import depth_to_space, fold, space_to_depth, unfold
from axone.ops.pooling import adaptive_average_pool, adaptive_max_pool, average_pool, max_pool
from axone.ops.statistics import psnr

__all__ = [
    "adaptive_average_pool", "adaptive_max_pool", "average_pool", "batch_normalization",
    "binary_crossentropy", "categorical_crossentropy", "celu", "conv", "conv_transpose", "depth_to_space",
    "depthwise_conv", "dot_product_attention", "elu", "fold", "gelu", "glu", "hard_shrink",
    "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "layer_normalization", "leaky_relu",
    "log_sigmoid", "log_softmax", "max_pool", "moments", "multi_hot", "normalize", "one_hot", "psnr",
    "relu", "relu6", "rms_normalization", "selu", "separable_conv", "sigmoid", "silu", "soft_shrink",
    "softmax", "softplus", "softsign", "space_to_depth", "sparse_categorical_crossentropy", "sparse_plus",
    "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh_shrink", "threshold", "unfold",
]
