"""Where symbolic tensors come from."""

from __future__ import annotations

from typing import Any

from axone.core.tensor import KerasTensor

__all__ = ["get_source_inputs"]


def get_source_inputs(tensor: KerasTensor) -> list[Any]:
    """Returns the inputs that a symbolic tensor is computed from.

    Args:
        tensor: What a layer or a function of `axone.ops` returned.

    Returns:
        Symbolic tensors, each once, in the order in which they are reached.

    Example:
        >>> x = axone.Input((3,))
        >>> axone.utils.get_source_inputs(x * 2)[0] is x
        True
    """
    found: list[Any] = []
    waiting, seen = [tensor], {id(tensor)}
    while waiting:
        current = waiting.pop()
        node = None
        if current.record is not None:
            operation, index, _ = current.record
            node = operation._inbound_nodes[index]
        if node is None or node.is_input:
            found += [current] if node is None else node.outputs
            continue
        fresh = [source for source in node.inputs if id(source) not in seen]
        seen.update(map(id, fresh))
        waiting.extend(reversed(fresh))
    return found
