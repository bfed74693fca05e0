"""Cells on top of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from axone import ops
from axone.core.serialization import deserialize_keras_object, serialize_keras_object
from axone.layers.call import signature_of
from axone.layers.layer import Layer

__all__ = ["StackedRNNCells"]


class StackedRNNCells(Layer):
    """Several cells as one: each takes the outputs of the one below.

    Args:
        cells: cells, from the first to the last.
        **kwargs: see `Layer`.

    Raises:
        ValueError: one of them has no call or state_size.

    Example: `RNN(StackedRNNCells([LSTMCell(32), LSTMCell(16)]))`.
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for i, cell in enumerate(cells):
            for needed in ("call", "state_size"):
                if not hasattr(cell, needed):
                    raise ValueError(f"{self._label()}: cell {i}, a {type(cell).__name__}, has no {needed}.")
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The cells' state sizes."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """Size of the last cell's output."""
        return _output_size(self.cells[-1])

    def build(self, input_shape: Any) -> None:
        """Build the cells, each for the outputs of the one below."""
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
                cell.built = True
            input_shape = (input_shape[0], _output_size(cell))

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return the cells' states before the first step."""
        states = []
        for cell in self.cells:
            own = getattr(cell, "get_initial_state", None)
            if own is not None:
                states.append(own(batch_size=batch_size))
            elif isinstance(cell.state_size, int):
                states.append(ops.zeros((batch_size, cell.state_size), dtype=self.compute_dtype))
            else:
                states.append([ops.zeros((batch_size, s), dtype=self.compute_dtype) for s in cell.state_size])
        return states

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """Do one step of all cells; returns (the last one's output, all new states)."""
        made = []
        for cell, held in zip(self.cells, states, strict=True):
            several = isinstance(held, (list, tuple))
            options = {"training": training} if signature_of(type(cell).call).has_training else {}
            call = cell if isinstance(cell, Layer) else cell.call
            inputs, new = call(inputs, list(held) if several else [held], **options)
            new = list(new) if isinstance(new, (list, tuple)) else [new]
            made.append(new if several else new[0])
        return inputs, made

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cells": [serialize_keras_object(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Build the cells from `get_config`."""
        cells = [deserialize_keras_object(cell, custom_objects) for cell in config["cells"]]
        return cls(cells, **{key: value for key, value in config.items() if key != "cells"})


def _output_size(cell: Any) -> Any:
    size = getattr(cell, "output_size", None)
    if size is not None:
        return size
    return cell.state_size[0] if isinstance(cell.state_size, (list, tuple)) else cell.state_size
