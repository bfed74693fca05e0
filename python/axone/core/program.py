"""Programs: functions traced into a graph and compiled for one signature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from axone import _engine
from axone.core import tree
from axone.core.tensor import Tensor, convert_to_numpy, convert_to_tensor
from axone.core.trace import Trace
from axone.core.variable import Variable

__all__ = ["Program", "TensorSpec", "trace_program"]


@dataclass(frozen=True)
class TensorSpec:
    """Shape and dtype of one input of a program."""

    shape: tuple[int, ...]
    dtype: str


class Program:
    """A compiled function. Made by `trace_program`.

    Attributes:
        specs: the inputs' specs, flat.
        engine: the engine's program, for profiles.
    """

    def __init__(self, trace: Trace, specs: list[TensorSpec], outputs: Any, name: str) -> None:
        self.name = name
        self.specs = specs
        self._structure = outputs
        tensors = [convert_to_tensor(x) for x in tree.flatten(outputs)]
        self.engine = _engine.Program(trace.graph, [trace.value_of(t) for t in tensors])
        self._kept = trace.kept
        # The program reads and writes these variables' memory.
        self._variables = list(trace.variables.values())
        self._assigned: list[Variable] = list(trace.assigned.values())

    def _pack(self, flat: Sequence[Any]) -> Any:
        return tree.pack_sequence_as(self._structure, list(flat))

    def _detach(self) -> None:
        for variable in self._assigned:
            if variable._alias is not None:
                variable.detach()

    def run(self, *inputs: Any) -> Any:
        """Run once.

        Args:
            *inputs: the nest of inputs that was traced: arrays or tensors of its specs' shapes, cast

        Returns:
            The nest of outputs as new concrete tensors.

        Raises:
            ValueError: an input of another shape.
            IndexError: an index was out of range.
        """
        flat = [
            x.storage if isinstance(x, Tensor) and x.dtype == spec.dtype else self._dense(x, spec)
            for x, spec in zip(tree.flatten(inputs), self.specs, strict=True)
        ]
        self._detach()
        return self._pack([Tensor.wrap(t) for t in self.engine.run(flat)])

    @staticmethod
    def _dense(x: Any, spec: TensorSpec) -> np.ndarray[Any, Any]:
        return np.require(convert_to_numpy(x), spec.dtype, ["C", "A"])

    def run_arrays(self, arrays: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
        """Run once on aligned, C-contiguous arrays of just the specs' types; returns new arrays, flat."""
        self._detach()
        return self.engine.run_arrays(arrays)

    def run_steps(
        self,
        sources: Sequence[np.ndarray[Any, Any]],
        order: np.ndarray[Any, Any] | None,
        batch: int,
        first: int,
        steps: int,
        budget: float = float("inf"),
        collect: Sequence[np.ndarray[Any, Any] | None] = (),
    ) -> int:
        """Run several steps, each on a batch of rows gathered from the sources.

        Args:
            sources: one array per input (flat order), of any numeric dtype and layout; samples along axis 0.
            order: int64 row numbers: step i takes order[(first + i) * batch : (first + i + 1) * batch]; None
                takes the rows in order.
            batch: rows a step; the specs' leading size.
            first: number of the first step.
            steps: how many steps.
            budget: seconds; no step begins later than that after the call, but one is always done.
            collect: per output an array that takes its rows at row (first + i) * batch, or None.

        Returns:
            The number of steps done.

        Raises:
            ValueError, TypeError: sources that do not fit the specs.
            IndexError: a row number or an index inside the program was out of range.
        """
        self._detach()
        return self.engine.run_steps(list(sources), order, batch, first, steps, budget, list(collect))

    def outputs(self) -> Any:
        """Return the nest of outputs of the last step of `run_steps`, as concrete tensors."""
        return self._pack([convert_to_tensor(a) for a in self.engine.last_outputs()])

    def output_arrays(self) -> list[np.ndarray[Any, Any]]:
        """Return the outputs of the last step of `run_steps` as arrays, flat."""
        return self.engine.last_outputs()


def trace_program(fn: Callable[..., Any], specs: Any, name: str = "") -> Program:
    """Trace a function into a graph and compile it.

    Args:
        fn: called once, with traced tensors in place of the specs.
        specs: sequence of nests of `TensorSpec`, one per argument of `fn`.
        name: for profiles.

    Returns:
        The program; it stays valid as long as it is kept, and updates the variables that `fn` assigned.

    Raises:
        What `fn` raises.

    Example:
        >>> double = trace_program(lambda x: x * 2.0, [TensorSpec((3,), "float32")])
        >>> double.run(np.ones(3)).numpy()
        array([2., 2., 2.], dtype=float32)
    """
    flat: list[TensorSpec] = []
    with Trace() as trace:

        def make_input(spec: TensorSpec) -> Tensor:
            flat.append(spec)
            return trace.input(spec.shape, spec.dtype)

        inputs = tree.map_structure(make_input, tuple(specs))
        outputs = fn(*inputs)
        return Program(trace, flat, outputs, name)
