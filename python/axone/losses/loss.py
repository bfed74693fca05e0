"""The base of losses: one value per sample, weighted, masked and reduced."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from axone import ops
from axone.core import dtypes, tree
from axone.core.operation import auto_name
from axone.core.tensor import Tensor, convert_to_tensor
from axone.utils import identifiers

_REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None)


class Loss:
    """A loss that can be called: `loss(y_true, y_pred, sample_weight=None) -> scalar`.

    Subclasses define `call(y_true, y_pred)`, which returns the unreduced losses, one per sample (or per
    element).

    Args:
        name: Name in the logs.
        reduction: "sum_over_batch_size" (the mean over all losses), "mean" (the same),
            "mean_with_sample_weight" (divided by the sum of the weights), "sum", "none" or None.
        dtype: Float type of the computation; None stands for `floatx()`.

    Example:
        >>> class Bias(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return y_pred - y_true
    """

    # Losses over class numbers read integer targets as they are; the others get them in the loss's dtype.
    integer_targets = False

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: str | None = None
    ) -> None:
        if reduction not in _REDUCTIONS:
            raise ValueError(f"Loss: reduction must be one of {_REDUCTIONS}, got {reduction!r}.")
        self.name = name or auto_name(type(self).__name__)
        self.reduction = reduction
        self._dtype = dtypes.standardize_dtype(dtype) if dtype else None

    @property
    def dtype(self) -> str:
        """Float type in which the loss is computed."""
        return self._dtype or dtypes.floatx()

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """Returns the reduced loss.

        Args:
            y_true: Targets, array or tensor (or a nest of them, if `call` takes one).
            y_pred: Predictions.
            sample_weight: Weights of shape (batch,), or broadcastable to the losses.

        Returns:
            Scalar, or the unreduced losses where the reduction is "none".
        """
        mask = get_mask(y_pred)
        y_pred = tree.map_structure(lambda p: convert_to_tensor(p, dtype=self.dtype), y_pred)
        y_true = tree.map_structure(self._convert_target, y_true)
        losses = self.call(y_true, y_pred)
        own_mask = get_mask(losses)
        if own_mask is not None:
            mask = own_mask if mask is None else ops.logical_and(mask, own_mask)
        return reduce_weighted(losses, sample_weight, mask, self.reduction, self.dtype)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Returns the losses before weighting and reduction; every subclass defines it."""
        raise TypeError(f"{type(self).__name__} must define `call(self, y_true, y_pred)`.")

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments from which `from_config` rebuilds the loss."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Rebuilds a loss from `get_config`."""
        return cls(**config)

    def _convert_target(self, target: Any) -> Tensor:
        tensor = convert_to_tensor(target)
        if self.integer_targets and not dtypes.is_float_dtype(tensor.dtype):
            return tensor
        return ops.cast(tensor, self.dtype)


class LossFunctionWrapper(Loss):
    """Makes a `Loss` of a function `fn(y_true, y_pred, **kwargs)`.

    Args:
        fn: Returns one loss per sample (or per element).
        reduction: See `Loss`.
        name: Name in the logs; None stands for the function's.
        dtype: See `Loss`.
        **kwargs: Further arguments of `fn`.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name or identifiers.object_name(fn), reduction=reduction, dtype=dtype)
        self.fn = fn
        self.integer_targets = getattr(fn, "integer_targets", False)
        self._fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        if not tree.is_nested(y_true) and not tree.is_nested(y_pred):
            y_true, y_pred = match_ranks(y_true, y_pred)
        return convert_to_tensor(self.fn(y_true, y_pred, **self._fn_kwargs))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if type(self) is LossFunctionWrapper:
            config["fn"] = identifiers.serialize(self.fn)
        return {**config, **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        if isinstance(config.get("fn"), dict):
            from axone import losses

            config = {**config, "fn": losses.deserialize(config["fn"])}
        return cls(**config)


def get_mask(value: Any) -> Tensor | None:
    """Returns the mask that a layer or a loss attached to a tensor, True where the value counts."""
    return getattr(value, "_keras_mask", None)


def set_mask(value: Any, mask: Any) -> None:
    """Attaches a mask to a tensor: what it marks False does not count in means."""
    value._keras_mask = mask


def match_ranks(x1: Tensor, x2: Tensor, expand_rank_1: bool = True) -> tuple[Tensor, Tensor]:
    """Drops or adds a last axis of size 1 where the ranks of two tensors differ by one.

    Args:
        x1: Any tensor.
        x2: Any tensor.
        expand_rank_1: Whether a vector beside a column becomes a column (else the column becomes a vector).

    Returns:
        The two tensors; unchanged when the ranks agree or no axis of size 1 explains the difference.
    """
    if x1.ndim == x2.ndim + 1:
        x2, x1 = match_ranks(x2, x1, expand_rank_1)
    elif x2.ndim == x1.ndim + 1 and x2.shape[-1] == 1:
        if x1.ndim == 1 and expand_rank_1:
            x1 = ops.expand_dims(x1, -1)
        else:
            x2 = ops.squeeze(x2, -1)
    return x1, x2


def weights_with_mask(sample_weight: Any, mask: Any, dtype: str) -> Tensor | None:
    """Joins sample weights and a mask into one weight per loss.

    Args:
        sample_weight: Weights or None.
        mask: True where a loss counts, or None.
        dtype: Float type of the result.

    Returns:
        Weights, or None when neither is given.
    """
    weight = None if sample_weight is None else ops.cast(convert_to_tensor(sample_weight), dtype)
    if mask is None:
        return weight
    valid = ops.cast(convert_to_tensor(mask), dtype)
    if weight is None:
        return valid
    valid, weight = match_ranks(valid, weight)
    joined: Tensor = weight * valid
    return joined


def reduce_weighted(
    values: Tensor, sample_weight: Any, mask: Any, reduction: str | None, dtype: str
) -> Tensor:
    """Weighs losses and reduces them to a scalar (or leaves them, for the reduction "none").

    Args:
        values: Losses, shape (batch, ...).
        sample_weight: Weights that broadcast to `values`, or None.
        mask: See `weights_with_mask`.
        reduction: See `Loss`.
        dtype: Float type of the result.

    Returns:
        Scalar or weighted losses.

    Raises:
        ValueError: the weights do not fit the losses.
    """
    values = ops.cast(convert_to_tensor(values), dtype)
    weight = weights_with_mask(sample_weight, mask, dtype)
    if weight is not None:
        values, weight = match_ranks(values, weight)
        _check_broadcast(values.shape, weight.shape)
        values = values * weight
    if reduction in ("none", None) or values.ndim == 0:
        return values
    total = ops.sum if mask is None else _sum_by_sample
    if math.prod(values.shape) == 0 or reduction == "sum":
        return total(values)
    share: Tensor
    if reduction == "mean_with_sample_weight" and weight is not None:
        share = total(values) / _nonzero(total(weight))
        return share
    if mask is None:
        return ops.mean(values)
    # Of what counts alone; at least one, so that a batch without any gives 0 rather than NaN.
    count = ops.maximum(ops.sum(ops.cast(mask, dtype)), 1.0)
    share = total(values) / (count * (math.prod(values.shape) / math.prod(mask.shape)))
    return share


def _sum_by_sample(values: Tensor) -> Tensor:
    """The sum in an order that padding with zeros behind a sample's end does not change."""
    if values.ndim > 1:
        values = ops.sum(values, axis=tuple(range(1, values.ndim)))
    return ops.sum(values)


def _nonzero(x: Tensor) -> Any:
    return ops.where(x == 0, ops.ones_like(x), x)


def _check_broadcast(values: tuple[int, ...], weight: tuple[int, ...]) -> None:
    padded = (1,) * (len(values) - len(weight)) + tuple(weight)
    if len(padded) != len(values) or any(w not in (1, v) for w, v in zip(padded, values, strict=True)):
        raise ValueError(
            f"sample_weight of shape {tuple(weight)} does not fit losses of shape {tuple(values)}: "
            "give one weight per sample, or weights that broadcast to the losses."
        )
