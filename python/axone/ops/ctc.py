"""Connectionist temporal classification: sequences of labels for longer sequences of frames."""

from __future__ import annotations

from typing import Any

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, cast_to, compute, to_float, to_indices, to_tensor


@op
def ctc_loss(
    target: TensorLike,
    output: TensorLike,
    target_length: TensorLike,
    output_length: TensorLike,
    mask_index: int = 0,
) -> Tensor:
    """Minus the log probability of label sequences, summed over all their alignments with the frames.

    Args:
        target: class numbers (batch, longest label); what lies behind a sample's length is ignored.
        output: logits (batch, frames, classes), not yet through a softmax.
        target_length: labels of each sample (batch,).
        output_length: frames of each sample (batch,).
        mask_index: the class that stands for "blank", no label.

    Returns:
        Losses (batch,); infinity, with a gradient of zero, where the frames are too few for the labels.

    Raises:
        ValueError: the shapes do not fit.
        IndexError: a label or a length is out of range.

    Source: Graves et al., "Connectionist temporal classification", ICML 2006.

    Example:

    >>> axone.ops.ctc_loss([[1]], [[[0.0, 0.0], [0.0, 0.0]]], [1], [2])  # [0.2877]: 3 of 4 alignments
    """
    scores = to_float(output)
    return compute(
        "ctc_loss",
        scores,
        to_indices("ctc_loss", _integers(target), "target"),
        to_indices("ctc_loss", _integers(target_length), "target_length"),
        to_indices("ctc_loss", _integers(output_length), "output_length"),
        blank=int(mask_index),
    )


def _integers(x: TensorLike) -> Tensor:
    """Class numbers often arrive as floats (fit casts targets to floatx), as in Keras."""
    return cast_to(to_tensor(x), "int64")


@op
def ctc_decode(
    inputs: TensorLike,
    sequence_lengths: TensorLike,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[Tensor, Tensor]:
    """Reads the label sequences off the outputs of a network that was trained with `ctc_loss`.

    Args:
        inputs: logits (batch, frames, classes).
        sequence_lengths: frames of each sample (batch,).
        strategy: "greedy" takes the best class of every frame, "beam_search" the sequences whose
            alignments together are most probable.
        beam_width: sequences that the beam search follows.
        top_paths: sequences that the beam search returns, best first.
        merge_repeated: whether "greedy" takes equal classes in a row for one; the beam search always does.
        mask_index: the blank class.

    Returns:
        (sequences, scores): int32 (paths, batch, frames), filled up with -1; and for "greedy" minus the sum
        of the largest logits (batch, 1), for "beam_search" the log probabilities (batch, paths).

    Raises:
        ValueError: the strategy is unknown, the shapes do not fit, or top_paths > beam_width.
        IndexError: a length of the beam search is out of range.

    Source: Graves, "Supervised Sequence Labelling with Recurrent Neural Networks", 2012, section 7.5.

    Example:

    >>> axone.ops.ctc_decode([[[0.0, 2.0], [0.0, 3.0], [1.0, 0.0]]], [3])[0]  # [[[1, -1, -1]]]
    """
    scores = to_float(inputs)
    lengths = to_indices("ctc_decode", _integers(sequence_lengths), "sequence_lengths")
    if scores.ndim != 3 or lengths.shape != scores.shape[:1]:
        raise ValueError(
            "ctc_decode: expected inputs (batch, frames, classes) and sequence_lengths (batch,), "
            f"got {scores.shape} and {lengths.shape}"
        )
    if not 0 <= mask_index < scores.shape[-1]:
        raise ValueError(f"ctc_decode: mask_index {mask_index} is none of the {scores.shape[-1]} classes")
    if strategy == "greedy":
        return _greedy(scores, lengths, merge_repeated, mask_index)
    if strategy != "beam_search":
        raise ValueError(f"ctc_decode: strategy must be 'greedy' or 'beam_search', got {strategy!r}")
    from axone.core.trace import emit

    log_p = compute("log_softmax", scores, axis=2)
    paths, path_scores = emit(
        "ctc_beam_search",
        [log_p, lengths],
        width=int(beam_width),
        paths=int(top_paths),
        blank=int(mask_index),
    )
    return paths, path_scores


def _greedy(scores: Tensor, lengths: Tensor, merge: bool, blank: int) -> tuple[Tensor, Tensor]:
    from axone import ops

    count = scores.shape[1]
    frames = ops.arange(count)
    inside = frames < cast_to(ops.expand_dims(lengths, 1), "int32")
    best: Any = ops.where(inside, ops.argmax(scores, axis=-1), blank)
    total = -ops.sum(ops.where(inside, ops.max(scores, axis=-1), 0.0), axis=1, keepdims=True)
    kept = best != blank
    if merge and count > 1:
        fresh = ops.pad(best[:, 1:] != best[:, :-1], [[0, 0], [1, 0]], constant_values=True)
        kept = ops.logical_and(kept, fresh)
    order = ops.argsort(ops.where(kept, frames, count), axis=-1)
    labels = ops.take_along_axis(ops.where(kept, best, -1), order, axis=-1)
    return ops.expand_dims(cast_to(labels, "int32"), 0), total
