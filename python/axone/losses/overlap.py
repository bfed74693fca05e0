"""Losses on the overlap of regions, and on distances between embeddings."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core import dtypes
from axone.core.tensor import Tensor, convert_to_tensor
from axone.losses.loss import LossFunctionWrapper, set_mask


def _pair(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    y_pred = convert_to_tensor(y_pred)
    return ops.cast(convert_to_tensor(y_true), y_pred.dtype), y_pred


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Tensor:
    """Returns 1 - 2 sum(t p) / (sum(t) + sum(p) + epsilon()).

    Args:
        y_true: Masks in [0, 1].
        y_pred: Probabilities of the same shape.
        axis: Axes of the sums; None for all.

    Milletari, Navab, Ahmadi, "V-Net", 2016.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    both = ops.sum(y_true * y_pred, axis=axis)
    whole = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    loss: Tensor = 1.0 - 2.0 * both / (whole + dtypes.epsilon())
    return loss


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Tensor:
    """Returns 1 - s / (s + alpha sum((1 - p) t) + beta sum(p (1 - t)) + epsilon()), with s = sum(t p).

    Args:
        y_true: Masks in [0, 1].
        y_pred: Probabilities of the same shape.
        alpha: Weight of what is missed.
        beta: Weight of what is found wrongly.
        axis: Axes of the sums; None for all.

    Salehi, Erdogmus, Gholipour, "Tversky loss function for image segmentation", 2017.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    both = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum((1.0 - y_pred) * y_true, axis=axis)
    wrong = ops.sum(y_pred * (1.0 - y_true), axis=axis)
    loss: Tensor = 1.0 - both / (both + alpha * missed + beta * wrong + dtypes.epsilon())
    return loss


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80.0,
    margin: float = 0.4,
) -> Tensor:
    """Returns the circle loss of embeddings: near ones of one class, far ones of others, pair by pair.

    With distances d = max(1 - cosine, 0):
    softplus(logsumexp_same(-gamma max(margin + d, 0) (margin - d)) +
    logsumexp_other(gamma max(1 + margin - d, 0) (1 - margin - d))).

    Args:
        y_true: Class numbers, shape (batch,).
        y_pred: Embeddings of length 1, shape (batch, n).
        ref_labels: Class numbers of the references; None: y_true.
        ref_embeddings: Embeddings to compare with; None: y_pred.
        remove_diagonal: Whether an embedding is not compared with itself.
        gamma: Scale.
        margin: Margin.

    Returns:
        Losses, shape (batch,); 0 where no pair of a class is there.

    Sun et al., "Circle loss: a unified perspective of pair similarity optimization", 2020.
    """
    y_pred = convert_to_tensor(y_pred)
    labels = ops.reshape(ops.cast(convert_to_tensor(y_true), "int32"), (-1, 1))
    others = y_pred if ref_embeddings is None else convert_to_tensor(ref_embeddings)
    named = (
        labels
        if ref_labels is None
        else ops.reshape(ops.cast(convert_to_tensor(ref_labels), "int32"), (-1, 1))
    )
    distance = ops.maximum(1.0 - ops.matmul(y_pred, ops.transpose(others)), 0.0)
    same = ops.equal(labels, ops.transpose(named))
    other = ops.logical_not(same)
    if remove_diagonal:
        own = ops.cast(ops.eye(distance.shape[0], distance.shape[1]), "bool")
        same = ops.logical_and(same, ops.logical_not(own))
    near = -gamma * (margin + distance) * (margin - distance)
    far = gamma * ops.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    loss: Tensor = ops.softplus(_logsumexp_where(same, near) + _logsumexp_where(other, far))
    set_mask(loss, loss > 0)  # means count the samples that have a pair
    return loss


def _logsumexp_where(mask: Any, values: Any) -> Any:
    return ops.logsumexp(ops.where(mask, values, float("-inf")), axis=1)


class Dice(LossFunctionWrapper):
    """One minus the overlap of two regions, as Dice's coefficient.

    Args:
        reduction: See `Loss`.
        name: Name in the logs.
        axis: Axes of the sums; None for all.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Any = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            dice,
            reduction=reduction,
            name=name,
            dtype=dtype,
            axis=axis,
        )
        self.axis = axis


class Tversky(LossFunctionWrapper):
    """Like Dice, with weights for what is missed and what is found wrongly.

    Args:
        alpha: Weight of what is missed.
        beta: Weight of what is found wrongly.
        reduction: See `Loss`.
        name: Name in the logs.
        axis: Axes of the sums; None for all.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Any = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            tversky,
            reduction=reduction,
            name=name,
            dtype=dtype,
            alpha=alpha,
            beta=beta,
            axis=axis,
        )
        self.alpha = alpha
        self.beta = beta
        self.axis = axis


class Circle(LossFunctionWrapper):
    """Distances between embeddings of classes.

    Args:
        gamma: Scale.
        margin: Margin.
        remove_diagonal: Whether an embedding is not compared with itself.
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: str | None = None,
    ) -> None:
        super().__init__(
            circle,
            reduction=reduction,
            name=name,
            dtype=dtype,
            gamma=gamma,
            margin=margin,
            remove_diagonal=remove_diagonal,
        )
        self.gamma = gamma
        self.margin = margin
        self.remove_diagonal = remove_diagonal
