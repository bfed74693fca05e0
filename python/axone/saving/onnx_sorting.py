"""Sorting and scattering in ONNX, opset 17, written and read."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.saving.onnx_nodes import Inputs, node
from axone.saving.onnx_ops import LAST, rule

__all__: list[str] = []

# Opset 17's ScatterND knows no largest or smallest.
_REDUCTIONS = {"update": "none", "add": "add", "multiply": "mul"}


@rule("sort", "argsort", "top_k")
def _sorted(e: Any, at: Any) -> dict[str, str]:
    """All of them are TopK; equal values keep their order there, too."""
    shape = e.known[at.inputs[0]].shape
    axis = int(at.attrs.get("axis", -1)) % len(shape)
    count = at.attrs["k"] if at.op == "top_k" else shape[axis]
    if at.op != "top_k" and at.shape[axis] != at.other_shape[axis]:
        raise ValueError("export: sorting along the samples has no counterpart, since their number is free.")
    largest = int(at.op == "top_k" or bool(at.attrs.get("descending")))
    inputs = [e.get(at.inputs[0]), e.constant([int(count)], "int64")]
    values, places = e.add("TopK", inputs, 2, axis=axis, largest=largest, sorted=1)
    wants_places = at.op == "argsort" or (at.op == "top_k" and at.value & 0x7FFFFFFF == 1)
    if not wants_places:
        return {LAST: values}
    return {LAST: places if at.dtype == "int64" else e.add("Cast", [places], to=e.element(at.dtype))}


@rule("scatter_add", "scatter_reduce")
def _scattered(e: Any, at: Any) -> dict[str, str]:
    """Rows added to, or put into, those at given places of a target."""
    kind = "add" if at.op == "scatter_add" else str(at.attrs["kind"])
    if kind not in _REDUCTIONS:
        raise ValueError(f"export: scattering by '{kind}' has no counterpart in opset 17.")
    rank = len(at.shape)
    axis = int(at.attrs.get("axis", 0)) % rank
    target, places, rows = (e.get(i) for i in at.inputs)
    there = [axis, *(k for k in range(rank) if k != axis)]
    if axis:
        target, rows = (e.add("Transpose", [name], perm=there) for name in (target, rows))
    places = e.add("Unsqueeze", [places, e.constant([-1], "int64")])
    found = e.add("ScatterND", [target, places, rows], reduction=_REDUCTIONS[kind])
    if axis:
        found = e.add("Transpose", [found], perm=[there.index(k) for k in range(rank)])
    return {LAST: found}


@rule("isfinite")
def _is_finite(e: Any, at: Any) -> dict[str, str]:
    x = e.get(at.inputs[0])
    return {LAST: e.add("Not", [e.add("Or", [e.add("IsNaN", [x]), e.add("IsInf", [x])])])}


@node("TopK")
def _top_k(i: Inputs, a: dict[str, Any]) -> Any:
    x, count = i[0].plain(), int(i[1].numbers()[0])
    axis = int(a.get("axis", -1)) % i[0].rank
    order = ops.argsort(x if not a.get("largest", 1) else _opposite(x), axis=axis)
    places = ops.take(order, range(count), axis=axis)
    return [ops.take_along_axis(x, places, axis=axis), ops.cast(places, "int64")]


def _opposite(x: Any) -> Any:
    """Numbers in the opposite order; for integers without the sign's overflow."""
    return -x if ops.convert_to_tensor(x).dtype.startswith("float") else -1 - x


@node("ScatterND")
def _scatter_nd(i: Inputs, a: dict[str, Any]) -> Any:
    kind = a.get("reduction", "none")
    target, places, rows = (value.plain() for value in i)
    return ops.scatter_update(target, places, rows, reduction=None if kind == "none" else kind)
