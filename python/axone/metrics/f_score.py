"""F scores: means of precision and recall."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core import dtypes
from axone.core.tensor import convert_to_tensor
from axone.metrics.metric import Metric


class FBetaScore(Metric):
    """(1 + b^2) precision recall / (b^2 precision + recall), per class or averaged.

    Args:
        average: None for one score per class; "micro": over all decisions at once; "macro": mean of the
            classes;
            "weighted": mean of the classes by their frequency.
        beta: b, how much more recall counts than precision.
        threshold: Predictions above it are positive; None: the largest of each sample is.
        name: Name in the logs.
        dtype: See `Metric`.

    Raises:
        ValueError: an argument is unknown or out of range.

    van Rijsbergen, "Information retrieval", 1979.
    """

    direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        who = type(self).__name__
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(f"{who}: average must be None, 'micro', 'macro' or 'weighted', got {average!r}.")
        if not isinstance(beta, float) or beta <= 0:
            raise ValueError(f"{who}: beta must be a float above 0, got {beta!r}.")
        if threshold is not None and (not isinstance(threshold, float) or not 0 < threshold <= 1):
            raise ValueError(f"{who}: threshold must be a float in (0, 1] or None, got {threshold!r}.")
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._built = False

    def _build(self, shape: tuple[int, ...]) -> None:
        held = () if self.average == "micro" else (shape[-1],)
        self.true_positives = self.add_variable(held, name="true_positives")
        self.false_positives = self.add_variable(held, name="false_positives")
        self.false_negatives = self.add_variable(held, name="false_negatives")
        self.intermediate_weights = self.add_variable(held, name="intermediate_weights")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch into account.

        Args:
            y_true: Targets, 0 or 1, shape (batch, classes).
            y_pred: Predictions of the same shape.
            sample_weight: Shape (batch,), or None.
        """
        y_true = ops.cast(convert_to_tensor(y_true), self.dtype)
        y_pred = ops.cast(convert_to_tensor(y_pred), self.dtype)
        if y_true.ndim != 2 or y_pred.ndim != 2:
            raise ValueError(
                f"{type(self).__name__} expects targets and predictions of shape (batch, classes), got "
                f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}."
            )
        if not self._built:
            self._build(tuple(y_pred.shape))
        if self.threshold is None:
            largest = ops.equal(y_pred, ops.max(y_pred, axis=-1, keepdims=True))
            chosen = ops.logical_and(largest, ops.abs(y_pred) > 1e-9)
        else:
            chosen = y_pred > self.threshold
        chosen = ops.cast(chosen, self.dtype)
        weight: Any = 1.0
        if sample_weight is not None:
            weight = ops.expand_dims(ops.cast(convert_to_tensor(sample_weight), self.dtype), 1)
        axis = None if self.average == "micro" else 0
        wanted, hits = y_true * weight, chosen * y_true * weight
        true_positives, support = ops.sum(hits, axis=axis), ops.sum(wanted, axis=axis)
        self.true_positives.assign_add(true_positives)
        self.false_positives.assign_add(ops.sum(chosen * weight, axis=axis) - true_positives)
        self.false_negatives.assign_add(support - true_positives)
        self.intermediate_weights.assign_add(support)

    def result(self) -> Any:
        if not self._built:
            return convert_to_tensor(0.0)
        tiny = dtypes.epsilon()
        tp = self.true_positives.value
        precision = tp / (tp + self.false_positives.value + tiny)
        recall = tp / (tp + self.false_negatives.value + tiny)
        square = self.beta * self.beta
        score = precision * recall / (square * precision + recall + tiny) * (1.0 + square)
        if self.average == "weighted":
            weights = self.intermediate_weights.value
            return ops.sum(score * (weights / (ops.sum(weights) + tiny)))
        return score if self.average is None else ops.mean(score)

    def get_config(self) -> dict[str, Any]:
        own = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **own}


class F1Score(FBetaScore):
    """Harmonic mean of precision and recall.

    Args:
        average: See `FBetaScore`.
        threshold: See `FBetaScore`.
        name: Name in the logs.
        dtype: See `Metric`.
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["beta"]
        return config
