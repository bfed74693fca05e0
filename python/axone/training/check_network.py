"""Checks of the layers' outputs on a first batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from axone.training.check import check
from axone.training.check_view import View

Triples = Iterator[tuple[str, str, str]]

_ROWS = 64
# Factors by which the spread of a layer's values may differ from that of the inputs.
_EXPLODED, _VANISHED = 1e5, 1e-6


def _activations(view: View) -> list[tuple[Any, np.ndarray[Any, Any]]]:
    """The layers of a chain or graph of layers, each with its output on the first rows."""
    model = view.model
    if not getattr(model, "outputs", None) or not getattr(model, "inputs", None):
        return []
    from axone.core.tensor import convert_to_tensor

    if len(view.x) != 1 or len(model.inputs) != 1 or view.x[0][1].dtype.kind not in "iufb":
        return []
    value = convert_to_tensor(np.asarray(view.x[0][1][:_ROWS], "float32"))
    if not np.isfinite(value.numpy()).all():
        return []
    values = {id(model.inputs[0]): value}
    found = []
    for layer in model.layers:
        node = layer._inbound_nodes[0] if len(layer._inbound_nodes) == 1 else None
        inputs = list(node.input_tensors) if node is not None else []
        # Layers of several inputs, and what stands behind them, are left out.
        if node is None or len(inputs) != 1 or id(inputs[0]) not in values or len(node.output_tensors) != 1:
            continue
        value = layer(values[id(inputs[0])], training=False)
        values[id(node.output_tensors[0])] = value
        found.append((layer, value.numpy()))
    return found


@check(in_fit=False)
def dead_units(view: View) -> Triples:
    """A layer of rectifiers that gives zeros for every row."""
    for layer, out in _activations(view):
        name = getattr(getattr(layer, "activation", None), "__name__", "")
        if (name == "relu" or type(layer).__name__ == "ReLU") and not out.any():
            yield (
                f"layer '{layer.name}'",
                "all its rectified units give 0 on the first rows: nothing behind or before it can learn.",
                "Scale the inputs, lower the learning rate, use he_normal and zero biases, or LeakyReLU.",
            )
            return


@check(in_fit=False)
def exploding_or_vanishing(view: View) -> Triples:
    """Values that grow or shrink from layer to layer."""
    if not view.x or view.x[0][1].dtype.kind not in "iufb" or not view.x[0][1].size:
        return
    first = max(float(np.nanstd(view.x[0][1][:_ROWS].astype("float64"))), 1e-3)
    for layer, out in _activations(view):
        spread = float(np.std(out.astype("float64")))
        if not np.isfinite(spread) or spread > _EXPLODED * max(first, 1.0):
            yield (
                f"layer '{layer.name}'",
                f"its outputs explode on a first batch (deviation {spread:.1e}, inputs {first:.1e}).",
                "Use glorot_uniform or he_normal weights, scale the inputs, or normalise between layers.",
            )
            return
        if 0 < spread < _VANISHED * first:
            yield (
                f"layer '{layer.name}'",
                f"its outputs vanish on a first batch (deviation {spread:.1e}, inputs {first:.1e}).",
                "Use glorot_uniform or he_normal weights, relu for sigmoid, or normalise between layers.",
            )
            return
