"""Checks of the data alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from axone.core import tree
from axone.training.check import check
from axone.training.check_view import View, sampled

Triples = Iterator[tuple[str, str, str]]

Array = np.ndarray[Any, Any]
# Fewer rows than this say nothing about how the data are spread.
_ENOUGH = 20
# Training rows searched, for each row of a sample.
_SEARCHED = 32
# Rows of the validation that are looked for; columns that tell rows apart; rows alike in these to compare.
_COMPARED, _COLUMNS, _ALIKE = 256, 8, 64
# Share of repeated rows that may be chance.
_TOLERATED = 0.02
# More classes than this are words and the like.
_FEW_CLASSES = 200
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
    train, held_out = view.batch.inputs, view.held_out.inputs if view.held_out is not None else None
    if not isinstance(train, np.ndarray) or not isinstance(held_out, np.ndarray):
        return
    if min(len(train), len(held_out)) < _ENOUGH or train.shape[1:] != held_out.shape[1:]:
        return
    if train.dtype.kind not in "iufb" or train[0].size < 3:
        return
    train = sampled(train, _SEARCHED * view.rows)
    some = sampled(held_out, _COMPARED).astype(train.dtype)
    share = _share_found(some, train, 0)
    if share <= _TOLERATED:
        return
    # Data of few distinct rows repeat themselves by nature.
    natural = _share_found(sampled(train, _COMPARED), train, 1)
    if share > _TOLERATED + 2 * natural:
        yield (
            "validation_data",
            f"{share:.0%} of its rows were found among training rows: its results say nothing of new data.",
            "Split before copying or augmenting rows, or use validation_split.",
        )


def _share_found(some: Array, rows: Array, own: int) -> float:
    """Share of some rows that stand more than `own` times among others."""
    flat = some.reshape(len(some), -1)
    columns = np.argsort(flat.std(axis=0, dtype="float64"), kind="stable")[-_COLUMNS:]
    keys, wanted = _keys(rows, columns), _keys(some, columns)
    # A table of 16 bits of the wanted keys leaves few of the others to be sorted.
    table = np.zeros(1 << 16, bool)
    table[wanted >> np.uint64(48)] = True
    order = np.flatnonzero(table[keys >> np.uint64(48)])
    order = order[np.argsort(keys[order], kind="stable")]
    keys = keys[order]
    first, last = np.searchsorted(keys, wanted, side="left"), np.searchsorted(keys, wanted, side="right")
    found = 0
    for row, low, high in zip(some, first, last, strict=True):
        # Rows may agree in these columns; a few are compared in full.
        alike = order[low : min(high, low + _ALIKE)]
        found += sum(np.array_equal(row, rows[k]) for k in alike) > own
    return found / len(some)


def _keys(rows: Array, columns: Array) -> Array:
    """A number for each row, equal for equal rows: the bits of some columns times odd numbers, summed."""
    bits = np.ascontiguousarray(rows.reshape(len(rows), -1)[:, columns]).view(np.uint8)
    words = bits.view(np.uint32 if bits.shape[1] % 4 == 0 else np.uint8)
    factors = np.random.default_rng(0).integers(1, 2**63, words.shape[1], dtype="uint64") | np.uint64(1)
    keys = np.zeros(len(rows), "uint64")
    for column, factor in enumerate(factors):
        keys += words[:, column] * factor
    return keys


@check()
def constant_targets(view: View) -> Triples:
    """Targets that are all the same."""
    if view.batch.targets is None:
        return
    for k, y in enumerate(tree.flatten(view.batch.targets)):
        if len(y) < _ENOUGH or y.dtype.kind not in "iufb" or not y[0].size:
            continue
        # Rare classes may be missing in a sample: all rows are looked at where it is constant.
        if (view.y[k] == y[0]).all() and (y == y[0]).all():
            yield (
                f"y{k or ''}",
                "holds the same target in every row: there is nothing to learn.",
                "Look at how it was made or selected; sorted data may have been cut.",
            )


@check()
def missing_classes(view: View) -> Triples:
    """Classes of the output that no row has."""
    for out in view.outputs:
        y = out.targets
        if y is None or out.loss is None or not out.loss.endswith("crossentropy") or out.rank != 2:
            continue
        # Of many classes, as of words, some are rare by nature.
        if not 2 <= out.units <= _FEW_CLASSES or len(y) < 10 * out.units or not np.isfinite(y).all():
            continue
        if y.ndim == 2 and y.shape[-1] == out.units:
            counts = (y != 0).any(axis=0)
        elif y.size == len(y) and out.loss.startswith("sparse") and y.min() >= 0 and y.max() < out.units:
            counts = np.bincount(y.reshape(-1).astype("int64"), minlength=out.units)
        else:
            continue
        missing, present = np.flatnonzero(counts == 0), np.flatnonzero(counts)
        if len(missing) and len(present) > 1:
            listed = ", ".join(map(str, missing[:10]))
            yield (
                f"y (output '{out.layer}')",
                f"no row is of class {listed}, yet the output has {out.units} units.",
                f"Classes count from 0: give the layer {int(present.max()) + 1} units, or add the data."
                if present.max() + 1 < out.units
                else "Number the classes from 0 on without gaps, or add the data.",
            )
