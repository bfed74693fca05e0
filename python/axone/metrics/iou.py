"""Intersection over union of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.core import dtypes
from axone.core.tensor import convert_to_tensor
from axone.metrics.metric import Metric


class IoU(Metric):
    """Mean over some classes of: both say the class / either says it.

    Args:
        num_classes: Number of classes; the metric keeps a matrix of that size.
        target_class_ids: The classes to average over.
        name: Name in the logs.
        dtype: Type of the counts; None stands for int32, floats are for weights that are not whole.
        ignore_class: Targets of this class do not count.
        sparse_y_true: Whether targets are class numbers; else the largest along `axis` is taken.
        sparse_y_pred: Whether predictions are class numbers.
        axis: Axis of the classes.

    Raises:
        ValueError: a class number is too large.

    Example:
        >>> m = IoU(2, [0]); m.update_state([0, 0, 1, 1], [0, 1, 0, 1]); round(float(m.result()), 4)
        0.3333
    """

    direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int32")
        if max(target_class_ids) >= num_classes or min(target_class_ids) < 0:
            raise ValueError(
                f"{type(self).__name__}: class numbers must lie in [0, {num_classes}), got "
                f"{list(target_class_ids)}."
            )
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable((num_classes, num_classes), name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch into account.

        Args:
            y_true: Class numbers, or scores of classes along `axis`.
            y_pred: The same for predictions.
            sample_weight: Weights that broadcast to the class numbers, or None.
        """
        classes = self.num_classes
        y_true = _class_numbers(y_true, self.sparse_y_true, self.axis)
        y_pred = _class_numbers(y_pred, self.sparse_y_pred, self.axis)
        counted = ops.logical_and(_inside(y_true, classes), _inside(y_pred, classes))
        if self.ignore_class is not None:
            counted = ops.logical_and(counted, ops.not_equal(y_true, self.ignore_class))
        weight: Any = 1
        if sample_weight is not None:
            weight = ops.reshape(ops.cast(convert_to_tensor(sample_weight), self.dtype), (-1,))
        weight = ops.where(counted, weight, 0)
        cell = ops.where(counted, y_true * classes + y_pred, 0)
        counts = ops.segment_sum(ops.cast(weight, self.dtype), cell, num_segments=classes * classes)
        self.total_cm.assign_add(ops.reshape(counts, (classes, classes)))

    def result(self) -> Any:
        matrix = self.total_cm.value
        both = ops.diag(matrix)
        either = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - both
        both, either = (ops.cast(ops.take(v, self.target_class_ids), "float32") for v in (both, either))
        valid = either > 1e-9
        share = ops.where(valid, both / (either + dtypes.epsilon()), 0.0)
        return ops.sum(share) / (ops.sum(ops.cast(valid, "float32")) + dtypes.epsilon())

    def get_config(self) -> dict[str, Any]:
        names = "num_classes target_class_ids ignore_class sparse_y_true sparse_y_pred axis"
        return {**super().get_config(), **{n: getattr(self, n) for n in names.split()}}


def _class_numbers(values: Any, sparse: bool, axis: int) -> Any:
    values = convert_to_tensor(values)
    if not sparse:
        values = ops.argmax(values, axis=axis)
    return ops.reshape(ops.cast(values, "int32"), (-1,))


def _inside(numbers: Any, classes: int) -> Any:
    return ops.logical_and(numbers >= 0, numbers < classes)


def _without(config: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in names}


class BinaryIoU(IoU):
    """Intersection over union of two classes, predicted by a number and a threshold.

    Args:
        target_class_ids: [0], [1] or [0, 1].
        threshold: Predictions of at least this are class 1.
        name: Name in the logs.
        dtype: See `IoU`.
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = ops.cast(convert_to_tensor(y_pred), "float32") >= self.threshold
        super().update_state(y_true, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        hidden = ("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {**_without(super().get_config(), *hidden), "threshold": self.threshold}


class MeanIoU(IoU):
    """Intersection over union, averaged over all classes.

    Args:
        num_classes: See `IoU`.
        name: Name in the logs.
        dtype: See `IoU`.
        ignore_class: See `IoU`.
        sparse_y_true: See `IoU`.
        sparse_y_pred: See `IoU`.
        axis: See `IoU`.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        everything = range(num_classes)
        super().__init__(
            num_classes, everything, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        return _without(super().get_config(), "target_class_ids")


class OneHotIoU(IoU):
    """Intersection over union for one-hot targets.

    Args:
        num_classes: See `IoU`.
        target_class_ids: See `IoU`.
        name: Name in the logs.
        dtype: See `IoU`.
        ignore_class: See `IoU`.
        sparse_y_pred: See `IoU`.
        axis: See `IoU`.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return _without(super().get_config(), "sparse_y_true")


class OneHotMeanIoU(MeanIoU):
    """Intersection over union for one-hot targets, averaged over all classes.

    Args:
        num_classes: See `IoU`.
        name: Name in the logs.
        dtype: See `IoU`.
        ignore_class: See `IoU`.
        sparse_y_pred: See `IoU`.
        axis: See `IoU`.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return _without(super().get_config(), "sparse_y_true")
