"""Means of cross-entropies."""

from __future__ import annotations

from typing import Any

from axone.losses.crossentropy import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from axone.metrics.reduction import MeanMetricWrapper


class BinaryCrossentropy(MeanMetricWrapper):
    """Mean cross-entropy for targets in [0, 1].

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
        from_logits: Whether predictions are logits.
        label_smoothing: See the loss of the same name.
    """

    direction = "down"

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        options: dict[str, Any] = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(binary_crossentropy, name, dtype, **options)


class CategoricalCrossentropy(MeanMetricWrapper):
    """Mean cross-entropy for one-hot targets.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
        from_logits: Whether predictions are logits.
        label_smoothing: See the loss of the same name.
        axis: Axis of the classes.
    """

    direction = "down"

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        options: dict[str, Any] = {
            "from_logits": from_logits,
            "label_smoothing": label_smoothing,
            "axis": axis,
        }
        super().__init__(categorical_crossentropy, name, dtype, **options)


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Mean cross-entropy for targets given as class numbers.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.
        from_logits: Whether predictions are logits.
        ignore_class: A class number whose samples are left out of the mean, or None.
        axis: Axis of the classes.
    """

    direction = "down"

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        options: dict[str, Any] = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, name, dtype, **options)
