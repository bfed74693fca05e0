"""Metrics: Keras's `keras.metrics`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone.core.operation import snake_case
from axone.losses.crossentropy import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from axone.losses.regression import mean_absolute_error, mean_squared_error
from axone.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from axone.metrics.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from axone.metrics.metric import Metric
from axone.metrics.reduction import Mean, MeanMetricWrapper, Sum
from axone.metrics.regression import MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError
from axone.utils import identifiers

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "Mean",
    "MeanAbsoluteError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "Metric",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "Sum",
    "TopKCategoricalAccuracy",
    "accuracy",
    "binary_accuracy",
    "binary_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "deserialize",
    "get",
    "mean_absolute_error",
    "mean_squared_error",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]

_CLASSES = (
    Accuracy,
    BinaryAccuracy,
    BinaryCrossentropy,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    Mean,
    MeanAbsoluteError,
    MeanMetricWrapper,
    MeanSquaredError,
    RootMeanSquaredError,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    Sum,
    TopKCategoricalAccuracy,
)
# As in Keras, a name in snake case stands for the class; functions are found by `deserialize` only.
_TABLE: dict[str, Any] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{snake_case(cls.__name__): cls for cls in _CLASSES},
    "bce": BinaryCrossentropy,
    "BCE": BinaryCrossentropy,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
}
_FUNCTIONS: dict[str, Any] = {
    fn.__name__: fn
    for fn in (
        accuracy,
        binary_accuracy,
        binary_crossentropy,
        categorical_accuracy,
        categorical_crossentropy,
        mean_absolute_error,
        mean_squared_error,
        sparse_categorical_accuracy,
        sparse_categorical_crossentropy,
        sparse_top_k_categorical_accuracy,
        top_k_categorical_accuracy,
    )
}


def get(identifier: identifiers.Identifier | None) -> Any:
    """Returns the metric that an identifier names.

    Args:
        identifier: Name ("mse", "MeanSquaredError"), configuration dictionary, function, class or object.

    Returns:
        A `Metric`, or a function `(y_true, y_pred) -> values`; None for None.

    Raises:
        ValueError: the name is unknown.
    """
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    return identifiers.resolve(identifier, _TABLE, "metric")


def serialize(metric: Any) -> Any:
    """Returns the configuration of a metric object or function."""
    return identifiers.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Rebuilds a metric from `serialize`'s configuration or from a name."""
    table = {**_TABLE, **_FUNCTIONS} if isinstance(config, Mapping) else _TABLE
    return identifiers.deserialize(config, table, "metric", custom_objects)
