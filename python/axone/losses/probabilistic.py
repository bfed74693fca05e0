"""Divergences between distributions, and the Poisson likelihood."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core import dtypes
from axone.core.tensor import Tensor, convert_to_tensor
from axone.losses.loss import LossFunctionWrapper


def _pair(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    y_pred = convert_to_tensor(y_pred)
    return ops.cast(convert_to_tensor(y_true), y_pred.dtype), y_pred


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Returns sum(p log(p / q)) over the last axis, with p = y_true and q = y_pred, shape (batch, ...).

    Values are clipped to [epsilon(), 1] first.

    Args:
        y_true: Probabilities, shape (batch, ..., classes).
        y_pred: Probabilities of the same shape.

    Kullback, Leibler, "On information and sufficiency", 1951.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    p, q = ops.clip(y_true, dtypes.epsilon(), 1.0), ops.clip(y_pred, dtypes.epsilon(), 1.0)
    return ops.sum(p * ops.log(p / q), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """Returns the mean of y_pred - y_true log(y_pred + epsilon()): counts of a Poisson distribution.

    Args:
        y_true: Counts, shape (batch, ..., n).
        y_pred: Positive rates of the same shape.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + dtypes.epsilon()), axis=-1)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Tensor:
    """Returns (1 - p^q) / q, with p the probability of the right class: tolerant of wrong labels.

    Args:
        y_true: Class numbers, shape (batch, ...).
        y_pred: Probabilities, shape (batch, ..., classes).
        q: In (0, 1): near 0 it is the cross-entropy, at 1 the mean absolute error.

    Zhang, Sabuncu, "Generalized cross entropy loss for training deep neural networks with noisy labels",
    2018.
    """
    y_pred = convert_to_tensor(y_pred)
    classes = ops.one_hot(ops.cast(convert_to_tensor(y_true), "int32"), y_pred.shape[-1], dtype=y_pred.dtype)
    loss: Tensor = (1.0 - ops.power(ops.sum(y_pred * classes, axis=-1), float(q))) / q
    return loss


class KLDivergence(LossFunctionWrapper):
    """Kullback-Leibler divergence of the prediction from the target.

    Args:
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "kl_divergence",
        dtype: str | None = None,
    ) -> None:
        super().__init__(kl_divergence, reduction=reduction, name=name, dtype=dtype)


class Poisson(LossFunctionWrapper):
    """Negative log-likelihood of a Poisson distribution, but for a constant.

    Args:
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "poisson",
        dtype: str | None = None,
    ) -> None:
        super().__init__(poisson, reduction=reduction, name=name, dtype=dtype)


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """Between the cross-entropy and the absolute error: tolerant of wrong labels.

    Args:
        q: In (0, 1); see the function.
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: str | None = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(f"CategoricalGeneralizedCrossEntropy: q must lie in (0, 1), got {q}.")
        super().__init__(
            categorical_generalized_cross_entropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            q=q,
        )
        self.q = q
