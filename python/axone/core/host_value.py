"""Values that only Python can hold (strings), standing in for their data while a program is traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from axone.core import trace as tracing
from axone.core.tensor import Tensor

__all__ = ["HostInputs", "HostValue"]

Prepare = Callable[..., np.ndarray]


class HostInputs:
    """The arrays that a program needs of data on the host: found while it is traced, made again for new data.

    Attributes:
        steps: (function, places of the values it is called on) of each input of the program.
    """

    def __init__(self) -> None:
        self.steps: list[tuple[Prepare, tuple[int, ...]]] = []
        self.arrays: list[np.ndarray] = []
        self.tensors: list[Tensor] = []

    def prepare(self, data: list[Any]) -> list[np.ndarray]:
        """Return the arrays for other data."""
        with tracing.eager_scope():
            return [function(*(data[i] for i in places)) for function, places in self.steps]


class HostValue:
    """Data on the host as a layer meets it in a trace.

    Args:
        inputs: where the arrays made of it are noted.
        place: which of the program's values it is.
        data: all of the data, with rows along the first axis.
        rows: rows of a batch.
    """

    dtype = "string"

    def __init__(self, inputs: HostInputs, place: int, data: Any, rows: int) -> None:
        self.inputs, self.place, self.data, self.rows = inputs, place, data, rows
        self.shape = (rows, *data.shape[1:])

    def __repr__(self) -> str:
        return f"<HostValue shape={self.shape} dtype={self.dtype}>"


def apply(function: Prepare, *values: HostValue) -> Tensor:
    """Return what a function makes of the data, as an input of the program being traced.

    Args:
        function: of the data of each value; returns an array with as many rows, of numbers.
        values: of one trace.

    Raises:
        ValueError: the function returned another number of rows, or no program is being traced.
    """
    inputs, rows = values[0].inputs, values[0].rows
    places = tuple(value.place for value in values)
    for step, tensor in zip(inputs.steps, inputs.tensors, strict=True):
        if step == (function, places):
            return tensor
    trace = tracing.current_trace()
    if trace is None:
        raise ValueError("Strings of a program being traced can only be used inside of it.")
    with tracing.eager_scope():
        array = function(*(value.data for value in values))
    if array.shape[:1] != values[0].data.shape[:1]:
        raise ValueError(
            f"expected one row for each of {values[0].data.shape[0]} samples, got shape {array.shape}."
        )
    tensor = trace.input([rows, *array.shape[1:]], str(array.dtype))
    inputs.steps.append((function, places))
    inputs.arrays.append(array)
    inputs.tensors.append(tensor)
    return tensor
