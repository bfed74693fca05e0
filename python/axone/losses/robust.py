"""Losses on real values that weigh errors otherwise than by their square."""

from __future__ import annotations

import math
from typing import Any

from axone import ops
from axone.core import dtypes
from axone.core.tensor import Tensor
from axone.losses.loss import LossFunctionWrapper
from axone.losses.regression import as_pair


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """Returns 100 times the mean of |y_true - y_pred| / max(|y_true|, epsilon()), shape (batch, ...).

    Args:
        y_true: Targets, shape (batch, ..., n).
        y_pred: Predictions of the same shape.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    relative = ops.abs((y_true - y_pred) / ops.maximum(ops.abs(y_true), dtypes.epsilon()))
    percent: Tensor = 100.0 * ops.mean(relative, axis=-1)
    return percent


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """Returns the mean of (log(1 + y_true) - log(1 + y_pred))^2, shape (batch, ...).

    Values below `epsilon()` count as that.

    Args:
        y_true: Targets, shape (batch, ..., n).
        y_pred: Predictions of the same shape.
    """
    y_true, y_pred = as_pair(y_true, y_pred)

    def logarithm(x: Tensor) -> Any:
        return ops.log(ops.maximum(x, dtypes.epsilon()) + 1.0)

    return ops.mean(ops.square(logarithm(y_pred) - logarithm(y_true)), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Returns the mean of e^2 / 2 for errors up to delta, delta |e| - delta^2 / 2 beyond, shape (batch, ...).

    Args:
        y_true: Targets, shape (batch, ..., n).
        y_pred: Predictions of the same shape.
        delta: Where the parabola goes over into a straight line.

    Huber, "Robust estimation of a location parameter", 1964.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    error = ops.abs(y_pred - y_true)
    inside = 0.5 * ops.square(error)
    return ops.mean(ops.where(error <= delta, inside, delta * error - 0.5 * delta * delta), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """Returns the mean of log(cosh(y_pred - y_true)), shape (batch, ...): nearly e^2 / 2, then |e| - log 2.

    Args:
        y_true: Targets, shape (batch, ..., n).
        y_pred: Predictions of the same shape.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    error = y_pred - y_true
    # log cosh e = e + log(1 + exp(-2 e)) - log 2, which does not overflow.
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Returns minus the cosine of the angle between targets and predictions: -1 where they point alike.

    Args:
        y_true: Targets, shape (batch, ..., n).
        y_pred: Predictions of the same shape.
        axis: Axis of the vectors.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    cosine: Tensor = ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)
    return ops.negative(cosine)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """Mean of absolute errors in percent of the target.

    Args:
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction=reduction, name=name, dtype=dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """Mean of squared differences of log(1 + x).

    Args:
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction=reduction, name=name, dtype=dtype)


class LogCosh(LossFunctionWrapper):
    """Mean of log(cosh(error)).

    Args:
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "log_cosh",
        dtype: str | None = None,
    ) -> None:
        super().__init__(log_cosh, reduction=reduction, name=name, dtype=dtype)


class Huber(LossFunctionWrapper):
    """A parabola for small errors, straight lines for large ones.

    Args:
        delta: Where the one goes over into the other.
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            huber,
            reduction=reduction,
            name=name,
            dtype=dtype,
            delta=delta,
        )
        self.delta = delta


class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine between targets and predictions.

    Args:
        axis: Axis of the vectors.
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            cosine_similarity,
            reduction=reduction,
            name=name,
            dtype=dtype,
            axis=axis,
        )
        self.axis = axis
