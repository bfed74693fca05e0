"""Cross-entropies, in the form that stays exact for confident predictions."""

from __future__ import annotations

from axone.core import dtypes
from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.core.trace import producer
from axone.ops._common import (
    TensorLike,
    axis_of,
    compute,
    move_axis,
    promote_float,
    reshape_to,
    to_float,
    to_indices,
    to_tensor,
)


def _logits_behind(output: Tensor, activation: str, axis: int | None = None) -> Tensor | None:
    """The input of the softmax or sigmoid that made `output` in this trace, if one did."""
    made = producer(output)
    if made is None or made[0] != activation:
        return None
    logits: Tensor = made[1][0]
    if axis is not None and output.trace is not None:
        node = output.trace.graph.node(output.value)
        if not isinstance(node, tuple) or node[2]["axis"] % output.ndim != axis:
            return None
    return logits


def _log_probabilities(output: Tensor, axis: int) -> Tensor:
    """Logarithms of probabilities that are scaled to add up to 1 and kept from 0 and 1 by `epsilon()`."""
    total = compute("sum", output, axes=[axis], keepdims=True)
    low, high = to_tensor(dtypes.epsilon(), output.dtype), to_tensor(1.0 - dtypes.epsilon(), output.dtype)
    return compute("log", compute("clip", compute("divide", output, total), low, high))


@op
def categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Cross-entropy of predicted probabilities against target probabilities: `-sum(target * log(output))`.

    Args:
        target: tensor of the shape of `output`, such as one-hot codes.
        output: probabilities (scaled to add up to 1 along `axis`), or logits.
        from_logits: whether `output` holds logits. Inside a model this is found out: where a softmax made
            `output`, its input is used, which is exact and costs less.
        axis: axis of the classes.

    Returns:
        A tensor without that axis.

    Raises:
        ValueError: where the shapes differ.

    Example:

    >>> axone.ops.categorical_crossentropy([[0.0, 1.0]], [[0.2, 0.8]])  # [0.2231]
    """
    labels, scores = promote_float(target, output)
    if labels.shape != scores.shape or not scores.ndim:
        raise ValueError(
            f"categorical_crossentropy: `target` {labels.shape} and `output` {scores.shape} must have one "
            "shape, with an axis of classes. Integer labels: use sparse_categorical_crossentropy."
        )
    index = axis_of("categorical_crossentropy", axis, scores.ndim)
    last = scores.ndim - 1
    logits = scores if from_logits else _logits_behind(scores, "softmax", index)
    if logits is None:
        product = compute("multiply", labels, _log_probabilities(scores, index))
        return compute("neg", compute("sum", product, axes=[index], keepdims=False))
    return compute("softmax_cross_entropy", move_axis(logits, index, last), move_axis(labels, index, last))


@op
def sparse_categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Cross-entropy of predicted probabilities against class numbers: `-log(output[target])`.

    Args:
        target: class numbers, in the shape of `output` without its axis of classes; a last axis of length 1
            is dropped.
        output: probabilities (scaled to add up to 1 along `axis`), or logits.
        from_logits: as in `categorical_crossentropy`.
        axis: axis of the classes.

    Returns:
        A tensor of the shape of the targets.

    Raises:
        ValueError: where the shapes do not fit.
        IndexError: where a class number is not in 0..classes-1.

    Example:

    >>> axone.ops.sparse_categorical_crossentropy([1], [[0.2, 0.8]])  # [0.2231]
    """
    scores, labels = to_float(output), to_tensor(target)
    if not scores.ndim:
        raise ValueError(
            "sparse_categorical_crossentropy: `output` must have an axis of classes, got a scalar"
        )
    index = axis_of("sparse_categorical_crossentropy", axis, scores.ndim)
    if labels.ndim == scores.ndim and labels.shape[-1] == 1:
        labels = reshape_to(labels, labels.shape[:-1])
    expected = scores.shape[:index] + scores.shape[index + 1 :]
    if labels.shape != expected:
        raise ValueError(
            f"sparse_categorical_crossentropy: `target` must have shape {expected} to go with `output` "
            f"of shape {scores.shape}, got {labels.shape}. One-hot targets go with categorical_crossentropy."
        )
    # Class numbers often arrive as floats (fit casts targets to floatx), as in Keras.
    classes = compute("cast", labels, dtype="int64") if labels.dtype != "int64" else to_indices("", labels)
    logits = scores if from_logits else _logits_behind(scores, "softmax", index)
    if logits is None:
        logits = _log_probabilities(scores, index)  # the softmax of log p is p again
    return compute("sparse_softmax_cross_entropy", move_axis(logits, index, scores.ndim - 1), classes)


@op
def binary_crossentropy(target: TensorLike, output: TensorLike, from_logits: bool = False) -> Tensor:
    """Cross-entropy of two classes, elementwise: `-target * log(output) - (1 - target) * log(1 - output)`.

    Args:
        target: tensor of the shape of `output`, of numbers from 0 to 1.
        output: probabilities of class 1, or logits.
        from_logits: whether `output` holds logits. Inside a model this is found out: where a sigmoid made
            `output`, its input is used, which is exact and costs less.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: where the shapes differ.
    """
    labels, scores = promote_float(target, output)
    if labels.shape != scores.shape:
        raise ValueError(
            f"binary_crossentropy: `target` of shape {labels.shape} and `output` of shape {scores.shape} "
            "must have one shape"
        )
    logits = scores if from_logits else _logits_behind(scores, "sigmoid")
    return _probability_loss(labels, scores) if logits is None else _logit_loss(labels, logits)


def _logit_loss(labels: Tensor, logits: Tensor) -> Tensor:
    """`max(x, 0) - x z + log(1 + exp(-|x|))`, which neither overflows nor cancels.

    A choice by sign stands for max and |x|, so that the gradient is right at 0 too.
    """
    zero = to_tensor(0, logits.dtype)
    negated = compute("neg", logits)
    positive = compute("greater_equal", logits, zero)
    ramp = compute("where", positive, logits, zero)
    rest = compute("softplus", compute("where", positive, negated, logits))
    return compute("add", compute("subtract", ramp, compute("multiply", logits, labels)), rest)


def _probability_loss(labels: Tensor, output: Tensor) -> Tensor:
    """The textbook formula, with probabilities kept from 0 and 1 by `epsilon()`."""
    one = to_tensor(1, output.dtype)
    low, high = to_tensor(dtypes.epsilon(), output.dtype), to_tensor(1.0 - dtypes.epsilon(), output.dtype)
    p = compute("clip", output, low, high)
    hit = compute("multiply", labels, compute("log", p))
    miss = compute("multiply", compute("subtract", one, labels), compute("log", compute("subtract", one, p)))
    return compute("neg", compute("add", hit, miss))
