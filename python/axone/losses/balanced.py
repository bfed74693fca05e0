"""Squared error that rare targets dominate as much as frequent ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from axone import ops
from axone.core.tensor import Tensor
from axone.losses.loss import Loss
from axone.losses.regression import as_pair


class BalancedMSE(Loss):
    """Mean of w(y) (y - p)^2, where targets that are rare in the data weigh more.

    The targets fall into K groups with n_1 ... n_K members, N in all; w = N / (K n_k), so that every group
    has the same total weight and the mean weight over the data is 1. Groups are the different values of
    discrete targets, or the intervals between `edges` for continuous ones; an empty group has weight 0.

    Args:
        values: The different targets, increasing, shape (K,), for discrete targets; a target belongs to the
            nearest.
        edges: Boundaries between groups of continuous targets, increasing, shape (K - 1,). Give values or
            edges, or call `adapt`.
        counts: Members of each group, shape (K,).
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.

    Raises:
        ValueError: sizes do not fit, or both or only half of the arguments are given.

    Example:
        >>> loss = BalancedMSE()
        >>> loss.adapt([0, 0, 0, 1])
        >>> [float(w) for w in loss.weights]
        [0.6666666865348816, 2.0]
    """

    def __init__(
        self,
        values: Sequence[float] | None = None,
        edges: Sequence[float] | None = None,
        counts: Sequence[float] | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "balanced_mse",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.values = None if values is None else [float(v) for v in values]
        self.edges = None if edges is None else [float(e) for e in edges]
        self.counts = None if counts is None else [float(c) for c in counts]
        self.weights: np.ndarray[Any, Any] = np.zeros(0, "float32")
        if counts is not None or values is not None or edges is not None:
            self._set_weights()

    def adapt(self, data: Any, bins: int | Sequence[float] | None = None) -> None:
        """Counts the targets.

        Args:
            data: All targets, any shape.
            bins: None for discrete targets; else the number of groups of equal width, or their edges.

        Raises:
            ValueError: there is no target, or one is NaN.
        """
        flat = np.asarray(data, "float64").ravel()
        if not flat.size or np.isnan(flat).any():
            raise ValueError("BalancedMSE.adapt: expected at least one target, and none that is NaN.")
        if bins is None:
            values, counts = np.unique(flat, return_counts=True)
            self.values, self.edges = values.tolist(), None
        else:
            counts, edges = np.histogram(flat, bins)
            self.values, self.edges = None, edges[1:-1].tolist()
        self.counts = counts.astype("float64").tolist()
        self._set_weights()

    def _set_weights(self) -> None:
        if self.counts is None or (self.values is None) == (self.edges is None):
            raise ValueError("BalancedMSE: give `counts` and either `values` or `edges`, or call `adapt(y)`.")
        groups = len(self.values) if self.values is not None else len(self.edges or ()) + 1
        if len(self.counts) != groups:
            raise ValueError(f"BalancedMSE: expected {groups} counts, got {len(self.counts)}.")
        counts = np.asarray(self.counts)
        filled = counts > 0
        share = counts.sum() / (filled.sum() * np.where(filled, counts, 1.0))
        self.weights = np.where(filled, share, 0.0).astype("float32")

    def _boundaries(self) -> np.ndarray[Any, Any]:
        if self.values is None:
            return np.asarray(self.edges)
        values = np.asarray(self.values)
        middles: np.ndarray[Any, Any] = (values[1:] + values[:-1]) / 2
        return middles

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        if not self.weights.size:
            raise ValueError("BalancedMSE: call `adapt(y)` with the training targets first.")
        y_true, y_pred = as_pair(y_true, y_pred)
        group = ops.searchsorted(ops.cast(self._boundaries(), y_pred.dtype), y_true, side="right")
        weight = ops.cast(ops.take(self.weights, group), y_pred.dtype)
        return ops.mean(weight * ops.square(y_true - y_pred), axis=-1)

    def get_config(self) -> dict[str, Any]:
        own = {"values": self.values, "edges": self.edges, "counts": self.counts}
        return {**super().get_config(), **own}
