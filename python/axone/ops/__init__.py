"""Keras's `keras.ops`: every function on tensors, whatever its family.

They take tensors, variables, NumPy arrays and numbers. Inside a traced function they add to its graph; on
symbolic tensors (`KerasTensor`) they become nodes of the model.
"""
# ruff: noqa: I001, RUF022
# fmt: off

from axone.ops import image, linalg, nn, numpy, operators  # noqa: F401  operators: registers them
from axone.core.host_call import custom_gradient, host_call
from axone.ops.activation import (
    celu, elu, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_swish, hard_tanh, leaky_relu,
    log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus,
    softsign, sparse_plus, sparse_sigmoid, sparsemax, squareplus, swish, tanh_shrink, threshold,
)
from axone.ops.arithmetic import (
    abs, absolute, add, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, cbrt, ceil, clip, cos,
    cosh, deg2rad, divide, divide_no_nan, erf, exp, exp2, expm1, fabs, floor, floor_divide, fmod, log,
    log10, log1p, log2, logaddexp, logaddexp2, maximum, minimum, mod, multiply, nan_to_num, negative,
    power, rad2deg, reciprocal, round, rsqrt, sign, sin, sinh, sqrt, square, subtract, tan, tanh,
    true_divide, trunc,
)
from axone.ops.arrange import flip, fliplr, flipud, meshgrid, pad, repeat, roll, rot90, tile
from axone.ops.attention import dot_product_attention
from axone.ops.bitwise import (
    bitwise_and, bitwise_invert, bitwise_left_shift, bitwise_not, bitwise_or, bitwise_right_shift,
    bitwise_xor, left_shift, right_shift,
)
from axone.ops.comparison import (
    allclose, equal, greater, greater_equal, heaviside, isclose, isfinite, isin, isinf, isnan, isneginf,
    isposinf, less, less_equal, logical_and, logical_not, logical_or, logical_xor, nonzero, not_equal,
    select, where,
)
from axone.ops.control import cond, jvp, switch, vectorize
from axone.ops.convolution import conv, conv_transpose, depthwise_conv, separable_conv
from axone.ops.core import (
    array, cast, convert_to_numpy, convert_to_tensor, copy, dtype, is_tensor, ndim, saturate_cast, shape,
    size, stop_gradient,
)
from axone.ops.creation import (
    arange, bartlett, blackman, empty, empty_like, eye, full, full_like, geomspace, hamming, hanning,
    identity, kaiser, linspace, logspace, ones, ones_like, tri, zeros, zeros_like,
)
from axone.ops.ctc import ctc_decode, ctc_loss
from axone.ops.decompositions import cholesky, eig, eigh, lstsq, lu_factor, matrix_rank, pinv, qr, svd
from axone.ops.diagonal import diag, diagflat, diagonal, trace, tril, triu
from axone.ops.einops import rearrange
from axone.ops.einsum import einsum
from axone.ops.getitem import get_item
from axone.ops.indexing import multi_hot, one_hot, slice, slice_update, take, take_along_axis
from axone.ops.linear import cross, dot, inner, kron, matmul, norm, outer, tensordot, vdot
from axone.ops.loops import associative_scan, fori_loop, map, scan, vectorized_map, while_loop
from axone.ops.losses import binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy
from axone.ops.nan import (
    nanargmax, nanargmin, nancumprod, nancumsum, nanmax, nanmean, nanmin, nanprod, nanstd, nansum, nanvar,
)
from axone.ops.normalization import (
    batch_normalization, layer_normalization, moments, normalize, rms_normalization,
)
from axone.ops.patches import depth_to_space, fold, space_to_depth, unfold
from axone.ops.pooling import adaptive_average_pool, adaptive_max_pool, average_pool, max_pool
from axone.ops.quantiles import median, nanmedian, nanpercentile, nanquantile, percentile, quantile
from axone.ops.reduction import (
    all, amax, amin, any, argmax, argmin, average, count_nonzero, cumprod, cumsum, logsumexp, max, mean,
    min, prod, ptp, std, sum, var,
)
from axone.ops.scatter import (
    bincount, scatter, scatter_update, segment_max, segment_min, segment_prod, segment_sum, unravel_index,
)
from axone.ops.shape import (
    append, array_split, broadcast_to, column_stack, concatenate, dsplit, dstack, expand_dims, hsplit,
    hstack, moveaxis, ravel, reshape, split, squeeze, stack, swapaxes, transpose, unstack, vsplit, vstack,
)
from axone.ops.signal import extract_sequences, fft, fft2, ifft2, irfft, istft, rfft, stft
from axone.ops.solving import (
    cholesky_inverse, det, inv, logdet, matrix_power, slogdet, solve, solve_triangular,
)
from axone.ops.sorting import (
    argpartition, argsort, diff, digitize, in_top_k, searchsorted, sort, top_k, unique,
)
from axone.ops.special import (
    angle, conj, conjugate, erfc, erfinv, fmax, fmin, gammainc, gcd, hypot, i0, imag, isreal, lcm, ldexp,
    nextafter, real, signbit, sinc, view,
)
from axone.ops.statistics import cdist, corrcoef, correlate, histogram, psnr, trapezoid, vander

__all__ = [
    "abs", "absolute", "adaptive_average_pool", "adaptive_max_pool", "add", "all", "allclose", "amax", "amin",
    "angle", "any", "append", "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2",
    "arctanh", "argmax", "argmin", "argpartition", "argsort", "array", "array_split", "associative_scan",
    "average", "average_pool", "bartlett", "batch_normalization", "binary_crossentropy", "bincount",
    "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "blackman", "broadcast_to", "cast", "categorical_crossentropy", "cbrt", "cdist", "ceil",
    "celu", "cholesky", "cholesky_inverse", "clip", "column_stack", "concatenate", "cond", "conj",
    "conjugate", "conv", "conv_transpose", "convert_to_numpy", "convert_to_tensor", "copy", "corrcoef",
    "correlate", "cos", "cosh", "count_nonzero", "cross", "ctc_decode", "ctc_loss", "cumprod", "cumsum",
    "custom_gradient", "deg2rad", "depth_to_space", "depthwise_conv", "det", "diag", "diagflat", "diagonal",
    "diff", "digitize", "divide", "divide_no_nan", "dot", "dot_product_attention", "dsplit", "dstack",
    "dtype", "eig", "eigh", "einsum", "elu", "empty", "empty_like", "equal", "erf", "erfc", "erfinv", "exp",
    "exp2", "expand_dims", "expm1", "extract_sequences", "eye", "fabs", "fft", "fft2", "flip", "fliplr",
    "flipud", "floor", "floor_divide", "fmax", "fmin", "fmod", "fold", "fori_loop", "full", "full_like",
    "gammainc", "gcd", "gelu", "geomspace", "get_item", "glu", "greater", "greater_equal", "hamming",
    "hanning", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "heaviside",
    "histogram", "host_call", "hsplit", "hstack", "hypot", "i0", "identity", "ifft2", "imag", "image",
    "in_top_k", "inner", "inv", "irfft", "is_tensor", "isclose", "isfinite", "isin", "isinf", "isnan",
    "isneginf", "isposinf", "isreal", "istft", "jvp", "kaiser", "kron", "layer_normalization", "lcm", "ldexp",
    "leaky_relu", "left_shift", "less", "less_equal", "linalg", "linspace", "log", "log10", "log1p", "log2",
    "log_sigmoid", "log_softmax", "logaddexp", "logaddexp2", "logdet", "logical_and", "logical_not",
    "logical_or", "logical_xor", "logspace", "logsumexp", "lstsq", "lu_factor", "map", "matmul",
    "matrix_power", "matrix_rank", "max", "max_pool", "maximum", "mean", "median", "meshgrid", "min",
    "minimum", "mish", "mod", "moments", "moveaxis", "multi_hot", "multiply", "nan_to_num", "nanargmax",
    "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmedian", "nanmin", "nanpercentile",
    "nanprod", "nanquantile", "nanstd", "nansum", "nanvar", "ndim", "negative", "nextafter", "nn", "nonzero",
    "norm", "normalize", "not_equal", "numpy", "one_hot", "ones", "ones_like", "outer", "pad", "percentile",
    "pinv", "power", "prod", "psnr", "ptp", "qr", "quantile", "rad2deg", "ravel", "real", "rearrange",
    "reciprocal", "relu", "relu6", "repeat", "reshape", "rfft", "right_shift", "rms_normalization", "roll",
    "rot90", "round", "rsqrt", "saturate_cast", "scan", "scatter", "scatter_update", "searchsorted",
    "segment_max", "segment_min", "segment_prod", "segment_sum", "select", "selu", "separable_conv", "shape",
    "sigmoid", "sign", "signbit", "silu", "sin", "sinc", "sinh", "size", "slice", "slice_update", "slogdet",
    "soft_shrink", "softmax", "softplus", "softsign", "solve", "solve_triangular", "sort", "space_to_depth",
    "sparse_categorical_crossentropy", "sparse_plus", "sparse_sigmoid", "sparsemax", "split", "sqrt",
    "square", "squareplus", "squeeze", "stack", "std", "stft", "stop_gradient", "subtract", "sum", "svd",
    "swapaxes", "swish", "switch", "take", "take_along_axis", "tan", "tanh", "tanh_shrink", "tensordot",
    "threshold", "tile", "top_k", "trace", "transpose", "trapezoid", "tri", "tril", "triu", "true_divide",
    "trunc", "unfold", "unique", "unravel_index", "unstack", "vander", "var", "vdot", "vectorize",
    "vectorized_map", "view", "vsplit", "vstack", "where", "while_loop", "zeros", "zeros_like",
]
