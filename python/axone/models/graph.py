"""From symbolic tensors to an executable list of calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axone.core import tree
from axone.core.operation import Node, Operation
from axone.core.tensor import KerasTensor
from axone.layers.input_layer import Input
from axone.layers.layer import Layer

__all__ = ["Graph", "cut"]


def _node_of(tensor: KerasTensor) -> Node:
    operation, index, _ = tensor.record
    node: Node = operation._inbound_nodes[index]
    return node


def _nodes_between(
    inputs: list[KerasTensor], outputs: list[KerasTensor]
) -> tuple[list[Node], dict[Operation, int]]:
    """Return the nodes needed for the outputs, each after those it depends on, and the order of first sight.

    The walk goes depth first from the outputs and stops at `inputs`. It keeps its own stack: models with
    thousands of layers in a row exceed Python's.
    """
    stops = {id(tensor) for tensor in inputs}
    first_seen: dict[Operation, int] = {}
    ordered: list[Node] = []
    finished: set[int] = set()
    open_nodes: set[int] = set()
    stack: list[tuple[Node, bool]] = []
    for output in outputs:
        _push(output, stops, stack)
        while stack:
            node, leaving = stack.pop()
            if leaving:
                open_nodes.discard(id(node))
                finished.add(id(node))
                ordered.append(node)
            elif id(node) not in finished:
                if id(node) in open_nodes:
                    raise ValueError(f"The model has a cycle through '{node.operation.name}'.")
                open_nodes.add(id(node))
                first_seen.setdefault(node.operation, len(first_seen))
                stack.append((node, True))
                for tensor in reversed(node.inputs):
                    if id(tensor) not in stops or (tensor.record and _node_of(tensor).is_input):
                        _push(tensor, stops, stack)
    return ordered, first_seen


def _push(tensor: KerasTensor, stops: set[int], stack: list[tuple[Node, bool]]) -> None:
    if tensor.record is None:
        if id(tensor) in stops:
            return
        raise ValueError(f"{tensor} does not come from an Input: make it with axone.Input(shape).")
    node = _node_of(tensor)
    if id(tensor) in stops and not node.is_input:
        return
    if node.is_input and id(tensor) not in stops:
        raise ValueError(
            f"The outputs depend on input '{node.operation.name}', which is not among the model's "
            f"inputs: add it to `inputs`."
        )
    stack.append((node, False))


def cut(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """Return inputs and outputs of a copy of the graph that starts at `inputs`, which are inner tensors.

    Every inner tensor gets an `Input` of its own; the layers, with their weights, are the same.
    """
    flat_inputs, flat_outputs = tree.flatten(inputs), tree.flatten(outputs)
    nodes, _ = _nodes_between(flat_inputs, flat_outputs)
    copies: dict[int, KerasTensor] = {}
    for tensor in flat_inputs:
        inner = not _node_of(tensor).is_input
        copies[id(tensor)] = (
            Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=f"{tensor.name}_input")
            if inner
            else tensor
        )

    def copied(value: Any) -> Any:
        return copies.get(id(value), value) if isinstance(value, KerasTensor) else value

    for node in nodes:
        if node.is_input:
            continue
        fresh = []
        for tensor in node.outputs:
            copy = KerasTensor(tensor.shape, dtype=tensor.dtype, name=tensor.name)
            copies.setdefault(id(tensor), copy)
            fresh.append(copy)
        Node(
            node.operation,
            tree.map_structure(copied, node.args),
            tree.map_structure(copied, node.kwargs),
            fresh,
        )
    return tree.map_structure(copied, inputs), tree.map_structure(copied, outputs)


class _Step:
    """One call of the plan: where its arguments are found and where its results go."""

    __slots__ = ("args", "kwargs", "operation", "slots", "source", "takes_training")

    def __init__(self, node: Node, slot_of: dict[int, int]) -> None:
        self.operation = node.operation
        self.args, self.kwargs = node.args, node.kwargs
        self.slots = [slot_of[id(tensor)] for tensor in node.outputs]
        # Nearly every call takes one tensor and nothing else; it skips the search through the arguments.
        single = not node.kwargs and len(node.args) == 1 and isinstance(node.args[0], KerasTensor)
        self.source = slot_of[id(node.args[0])] if single else -1
        self.takes_training = (
            isinstance(self.operation, Layer) and self.operation._call_signature.has_training
        )


class Graph:
    """The calls between a model's inputs and its outputs.

    Attributes:
        operations: operations in Keras's order: by distance from the outputs, then as first met from them.
        nodes: the calls, each after those that it depends on.
        nodes_by_depth: calls by their distance from the outputs, farthest first.
    """

    def __init__(self, inputs: list[KerasTensor], outputs: list[KerasTensor]) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.nodes, first_seen = _nodes_between(inputs, outputs)
        depths, operation_depths = self._depths()
        for tensor in inputs:  # an unused input still belongs to the model
            if tensor.record is None:
                continue
            node = _node_of(tensor)
            if node.operation not in operation_depths and node.is_input:
                operation_depths[node.operation] = 0
                first_seen[node.operation] = -1
                depths[node] = 0
                self.nodes.insert(0, node)
        self.operations = sorted(operation_depths, key=lambda o: (-operation_depths[o], first_seen[o]))
        self.nodes_by_depth: dict[int, list[Node]] = {}
        for node, depth in sorted(depths.items(), key=lambda item: -item[1]):
            self.nodes_by_depth.setdefault(depth, []).append(node)
        self._check_names()
        self._steps: list[_Step] | None = None

    def _depths(self) -> tuple[dict[Node, int], dict[Operation, int]]:
        inside = {id(node) for node in self.nodes}
        depths: dict[Node, int] = {}
        operation_depths: dict[Operation, int] = {}
        for node in reversed(self.nodes):
            depth = max(depths.get(node, 0), operation_depths.get(node.operation, 0))
            depths[node] = operation_depths[node.operation] = depth
            for parent in node.parent_nodes:
                if id(parent) in inside:
                    depths[parent] = max(depth + 1, depths.get(parent, 0))
        return depths, operation_depths

    def _check_names(self) -> None:
        seen: set[str] = set()
        for operation in self.operations:
            if operation.name in seen:
                raise ValueError(
                    f"Two layers of the model are named '{operation.name}': give one of them another name=."
                )
            seen.add(operation.name)

    def __getstate__(self) -> dict[str, Any]:
        """For copies: the plan goes by the identity of tensors and is made anew."""
        kept = ("inputs", "outputs", "nodes", "operations", "nodes_by_depth")
        return {**{name: self.__dict__[name] for name in kept}, "_steps": None}

    def _plan(self) -> list[_Step]:
        slot_of = {id(tensor): slot for slot, tensor in enumerate(self.inputs)}
        for node in self.nodes:
            for tensor in node.outputs:
                slot_of.setdefault(id(tensor), len(slot_of))
        self._slot_of = slot_of
        self._output_slots = [slot_of[id(tensor)] for tensor in self.outputs]
        return [_Step(node, slot_of) for node in self.nodes if not node.is_input]

    def run(
        self,
        inputs: list[Any],
        training: bool | None = None,
        method: Callable[[Operation], Any] | None = None,
    ) -> list[Any]:
        """Call the operations one after the other.

        Args:
            inputs: one tensor per input.
            training: given to the layers whose `call` takes it; None leaves it to them.
            method: what to call of an operation; the operation itself when None.

        Returns:
            One tensor per output.
        """
        if self._steps is None:
            self._steps = self._plan()
        values: list[Any] = [None] * len(self._slot_of)
        values[: len(inputs)] = inputs
        for step in self._steps:
            kwargs: dict[str, Any] = {}
            if step.source >= 0:
                args: tuple[Any, ...] = (values[step.source],)
            else:
                args, kwargs = self._fill(step.args, values), self._fill(step.kwargs, values)
            if training is not None and step.takes_training:
                kwargs["training"] = training
            results = (step.operation if method is None else method(step.operation))(*args, **kwargs)
            if len(step.slots) == 1 and not isinstance(results, (list, tuple, dict)):
                values[step.slots[0]] = results
            else:
                for slot, result in zip(step.slots, tree.flatten(results), strict=True):
                    values[slot] = result
        return [values[slot] for slot in self._output_slots]

    def _fill(self, structure: Any, values: list[Any]) -> Any:
        def value_of(leaf: Any) -> Any:
            return values[self._slot_of[id(leaf)]] if isinstance(leaf, KerasTensor) else leaf

        return tree.map_structure(value_of, structure)
