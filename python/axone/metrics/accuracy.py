"""Accuracies: the share of samples whose prediction is right."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core import dtypes
from axone.core.tensor import Tensor, convert_to_tensor
from axone.losses.loss import match_ranks
from axone.metrics.reduction import MeanMetricWrapper


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Returns 1 where predictions equal targets, else 0; shape of `y_pred`."""
    y_pred = convert_to_tensor(y_pred)
    y_true, y_pred = match_ranks(ops.cast(convert_to_tensor(y_true), y_pred.dtype), y_pred)
    return ops.cast(ops.equal(y_true, y_pred), dtypes.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """Returns 1 where `y_pred > threshold` equals the target (0 or 1), else 0; shape of `y_pred`."""
    y_true, y_pred = match_ranks(convert_to_tensor(y_true), convert_to_tensor(y_pred))
    decided = ops.cast(ops.greater(y_pred, threshold), y_true.dtype)
    return ops.cast(ops.equal(y_true, decided), dtypes.floatx())


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Returns 1 where the largest entries of target and prediction coincide, else 0; no last axis."""
    return _matches(ops.argmax(convert_to_tensor(y_true), axis=-1), y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Returns 1 where the largest prediction is the target's class number, else 0; no last axis."""
    return _matches(_drop_unit_axis(convert_to_tensor(y_true), y_pred), y_pred)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """Returns 1 where the one-hot target's class is among the `k` largest predictions, else 0."""
    return sparse_top_k_categorical_accuracy(ops.argmax(convert_to_tensor(y_true), axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Tensor:
    """Returns 1 where the target's class number is among the `k` largest predictions, else 0.

    Args:
        y_true: Class numbers, shape (batch, ...) or (batch, ..., 1).
        y_pred: Scores, shape (batch, ..., classes). Classes that tie with the target's do not push it out.
        k: How many of the largest scores count.
        from_sorted_ids: `y_pred` holds class numbers instead, from the largest score down.

    Returns:
        Shape of `y_pred` without its last axis.
    """
    y_pred = convert_to_tensor(y_pred)
    if from_sorted_ids:
        wanted = ops.expand_dims(
            ops.cast(_drop_unit_axis(convert_to_tensor(y_true), y_pred), y_pred.dtype), -1
        )
        return ops.cast(ops.any(ops.equal(wanted, y_pred[..., :k]), axis=-1), dtypes.floatx())
    labels = ops.expand_dims(ops.cast(_drop_unit_axis(convert_to_tensor(y_true), y_pred), "int32"), -1)
    score = ops.take_along_axis(y_pred, labels, axis=-1)
    better = ops.sum(ops.cast(ops.greater(y_pred, score), "int32"), axis=-1)
    hit = ops.logical_and(ops.less(better, k), ops.isfinite(ops.squeeze(score, -1)))
    return ops.cast(hit, dtypes.floatx())


def _drop_unit_axis(y_true: Tensor, y_pred: Any) -> Tensor:
    if y_true.ndim == len(y_pred.shape) and y_true.shape[-1] == 1:
        return ops.squeeze(y_true, -1)
    return y_true


def _matches(labels: Tensor, y_pred: Any) -> Tensor:
    guess = ops.argmax(convert_to_tensor(y_pred), axis=-1)
    if tuple(labels.shape) != tuple(guess.shape):
        raise ValueError(
            f"accuracy: targets and predictions do not fit: class numbers of shape {tuple(labels.shape)} "
            f"beside predictions of shape {tuple(y_pred.shape)}."
        )
    return ops.cast(ops.equal(ops.cast(labels, guess.dtype), guess), dtypes.floatx())


class Accuracy(MeanMetricWrapper):
    """How often predictions equal targets.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "up"

    def __init__(self, name: str = "accuracy", dtype: str | None = None) -> None:
        super().__init__(accuracy, name=name, dtype=dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often thresholded predictions equal targets of 0 and 1.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
        threshold: Predictions above it count as 1.
    """

    direction = "up"

    def __init__(
        self, name: str = "binary_accuracy", dtype: str | None = None, threshold: float = 0.5
    ) -> None:
        super().__init__(binary_accuracy, name=name, dtype=dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is the one-hot target's class.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "up"

    def __init__(self, name: str = "categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(categorical_accuracy, name=name, dtype=dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is the target's class number.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "up"

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(sparse_categorical_accuracy, name=name, dtype=dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the one-hot target's class is among the `k` largest predictions.

    Args:
        k: How many of the largest predictions count.
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "up"

    def __init__(
        self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: str | None = None
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name=name, dtype=dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the target's class number is among the `k` largest predictions.

    Args:
        k: How many of the largest predictions count.
        name: Name in the logs.
        dtype: See `Metric`.
        from_sorted_ids: Predictions are class numbers, from the largest score down, instead of scores.
    """

    direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: str | None = None,
        from_sorted_ids: bool = False,
    ) -> None:
        options = {"k": k, "from_sorted_ids": from_sorted_ids}
        super().__init__(sparse_top_k_categorical_accuracy, name=name, dtype=dtype, **options)
