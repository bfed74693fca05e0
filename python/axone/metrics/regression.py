"""Means of errors on real values."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core.tensor import Tensor, convert_to_tensor
from axone.losses.loss import match_ranks
from axone.losses.regression import mean_absolute_error, mean_squared_error
from axone.metrics.reduction import Mean, MeanMetricWrapper, ratio


class MeanSquaredError(MeanMetricWrapper):
    """Mean of squared differences.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, name: str = "mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(mean_squared_error, name=name, dtype=dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of absolute differences.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, name: str = "mean_absolute_error", dtype: str | None = None) -> None:
        super().__init__(mean_absolute_error, name=name, dtype=dtype)


class RootMeanSquaredError(Mean):
    """Square root of the mean of squared differences.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, name: str = "root_mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        y_pred = ops.cast(convert_to_tensor(y_pred), self.dtype)
        y_true, y_pred = match_ranks(ops.cast(convert_to_tensor(y_true), self.dtype), y_pred)
        super().update_state(ops.square(y_pred - y_true), sample_weight)

    def result(self) -> Tensor:
        return ops.sqrt(ratio(self.total, self.count))
