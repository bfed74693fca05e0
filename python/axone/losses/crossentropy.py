"""Cross-entropies between targets and predicted probabilities (or logits).

Where the predictions come straight from a softmax or a sigmoid, `ops` computes from the logits in one fused,
stable operation; there is no need for `from_logits=True` then.
"""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core import dtypes
from axone.core.tensor import Tensor, convert_to_tensor
from axone.losses.loss import LossFunctionWrapper


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """Returns the mean of -(t log p + (1 - t) log(1 - p)) over `axis`.

    Args:
        y_true: Targets in [0, 1], shape (batch, ..., n).
        y_pred: Probabilities, or logits, of the same shape.
        from_logits: Whether `y_pred` holds logits.
        label_smoothing: s in [0, 1]: targets become t (1 - s) + s / 2.
        axis: Axis of the mean.

    Returns:
        Losses, shape of `y_pred` without `axis`.
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = ops.cast(convert_to_tensor(y_true), y_pred.dtype)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """Returns -sum(t log p) over `axis`, for targets given as one-hot rows or distributions.

    Args:
        y_true: Targets, shape (batch, ..., classes).
        y_pred: Probabilities, or logits, of the same shape.
        from_logits: Whether `y_pred` holds logits.
        label_smoothing: s in [0, 1]: targets become t (1 - s) + s / classes.
        axis: Axis of the classes.

    Returns:
        Losses, shape of `y_pred` without `axis`.

    Raises:
        ValueError: targets and predictions differ in shape.
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = ops.cast(convert_to_tensor(y_true), y_pred.dtype)
    if tuple(y_true.shape) != tuple(y_pred.shape):
        raise ValueError(
            f"categorical_crossentropy: targets of shape {tuple(y_true.shape)} and predictions of shape "
            f"{tuple(y_pred.shape)} must agree. For class numbers use sparse_categorical_crossentropy, "
            "or make one-hot rows with utils.to_categorical."
        )
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_pred.shape[axis]
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Tensor:
    """Returns -log p[t], for targets t given as class numbers.

    Args:
        y_true: Class numbers, shape (batch, ...) or (batch, ..., 1).
        y_pred: Probabilities, or logits, shape (batch, ..., classes).
        from_logits: Whether `y_pred` holds logits.
        ignore_class: A class number whose samples cost nothing and are left out of the mean.
        axis: Axis of the classes.

    Returns:
        Losses, shape of `y_pred` without `axis`.

    Raises:
        ValueError: targets and predictions do not fit.
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = convert_to_tensor(y_true)
    if y_true.ndim == y_pred.ndim and y_true.shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis)
    losses_shape = list(y_pred.shape)
    classes = losses_shape.pop(axis) if y_pred.ndim else 0
    if list(y_true.shape) != losses_shape:
        raise ValueError(
            f"sparse_categorical_crossentropy: predictions of shape {tuple(y_pred.shape)} need class numbers "
            f"of shape {tuple(losses_shape)}, got {tuple(y_true.shape)}. For one-hot rows use "
            "categorical_crossentropy."
        )
    if dtypes.is_float_dtype(y_true.dtype):
        y_true = ops.cast(y_true, "int32" if classes < 2**31 else "int64")
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    valid = ops.not_equal(y_true, ignore_class)
    safe = ops.where(valid, y_true, ops.zeros_like(y_true))
    losses = ops.sparse_categorical_crossentropy(safe, y_pred, from_logits=from_logits, axis=axis)
    kept: Any = ops.where(valid, losses, ops.zeros_like(losses))
    kept._keras_mask = valid
    return kept  # type: ignore[no-any-return]


sparse_categorical_crossentropy.integer_targets = True  # type: ignore[attr-defined]


class _Crossentropy(LossFunctionWrapper):
    """Keeps a cross-entropy's own arguments, as attributes and in the configuration."""

    def __init__(self, fn: Any, reduction: str | None, name: str, dtype: str | None, **kwargs: Any) -> None:
        super().__init__(fn, reduction=reduction, name=name, dtype=dtype, **kwargs)
        for key, value in kwargs.items():
            setattr(self, key, value)


class BinaryCrossentropy(_Crossentropy):
    """Cross-entropy for yes/no targets.

    Args:
        from_logits: Whether predictions are logits.
        label_smoothing: Pulls targets towards 1/2, in [0, 1].
        axis: Axis of the mean.
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: str | None = None,
    ) -> None:
        options: dict[str, Any] = {
            "from_logits": from_logits,
            "label_smoothing": label_smoothing,
            "axis": axis,
        }
        super().__init__(binary_crossentropy, reduction, name, dtype, **options)


class CategoricalCrossentropy(_Crossentropy):
    """Cross-entropy for one-hot targets.

    Args:
        from_logits: Whether predictions are logits.
        label_smoothing: Pulls targets towards the uniform distribution, in [0, 1].
        axis: Axis of the classes.
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: str | None = None,
    ) -> None:
        options: dict[str, Any] = {
            "from_logits": from_logits,
            "label_smoothing": label_smoothing,
            "axis": axis,
        }
        super().__init__(categorical_crossentropy, reduction, name, dtype, **options)


class SparseCategoricalCrossentropy(_Crossentropy):
    """Cross-entropy for targets given as class numbers.

    Args:
        from_logits: Whether predictions are logits.
        ignore_class: A class number that costs nothing, or None.
        reduction: See `Loss`.
        axis: Axis of the classes.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: str | None = None,
    ) -> None:
        options: dict[str, Any] = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **options)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return sparse_categorical_crossentropy(y_true, y_pred, **self._fn_kwargs)
