"""A graph of operations that can be called again; it has no state of its own."""

from __future__ import annotations

from typing import Any

from axone.core import tree
from axone.core.operation import Operation
from axone.core.tensor import KerasTensor
from axone.models.graph import Graph

__all__ = ["Function"]


class Function(Operation):
    """The computation between some symbolic tensors and others, to be called on new inputs.

    Unlike a `Model` it is no layer: it has no weights of its own and cannot be trained.

    Args:
        inputs: symbolic tensor(s): one, or a nest of them.
        outputs: symbolic tensor(s) computed from them.
        name: name of the function.

    Raises:
        ValueError: there are no inputs or outputs, or the outputs depend on other inputs.

    Example:
        >>> a, b = axone.KerasTensor((None, 3)), axone.KerasTensor((None, 3))
        >>> function = axone.Function([a, b], axone.ops.sigmoid(a + b))
        >>> y = function([x1, x2])
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        flat_inputs, flat_outputs = tree.flatten(inputs), tree.flatten(outputs)
        for what, flat in (("inputs", flat_inputs), ("outputs", flat_outputs)):
            if not flat or not all(isinstance(value, KerasTensor) for value in flat):
                raise ValueError(f"{self._label()}: `{what}` must be symbolic tensors, got {flat}.")
        self._inputs_struct, self._outputs_struct = inputs, outputs
        self._graph = Graph(flat_inputs, flat_outputs)

    @property
    def operations(self) -> list[Operation]:
        """Operations of the graph, inputs first."""
        return list(self._graph.operations)

    @property
    def inputs(self) -> list[KerasTensor]:
        """Symbolic inputs, flat."""
        return self._graph.inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """Symbolic outputs, flat."""
        return self._graph.outputs

    def _flat(self, inputs: Any) -> list[Any]:
        flat = tree.flatten(inputs)
        if len(flat) != len(self.inputs):
            raise ValueError(f"{self._label()}: expected {len(self.inputs)} input(s), got {len(flat)}.")
        for number, (value, own) in enumerate(zip(flat, self.inputs, strict=True)):
            shape = tuple(getattr(value, "shape", ()))
            fits = len(shape) == len(own.shape) and all(
                size is None or wanted is None or size == wanted
                for size, wanted in zip(shape, own.shape, strict=True)
            )
            if not fits:
                raise ValueError(f"{self._label()}: input {number} must have shape {own.shape}, got {shape}.")
        return flat

    def call(self, inputs: Any) -> Any:
        """Compute the outputs for inputs nested like the function's."""
        return tree.pack_sequence_as(self._outputs_struct, self._graph.run(self._flat(inputs)))

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return symbolic outputs for symbolic inputs."""
        run = self._graph.run(self._flat(inputs), method=lambda operation: operation.compute_output_spec)
        return tree.pack_sequence_as(self._outputs_struct, run)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shapes of the outputs for shapes of the inputs."""
        types = iter(self.inputs)
        inputs = tree.map_shape_structure(
            lambda shape: KerasTensor(tuple(shape), dtype=next(types).dtype), input_shape
        )
        return tree.map_structure(lambda tensor: tuple(tensor.shape), self.compute_output_spec(inputs))
