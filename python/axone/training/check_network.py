"""Checks of the layers' outputs on a first batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from axone.core import tree
from axone.core.tensor import Tensor, convert_to_tensor
from axone.training.check import check
from axone.training.check_view import View, sampled
from axone.training.data import engine_dtype

Triples = Iterator[tuple[str, str, str]]

# Rows of the batch; few where a row is large: the batch costs a small part of the first step.
_ROWS, _FEW, _LARGE = 64, 8, 4096
# Layers of a network and numbers in a row of its inputs beyond which `fit` does without: running ResNet50
# node by node takes longer than its first step.
_DEEP, _HUGE = 40, 16_384
# Factors by which the spread of a layer's values may differ from that of the inputs.
_EXPLODED, _VANISHED = 1e5, 1e-6


class Activation(NamedTuple):
    """What is kept of a layer's output."""

    layer: Any
    is_zero: bool
    spread: float


def _activations(view: View) -> list[Activation]:
    """Runs the model once on a few rows, as in prediction.

    Models with layers of the user's own are left out: their calls may count, print or take long.
    """
    if view.activations is None:
        view.activations = _run(view)
    found: list[Activation] = view.activations
    return found


def _run(view: View) -> list[Activation]:
    model = getattr(view.model, "_functional", None) or view.model
    graph = getattr(model, "_graph", None)
    if graph is None or any(not _is_plain(layer) for layer in view.layers()):
        return []
    if view.in_fit and (len(view.layers()) > _DEEP or any(a[0].size > _HUGE for _, a in view.x)):
        return []
    if any(a.dtype.kind not in "iufb" or not np.isfinite(_batch(a)).all() for _, a in view.x):
        return []
    found: list[Activation] = []

    def watched(operation: Any) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            out = operation(*args, **kwargs)
            if isinstance(out, Tensor) and out.dtype.startswith("float"):
                values = out.numpy()
                found.append(Activation(operation, not values.any(), float(values.std(dtype="float64"))))
            return out

        return call

    inputs = tree.map_structure(
        lambda a: convert_to_tensor(_batch(a), dtype=engine_dtype(a.dtype)), view.batch.inputs
    )
    graph.run(model._flat_inputs(inputs), training=False, method=watched)
    return found


def _batch(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.ascontiguousarray(sampled(array, _ROWS if array[0].size <= _LARGE else _FEW))


def _is_plain(layer: Any) -> bool:
    return type(layer).__module__.startswith("axone.") and type(layer).__name__ != "Lambda"


@check()
def dead_units(view: View) -> Triples:
    """A layer of rectifiers that gives zeros for every row."""
    for layer, is_zero, _ in _activations(view):
        name = getattr(getattr(layer, "activation", None), "__name__", "")
        if is_zero and (name == "relu" or type(layer).__name__ == "ReLU"):
            yield (
                f"layer '{layer.name}'",
                "all its rectified units give 0 on the first rows: nothing behind or before it can learn.",
                "Scale the inputs, lower the learning rate, use he_normal and zero biases, or LeakyReLU.",
            )
            return


@check()
def exploding_or_vanishing(view: View) -> Triples:
    """Values that grow or shrink from layer to layer."""
    # Batch normalisation holds values in training; its averages say nothing before the first step. Layer
    # scale makes branches small at first by design.
    if any(type(layer).__name__ in ("BatchNormalization", "LayerScale") for layer in view.layers()):
        return
    found = _activations(view)
    floats = [float(_batch(a).std(dtype="float64")) for _, a in view.x if a.dtype.kind == "f"]
    first = max([*floats, 1e-3]) if floats else 1.0
    for layer, _, spread in found:
        if not np.isfinite(spread) or spread > _EXPLODED * max(first, 1.0):
            yield (
                f"layer '{layer.name}'",
                f"its outputs explode on a first batch (deviation {spread:.1e}, inputs {first:.1e}).",
                "Use glorot_uniform or he_normal weights, scale the inputs, or normalise between layers.",
            )
            return
        if 0 < spread < _VANISHED * min(first, 1.0):
            yield (
                f"layer '{layer.name}'",
                f"its outputs vanish on a first batch (deviation {spread:.1e}, inputs {first:.1e}).",
                "Use glorot_uniform or he_normal weights, relu for sigmoid, or normalise between layers.",
            )
            return
