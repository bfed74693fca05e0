"""Models made from symbolic inputs and outputs."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from axone.core import tree
from axone.core.host_value import with_rank
from axone.core.operation import Operation
from axone.core.tensor import KerasTensor, convert_to_tensor, is_tensor
from axone.layers.call import get_mask, set_mask
from axone.layers.input_layer import InputLayer
from axone.layers.input_spec import InputSpec
from axone.layers.layer import Layer
from axone.models.graph import Graph, cut
from axone.models.model import Model

__all__ = ["Functional"]


def _check_symbolic(what: str, flat: list[Any]) -> None:
    if not flat:
        raise ValueError(f"Model: `{what}` is empty.")
    for value in flat:
        if not isinstance(value, KerasTensor):
            made = "made with axone.Input(shape)" if what == "inputs" else "computed from the inputs"
            raise ValueError(
                f"Model: `{what}` must be symbolic tensors {made}, got {type(value).__name__} {value!r:.80}."
            )
        if value.record is None:
            raise ValueError(f"Model: {value} in `{what}` does not come from an Input.")


class Functional(Model):
    """A model made from symbolic inputs and outputs; `Model(inputs, outputs)` makes one.

    Args:
        inputs: symbolic tensor(s): one, a list, a tuple or a dict.
        outputs: symbolic tensor(s) computed from them.
        name: name of the model.
        trainable: whether training changes the weights.

    Raises:
        ValueError: if the outputs depend on an input that is not given, or two layers have one name.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        trainable = kwargs.pop("trainable", None)
        self._init_trainer()
        Layer.__init__(self, name=name, **kwargs)
        _check_symbolic("inputs", tree.flatten(inputs))
        _check_symbolic("outputs", tree.flatten(outputs))
        if len({id(tensor) for tensor in tree.flatten(inputs)}) != len(tree.flatten(inputs)):
            raise ValueError(f"{self._label()}: an input is given twice.")
        if any(not isinstance(tensor.record[0], InputLayer) for tensor in tree.flatten(inputs)):
            inputs, outputs = cut(inputs, outputs)
        with self._tracker.paused():
            self._inputs_struct, self._outputs_struct = inputs, outputs
            self._graph = Graph(tree.flatten(inputs), tree.flatten(outputs))
        for layer in self.layers:
            self._tracker.track(layer)
        self.input_spec = self._make_input_spec()
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.built = True
        if trainable is not None:
            self.trainable = trainable

    # -- structure -----------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Any]:
        """The layers of the model, inputs first."""
        return [operation for operation in self._graph.operations if isinstance(operation, Layer)]

    @property
    def operations(self) -> list[Operation]:
        """Layers and functions of the model, inputs first."""
        return list(self._graph.operations)

    @property
    def inputs(self) -> list[KerasTensor]:
        """Symbolic inputs, flat."""
        return self._graph.inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """Symbolic outputs, flat."""
        return self._graph.outputs

    @property
    def input(self) -> Any:
        """Symbolic input(s), as given."""
        return self._inputs_struct

    @property
    def output(self) -> Any:
        """Symbolic output(s), as given."""
        return self._outputs_struct

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs, flat."""
        return [tensor.record[0].name for tensor in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """Names of the layers that make the outputs, flat."""
        return [tensor.record[0].name for tensor in self.outputs]

    @property
    def input_shape(self) -> Any:
        """Shape(s) of the inputs, with the batch."""
        return self._shapes(self._inputs_struct)

    @property
    def output_shape(self) -> Any:
        """Shape(s) of the outputs, with the batch."""
        return self._shapes(self._outputs_struct)

    @staticmethod
    def _shapes(structure: Any) -> Any:
        shapes = tree.map_structure(lambda tensor: tuple(tensor.shape), structure)
        single = isinstance(structure, (list, tuple)) and len(structure) == 1
        return shapes[0] if single else shapes

    def _make_input_spec(self) -> Any:
        struct = self._inputs_struct
        if isinstance(struct, dict):
            if not all(isinstance(value, KerasTensor) for value in struct.values()):
                return None
            named = [(key, struct[key]) for key in sorted(struct)]
        else:
            named = [(tensor.record[0].name, tensor) for tensor in self.inputs]
        return [
            InputSpec(
                shape=(None, *tensor.shape[1:]) if tensor.shape else (),
                allow_last_axis_squeeze=True,
                name=name,
                optional=tensor.record[0].optional,
            )
            for name, tensor in named
        ]

    # -- calling -------------------------------------------------------------------------------------------

    def build(self, input_shape: Any = None) -> None:
        """Do nothing: the layers were built when the model was made."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Compute the outputs.

        Args:
            inputs: tensor(s) nested like the model's inputs, or a dict by input name.
            training: given to the layers that behave differently in training.
            mask: masks of the inputs, nested alike.
        """
        flat = self._flat_inputs(inputs)
        if mask is not None:
            for tensor, own in zip(flat, tree.flatten(mask), strict=False):
                if own is not None:
                    set_mask(tensor, own)
        return self._nested(self._graph.run(flat, training))

    def _nested(self, outputs: list[Any]) -> Any:
        struct = self._outputs_struct
        if isinstance(struct, (list, tuple)) and len(outputs) == 1:
            return outputs[0]
        return tree.pack_sequence_as(struct, outputs)

    def _flat_inputs(self, inputs: Any) -> list[Any]:
        """The inputs in the model's order, as tensors of its dtypes and ranks."""
        struct = self._inputs_struct
        if isinstance(inputs, dict):
            names = sorted(struct) if isinstance(struct, dict) else self.input_names
            missing = [name for name in names if name not in inputs]
            if missing:
                raise ValueError(
                    f"{self._label()}: no data for input(s) {missing}; got keys {sorted(inputs)}."
                )
            inputs = [inputs[name] for name in names]
        flat = tree.flatten(inputs)
        if len(flat) != len(self.inputs):
            raise ValueError(
                f"{self._label()}: expected {len(self.inputs)} input(s) ({', '.join(self.input_names)}), "
                f"got {len(flat)}."
            )
        return [self._fit(value, symbol) for value, symbol in zip(flat, self.inputs, strict=True)]

    def _fit(self, value: Any, symbol: KerasTensor) -> Any:
        """Cast to the input's dtype; add or remove a last axis of size 1 where only that differs."""
        if value is None or isinstance(value, KerasTensor):
            return value
        from axone import ops

        if symbol.dtype == "string":
            return with_rank(
                np.asarray(value) if isinstance(value, (list, str)) else value, len(symbol.shape)
            )
        if is_tensor(value):
            tensor = value if value.dtype == symbol.dtype else ops.cast(value, symbol.dtype)
        else:
            tensor = convert_to_tensor(value, dtype=symbol.dtype)
        rank, wanted = len(tensor.shape), len(symbol.shape)
        if rank == wanted + 1 and tensor.shape[-1] == 1:
            tensor = ops.squeeze(tensor, axis=-1)
        elif rank == wanted - 1 and symbol.shape[-1] == 1:
            tensor = ops.expand_dims(tensor, axis=-1)
        mask = get_mask(value)
        if mask is not None and tensor is not value:
            set_mask(tensor, mask)
        return tensor

    def compute_output_spec(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        flat = self._flat_inputs(inputs)
        if all(tuple(value.shape) == tuple(own.shape) for value, own in zip(flat, self.inputs, strict=True)):
            outputs = [KerasTensor(tensor.shape, dtype=tensor.dtype) for tensor in self.outputs]
        else:
            outputs = self._graph.run(flat, method=_checked_spec)
        return self._nested(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = iter(self.inputs)
        inputs = tree.map_shape_structure(
            lambda s: KerasTensor(tuple(s), dtype=next(shapes).dtype), input_shape
        )
        return tree.map_structure(lambda tensor: tuple(tensor.shape), self.compute_output_spec(inputs))

    # -- configuration -------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        from axone.models.configuration import functional_config

        if not _takes_graph(type(self)):
            return self._described(with_arguments=True)
        return functional_config(self)


def _checked_spec(operation: Operation) -> Any:
    """The symbolic call of an operation without a new node."""

    def run(*args: Any, **kwargs: Any) -> Any:
        if isinstance(operation, Layer) and args:
            operation._check_inputs(args[0])
        return operation.compute_output_spec(*args, **kwargs)

    return run


def _takes_graph(cls: type) -> bool:
    """True when the constructor of a class takes inputs and outputs as `Functional`'s does."""
    parameters = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]
    names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD][1:]
    anything = {p.kind for p in parameters} >= {
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.VAR_KEYWORD,
    }
    return names[:2] == ["inputs", "outputs"] or anything
