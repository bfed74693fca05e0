"""What the pre-flight checks look at: a bounded sample of the data, and what is known of the outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from axone.core import tree
from axone.core.tensor import KerasTensor
from axone.training.compile_loss import resolve_loss
from axone.training.data import ArrayBatch
from axone.training.outputs import Outputs

Array = np.ndarray[Any, Any]


@dataclass
class Output:
    """One output of the model with its loss and targets; None stands for what is not known."""

    layer: str
    units: int
    activation: str | None
    loss: str | None
    options: dict[str, Any]
    rank: int
    target: Array | None  # a sample of the rows
    targets: Array | None  # all rows


@dataclass
class View:
    """Arguments of the checks.

    Attributes:
        model: The model.
        batch: All data.
        held_out: All validation data, or None.
        rows: Most rows of a sample.
        x: Name and sampled rows of each input.
        y: Sampled rows of each target.
        outputs: What is known of the outputs.
        activations: What one run on a few rows gave, None before it.
        in_fit: Whether the check runs before a fit, which must not wait for it.
    """

    model: Any
    batch: ArrayBatch
    held_out: ArrayBatch | None
    rows: int
    x: list[tuple[str, Array]]
    y: list[Array]
    outputs: list[Output] = field(default_factory=list)
    activations: Any = None
    in_fit: bool = False

    def layers(self) -> list[Any]:
        """All layers, those of nested models too."""
        return list(self.model._flatten_layers(include_self=False))


def make_view(model: Any, batch: ArrayBatch, held_out: ArrayBatch | None, rows: int) -> View:
    """Takes at most `rows` rows, evenly spread, of every array."""
    inputs = [
        ("x" if not path else f"x[{path[-1]!r}]", sampled(leaf, rows))
        for path, leaf in tree.flatten_with_path(batch.inputs)
    ]
    targets = [] if batch.targets is None else [sampled(a, rows) for a in tree.flatten(batch.targets)]
    view = View(model, batch, held_out, rows, inputs, targets)
    view.outputs = _outputs(model, batch, rows)
    return view


def sampled(array: Array, rows: int) -> Array:
    """Returns at most `rows` rows, evenly spread, without a copy."""
    return array[:: -(-len(array) // rows)] if len(array) > rows else array


def _outputs(model: Any, batch: ArrayBatch, rows: int) -> list[Output]:
    symbols = getattr(model, "outputs", None)
    compiled = getattr(model, "_compile_loss", None)
    if not symbols or compiled is None:
        return []
    outputs = Outputs(list(symbols) if len(symbols) > 1 else symbols[0], compiled.output_names)
    wanted = compiled._per_output(outputs)
    known: list[Any] = [None] * len(outputs)
    if batch.targets is not None:
        known = outputs.align_targets(batch.targets, [item is not None for item in wanted])
    found = []
    for identifier, symbol, target in zip(wanted, outputs.leaves, known, strict=True):
        name, options = _loss(identifier, symbol, target)
        layer, activation = _last(symbol)
        units = symbol.shape[-1] if symbol.shape else 1
        some = None if target is None else sampled(target, rows)
        found.append(Output(layer, units or 0, activation, name, options, len(symbol.shape), some, target))
    return found


def _loss(identifier: Any, symbol: KerasTensor, target: Any) -> tuple[str | None, dict[str, Any]]:
    """The name of a built-in loss's function, and its options."""
    if isinstance(identifier, list) or target is None:
        return None, {}
    loss = resolve_loss(identifier, target, symbol)
    function = getattr(loss, "fn", None)
    if not getattr(function, "__module__", "").startswith("axone."):
        return None, {}
    return function.__name__, dict(loss._fn_kwargs)  # type: ignore[union-attr]


def _last(symbol: KerasTensor) -> tuple[str, str | None]:
    """Name of the layer that made an output, and its activation where it is surely the last thing done."""
    if symbol.record is None:
        return "", None
    layer = symbol.record[0]
    inner = getattr(layer, "outputs", None)
    if inner and len(inner) == 1 and inner[0] is not symbol:
        return _last(inner[0])
    kind = type(layer).__name__
    own = {"Softmax": "softmax", "ReLU": "relu"}.get(kind)
    if kind in ("Dense", "Activation", "EinsumDense") or kind.startswith("Conv"):
        own = getattr(getattr(layer, "activation", None), "__name__", None)
    return layer.name, own
