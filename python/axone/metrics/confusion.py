"""Counts of right and wrong decisions at one or many thresholds, in a few operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from axone import ops
from axone.core import dtypes
from axone.core.tensor import Tensor, convert_to_tensor
from axone.losses.loss import get_mask, match_ranks, weights_with_mask
from axone.metrics.metric import Metric

# Below every prediction: what is not among the k largest, and the threshold when k is given.
LOWEST = -1e10


class Counts(NamedTuple):
    """Weighted counts, shape (thresholds,) each, or (thresholds, labels)."""

    true_positives: Any
    false_positives: Any
    true_negatives: Any
    false_negatives: Any


def parse_thresholds(who: str, thresholds: Any, default: float) -> list[float]:
    """Returns thresholds as a list.

    Args:
        who: The metric, for errors.
        thresholds: Number, list of numbers in [0, 1], or None for the default.
        default: The threshold that None stands for.

    Raises:
        ValueError: a threshold lies outside [0, 1].
    """
    if thresholds is None:
        return [default]
    found = [float(t) for t in np.atleast_1d(np.asarray(thresholds, "float64"))]
    wrong = [t for t in found if not 0 <= t <= 1]
    if wrong or not found:
        raise ValueError(f"{who}: thresholds must be numbers in [0, 1], got {thresholds!r}.")
    return found


def evenly_spaced(thresholds: Sequence[float]) -> bool:
    """Whether there are at least three thresholds, and they are 0, 1/n, 2/n, ... 1 but for rounding."""
    if len(thresholds) < 3:
        return False
    even = np.linspace(0.0, 1.0, len(thresholds))
    return bool(np.allclose(thresholds, even, rtol=0, atol=dtypes.epsilon()))


def confusion_counts(
    y_true: Any,
    y_pred: Any,
    thresholds: Sequence[float],
    dtype: str,
    sample_weight: Any = None,
    top_k: int | None = None,
    class_id: int | None = None,
    label_weights: Any = None,
    multi_label: bool = False,
) -> Counts:
    """Counts decisions `prediction > threshold` against targets.

    Args:
        y_true: Targets, 0 or not 0, shape (batch, ...).
        y_pred: Predictions of the same shape.
        thresholds: Numbers; evenly spaced ones over [0, 1] are counted in one pass.
        dtype: Type of the counts.
        sample_weight: Weights that broadcast to the targets, or None.
        top_k: Only the k largest predictions of the last axis can be positive.
        class_id: Only this entry of the last axis counts.
        label_weights: Weights of the last axis, or None.
        multi_label: Whether each entry of the last axis is counted by itself.

    Returns:
        The counts of this batch.

    Raises:
        ValueError: class_id is given for predictions of rank 1, or lies outside them.
    """
    mask = get_mask(y_pred)
    y_pred = ops.cast(convert_to_tensor(y_pred), dtype)
    y_true = ops.cast(convert_to_tensor(y_true), dtype)
    y_true, y_pred = match_ranks(y_true, y_pred)
    weight = weights_with_mask(sample_weight, mask, dtype)
    if top_k is not None:
        y_pred = _only_largest(y_pred, top_k)
    if class_id is not None:
        _check_class(class_id, tuple(y_pred.shape))
        y_true, y_pred = y_true[..., class_id : class_id + 1], y_pred[..., class_id : class_id + 1]
    weights: Any = 1.0
    if weight is not None:
        weight = ops.reshape(weight, (*weight.shape, *(1,) * (y_pred.ndim - weight.ndim)))
        weights = ops.broadcast_to(weight, y_pred.shape)
    if label_weights is not None and not multi_label:
        weights = weights * ops.cast(label_weights, dtype)
    positive = ops.cast(ops.not_equal(y_true, 0.0), dtype)
    labels = y_pred.shape[-1] if multi_label else 1
    right, wrong = positive * weights, (1.0 - positive) * weights
    shape = (-1, labels)
    parts = ops.reshape(y_pred, shape), ops.reshape(right, shape), ops.reshape(wrong, shape)
    count = _by_buckets if evenly_spaced(_without_margins(thresholds)) else _by_comparison
    tp, fp = count(*parts, thresholds, dtype)
    tn, fn = ops.sum(parts[2], axis=0) - fp, ops.sum(parts[1], axis=0) - tp
    return Counts(*(c if multi_label else ops.squeeze(c, -1) for c in (tp, fp, tn, fn)))


def _without_margins(thresholds: Sequence[float]) -> list[float]:
    return [min(max(t, 0.0), 1.0) for t in thresholds]


def _check_class(class_id: int, shape: tuple[int, ...]) -> None:
    if len(shape) < 2 or not 0 <= class_id < shape[-1]:
        raise ValueError(
            f"class_id={class_id} needs predictions of shape (batch, ..., classes) with more than "
            f"{class_id} classes, "
            f"got shape {shape}."
        )


def _only_largest(y_pred: Tensor, k: int) -> Any:
    _, indices = ops.top_k(y_pred, k)
    kept = ops.sum(ops.one_hot(indices, y_pred.shape[-1], dtype=y_pred.dtype), axis=-2)
    return y_pred * kept + LOWEST * (1.0 - kept)


def _by_comparison(
    p: Any, right: Any, wrong: Any, thresholds: Sequence[float], dtype: str
) -> tuple[Any, Any]:
    """(samples, labels) against every threshold: (thresholds, labels)."""
    levels = ops.reshape(convert_to_tensor(np.asarray(thresholds, dtype)), (-1, 1, 1))
    above = ops.cast(ops.greater(ops.expand_dims(p, 0), levels), dtype)
    return ops.sum(above * right, axis=1), ops.sum(above * wrong, axis=1)


def _by_buckets(p: Any, right: Any, wrong: Any, thresholds: Sequence[float], dtype: str) -> tuple[Any, Any]:
    """The same for evenly spaced thresholds: sorts predictions into the gaps between them, and adds up from
    above."""
    steps, labels = len(thresholds), p.shape[1]
    # Bucket b holds what lies above b thresholds. A first threshold below 0 is exceeded by 0 too.
    bucket = ops.ceil(ops.clip(p, 0.0, 1.0) * float(steps - 1))
    if thresholds[0] < 0:
        bucket = ops.maximum(bucket, 1.0)
    bucket = ops.cast(bucket, "int32") + ops.arange(labels, dtype="int32") * (steps + 1)
    values = ops.stack([ops.reshape(right, (-1,)), ops.reshape(wrong, (-1,))], axis=-1)
    sums = ops.segment_sum(values, ops.reshape(bucket, (-1,)), num_segments=labels * (steps + 1))
    sums = ops.reshape(sums, (labels, steps + 1, 2))
    above = ops.flip(ops.cumsum(ops.flip(sums, axis=1), axis=1), axis=1)[:, 1:]
    return ops.transpose(above[..., 0]), ops.transpose(above[..., 1])


class ConfusionMetric(Metric):
    """A metric made of counts at thresholds.

    Args:
        thresholds: The thresholds.
        counts: Names of the counts that it keeps, fields of `Counts`.
        name: Name in the logs.
        dtype: See `Metric`.
        top_k: See `confusion_counts`.
        class_id: See `confusion_counts`.
    """

    direction = "up"

    def __init__(
        self,
        thresholds: list[float],
        counts: Sequence[str],
        name: str | None,
        dtype: str | None,
        top_k: int | None = None,
        class_id: int | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self._kept = tuple(counts)
        for count in counts:
            setattr(self, count, self.add_variable((len(thresholds),), name=count))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch into account.

        Args:
            y_true: Targets, 0 or not 0.
            y_pred: Predictions of the same shape.
            sample_weight: Weights that broadcast to the targets, or None.
        """
        made = confusion_counts(
            y_true, y_pred, self.thresholds, self.dtype, sample_weight, self.top_k, self.class_id
        )
        for count in self._kept:
            getattr(self, count).assign_add(getattr(made, count))

    def _scalar_if_one(self, value: Any) -> Any:
        return value[0] if len(self.thresholds) == 1 else value

    def _count(self, name: str) -> Any:
        return getattr(self, name).value

    def _rates(self) -> tuple[Any, Any, Any]:
        """Precision, recall and specificity at every threshold, for metrics that keep all four counts."""
        tp, fp, tn, fn = (self._count(name) for name in Counts._fields)
        rate = ops.divide_no_nan
        return rate(tp, tp + fp), rate(tp, tp + fn), rate(tn, tn + fp)
