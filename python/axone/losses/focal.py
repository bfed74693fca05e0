"""Focal cross-entropies: what is predicted well counts less."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core import dtypes
from axone.core.tensor import Tensor, convert_to_tensor
from axone.losses.loss import LossFunctionWrapper


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Returns the mean of (1 - p)^gamma times the binary cross-entropy, p: probability of the right class.

    Args:
        y_true: Targets in [0, 1], shape (batch, ..., n).
        y_pred: Probabilities, or logits, of the same shape.
        apply_class_balancing: Whether class 1 has weight alpha and class 0 weight 1 - alpha.
        alpha: See above.
        gamma: How fast easy cases lose weight.
        from_logits: Whether `y_pred` holds logits.
        label_smoothing: s in [0, 1]: targets become t (1 - s) + s / 2.
        axis: Axis of the mean.

    Lin et al., "Focal loss for dense object detection", 2017.
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = ops.cast(convert_to_tensor(y_true), y_pred.dtype)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    right = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    losses = ops.power(1.0 - right, float(gamma)) * ops.binary_crossentropy(y_true, y_pred)
    if apply_class_balancing:
        losses = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * losses
    return ops.mean(losses, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Returns -sum(alpha (1 - p)^gamma t log p) over the classes.

    Args:
        y_true: One-hot targets, shape (batch, ..., classes).
        y_pred: Probabilities, or logits, of the same shape.
        alpha: Weight, or one per class.
        gamma: How fast easy cases lose weight.
        from_logits: Whether `y_pred` holds logits.
        label_smoothing: s in [0, 1]: targets become t (1 - s) + s / classes.
        axis: Axis of the classes.

    Lin et al., "Focal loss for dense object detection", 2017.
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = ops.cast(convert_to_tensor(y_true), y_pred.dtype)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    p = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    p = ops.clip(p, dtypes.epsilon(), 1.0 - dtypes.epsilon())
    weight = ops.power(1.0 - p, float(gamma)) * ops.cast(alpha, y_pred.dtype)
    return ops.sum(weight * (-y_true * ops.log(p)), axis=axis)


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Binary cross-entropy in which easy cases count less.

    Args:
        apply_class_balancing: Whether alpha weighs the classes.
        alpha: Weight of class 1; class 0 has 1 - alpha.
        gamma: How fast easy cases lose weight.
        from_logits: Whether predictions are logits.
        label_smoothing: See the function.
        axis: Axis of the classes.
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            binary_focal_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.apply_class_balancing = apply_class_balancing
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """Cross-entropy in which easy cases count less.

    Args:
        alpha: Weight, or one per class.
        gamma: How fast easy cases lose weight.
        from_logits: Whether predictions are logits.
        label_smoothing: See the function.
        axis: Axis of the classes.
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            categorical_focal_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis
