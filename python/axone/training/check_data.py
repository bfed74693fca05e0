"""Checks of the data alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from axone.training.check import check
from axone.training.check_view import View

Triples = Iterator[tuple[str, str, str]]

# Fewer rows than this say nothing about how the data are spread.
_ENOUGH = 20
_SCALING = ("Rescaling", "Normalization", "BatchNormalization", "LayerNormalization", "GroupNormalization")
_CODES = ("Embedding", "CategoryEncoding", "Discretization", "Hashing", "IntegerLookup", "Lambda")


@check()
def not_finite(view: View) -> Triples:
    """NaN or infinity."""
    for name, a in [*view.x, *((f"y{k or ''}", y) for k, y in enumerate(view.y))]:
        if a.dtype.kind == "f" and not np.isfinite(a).all():
            bad = int(np.argmin(np.isfinite(a.reshape(len(a), -1)).all(axis=1)))
            yield (
                name,
                f"holds NaN or infinity (the first such row of those looked at is number {bad}): the loss "
                "and then all weights become NaN.",
                "Drop these rows (np.isfinite finds them), or fill them, as with np.nan_to_num.",
            )


@check()
def unscaled_inputs(view: View) -> Triples:
    """Bytes, as images have them."""
    if any(type(layer).__name__ in _SCALING + _CODES for layer in view.layers()):
        return
    for name, a in view.x:
        if a.dtype.kind not in "iuf" or a.ndim < 2 or a[0].size < 16 or len(a) < 2:
            continue
        low, high = a.min(), a.max()
        if low >= 0 and 100 < high <= 255 and (a == np.floor(a)).all():
            yield (
                name,
                f"holds whole numbers from {low:g} to {high:g}, as images have: training is slow and rough.",
                "Divide by 255, or begin with layers.Rescaling(1 / 255).",
            )


@check()
def repeated_rows(view: View) -> Triples:
    """Training rows that stand again in the validation data."""
    if len(view.x) != 1 or len(view.held_out) != 1:
        return
    train, held_out = view.x[0][1], view.held_out[0]
    if min(len(train), len(held_out)) < _ENOUGH or train.shape[1:] != held_out.shape[1:]:
        return
    if train.dtype.kind not in "iufb" or train[0].size < 3:
        return
    rows = [row.tobytes() for row in train]
    known = set(rows)
    # Data of few distinct rows repeat themselves by nature.
    natural = 1 - len(known) / len(rows)
    share = sum(row.tobytes() in known for row in held_out.astype(train.dtype)) / len(held_out)
    if share > 0.02 + 2 * natural:
        yield (
            "validation_data",
            f"{share:.0%} of its rows are training rows too: its results say nothing about new data.",
            "Split before copying or augmenting rows, or use validation_split.",
        )


@check()
def constant_targets(view: View) -> Triples:
    """Targets that are all the same."""
    for k, y in enumerate(view.y):
        if len(y) >= _ENOUGH and y.dtype.kind in "iufb" and y[0].size and (y == y[0]).all():
            yield (
                f"y{k or ''}",
                "holds the same target in every row: there is nothing to learn.",
                "Look at how it was made or selected; sorted data may have been cut.",
            )


@check(in_fit=False)
def missing_classes(view: View) -> Triples:
    """Classes of the output that no row has."""
    for out in view.outputs:
        y = out.target
        if y is None or out.loss is None or not out.loss.endswith("crossentropy") or out.units < 2:
            continue
        if len(y) < 10 * out.units or not np.isfinite(y).all():
            continue
        labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] == out.units else y
        present = np.unique(labels.astype("int64"))
        missing = sorted(set(range(out.units)) - set(present.tolist()))
        if missing and len(present) > 1:
            listed = ", ".join(map(str, missing[:10]))
            yield (
                f"y (output '{out.layer}')",
                f"no row is of class {listed}, yet the output has {out.units} units.",
                f"Classes count from 0: give the layer {int(present.max()) + 1} units, or add the data.",
            )
