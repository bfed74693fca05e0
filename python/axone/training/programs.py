"""The step functions of a model, each compiled once per input signature."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from axone.core import tree
from axone.core.host_value import HostInputs, HostValue
from axone.core.program import Program, TensorSpec, trace_program
from axone.core.tensor import Tensor, convert_to_tensor
from axone.training.data import ArrayBatch, engine_dtype

# Each program owns an arena for its activations: a few sizes of batch stay compiled, not all ever seen.
KEPT_PROGRAMS = 16
_LABELS = (
    "Classes count from 0: give the last layer one unit for each, or number the classes anew: "
    "np.unique(y, return_inverse=True)[1]."
)


class CompiledStep:
    """A step as a program.

    Attributes:
        program: The program; its inputs are the flat arrays of a batch.
        reads_metrics: True when the step returned the metrics' results: the program leaves them out, and they
            are read from the metrics' variables when somebody asks.
        output_specs: Nest of the outputs' shapes and types.
        host: What the program reads that is made of strings.
    """

    def __init__(self, program: Program, reads_metrics: bool, output_specs: Any, host: HostInputs) -> None:
        self.program = program
        self.host = host
        self.reads_metrics = reads_metrics
        self.output_specs = output_specs

    def run(self, *args: Any) -> int:
        """Runs steps and returns how many; arguments as of `Program.run_steps`.

        Raises:
            IndexError: a class number lies outside of the output's units; with what to do about it.
        """
        try:
            return int(self.program.run_steps(*args))
        except IndexError as error:
            if "label outside" in str(error):
                error.args = (f"{error}. {_LABELS}",)
            raise


class StepFunction:
    """`train_step`, `test_step` or `predict_step` of a model.

    Args:
        model: A `Trainer`.
        kind: "train", "test" or "predict".
    """

    def __init__(self, model: Any, kind: str) -> None:
        self.model = model
        self.kind = kind
        self._step: Callable[[Any], Any] = getattr(model, f"{kind}_step")
        self._compiled: OrderedDict[Any, CompiledStep] = OrderedDict()
        self._host: dict[Any, HostInputs] = {}

    def compiled(self, batch: ArrayBatch, rows: int, state_key: Any = None) -> CompiledStep:
        """Returns the program for batches of so many rows.

        Args:
            batch: Arrays whose structure, trailing shapes and types count.
            rows: Rows of a batch.
            state_key: What else of the model's state the program depends on.
        """
        key = (*batch.signature(rows), state_key)
        if key in self._host:
            # What is made of strings may have other sizes: rows are as long as the longest text.
            key = (*key, *(a.shape[1:] for a in batch.sources(self._host[key])))
        step = self._compiled.get(key)
        if step is None:
            step = self._compile(batch, rows)
            if step.host.steps:
                self._host.setdefault(key[: len(batch.arrays) + 2], step.host)
                key = (*key[: len(batch.arrays) + 2], *(a.shape[1:] for a in batch.sources(step.host)))
            self._compiled[key] = step
            if len(self._compiled) > KEPT_PROGRAMS:
                self._compiled.popitem(last=False)
        else:
            self._compiled.move_to_end(key)
        return step

    def _compile(self, batch: ArrayBatch, rows: int) -> CompiledStep:
        types = [engine_dtype(a.dtype) for a in batch.arrays]
        pairs = list(zip(batch.arrays, types, strict=True))
        specs = [TensorSpec((rows, *a.shape[1:]), dtype) for a, dtype in pairs if dtype != "string"]
        strings = [a for a, dtype in pairs if dtype == "string"]
        host = HostInputs()
        reads_metrics = False
        output_specs: Any = ()

        def run(*leaves: Tensor) -> Any:
            nonlocal reads_metrics, output_specs
            numbers = iter(leaves)
            values = iter(HostValue(host, (i, a.ndim), a, rows) for i, a in enumerate(strings))
            mixed = [next(values) if dtype == "string" else next(numbers) for dtype in types]
            outputs = self._step(batch.pack(mixed))
            reads_metrics = self.kind != "predict" and self.model.is_metrics_result(outputs)
            if reads_metrics or outputs is None:
                return ()
            outputs = tree.map_structure(convert_to_tensor, outputs)
            output_specs = tree.map_structure(lambda t: TensorSpec(t.shape, t.dtype), outputs)
            return outputs

        program = trace_program(run, specs, name=f"{self.model.name}_{self.kind}")
        program.specs += [TensorSpec(t.shape, t.dtype) for t in host.tensors]
        return CompiledStep(program, reads_metrics, output_specs, host)

    def run_eagerly(self, batch: ArrayBatch, rows: slice | np.ndarray) -> Any:
        """Runs the step op by op on some rows and returns what it returns."""
        types = [engine_dtype(a.dtype) for a in batch.arrays]
        leaves = [
            a[rows] if dtype == "string" else convert_to_tensor(a[rows], dtype=dtype)
            for a, dtype in zip(batch.arrays, types, strict=True)
        ]
        return self._step(batch.pack(leaves))


def numpy_nest(outputs: Any) -> Any:
    """Returns a nest of tensors as one of NumPy arrays."""
    return tree.map_structure(lambda t: t.numpy() if isinstance(t, Tensor) else np.asarray(t), outputs)


def array_function(program: Program) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a program of one input and one output as a function of arrays."""
    dtype = np.dtype(program.specs[0].dtype)

    def call(x: np.ndarray) -> np.ndarray:
        flags = x.flags
        if x.dtype is not dtype or not (flags.c_contiguous and flags.aligned):
            x = np.require(x, dtype, ["C", "A"])
        return program.run_arrays((x,))[0]

    return call
