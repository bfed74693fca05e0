"""Layers whose `call` needs numbers, not a graph: they run in Python, inside the step."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from axone.core import tree
from axone.core.host_call import host_call
from axone.core.program import TensorSpec
from axone.core.symbolic import compute_output_spec
from axone.core.tensor import KerasTensor, Tensor, convert_to_tensor
from axone.core.trace import eager_scope

__all__ = ["may_run_on_host", "run_on_host"]


def may_run_on_host(layer: Any) -> bool:
    """Whether a layer is a user's own; axone's never need it."""
    return not type(layer).__module__.startswith("axone.")


def run_on_host(layer: Any, args: Any, kwargs: Any, symbolic: bool) -> Any:
    """Call a layer through Python in the middle of the graph.

    Args:
        layer: the layer, whose `call` took a traced tensor for an array.
        args: positional arguments of its call.
        kwargs: keyword arguments of its call.
        symbolic: whether only shapes are wanted.

    Returns:
        The outputs. No gradient flows through them.
    """
    _warn(layer)
    if symbolic:
        return compute_output_spec(lambda *a, **k: _in_graph(layer, a, k), *args, **kwargs)
    return _in_graph(layer, args, kwargs)


def _in_graph(layer: Any, args: Any, kwargs: Any) -> Any:
    leaves = tree.flatten((args, kwargs))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, (Tensor, KerasTensor))]

    def run(*arrays: Any) -> Any:
        filled = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            filled[place] = convert_to_tensor(array)
        args_now, kwargs_now = tree.pack_sequence_as((args, kwargs), filled)
        return layer.call(*args_now, **kwargs_now)

    # A trial with zeros tells what comes out.
    zeros = [np.zeros(leaves[i].shape, leaves[i].dtype) for i in places]
    with eager_scope():
        example = tree.map_structure(lambda v: np.asarray(v, _type_of(v)), run(*zeros))
    flat = tree.flatten(example)
    specs = [TensorSpec(tuple(v.shape), str(v.dtype)) for v in flat]

    def call(*arrays: Any) -> list[Any]:
        return [np.asarray(v, spec.dtype) for v, spec in zip(tree.flatten(run(*arrays)), specs, strict=True)]

    outputs = host_call(call, [leaves[i] for i in places], specs, name=layer.name)
    return tree.pack_sequence_as(example, list(outputs))


def _type_of(value: Any) -> str:
    kind = np.asarray(value).dtype
    return "float32" if kind == "float64" and not isinstance(value, Tensor) else str(kind)


def _warn(layer: Any) -> None:
    if layer.__dict__.get("_warned_of_host"):
        return
    object.__setattr__(layer, "_warned_of_host", True)
    warnings.warn(
        f"{type(layer).__name__} '{layer.name}' asks a traced tensor for its numbers, so its call() runs "
        f"in Python at "
        "every step, and no gradient flows through it. Written with axone.ops (or with NumPy's functions "
        "of the same "
        "names) it would run in the engine.",
        stacklevel=6,
    )
