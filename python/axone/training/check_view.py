"""What the pre-flight checks look at: a bounded sample of the data, and what is known of the outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from axone.core import tree
from axone.core.tensor import KerasTensor
from axone.training.compile_loss import resolve_loss
from axone.training.data import to_array
from axone.training.outputs import Outputs
from axone.utils.packing import unpack_x_y_sample_weight


@dataclass
class Output:
    """One output of the model with its loss and targets; None stands for what is not known."""

    layer: str
    units: int
    activation: str | None
    loss: str | None
    options: dict[str, Any]
    target: np.ndarray[Any, Any] | None


@dataclass
class View:
    """Arguments of the checks."""

    model: Any
    x: list[tuple[str, np.ndarray[Any, Any]]]
    y: list[np.ndarray[Any, Any]]
    held_out: list[np.ndarray[Any, Any]]
    outputs: list[Output] = field(default_factory=list)

    def layers(self) -> list[Any]:
        """All layers, those of nested models too."""
        return list(self.model._flatten_layers(include_self=False))


def make_view(model: Any, x: Any, y: Any, validation_data: Any, rows: int) -> View:
    """Takes at most `rows` rows, evenly spread, of every array."""
    inputs = _arrays(x, "x", rows)
    targets = [a for _, a in _arrays(y, "y", rows)] if y is not None else []
    held_out: list[np.ndarray[Any, Any]] = []
    if isinstance(validation_data, (tuple, list)):
        held_x, _, _ = unpack_x_y_sample_weight(validation_data)
        held_out = [a for _, a in _arrays(held_x, "x", rows)]
    view = View(model, inputs, targets, held_out)
    view.outputs = _outputs(model, y, targets)
    return view


def _arrays(value: Any, what: str, rows: int) -> list[tuple[str, np.ndarray[Any, Any]]]:
    if isinstance(value, list) and not any(hasattr(v, "shape") for v in tree.flatten(value)):
        value = np.asarray(value)
    leaves = [
        (what if not path else f"{what}[{path[-1]!r}]", to_array(leaf, what))
        for path, leaf in tree.flatten_with_path(value)
    ]
    return [(name, a[:: -(-len(a) // rows)] if len(a) > rows else a) for name, a in leaves]


def _outputs(model: Any, y: Any, targets: list[np.ndarray[Any, Any]]) -> list[Output]:
    symbols = getattr(model, "outputs", None)
    compiled = getattr(model, "_compile_loss", None)
    if not symbols or compiled is None:
        return []
    outputs = Outputs(list(symbols) if len(symbols) > 1 else symbols[0], compiled.output_names)
    wanted = compiled._per_output(outputs)
    known: list[Any] = [None] * len(outputs)
    if targets:
        known = outputs.align_targets(
            tree.pack_sequence_as(y, targets) if tree.is_nested(y) and not _is_plain(y) else targets[0],
            [item is not None for item in wanted],
        )
    found = []
    for identifier, symbol, target in zip(wanted, outputs.leaves, known, strict=True):
        name, options = _loss(identifier, symbol, target)
        layer, activation = _last(symbol)
        units = symbol.shape[-1] if symbol.shape else 1
        found.append(Output(layer, units or 0, activation, name, options, target))
    return found


def _is_plain(y: Any) -> bool:
    return isinstance(y, list) and not any(hasattr(v, "shape") for v in tree.flatten(y))


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
