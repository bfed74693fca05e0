"""Values that only Python can hold (strings), standing in for their data while a program is traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from axone.core import trace as tracing
from axone.core.tensor import Tensor

__all__ = ["HostInputs", "HostValue", "apply", "is_host", "with_rank"]

Array = np.ndarray[Any, Any]
Prepare = Callable[..., Array]


def is_host(value: Any) -> bool:
    """Return True for strings: an array of them, or what stands for one in a trace."""
    if isinstance(value, HostValue):
        return True
    if not isinstance(value, np.ndarray):
        return False
    if value.dtype.kind == "O":
        return value.size > 0 and isinstance(value.flat[0], (str, bytes))
    return value.dtype.kind in "UST"


def with_rank(value: Any, rank: int) -> Any:
    """Return strings with a last axis of size 1 added or dropped, where that gives the rank."""
    if isinstance(value, HostValue):
        return HostValue(value.inputs, (value.place[0], rank), with_rank(value.data, rank), value.rows)
    if value.ndim == rank - 1:
        return value[..., None]
    return value[..., 0] if value.ndim == rank + 1 and value.shape[-1] == 1 else value


class HostInputs:
    """The arrays that a program needs of data on the host: found while it is traced, made again for new data.

    Attributes:
        steps: (function, places of the values it is called on) of each input of the program.
        tensors: the inputs.
    """

    def __init__(self) -> None:
        self.steps: list[tuple[Prepare, tuple[tuple[int, int], ...]]] = []
        self.tensors: list[Tensor] = []

    def prepare(self, data: list[Any], made: dict[Any, Array]) -> list[Array]:
        """Return the arrays for some data.

        Args:
            data: the values on the host, by their places.
            made: arrays that were made of this data before; new ones are added.
        """
        with tracing.eager_scope():
            for function, places in self.steps:
                if (function, places) not in made:
                    made[function, places] = function(*(with_rank(data[i], rank) for i, rank in places))
        return [made[step] for step in self.steps]


class HostValue:
    """Data on the host as a layer meets it in a trace.

    Args:
        inputs: where the arrays made of it are noted.
        place: which of the program's values it is, and its rank.
        data: all of the data, with rows along the first axis.
        rows: rows of a batch.
    """

    dtype = "string"

    def __init__(self, inputs: HostInputs, place: tuple[int, int], data: Array, rows: int) -> None:
        self.inputs, self.place, self.data, self.rows = inputs, place, data, rows
        self.shape = (rows, *data.shape[1:])

    def __repr__(self) -> str:
        return f"<HostValue shape={self.shape} dtype={self.dtype}>"


def apply(function: Prepare, value: HostValue) -> Tensor:
    """Return what a function makes of the data, as an input of the program being traced.

    Args:
        function: of the data; returns an array of numbers with as many rows.
        value: the data.

    Raises:
        ValueError: the function returned another number of rows, or no program is being traced.
    """
    inputs, step = value.inputs, (function, (value.place,))
    if step in inputs.steps:
        return inputs.tensors[inputs.steps.index(step)]
    trace = tracing.current_trace()
    if trace is None:
        raise ValueError("Strings of a program being traced can only be used inside of it.")
    with tracing.eager_scope():
        array = function(value.data)
    if array.shape[:1] != value.data.shape[:1]:
        raise ValueError(f"expected one row for each of {len(value.data)} samples, got shape {array.shape}.")
    inputs.steps.append(step)
    inputs.tensors.append(trace.input([value.rows, *array.shape[1:]], str(array.dtype)))
    return inputs.tensors[-1]
