"""Draws from distributions, by counter: number i of a draw depends on its seed and i alone (Philox4x32-10).

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from axone.core import dtypes
from axone.core.operation import op
from axone.core.random import SeedGenerator, global_seed_generator
from axone.core.tensor import Tensor
from axone.ops._common import (
    ShapeLike,
    TensorLike,
    axis_of,
    broadcast_shape,
    broadcast_to,
    cast_to,
    compute,
    fill,
    reshape_to,
    shape_of,
    to_float,
    to_tensor,
)

Seed: TypeAlias = int | SeedGenerator | Tensor | None
"""An integer (the same numbers at every call), a generator (new ones each time), or None: the global one."""


def draw_seed(seed: Seed) -> Tensor:
    """The (seed, counter) pair of one draw, as an int64 tensor of shape (2,)."""
    if seed is None:
        seed = global_seed_generator()
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if isinstance(seed, Tensor):
        return seed
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        # Seeds are taken modulo 2**63, so that any integer (a hash, a time) will do.
        return to_tensor(np.asarray([int(seed) % 2**63, 0], "int64"))
    raise TypeError(f"`seed` must be an integer, a SeedGenerator or None, got {seed!r}")


def _float_dtype(name: str, dtype: str | None) -> str:
    """The name of a floating dtype; None: `floatx()`."""
    standard = dtypes.floatx() if dtype is None else dtypes.standardize_dtype(dtype)
    if not dtypes.is_float_dtype(standard):
        raise ValueError(
            f"{name}: expected a floating-point dtype, got {standard}; random.randint draws integers"
        )
    return standard


def _integer_dtype(name: str, dtype: str) -> str:
    """The name of an integer dtype."""
    standard = dtypes.standardize_dtype(dtype)
    if standard == "bool" or dtypes.is_float_dtype(standard):
        raise ValueError(f"{name}: expected an integer dtype, got {standard}")
    return standard


def _drawn(
    name: str, shape: ShapeLike, dtype: str | None, seed: Seed, scale: TensorLike, shift: TensorLike
) -> Tensor:
    """`x * scale + shift` of numbers x of a standard distribution that the engine knows by its name."""
    sizes, standard, key = shape_of(name, shape), _float_dtype(name, dtype), draw_seed(seed)
    if isinstance(scale, (int, float)) and isinstance(shift, (int, float)):
        factors = {"scale": float(scale), "shift": float(shift)}
        return compute(f"random_{name}", key, shape=sizes, dtype=standard, **factors)
    drawn = compute(f"random_{name}", key, shape=sizes, dtype=standard)
    return compute("add", compute("multiply", drawn, to_tensor(scale, standard)), to_tensor(shift, standard))


@op
def normal(
    shape: ShapeLike,
    mean: TensorLike = 0.0,
    stddev: TensorLike = 1.0,
    dtype: str | None = None,
    seed: Seed = None,
) -> Tensor:
    """Draws from a normal distribution.

    Args:
        shape: sizes of the result.
        mean: mean; a tensor must broadcast to `shape`.
        stddev: standard deviation.
        dtype: floating dtype; None: `floatx()`.
        seed: integer, SeedGenerator or None.

    Returns:
        A tensor of `shape`.

    Example:

    >>> axone.random.normal((2, 3), seed=1).shape  # (2, 3)
    """
    return _drawn("normal", shape, dtype, seed, stddev, mean)


@op
def truncated_normal(
    shape: ShapeLike,
    mean: TensorLike = 0.0,
    stddev: TensorLike = 1.0,
    dtype: str | None = None,
    seed: Seed = None,
) -> Tensor:
    """Draws from a normal distribution whose values beyond two standard deviations are drawn anew.

    Args:
        shape: sizes of the result.
        mean: mean; a tensor must broadcast to `shape`.
        stddev: standard deviation before the cut (after it: 0.8796 of that).
        dtype: floating dtype; None: `floatx()`.
        seed: integer, SeedGenerator or None.

    Returns:
        A tensor of `shape`.
    """
    return _drawn("truncated_normal", shape, dtype, seed, stddev, mean)


@op
def uniform(
    shape: ShapeLike,
    minval: TensorLike = 0.0,
    maxval: TensorLike = 1.0,
    dtype: str | None = None,
    seed: Seed = None,
) -> Tensor:
    """Draws evenly from `minval` up to, not including, `maxval`.

    Args:
        shape: sizes of the result.
        minval: lower end; a tensor must broadcast to `shape`.
        maxval: upper end.
        dtype: floating dtype; None: `floatx()`.
        seed: integer, SeedGenerator or None.

    Returns:
        A tensor of `shape`.
    """
    if isinstance(minval, (int, float)) and isinstance(maxval, (int, float)):
        return _drawn("uniform", shape, dtype, seed, maxval - minval, minval)
    standard = _float_dtype("uniform", dtype)
    low, high = to_tensor(minval, standard), to_tensor(maxval, standard)
    return _drawn("uniform", shape, dtype, seed, compute("subtract", high, low), low)


@op
def randint(shape: ShapeLike, minval: int, maxval: int, dtype: str = "int32", seed: Seed = None) -> Tensor:
    """Draws integers evenly from `minval` up to, not including, `maxval`.

    Args:
        shape: sizes of the result.
        minval: smallest integer.
        maxval: end of the range.
        dtype: integer dtype.
        seed: integer, SeedGenerator or None.

    Returns:
        A tensor of `shape`.

    Raises:
        ValueError: where the range is empty.
    """
    name = _integer_dtype("randint", dtype)
    low, high = int(minval), int(maxval)
    if low >= high:
        raise ValueError(f"randint: `minval` must be below `maxval`, got {minval} and {maxval}")
    sizes = shape_of("randint", shape)
    return cast_to(compute("random_integers", draw_seed(seed), shape=sizes, low=low, high=high), name)


@op
def categorical(logits: TensorLike, num_samples: int, dtype: str = "int32", seed: Seed = None) -> Tensor:
    """Draws class numbers from unnormalized log-probabilities.

    Args:
        logits: tensor of shape (batch, classes).
        num_samples: draws for each row.
        dtype: integer dtype of the result.
        seed: integer, SeedGenerator or None.

    Returns:
        A tensor of shape (batch, num_samples).

    Raises:
        ValueError: for any other rank, or without classes.
    """
    scores = to_float(logits)
    if scores.ndim != 2 or scores.shape[1] == 0:
        raise ValueError(f"categorical: `logits` must have shape (batch, classes), got {scores.shape}")
    (samples,) = shape_of("categorical", num_samples)
    drawn = compute("random_categorical", draw_seed(seed), scores, samples=samples)
    return cast_to(drawn, _integer_dtype("categorical", dtype))


def _parameters(
    name: str, shape: ShapeLike, dtype: str | None, *values: TensorLike
) -> tuple[list[Tensor], list[int]]:
    """A distribution's parameters, one number of each for every draw."""
    sizes, kind = shape_of(name, shape), _float_dtype(name, dtype)
    tensors = [to_tensor(v, kind) for v in values]
    if broadcast_shape(name, sizes, *[t.shape for t in tensors]) != tuple(sizes):
        listed = ", ".join(str(t.shape) for t in tensors)
        raise ValueError(f"{name}: parameters of shape {listed} do not broadcast to shape {tuple(sizes)}")
    return [broadcast_to(t, sizes) for t in tensors], sizes


@op
def gamma(shape: ShapeLike, alpha: TensorLike, dtype: str | None = None, seed: Seed = None) -> Tensor:
    """Draws from a gamma distribution of scale 1.

    Args:
        shape: sizes of the result.
        alpha: the distribution's shape parameter, above 0; must broadcast to `shape`.
        dtype: floating dtype; None: `floatx()`.
        seed: integer, SeedGenerator or None.

    Returns:
        A tensor of `shape`, without gradient; NaN for a negative parameter.

    Source: Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
    """
    parameters, _ = _parameters("gamma", shape, dtype, alpha)
    return compute("random_gamma", draw_seed(seed), *parameters)


@op
def beta(
    shape: ShapeLike, alpha: TensorLike, beta: TensorLike, dtype: str | None = None, seed: Seed = None
) -> Tensor:
    """Draws from a beta distribution: the share of one gamma variable in the sum of two.

    Args:
        shape: sizes of the result.
        alpha: first parameter, above 0; must broadcast to `shape`.
        beta: second parameter, above 0.
        dtype: floating dtype; None: `floatx()`.
        seed: integer, SeedGenerator or None.

    Returns:
        A tensor of `shape` of numbers from 0 to 1, without gradient.
    """
    parameters, sizes = _parameters("beta", shape, dtype, alpha, beta)
    both = compute("concatenate", *[reshape_to(p, [1, *sizes]) for p in parameters], axis=0)
    drawn = compute("random_gamma", draw_seed(seed), both)
    first = compute("slice", drawn, starts=[0] * drawn.ndim, sizes=[1, *sizes], steps=[1] * drawn.ndim)
    return compute("divide", reshape_to(first, sizes), compute("sum", drawn, axes=[0], keepdims=False))


@op
def binomial(
    shape: ShapeLike,
    counts: TensorLike,
    probabilities: TensorLike,
    dtype: str | None = None,
    seed: Seed = None,
) -> Tensor:
    """Draws how often an event occurs in a number of trials.

    Args:
        shape: sizes of the result.
        counts: number of trials; must broadcast to `shape`.
        probabilities: probability of the event in a trial.
        dtype: floating dtype; None: `floatx()`.
        seed: integer, SeedGenerator or None.

    Returns:
        A tensor of `shape` of whole numbers in a floating dtype; NaN for impossible parameters.
    """
    parameters, _ = _parameters("binomial", shape, dtype, counts, probabilities)
    return compute("random_binomial", draw_seed(seed), *parameters)


@op
def dropout(inputs: TensorLike, rate: float, noise_shape: Any = None, seed: Seed = None) -> Tensor:
    """Sets a share of the elements to 0 and scales the rest by `1 / (1 - rate)` (Srivastava et al., 2014).

    Args:
        inputs: floating-point tensor.
        rate: probability of an element to be dropped, from 0 to 1.
        noise_shape: shape of the mask, which broadcasts to that of `inputs` (None as a size: that of
            `inputs`); None: every element has its own draw.
        seed: integer, SeedGenerator or None.

    Returns:
        A tensor of the shape of `inputs`. Its gradient goes through the same mask.

    Raises:
        ValueError: for a rate outside 0..1, or a `noise_shape` that does not fit.
    """
    tensor = to_float(inputs)
    if not 0 <= rate <= 1:
        raise ValueError(f"dropout: `rate` must lie between 0 and 1, got {rate}")
    if rate == 0:
        return tensor
    if rate == 1:
        return fill(tensor.shape, 0, tensor.dtype)
    sizes = list(tensor.shape) if noise_shape is None else _noise_shape(tensor.shape, noise_shape)
    if sizes == list(tensor.shape):
        return compute("dropout", tensor, draw_seed(seed), rate=float(rate))
    mask = compute("dropout", fill(sizes, 1, tensor.dtype), draw_seed(seed), rate=float(rate))
    return compute("multiply", tensor, mask)


def _noise_shape(shape: tuple[int, ...], noise_shape: Any) -> list[int]:
    """The mask's sizes, checked to broadcast to `shape`."""
    given = list(noise_shape)
    if len(given) != len(shape):
        raise ValueError(f"dropout: `noise_shape` {tuple(given)} must have one size for each axis of {shape}")
    sizes = shape_of("dropout", [n if g is None else g for g, n in zip(given, shape, strict=True)])
    if broadcast_shape("dropout", sizes, shape) != tuple(shape):
        raise ValueError(f"dropout: `noise_shape` {tuple(given)} does not broadcast to {shape}")
    return sizes


@op
def shuffle(x: TensorLike, axis: int = 0, seed: Seed = None) -> Tensor:
    """Puts the positions of an axis in random order.

    Args:
        x: tensor with at least one axis.
        axis: axis to shuffle.
        seed: integer, SeedGenerator or None.

    Returns:
        A tensor of the shape and dtype of `x`.
    """
    tensor = to_tensor(x)
    index = axis_of("shuffle", axis, tensor.ndim)
    order = compute("random_permutation", draw_seed(seed), n=tensor.shape[index])
    return compute("gather", tensor, order, axis=index)
