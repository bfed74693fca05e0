"""Hinge losses: margins between classes."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core.tensor import Tensor, convert_to_tensor
from axone.losses.loss import LossFunctionWrapper, match_ranks


def _signs(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Targets as -1 and 1: targets that are all 0 or 1 are mapped to these."""
    y_pred = convert_to_tensor(y_pred)
    y_true = ops.cast(convert_to_tensor(y_true), y_pred.dtype)
    binary = ops.all(ops.logical_or(ops.equal(y_true, 0.0), ops.equal(y_true, 1.0)))
    signs: Any = ops.where(binary, 2.0 * y_true - 1.0, y_true)
    return match_ranks(signs, y_pred)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Returns the mean of max(1 - y_true * y_pred, 0), shape (batch, ...).

    Args:
        y_true: Classes as -1 and 1, or as 0 and 1, shape (batch, ..., n).
        y_pred: Scores of the same shape.
    """
    y_true, y_pred = _signs(y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - y_true * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Returns the mean of max(1 - y_true * y_pred, 0)^2, shape (batch, ...).

    Args:
        y_true: Classes as -1 and 1, or as 0 and 1, shape (batch, ..., n).
        y_pred: Scores of the same shape.
    """
    y_true, y_pred = _signs(y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - y_true * y_pred, 0.0)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Returns max(best wrong score - right score + 1, 0), shape (batch, ...).

    Args:
        y_true: One-hot targets, shape (batch, ..., classes).
        y_pred: Scores of the same shape.

    Crammer, Singer, "On the algorithmic implementation of multiclass kernel-based vector machines", 2001.
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = ops.cast(convert_to_tensor(y_true), y_pred.dtype)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(LossFunctionWrapper):
    """Mean of max(1 - y_true * y_pred, 0).

    Args:
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "hinge",
        dtype: str | None = None,
    ) -> None:
        super().__init__(hinge, reduction=reduction, name=name, dtype=dtype)


class SquaredHinge(LossFunctionWrapper):
    """Mean of max(1 - y_true * y_pred, 0)^2.

    Args:
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "squared_hinge",
        dtype: str | None = None,
    ) -> None:
        super().__init__(squared_hinge, reduction=reduction, name=name, dtype=dtype)


class CategoricalHinge(LossFunctionWrapper):
    """Margin between the right class and the best wrong one.

    Args:
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: str | None = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction=reduction, name=name, dtype=dtype)
