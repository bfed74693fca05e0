"""Counts of decisions, precision and recall."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.metrics.confusion import LOWEST, ConfusionMetric, parse_thresholds


class TruePositives(ConfusionMetric):
    """Weighted number of positives that were predicted.

    Args:
        thresholds: Number in [0, 1], or a list of them for one count each; None stands for 0.5.
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "up"

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(parse_thresholds("TruePositives", thresholds, 0.5), ("true_positives",), name, dtype)
        self.init_thresholds = thresholds

    def result(self) -> Any:
        return self._scalar_if_one(self._count("true_positives"))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class FalsePositives(ConfusionMetric):
    """Weighted number of negatives that were predicted positive.

    Args:
        thresholds: Number in [0, 1], or a list of them for one count each; None stands for 0.5.
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(
            parse_thresholds("FalsePositives", thresholds, 0.5), ("false_positives",), name, dtype
        )
        self.init_thresholds = thresholds

    def result(self) -> Any:
        return self._scalar_if_one(self._count("false_positives"))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TrueNegatives(ConfusionMetric):
    """Weighted number of negatives that were predicted.

    Args:
        thresholds: Number in [0, 1], or a list of them for one count each; None stands for 0.5.
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "up"

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(parse_thresholds("TrueNegatives", thresholds, 0.5), ("true_negatives",), name, dtype)
        self.init_thresholds = thresholds

    def result(self) -> Any:
        return self._scalar_if_one(self._count("true_negatives"))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class FalseNegatives(ConfusionMetric):
    """Weighted number of positives that were predicted negative.

    Args:
        thresholds: Number in [0, 1], or a list of them for one count each; None stands for 0.5.
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(
            parse_thresholds("FalseNegatives", thresholds, 0.5), ("false_negatives",), name, dtype
        )
        self.init_thresholds = thresholds

    def result(self) -> Any:
        return self._scalar_if_one(self._count("false_negatives"))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class Precision(ConfusionMetric):
    """Share of the predicted positives that are positive; 0 where there are none.

    Args:
        thresholds: Number in [0, 1], or a list of them for one value each; None stands for 0.5, or, with
            top_k, for no
            threshold.
        top_k: Only the k largest predictions of a sample count as positive.
        class_id: Only this class counts.
        name: Name in the logs.
        dtype: See `Metric`.

    Example:
        >>> m = Precision(); m.update_state([0, 1, 1, 1], [1, 0, 1, 1]); round(float(m.result()), 4)
        0.6667
    """

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        levels = parse_thresholds("Precision", thresholds, 0.5 if top_k is None else LOWEST)
        super().__init__(levels, ("true_positives", "false_positives"), name, dtype, top_k, class_id)
        self.init_thresholds = thresholds

    def result(self) -> Any:
        tp = self._count("true_positives")
        return self._scalar_if_one(ops.divide_no_nan(tp, tp + self._count("false_positives")))

    def get_config(self) -> dict[str, Any]:
        own = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **own}


class Recall(ConfusionMetric):
    """Share of the positives that are predicted; 0 where there are none.

    Args:
        thresholds: Number in [0, 1], or a list of them for one value each; None stands for 0.5, or, with
            top_k, for no
            threshold.
        top_k: Only the k largest predictions of a sample count as positive.
        class_id: Only this class counts.
        name: Name in the logs.
        dtype: See `Metric`.

    Example:
        >>> m = Recall(); m.update_state([0, 1, 1, 1], [1, 0, 1, 1]); round(float(m.result()), 4)
        0.6667
    """

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        levels = parse_thresholds("Recall", thresholds, 0.5 if top_k is None else LOWEST)
        super().__init__(levels, ("true_positives", "false_negatives"), name, dtype, top_k, class_id)
        self.init_thresholds = thresholds

    def result(self) -> Any:
        tp = self._count("true_positives")
        return self._scalar_if_one(ops.divide_no_nan(tp, tp + self._count("false_negatives")))

    def get_config(self) -> dict[str, Any]:
        own = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **own}
