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
    if tensor.record is None:
        return [tensor]
    operation, index, _ = tensor.record
    node = operation._inbound_nodes[index]
    if node.is_input:
        return list(node.outputs)
    found: list[Any] = []
    for source in node.inputs:
        found += [x for x in get_source_inputs(source) if all(x is not known for known in found)]
    return found
