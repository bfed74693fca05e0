"""Functional models as plain dicts and back, in the form that Keras 3 writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from axone.core import tree
from axone.core.operation import Node, Operation
from axone.core.serialization import PendingTensor, deserialize_keras_object, serialize_keras_object
from axone.core.tensor import KerasTensor

__all__ = ["functional_config", "functional_from_config", "is_functional_config"]


def is_functional_config(config: dict[str, Any]) -> bool:
    """True when a configuration describes a model by layers, inputs and outputs."""
    return {"layers", "input_layers", "output_layers"} <= set(config)


def functional_config(model: Any) -> dict[str, Any]:
    """Return the configuration of a functional model.

    A tensor is written as [layer name, call, output]: calls are counted among those that belong to the model.
    """
    own = {id(node) for node in model._graph.nodes}

    def place(operation: Operation, index: int) -> int:
        return sum(id(node) in own for node in operation._inbound_nodes[:index])

    def tensor_config(value: Any) -> Any:
        if not isinstance(value, KerasTensor):
            return serialize_keras_object(value)
        operation, index, output = value.record
        config = {
            "shape": list(value.shape),
            "dtype": value.dtype,
            "keras_history": [operation.name, place(operation, index), output],
        }
        return {"class_name": "__keras_tensor__", "config": config}

    def end_config(value: KerasTensor) -> list[Any]:
        operation, index, output = value.record
        return [operation.name, place(operation, index) + _first_call(operation), output]

    layers = []
    for operation in model._graph.operations:
        nodes = [node for node in operation._inbound_nodes if id(node) in own and not node.is_input]
        layers.append(
            {
                **serialize_keras_object(operation),
                "name": operation.name,
                "inbound_nodes": [_node_config(node, tensor_config) for node in nodes],
            }
        )
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": layers,
        "input_layers": tree.map_structure(end_config, model._inputs_struct),
        "output_layers": tree.map_structure(end_config, model._outputs_struct),
    }


def _first_call(operation: Operation) -> int:
    """Keras counts the calls of a functional model inside another from 1 in these two lists."""
    from axone.models.functional import Functional

    return 1 if isinstance(operation, Functional) else 0


def _node_config(node: Node, tensor_config: Any) -> dict[str, Any]:
    return {
        "args": [_listed(tree.map_structure(tensor_config, value)) for value in node.args],
        "kwargs": {key: _listed(tree.map_structure(tensor_config, v)) for key, v in node.kwargs.items()},
    }


def _listed(value: Any) -> Any:
    """Tuples as lists, which is what JSON makes of them."""
    if isinstance(value, (list, tuple)):
        return [_listed(item) for item in value]
    return {key: _listed(item) for key, item in value.items()} if isinstance(value, dict) else value


class _Builder:
    """Makes the layers of a configuration, then calls them as soon as their inputs exist."""

    def __init__(
        self,
        layer_configs: list[dict[str, Any]],
        ready: Mapping[str, Operation] | None = None,
        call: Callable[..., Any] | None = None,
    ) -> None:
        self.call = call or (lambda operation, *args, **kwargs: operation(*args, **kwargs))
        self.layers: dict[str, Operation] = {}
        self.made: dict[str, list[Node]] = {}
        self.waiting: dict[str, list[dict[str, Any]]] = {}
        for config in layer_configs:
            config = dict(config)
            calls = config.pop("inbound_nodes", [])
            name = config.pop("name", None) or config["config"]["name"]
            operation = (ready or {}).get(name)
            if operation is None:
                operation = deserialize_keras_object(config)
            if not isinstance(operation, Operation):
                raise ValueError(
                    f"The configuration of layer '{name}' gives {operation!r}, which is not a layer."
                )
            self.layers[name] = operation
            self.made[name] = [node for node in operation._inbound_nodes if node.is_input]
            self.waiting[name] = [call for call in calls if call]

    def connect(self) -> None:
        while any(self.waiting.values()):
            if not sum(self._advance(name) for name in self.waiting):
                stuck = [name for name, calls in self.waiting.items() if calls]
                raise ValueError(
                    f"The configuration cannot be connected: layers {stuck} wait for inputs in a circle."
                )

    def _advance(self, name: str) -> int:
        """Make the calls of a layer whose inputs exist, in order; returns how many."""
        done, calls = 0, self.waiting[name]
        while calls:
            args = deserialize_keras_object(calls[0]["args"])
            kwargs = deserialize_keras_object(calls[0].get("kwargs", {}))
            pending = [leaf for leaf in tree.flatten((args, kwargs)) if isinstance(leaf, PendingTensor)]
            if not all(self._exists(*leaf.history) for leaf in pending):
                break
            operation = self.layers[name]
            args, kwargs = tree.map_structure(self._revived, args), tree.map_structure(self._revived, kwargs)
            self.call(operation, *args, **kwargs)
            self.made[name].append(operation._inbound_nodes[-1])
            calls.pop(0)
            done += 1
        return done

    def _exists(self, name: str, call: int, output: int) -> bool:
        if name not in self.layers:
            raise ValueError(f"The configuration names a layer '{name}' that it does not describe.")
        return call < len(self.made[name])

    def _revived(self, value: Any) -> Any:
        if not isinstance(value, PendingTensor):
            return value
        name, call, output = value.history
        return self.made[name][call].outputs[output]

    def ends(self, places: Any) -> Any:
        """Symbolic tensors for [name, call, output] triples, nested as they are."""
        if isinstance(places, (list, tuple)) and len(places) == 3 and isinstance(places[0], str):
            name, call, output = places
            call -= _first_call(self.layers[name])
            if not self._exists(name, call, output):
                raise ValueError(
                    f"The configuration names call {call} of layer '{name}', which is not there."
                )
            return self.made[name][call].outputs[output]
        if isinstance(places, dict):
            return {key: self.ends(value) for key, value in places.items()}
        return [self.ends(value) for value in places]


def functional_from_config(
    cls: Any,
    config: dict[str, Any],
    ready: Mapping[str, Operation] | None = None,
    call: Callable[..., Any] | None = None,
) -> Any:
    """Build a functional model from its configuration, with fresh weights.

    Args:
        cls: class of the model.
        config: the configuration.
        ready: layers by name that need not be built from it.
        call: calls a layer: `(layer, *args, **kwargs)`.
    """
    config = dict(config)
    builder = _Builder(config.pop("layers"), ready, call)
    builder.connect()
    inputs, outputs = builder.ends(config.pop("input_layers")), builder.ends(config.pop("output_layers"))
    trainable = config.pop("trainable", None)
    config.pop("dtype", None)
    model = cls(inputs=inputs, outputs=outputs, **config)
    if trainable is not None:
        # Not the setter: the layers come with flags of their own.
        object.__setattr__(model, "_trainable", bool(trainable))
    return model
