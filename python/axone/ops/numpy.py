"""Keras's `keras.ops.numpy`: the functions that NumPy has too."""
# ruff: noqa: I001, RUF022
# fmt: off

from axone.ops.arithmetic import (
    abs, absolute, add, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, cbrt, ceil, clip, cos,
    cosh, deg2rad, divide, divide_no_nan, exp, exp2, expm1, fabs, floor, floor_divide, fmod, log, log10,
    log1p, log2, logaddexp, logaddexp2, maximum, minimum, mod, multiply, nan_to_num, negative, power,
    rad2deg, reciprocal, round, sign, sin, sinh, sqrt, square, subtract, tan, tanh, true_divide, trunc,
)
from axone.ops.arrange import flip, fliplr, flipud, meshgrid, pad, repeat, roll, rot90, tile
from axone.ops.bitwise import (
    bitwise_and, bitwise_invert, bitwise_left_shift, bitwise_not, bitwise_or, bitwise_right_shift,
    bitwise_xor, left_shift, right_shift,
)
from axone.ops.comparison import (
    allclose, equal, greater, greater_equal, heaviside, isclose, isfinite, isin, isinf, isnan, isneginf,
    isposinf, less, less_equal, logical_and, logical_not, logical_or, logical_xor, nonzero, not_equal,
    select, where,
)
from axone.ops.core import array, copy, ndim, size
from axone.ops.creation import (
    arange, bartlett, blackman, empty, empty_like, eye, full, full_like, hamming, hanning, identity,
    kaiser, linspace, logspace, ones, ones_like, tri, zeros, zeros_like,
)
from axone.ops.diagonal import diag, diagflat, diagonal, trace, tril, triu
from axone.ops.einsum import einsum
from axone.ops.getitem import get_item
from axone.ops.indexing import take, take_along_axis
from axone.ops.linear import cross, dot, inner, kron, matmul, outer, tensordot, vdot
from axone.ops.nan import nanmax, nanmean, nanmin, nanprod, nanstd, nansum, nanvar
from axone.ops.reduction import (
    all, amax, amin, any, argmax, argmin, average, count_nonzero, cumprod, cumsum, max, mean, min, prod,
    ptp, std, sum, var,
)
from axone.ops.scatter import bincount, unravel_index
from axone.ops.shape import (
    append, array_split, broadcast_to, concatenate, dsplit, dstack, expand_dims, hsplit, hstack, moveaxis,
    ravel, reshape, split, squeeze, stack, swapaxes, transpose, vsplit, vstack,
)
from axone.ops.sorting import (
    argpartition, argsort, diff, digitize, median, percentile, quantile, searchsorted, sort, unique,
)

__all__ = [
    "abs", "absolute", "add", "all", "allclose", "amax", "amin", "any", "append", "arange", "arccos",
    "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "argmin", "argpartition",
    "argsort", "array", "array_split", "average", "bartlett", "bincount", "bitwise_and", "bitwise_invert",
    "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "blackman",
    "broadcast_to", "cbrt", "ceil", "clip", "concatenate", "copy", "cos", "cosh", "count_nonzero",
    "cross", "cumprod", "cumsum", "deg2rad", "diag", "diagflat", "diagonal", "diff", "digitize", "divide",
    "divide_no_nan", "dot", "dsplit", "dstack", "einsum", "empty", "empty_like", "equal", "exp", "exp2",
    "expand_dims", "expm1", "eye", "fabs", "flip", "fliplr", "flipud", "floor", "floor_divide", "fmod",
    "full", "full_like", "get_item", "greater", "greater_equal", "hamming", "hanning", "heaviside",
    "hsplit", "hstack", "identity", "inner", "isclose", "isfinite", "isin", "isinf", "isnan", "isneginf",
    "isposinf", "kaiser", "kron", "left_shift", "less", "less_equal", "linspace", "log", "log10", "log1p",
    "log2", "logaddexp", "logaddexp2", "logical_and", "logical_not", "logical_or", "logical_xor",
    "logspace", "matmul", "max", "maximum", "mean", "median", "meshgrid", "min", "minimum", "mod",
    "moveaxis", "multiply", "nan_to_num", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum",
    "nanvar", "ndim", "negative", "nonzero", "not_equal", "ones", "ones_like", "outer", "pad",
    "percentile", "power", "prod", "ptp", "quantile", "rad2deg", "ravel", "reciprocal", "repeat",
    "reshape", "right_shift", "roll", "rot90", "round", "searchsorted", "select", "sign", "sin", "sinh",
    "size", "sort", "split", "sqrt", "square", "squeeze", "stack", "std", "subtract", "sum", "swapaxes",
    "take", "take_along_axis", "tan", "tanh", "tensordot", "tile", "trace", "transpose", "tri", "tril",
    "triu", "true_divide", "trunc", "unique", "unravel_index", "var", "vdot", "vsplit", "vstack", "where",
    "zeros", "zeros_like",
]
