"""Checks of outputs against losses and targets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from axone.training.check import check
from axone.training.check_view import Output, View

Triples = Iterator[tuple[str, str, str]]

_CATEGORICAL = (
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "categorical_focal_crossentropy",
)
_BINARY = ("binary_crossentropy", "binary_focal_crossentropy")
_REGRESSION = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh")
_RANGES = {
    "relu": (0.0, np.inf), "tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0),
}  # fmt: skip


def _where(out: Output) -> str:
    return f"output layer '{out.layer}'"


@check()
def softmax_and_logits(view: View) -> Triples:
    """Probabilities that the loss takes for logits."""
    for out in view.outputs:
        fits = (_CATEGORICAL, "softmax"), (_BINARY, "sigmoid")
        for losses, activation in fits:
            if out.loss in losses and out.activation == activation and out.options.get("from_logits"):
                yield (
                    _where(out),
                    f"has activation '{activation}', but {out.loss} with from_logits=True applies it again.",
                    f"Drop from_logits=True, or the layer's activation='{activation}'.",
                )


@check()
def logits_for_probabilities(view: View) -> Triples:
    """Logits that the loss takes for probabilities."""
    for out in view.outputs:
        for losses, activation in ((_CATEGORICAL, "softmax"), (_BINARY, "sigmoid")):
            plain = out.activation in ("linear", "relu", "tanh") and out.units > 0
            if out.loss in losses and plain and not out.options.get("from_logits"):
                yield (
                    _where(out),
                    f"has activation '{out.activation}', but {out.loss} expects probabilities.",
                    f"Give the layer activation='{activation}', or the loss from_logits=True"
                    f"{'' if out.activation == 'linear' else ' and the layer no activation'}.",
                )


@check()
def class_numbers_for_codes(view: View) -> Triples:
    """Integer labels with categorical cross-entropy, and the other way round."""
    for out in view.outputs:
        y = out.target
        if y is None or out.units < 2:
            continue
        last = y.shape[-1] if y.ndim > 1 else 1
        if out.loss in ("categorical_crossentropy", "categorical_focal_crossentropy") and last == 1:
            yield (
                "y",
                f"holds class numbers, shape {y.shape[1:] or '(n,)'}, but {out.loss} expects one-hot rows.",
                f"Use loss='sparse_categorical_crossentropy', or y = utils.to_categorical(y, {out.units}).",
            )
        if out.loss == "sparse_categorical_crossentropy" and y.ndim == 2 and last == out.units:
            yield (
                "y",
                f"holds rows of {last} numbers, but {out.loss} expects class numbers.",
                "Use loss='categorical_crossentropy', or y = y.argmax(axis=-1).",
            )


@check()
def softmax_of_one_unit(view: View) -> Triples:
    """A softmax that is always 1."""
    for out in view.outputs:
        if out.activation == "softmax" and out.units == 1:
            yield (
                _where(out),
                "is a softmax of one unit, which is always 1.",
                "Use activation='sigmoid' with binary_crossentropy, or one unit for each class.",
            )


@check()
def sigmoid_for_one_class(view: View) -> Triples:
    """Sigmoids where exactly one class is right."""
    for out in view.outputs:
        if out.loss in _CATEGORICAL and out.activation == "sigmoid":
            yield (
                _where(out),
                f"has activation 'sigmoid', but {out.loss} expects probabilities that add up to 1.",
                "Use activation='softmax'; for several classes at once, loss='binary_crossentropy'.",
            )


@check()
def targets_out_of_reach(view: View) -> Triples:
    """Targets that the output's activation never gives."""
    for out in view.outputs:
        y = out.target
        if y is None or not y.size or out.loss not in _REGRESSION or out.activation not in _RANGES:
            continue
        low, high = _RANGES[out.activation]
        if np.nanmin(y) < low - 1e-6 or np.nanmax(y) > high + 1e-6:
            yield (
                _where(out),
                f"has activation '{out.activation}', which lies in [{low:g}, {high:g}], but y goes from "
                f"{np.nanmin(y):g} to {np.nanmax(y):g}.",
                "Drop the activation, or scale y into its range.",
            )


@check()
def targets_broadcast(view: View) -> Triples:
    """One column of targets for several units, or the other way round."""
    for out in view.outputs:
        y = out.target
        if y is None or out.loss not in (*_REGRESSION, *_BINARY) or out.rank != 2 or y.ndim != 2:
            continue
        if y.shape[1] != out.units and 1 in (y.shape[1], out.units):
            yield (
                "y",
                f"has {y.shape[1]} column(s), but the output '{out.layer}' {out.units} unit(s): each is "
                "compared with every other one.",
                f"Give the layer {y.shape[1]} unit(s), or y as many columns as there are units.",
            )


@check()
def targets_no_probabilities(view: View) -> Triples:
    """Targets outside of [0, 1] for a cross-entropy over probabilities."""
    for out in view.outputs:
        y = out.target
        if y is None or not y.size or out.loss not in (*_BINARY, "categorical_crossentropy"):
            continue
        if (out.loss in _BINARY or y.shape[-1:] == (out.units,)) and (np.nanmin(y) < 0 or np.nanmax(y) > 1):
            yield (
                "y",
                f"goes from {np.nanmin(y):g} to {np.nanmax(y):g}, but {out.loss} expects targets in [0, 1].",
                "Turn classes -1 and 1 into 0 and 1; use sparse_categorical_crossentropy for class numbers.",
            )


@check(in_fit=False)
def squared_error_of_classes(view: View) -> Triples:
    """Squared error where cross-entropy learns faster."""
    for out in view.outputs:
        classes = out.target is not None and np.isin(out.target, (0, 1)).all()
        if out.loss == "mean_squared_error" and out.activation in ("sigmoid", "softmax") and classes:
            better = "binary" if out.activation == "sigmoid" else "categorical"
            yield (
                _where(out),
                f"is a {out.activation} trained on classes with squared error, whose gradient vanishes where "
                "the output is confidently wrong.",
                f"Use loss='{better}_crossentropy'.",
            )
