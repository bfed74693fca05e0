"""Losses: Keras's `keras.losses`.

A loss is a function `(y_true, y_pred) -> one value per sample`, or an object that also weighs and averages
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from axone.losses.loss import Loss, LossFunctionWrapper
from axone.losses.regression import (
    MeanAbsoluteError,
    MeanSquaredError,
    mean_absolute_error,
    mean_squared_error,
)
from axone.utils import identifiers

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "deserialize",
    "get",
    "mean_absolute_error",
    "mean_squared_error",
    "serialize",
    "sparse_categorical_crossentropy",
]

_TABLE: dict[str, Any] = {
    **{
        item.__name__: item
        for item in (
            BinaryCrossentropy,
            CategoricalCrossentropy,
            LossFunctionWrapper,
            MeanAbsoluteError,
            MeanSquaredError,
            SparseCategoricalCrossentropy,
            binary_crossentropy,
            categorical_crossentropy,
            mean_absolute_error,
            mean_squared_error,
            sparse_categorical_crossentropy,
        )
    },
    "bce": binary_crossentropy,
    "BCE": binary_crossentropy,
    "mae": mean_absolute_error,
    "MAE": mean_absolute_error,
    "mse": mean_squared_error,
    "MSE": mean_squared_error,
}


def get(identifier: identifiers.Identifier | None) -> Any:
    """Returns the loss function or `Loss` object that an identifier names.

    Args:
        identifier: Name ("mse", "MeanSquaredError"), configuration dictionary, function, class or object.

    Returns:
        A function `(y_true, y_pred) -> losses` or a `Loss`; None for None.

    Raises:
        ValueError: the name is unknown.

    Example:
        >>> get("mse") is mean_squared_error
        True
    """
    return identifiers.resolve(identifier, _TABLE, "loss")


def serialize(loss: Any) -> Any:
    """Returns the configuration of a loss object or function."""
    return identifiers.serialize(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Rebuilds a loss from `serialize`'s configuration or from a name."""
    return identifiers.deserialize(name, _TABLE, "loss", custom_objects)
