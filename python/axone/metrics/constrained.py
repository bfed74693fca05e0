"""The best of one rate while another is kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone import ops
from axone.metrics.confusion import ConfusionMetric


class _BestUnderConstraint(ConfusionMetric):
    """Base: the largest `wanted` rate over thresholds at which the `kept` rate is at least `value`."""

    constraint = ""

    def __init__(
        self, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: str | None
    ) -> None:
        who = type(self).__name__
        if not 0 <= value <= 1:
            raise ValueError(f"{who}: {self.constraint} must lie in [0, 1], got {value}.")
        if num_thresholds < 1:
            raise ValueError(f"{who}: num_thresholds must be at least 1, got {num_thresholds}.")
        levels = [0.5] if num_thresholds == 1 else np.linspace(0.0, 1.0, num_thresholds).tolist()
        counts = ("true_positives", "false_positives", "true_negatives", "false_negatives")
        super().__init__(levels, counts, name, dtype, class_id=class_id)
        self.value = value
        self.num_thresholds = num_thresholds

    def _best(self, kept: Any, wanted: Any) -> Any:
        return ops.max(ops.where(kept >= self.value, wanted, 0.0))

    def get_config(self) -> dict[str, Any]:
        own = {"num_thresholds": self.num_thresholds, self.constraint: self.value, "class_id": self.class_id}
        return {**super().get_config(), **own}


class SensitivityAtSpecificity(_BestUnderConstraint):
    """Largest share of positives found, while the share of negatives found is at least `specificity`.

    Args:
        specificity: Number in [0, 1].
        num_thresholds: Evenly spaced thresholds to choose from.
        class_id: Only this class counts.
        name: Name in the logs.
        dtype: See `Metric`.
    """

    constraint = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def result(self) -> Any:
        _, sensitivity, specificity = self._rates()
        return self._best(specificity, sensitivity)


class SpecificityAtSensitivity(_BestUnderConstraint):
    """Largest share of negatives found, while the share of positives found is at least `sensitivity`.

    Args:
        sensitivity: Number in [0, 1].
        num_thresholds: Evenly spaced thresholds to choose from.
        class_id: Only this class counts.
        name: Name in the logs.
        dtype: See `Metric`.
    """

    constraint = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def result(self) -> Any:
        _, sensitivity, specificity = self._rates()
        return self._best(sensitivity, specificity)


class PrecisionAtRecall(_BestUnderConstraint):
    """Largest precision, while the recall is at least `recall`.

    Args:
        recall: Number in [0, 1].
        num_thresholds: Evenly spaced thresholds to choose from.
        class_id: Only this class counts.
        name: Name in the logs.
        dtype: See `Metric`.
    """

    constraint = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall

    def result(self) -> Any:
        precision, recall, _ = self._rates()
        return self._best(recall, precision)


class RecallAtPrecision(_BestUnderConstraint):
    """Largest recall, while the precision is at least `precision`.

    Args:
        precision: Number in [0, 1].
        num_thresholds: Evenly spaced thresholds to choose from.
        class_id: Only this class counts.
        name: Name in the logs.
        dtype: See `Metric`.
    """

    constraint = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision

    def result(self) -> Any:
        precision, recall, _ = self._rates()
        return self._best(precision, recall)
