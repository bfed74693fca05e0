"""Areas under curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from axone import ops
from axone.core import dtypes
from axone.core.tensor import convert_to_tensor
from axone.metrics.confusion import Counts, confusion_counts
from axone.metrics.metric import Metric

_CURVES = {"ROC": "ROC", "roc": "ROC", "PR": "PR", "pr": "PR", "PRGAIN": "PRGAIN", "prgain": "PRGAIN"}
_SUMS = {
    "interpolation": "interpolation",
    "Interpolation": "interpolation",
    "majoring": "majoring",
    "Majoring": "majoring",
    "minoring": "minoring",
    "Minoring": "minoring",
}


class AUC(Metric):
    """Area under the curve that a threshold draws when it moves from 0 to 1, as a sum over fixed thresholds.

    Args:
        num_thresholds: Number of thresholds, evenly spaced.
        curve: "ROC" (share of positives found over share of negatives taken for positive), "PR" (precision
            over
            recall) or "PRGAIN".
        summation_method: "interpolation", "majoring" or "minoring": how the area between two thresholds is
            taken.
        name: Name in the logs.
        dtype: See `Metric`.
        thresholds: Thresholds of one's own in [0, 1]; -epsilon and 1 + epsilon are added.
        multi_label: Whether the columns of the targets have areas of their own, which are averaged.
        num_labels: Number of columns, for multi_label; None: taken from the first batch.
        label_weights: Weights of the columns, or None.
        from_logits: Whether predictions are logits.

    Raises:
        ValueError: an argument is unknown or out of range.

    Davis, Goadrich, "The relationship between precision-recall and ROC curves", 2006; Flach, Kull,
    "Precision-recall-gain curves", 2015.

    Example:
        >>> m = AUC(num_thresholds=3); m.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]); float(m.result())
        0.75
    """

    direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if curve not in _CURVES:
            raise ValueError(f"AUC: curve must be 'ROC', 'PR' or 'PRGAIN', got {curve!r}.")
        if summation_method not in _SUMS:
            raise ValueError(
                f"AUC: summation_method must be one of {sorted(set(_SUMS.values()))}, got "
                f"{summation_method!r}."
            )
        if num_labels and not multi_label:
            raise ValueError("AUC: num_labels is for multi_label=True.")
        if thresholds is None and num_thresholds < 2:
            raise ValueError(f"AUC: num_thresholds must be at least 2, got {num_thresholds}.")
        self._own_thresholds = None if thresholds is None else sorted(float(t) for t in thresholds)
        inner = (
            np.linspace(0, 1, num_thresholds)[1:-1].tolist()
            if self._own_thresholds is None
            else self._own_thresholds
        )
        self.thresholds = [-dtypes.epsilon(), *inner, 1.0 + dtypes.epsilon()]
        self.num_thresholds = len(self.thresholds)
        self.curve = _CURVES[curve]
        self.summation_method = _SUMS[summation_method]
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else np.asarray(label_weights, self.dtype)
        self._from_logits = from_logits
        self._counts: list[Any] = []
        if not multi_label or num_labels:
            self._build(num_labels)

    def _build(self, labels: int | None) -> None:
        shape = (self.num_thresholds, labels) if labels else (self.num_thresholds,)
        self._counts = [self.add_variable(shape, name=name) for name in Counts._fields]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch into account.

        Args:
            y_true: Targets, 0 or not 0.
            y_pred: Predictions in [0, 1], or logits, of the same shape.
            sample_weight: Weights that broadcast to the targets, or None.
        """
        if self.multi_label:
            shape = tuple(convert_to_tensor(y_pred).shape)
            if len(shape) != 2:
                raise ValueError(
                    f"AUC: multi_label=True needs predictions (batch, labels), got shape {shape}."
                )
            if not self._counts:
                self._build(shape[1])
        made = confusion_counts(
            y_true,
            ops.sigmoid(y_pred) if self._from_logits else y_pred,
            self.thresholds,
            self.dtype,
            sample_weight,
            label_weights=self.label_weights,
            multi_label=self.multi_label,
        )
        for variable, count in zip(self._counts, made, strict=True):
            variable.assign_add(count)

    def result(self) -> Any:
        if not self._counts:
            return convert_to_tensor(0.0)
        counts = Counts(*(v.value for v in self._counts))
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._over_labels(_interpolated_precision_recall(counts))
        x, y = _POINTS[self.curve](counts)
        low, high = y[:-1], y[1:]
        if self.summation_method == "interpolation":
            height = (low + high) / 2.0
        else:
            height = (ops.minimum if self.summation_method == "minoring" else ops.maximum)(low, high)
        return self._over_labels((x[:-1] - x[1:]) * height)

    def _over_labels(self, areas: Any) -> Any:
        total = ops.sum(areas, axis=0)
        if not self.multi_label:
            return total
        if self.label_weights is None:
            return ops.mean(total)
        return ops.divide_no_nan(ops.sum(total * self.label_weights), ops.sum(self.label_weights))

    def get_config(self) -> dict[str, Any]:
        own: dict[str, Any] = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else self.label_weights.tolist(),
            "from_logits": self._from_logits,
        }
        if self._own_thresholds is not None:
            own["thresholds"] = self._own_thresholds
        return {**super().get_config(), **own}


def _roc(c: Counts) -> tuple[Any, Any]:
    found = ops.divide_no_nan(c.true_positives, c.true_positives + c.false_negatives)
    return ops.divide_no_nan(c.false_positives, c.false_positives + c.true_negatives), found


def _precision_recall(c: Counts) -> tuple[Any, Any]:
    recall = ops.divide_no_nan(c.true_positives, c.true_positives + c.false_negatives)
    return recall, ops.divide_no_nan(c.true_positives, c.true_positives + c.false_positives)


def _gains(c: Counts) -> tuple[Any, Any]:
    scale = ops.divide_no_nan(c.true_positives + c.false_negatives, c.true_negatives + c.false_positives)
    recall = 1.0 - scale * ops.divide_no_nan(c.false_negatives, c.true_positives)
    precision = 1.0 - scale * ops.divide_no_nan(c.false_positives, c.true_positives)
    none = ops.equal(c.true_positives, 0.0)
    return ops.maximum(ops.where(none, 0.0, recall), 0.0), ops.where(none, 1.0, precision)


_POINTS = {"ROC": _roc, "PR": _precision_recall, "PRGAIN": _gains}


def _interpolated_precision_recall(c: Counts) -> Any:
    """Areas between thresholds where true positives are linear in all positives, as Davis and Goadrich
    say."""
    tp, p = c.true_positives, c.true_positives + c.false_positives
    gained = tp[:-1] - tp[1:]
    slope = ops.divide_no_nan(gained, ops.maximum(p[:-1] - p[1:], 0.0))
    intercept = tp[1:] - slope * p[1:]
    usable = ops.logical_and(p[:-1] > 0, p[1:] > 0)
    ratio = ops.where(usable, ops.divide_no_nan(p[:-1], ops.maximum(p[1:], 0.0)), ops.ones_like(p[1:]))
    positives = ops.maximum(tp[1:] + c.false_negatives[1:], 0.0)
    return ops.divide_no_nan(slope * (gained + intercept * ops.log(ratio)), positives)
