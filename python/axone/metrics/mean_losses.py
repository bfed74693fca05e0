"""Means of losses that serve as metrics: percentages, logarithms, margins, divergences."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core.tensor import Tensor
from axone.losses.hinge import categorical_hinge, hinge, squared_hinge
from axone.losses.probabilistic import kl_divergence, poisson
from axone.losses.regression import as_pair
from axone.losses.robust import log_cosh, mean_absolute_percentage_error, mean_squared_logarithmic_error
from axone.metrics.reduction import MeanMetricWrapper


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Returns the cosine of the angle between targets and predictions, shape without `axis`.

    Args:
        y_true: Targets, shape (batch, ..., n).
        y_pred: Predictions of the same shape.
        axis: Axis of the vectors.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    return ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """Mean of absolute errors in percent of the target.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: str | None = None) -> None:
        super().__init__(mean_absolute_percentage_error, name=name, dtype=dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """Mean of squared differences of log(1 + x).

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: str | None = None) -> None:
        super().__init__(mean_squared_logarithmic_error, name=name, dtype=dtype)


class LogCoshError(MeanMetricWrapper):
    """Mean of log(cosh(error)).

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, name: str = "logcosh", dtype: str | None = None) -> None:
        super().__init__(log_cosh, name=name, dtype=dtype)


class KLDivergence(MeanMetricWrapper):
    """Mean Kullback-Leibler divergence of the prediction from the target.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, name: str = "kl_divergence", dtype: str | None = None) -> None:
        super().__init__(kl_divergence, name=name, dtype=dtype)


class Poisson(MeanMetricWrapper):
    """Mean Poisson loss.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, name: str = "poisson", dtype: str | None = None) -> None:
        super().__init__(poisson, name=name, dtype=dtype)


class Hinge(MeanMetricWrapper):
    """Mean of max(1 - y_true * y_pred, 0).

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, name: str = "hinge", dtype: str | None = None) -> None:
        super().__init__(hinge, name=name, dtype=dtype)


class SquaredHinge(MeanMetricWrapper):
    """Mean of max(1 - y_true * y_pred, 0)^2.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, name: str = "squared_hinge", dtype: str | None = None) -> None:
        super().__init__(squared_hinge, name=name, dtype=dtype)


class CategoricalHinge(MeanMetricWrapper):
    """Mean margin between the right class and the best wrong one.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
    """

    direction = "down"

    def __init__(self, name: str = "categorical_hinge", dtype: str | None = None) -> None:
        super().__init__(categorical_hinge, name=name, dtype=dtype)


class CosineSimilarity(MeanMetricWrapper):
    """Mean cosine between targets and predictions.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
        axis: Axis of the vectors.
    """

    direction = "up"

    def __init__(self, name: str = "cosine_similarity", dtype: str | None = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name=name, dtype=dtype, axis=axis)
