"""Running sums and means."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from axone import ops
from axone.core.tensor import Tensor, convert_to_tensor
from axone.losses.loss import get_mask, match_ranks, weights_with_mask
from axone.metrics.metric import Metric
from axone.utils import identifiers


def ratio(total: Any, count: Any) -> Tensor:
    """Returns total / count, and 0 where the count is 0."""
    count = convert_to_tensor(count)
    empty = count == 0
    result: Any = ops.where(
        empty, ops.zeros_like(count), total / ops.where(empty, ops.ones_like(count), count)
    )
    return result  # type: ignore[no-any-return]


def per_sample(
    values: Any, sample_weight: Any, reduce: Callable[..., Tensor], dtype: str
) -> tuple[Tensor, Tensor | None]:
    """Weighs values and reduces them to one per sample.

    Args:
        values: Shape (batch, ...) or scalar.
        sample_weight: Weights that broadcast to `values`, or None.
        reduce: `ops.sum` or `ops.mean`, over the axes after the first.
        dtype: Type of the result.

    Returns:
        The weighted values and the weights, shapes (batch,) each (weights None where none were given).
    """
    mask = get_mask(values)
    values = ops.cast(convert_to_tensor(values), dtype)
    weight = weights_with_mask(sample_weight, mask, dtype)
    if weight is not None:
        values, weight = match_ranks(values, weight)
        if values.ndim > weight.ndim:
            values = reduce(values, axis=tuple(range(weight.ndim, values.ndim)))
        weight = ops.broadcast_to(weight, values.shape)
        values = values * weight
        if weight.ndim > 1:
            weight = reduce(weight, axis=tuple(range(1, weight.ndim)))
    if values.ndim > 1:
        values = reduce(values, axis=tuple(range(1, values.ndim)))
    return values, weight


class Sum(Metric):
    """Sum of all values, weighted where weights are given.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.

    Example:
        >>> m = Sum(); m.update_state([1, 3, 5]); float(m.result())
        9.0
    """

    def __init__(self, name: str = "sum", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, _ = per_sample(values, sample_weight, ops.sum, self.dtype)
        self.total.assign_add(ops.sum(values))

    def result(self) -> Tensor:
        return self.total.value


class Mean(Metric):
    """Mean of all values, weighted where weights are given; 0 before the first.

    Args:
        name: Name in the logs.
        dtype: See `Metric`.

    Example:
        >>> m = Mean(); m.update_state([1, 3], sample_weight=[3, 1]); float(m.result())
        1.5
    """

    def __init__(self, name: str = "mean", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), name="total")
        self.count = self.add_variable((), name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        if isinstance(sample_weight, (int, float)):
            # The commonest case, a scalar loss weighted by the batch's size: no tensor is made of the weight.
            values = ops.cast(convert_to_tensor(values), self.dtype)
            self.total.assign_add(ops.sum(values) * float(sample_weight))
            self.count.assign_add(float(sample_weight * math.prod(values.shape)))
            return
        values, weight = per_sample(values, sample_weight, ops.mean, self.dtype)
        self.total.assign_add(ops.sum(values) if values.ndim else values)
        self.count.assign_add(float(math.prod(values.shape)) if weight is None else ops.sum(weight))

    def result(self) -> Tensor:
        return ratio(self.total, self.count)


class MeanMetricWrapper(Mean):
    """Mean of a function of targets and predictions.

    Args:
        fn: `fn(y_true, y_pred, **kwargs)`, one value per sample (or per element).
        name: Name in the logs; None stands for the function's.
        dtype: See `Metric`.
        **kwargs: Further arguments of `fn`.
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name or identifiers.object_name(fn), dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        for key, value in kwargs.items():
            setattr(self, key, value)
        if self.direction is None and "axone.losses" in (getattr(fn, "__module__", None) or ""):
            self.direction = "down"

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        mask = get_mask(y_pred)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        super().update_state(values, weights_with_mask(sample_weight, mask, self.dtype))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if type(self) is MeanMetricWrapper:
            config["fn"] = identifiers.serialize(self._fn)
        return {**config, **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        if isinstance(config.get("fn"), dict):
            from axone import metrics

            config = {**config, "fn": metrics.deserialize(config["fn"])}
        return cls(**config)
