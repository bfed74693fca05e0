"""Correlation of predictions with targets, and the share of variance that they explain."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core import dtypes
from axone.core.tensor import Tensor, convert_to_tensor
from axone.losses.loss import match_ranks
from axone.losses.regression import as_pair
from axone.metrics.metric import Metric
from axone.metrics.reduction import MeanMetricWrapper


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Returns Pearson's correlation coefficient along an axis.

    Args:
        y_true: Targets, shape (batch, ..., n).
        y_pred: Predictions of the same shape.
        axis: Axis of the samples that are correlated.

    Returns:
        Numbers in [-1, 1], shape without `axis`; NaN where one side does not vary.
    """
    y_true, y_pred = as_pair(y_true, y_pred)

    def standardised(x: Any) -> Any:
        x = x - ops.mean(x, axis=axis, keepdims=True)
        return x / ops.std(x, axis=axis, keepdims=True)

    return ops.mean(standardised(y_true) * standardised(y_pred), axis=axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Returns Lin's concordance: correlation that also asks for equal means and variances.

    Args:
        y_true: Targets, shape (batch, ..., n).
        y_pred: Predictions of the same shape.
        axis: Axis of the samples that are correlated.

    Lin, "A concordance correlation coefficient to evaluate reproducibility", 1989.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    true_mean = ops.mean(y_true, axis=axis, keepdims=True)
    pred_mean = ops.mean(y_pred, axis=axis, keepdims=True)
    spread = ops.var(y_true, axis=axis, keepdims=True) + ops.var(y_pred, axis=axis, keepdims=True)
    # The deviation of predictions from their mean adds up to 0, so either mean may be taken from the targets.
    common = (y_true - pred_mean) * (y_pred - pred_mean)
    scale = spread + ops.square(true_mean - pred_mean) + dtypes.epsilon()
    return ops.mean(2.0 * common / scale, axis=axis)


class PearsonCorrelation(MeanMetricWrapper):
    """Mean of Pearson's correlation coefficient of each sample's values.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
        axis: Axis of the vectors.
    """

    direction = "up"

    def __init__(self, name: str = "pearson_correlation", dtype: str | None = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name=name, dtype=dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """Mean of Lin's concordance of each sample's values.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
        axis: Axis of the vectors.
    """

    direction = "up"

    def __init__(
        self, name: str = "concordance_correlation", dtype: str | None = None, axis: int = -1
    ) -> None:
        super().__init__(concordance_correlation, name=name, dtype=dtype, axis=axis)


class R2Score(Metric):
    """Share of the targets' variance that the predictions explain: 1 - residual / total.

    Args:
        class_aggregation: "uniform_average" over outputs, "variance_weighted_average", or None for one value
            each.
        num_regressors: Number p of inputs of the regression, for the adjusted score
            1 - (1 - R2) (n - 1) / (n - p - 1); 0 for the plain one.
        name: Name in the logs.
        dtype: See `Metric`.

    Raises:
        ValueError: an argument is unknown or out of range.
    """

    direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise ValueError(
                "R2Score: class_aggregation must be None, 'uniform_average' or "
                "'variance_weighted_average', got "
                f"{class_aggregation!r}."
            )
        if num_regressors < 0:
            raise ValueError(f"R2Score: num_regressors must be at least 0, got {num_regressors}.")
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), name="num_samples")
        self._built = False

    def _build(self, outputs: int) -> None:
        self.squared_sum = self.add_variable((outputs,), name="squared_sum")
        self.sum = self.add_variable((outputs,), name="sum")
        self.total_mse = self.add_variable((outputs,), name="residual")
        self.count = self.add_variable((outputs,), name="count")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch into account.

        Args:
            y_true: Targets, shape (batch, outputs).
            y_pred: Predictions of the same shape.
            sample_weight: Shape (batch,) or (batch, outputs), or None.
        """
        y_true = ops.cast(convert_to_tensor(y_true), self.dtype)
        y_true, y_pred = match_ranks(y_true, ops.cast(convert_to_tensor(y_pred), self.dtype))
        if y_true.ndim != 2:
            raise ValueError(
                "R2Score expects targets and predictions of shape (batch, outputs), got "
                f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}."
            )
        if not self._built:
            self._build(y_true.shape[-1])
        weight: Any = ops.ones_like(y_true)
        if sample_weight is not None:
            weight = ops.cast(convert_to_tensor(sample_weight), self.dtype)
            weight = ops.broadcast_to(
                ops.expand_dims(weight, 1) if weight.ndim == 1 else weight, y_true.shape
            )
        weighted = y_true * weight
        self.sum.assign_add(ops.sum(weighted, axis=0))
        self.squared_sum.assign_add(ops.sum(y_true * weighted, axis=0))
        self.total_mse.assign_add(ops.sum(ops.square(y_true - y_pred) * weight, axis=0))
        self.count.assign_add(ops.sum(weight, axis=0))
        self.num_samples.assign_add(float(y_true.size))

    def result(self) -> Any:
        if not self._built:
            return convert_to_tensor(0.0)
        total = self.squared_sum.value - self.sum.value * (self.sum.value / self.count.value)
        score = 1.0 - self.total_mse.value / total
        score = ops.where(ops.isinf(score), 0.0, score)
        if self.class_aggregation == "uniform_average":
            score = ops.mean(score)
        elif self.class_aggregation == "variance_weighted_average":
            score = ops.sum(score * total) / ops.sum(total)
        return self._adjusted(score) if self.num_regressors else score

    def _adjusted(self, score: Any) -> Any:
        n, p = self.num_samples.value, float(self.num_regressors)
        enough = n - p - 1.0 > 0
        adjusted = 1.0 - (1.0 - score) * (n - 1.0) / ops.where(enough, n - p - 1.0, 1.0)
        return ops.where(enough, adjusted, score)

    def get_config(self) -> dict[str, Any]:
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return {**super().get_config(), **own}
