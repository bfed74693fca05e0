"""Losses on real values."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core.tensor import Tensor, convert_to_tensor
from axone.losses.loss import Loss, LossFunctionWrapper, match_ranks


def as_pair(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Returns targets and predictions of one dtype and rank."""
    y_pred = convert_to_tensor(y_pred)
    return match_ranks(ops.cast(convert_to_tensor(y_true), y_pred.dtype), y_pred)


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """Returns the mean of (y_true - y_pred)^2 over the last axis, shape (batch, ...).

    Args:
        y_true: Targets, shape (batch, ..., n).
        y_pred: Predictions of the same shape.

    Example:
        >>> float(mean_squared_error([[0.0, 2.0]], [[1.0, 2.0]])[0])
        0.5
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """Returns the mean of |y_true - y_pred| over the last axis, shape (batch, ...).

    Args:
        y_true: Targets, shape (batch, ..., n).
        y_pred: Predictions of the same shape.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


class MeanSquaredError(LossFunctionWrapper):
    """Mean of squared differences.

    Args:
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction=reduction, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return Loss.get_config(self)


class MeanAbsoluteError(LossFunctionWrapper):
    """Mean of absolute differences.

    Args:
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction=reduction, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return Loss.get_config(self)
