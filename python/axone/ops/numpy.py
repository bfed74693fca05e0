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
from axone.ops.control import vectorize
from axone.ops.core import array, copy, ndim, size
from axone.ops.creation import (
    arange, bartlett, blackman, empty, empty_like, eye, full, full_like, geomspace, hamming, hanning,
    identity, kaiser, linspace, logspace, ones, ones_like, tri, zeros, zeros_like,
)
from axone.ops.diagonal import diag, diagflat, diagonal, trace, tril, triu
from axone.ops.einsum import einsum
from axone.ops.getitem import get_item
from axone.ops.indexing import take, take_along_axis
from axone.ops.linear import cross, dot, inner, kron, matmul, outer, tensordot, vdot
from axone.ops.nan import (
    nanargmax, nanargmin, nancumprod, nancumsum, nanmax, nanmean, nanmin, nanprod, nanstd, nansum, nanvar,
)
from axone.ops.quantiles import median, nanmedian, nanpercentile, nanquantile, percentile, quantile
from axone.ops.reduction import (
    all, amax, amin, any, argmax, argmin, average, count_nonzero, cumprod, cumsum, max, mean, min, prod,
    ptp, std, sum, var,
)
from axone.ops.scatter import bincount, unravel_index
from axone.ops.shape import (
    append, array_split, broadcast_to, column_stack, concatenate, dsplit, dstack, expand_dims, hsplit,
    hstack, moveaxis, ravel, reshape, split, squeeze, stack, swapaxes, transpose, vsplit, vstack,
)
from axone.ops.solving import slogdet
from axone.ops.sorting import argpartition, argsort, diff, digitize, searchsorted, sort, unique
from axone.ops.special import (
    angle, conj, conjugate, fmax, fmin, gcd, hypot, i0, imag, isreal, lcm, ldexp, nextafter, real,
    signbit, sinc, view,
)
from axone.ops.statistics import corrcoef, correlate, histogram, trapezoid, vander

__all__ = [
    "abs", "absolute", "add", "all", "allclose", "amax", "amin", "angle", "any", "append", "arange",
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "argmin",
    "argpartition", "argsort", "array", "array_split", "average", "bartlett", "bincount", "bitwise_and",
    "bitwise_invert", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "blackman", "broadcast_to", "cbrt", "ceil", "clip", "column_stack", "concatenate",
    "conj", "conjugate", "copy", "corrcoef", "correlate", "cos", "cosh", "count_nonzero", "cross",
    "cumprod", "cumsum", "deg2rad", "diag", "diagflat", "diagonal", "diff", "digitize", "divide",
    "divide_no_nan", "dot", "dsplit", "dstack", "einsum", "empty", "empty_like", "equal", "exp", "exp2",
    "expand_dims", "expm1", "eye", "fabs", "flip", "fliplr", "flipud", "floor", "floor_divide", "fmax",
    "fmin", "fmod", "full", "full_like", "gcd", "geomspace", "get_item", "greater", "greater_equal",
    "hamming", "hanning", "heaviside", "histogram", "hsplit", "hstack", "hypot", "i0", "identity", "imag",
    "inner", "isclose", "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "isreal", "kaiser",
    "kron", "lcm", "ldexp", "left_shift", "less", "less_equal", "linspace", "log", "log10", "log1p",
    "log2", "logaddexp", "logaddexp2", "logical_and", "logical_not", "logical_or", "logical_xor",
    "logspace", "matmul", "max", "maximum", "mean", "median", "meshgrid", "min", "minimum", "mod",
    "moveaxis", "multiply", "nan_to_num", "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax",
    "nanmean", "nanmedian", "nanmin", "nanpercentile", "nanprod", "nanquantile", "nanstd", "nansum",
    "nanvar", "ndim", "negative", "nextafter", "nonzero", "not_equal", "ones", "ones_like", "outer",
    "pad", "percentile", "power", "prod", "ptp", "quantile", "rad2deg", "ravel", "real", "reciprocal",
    "repeat", "reshape", "right_shift", "roll", "rot90", "round", "searchsorted", "select", "sign",
    "signbit", "sin", "sinc", "sinh", "size", "slogdet", "sort", "split", "sqrt", "square", "squeeze",
    "stack", "std", "subtract", "sum", "swapaxes", "take", "take_along_axis", "tan", "tanh", "tensordot",
    "tile", "trace", "transpose", "trapezoid", "tri", "tril", "triu", "true_divide", "trunc", "unique",
    "unravel_index", "vander", "var", "vdot", "vectorize", "view", "vsplit", "vstack", "where", "zeros",
    "zeros_like",
]
