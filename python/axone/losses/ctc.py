"""Connectionist temporal classification as a loss."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core.tensor import Tensor, convert_to_tensor
from axone.losses.loss import Loss, LossFunctionWrapper

# Class of padding in the targets, and of "no label" in the outputs.
_BLANK = 0


def ctc(y_true: Any, y_pred: Any) -> Tensor:
    """Minus the log probability of label sequences over all their alignments; see `ops.ctc_loss`.

    Args:
        y_true: Class numbers from 1 on, shape (batch, longest label), filled up with 0 at the end.
        y_pred: Logits, shape (batch, frames, classes); class 0 is the blank. All frames count.

    Returns:
        Losses, shape (batch,).

    Raises:
        ValueError: the ranks do not fit.
        IndexError: a label is out of range.

    Example:
        >>> losses.ctc([[1, 0]], [[[0.0, 0.0], [0.0, 0.0]]])  # [0.2877]
    """
    labels, logits = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    if labels.ndim != 2:
        raise ValueError(f"ctc: expected targets (batch, longest label), got shape {labels.shape}.")
    if logits.ndim != 3:
        raise ValueError(f"ctc: expected logits (batch, frames, classes), got shape {logits.shape}.")
    label_lengths = ops.sum(ops.cast(labels != _BLANK, "int32"), axis=-1)
    frames = ops.full((logits.shape[0],), logits.shape[1], dtype="int32")
    losses: Tensor = ops.ctc_loss(labels, logits, label_lengths, frames, mask_index=_BLANK)
    return losses


ctc.integer_targets = True  # type: ignore[attr-defined]


class CTC(LossFunctionWrapper):
    """Connectionist temporal classification (Graves et al. 2006); see `ctc`.

    Args:
        reduction: See `Loss`.
        name: Name in the logs.
        dtype: See `Loss`.

    Example:
        >>> model.compile("adam", axone.losses.CTC())
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "ctc", dtype: str | None = None
    ) -> None:
        super().__init__(ctc, reduction=reduction, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return Loss.get_config(self)
