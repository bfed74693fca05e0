"""Recurrent layers and attention in ONNX, opset 17."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone.saving.onnx_ops import LAST, rule

__all__: list[str] = []

# Keras's order of gates -> ONNX's: i f c o -> i o f c; z r h and the single gate stay.
_ORDER = {"lstm": [0, 3, 1, 2], "gru": [0, 1, 2], "simple_rnn": [0]}
_NAMES = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "RNN"}


@rule("lstm", "gru", "simple_rnn")
def _recurrent(e: Any, node: Any) -> dict[str, str]:
    """The operation has the inputs' product outside; ONNX's has it inside."""
    if node.attrs["mask"]:
        raise ValueError("export: recurrent layers with masks have no counterpart in ONNX.")
    kernel_at = node.inputs[1]
    if kernel_at not in e.arrays:
        raise ValueError("export: a recurrent layer whose kernel is computed has no counterpart in ONNX.")
    order = _ORDER[node.op]
    recurrent = e.arrays[kernel_at]
    units = recurrent.shape[0]
    x, kernel, bias = _projection(e, node.inputs[0], len(order) * units)
    second = np.zeros(len(order) * units, recurrent.dtype)
    if node.attrs.get("bias"):
        second = e.arrays[node.inputs[-1]]
    biases = np.concatenate([_gates(bias, order, units), _gates(second, order, units)])
    first = e.constant([0], "int64")
    inputs = [
        e.add("Transpose", [x], perm=[1, 0, 2]),
        e.constant(_gates(kernel, order, units).T[None]),
        e.constant(_gates(recurrent, order, units).T[None]),
        e.constant(biases[None]),
        "",
        e.add("Unsqueeze", [e.get(node.inputs[2]), first]),
    ]
    if node.op == "lstm":
        inputs.append(e.add("Unsqueeze", [e.get(node.inputs[3]), first]))
    options: dict[str, Any] = {"hidden_size": units}
    if node.attrs["reverse"]:
        options["direction"] = "reverse"
    if node.op == "gru":
        options["linear_before_reset"] = 1
    outputs = e.add(_NAMES[node.op], inputs, 3 if node.op == "lstm" else 2, **options)
    which = node.value & 0x7FFFFFFF
    if which == 0:
        steps = e.add("Squeeze", [outputs[0], e.constant([1], "int64")])
        return {LAST: e.add("Transpose", [steps], perm=[1, 0, 2])}
    return {LAST: e.add("Squeeze", [outputs[which], first])}


def _gates(array: np.ndarray, order: list[int], units: int) -> np.ndarray:
    """The columns of gates in another order."""
    return np.concatenate([array[..., g * units : (g + 1) * units] for g in order], axis=-1)


def _projection(e: Any, value: int, width: int) -> tuple[str, np.ndarray, np.ndarray]:
    """Inputs, kernel and bias of `inputs @ kernel + bias`; the product itself where it looks otherwise."""
    node, bias = e.known[value], np.zeros(width, "float32")
    if node.op == "add" and node.inputs[1] in e.arrays and e.arrays[node.inputs[1]].shape == (width,):
        bias, node = e.arrays[node.inputs[1]], e.known[node.inputs[0]]
    if node.op == "reshape":
        product = e.known[node.inputs[0]]
        if product.op == "matmul" and product.inputs[1] in e.arrays and not any(product.attrs.values()):
            rows = e.known[product.inputs[0]]
            source = e.known[rows.inputs[0]] if rows.op == "reshape" else None
            if source is not None and source.shape[:2] == node.shape[:2] and len(source.shape) == 3:
                return e.get(source.value), e.arrays[product.inputs[1]], bias
    return e.get(value), np.eye(width, dtype="float32"), np.zeros(width, "float32")


@rule("attention")
def _attention(e: Any, node: Any) -> dict[str, str]:
    queries, keys = (e.known[i].shape for i in node.inputs[:2])
    q, k, v = (e.add("Transpose", [e.get(i)], perm=[0, 2, 1, 3]) for i in node.inputs[:3])
    groups = queries[2] // keys[2]
    if groups > 1:
        k, v = (_repeated_heads(e, name, groups) for name in (k, v))
    scores = e.add("MatMul", [q, e.add("Transpose", [k], perm=[0, 1, 3, 2])])
    scores = e.add("Mul", [scores, e.constant(np.array(node.attrs["scale"], node.dtype))])
    least = e.constant(np.array(-1e9, node.dtype))
    if node.attrs.get("mask"):
        scores = e.add("Where", [e.get(node.inputs[3]), scores, least])
    if node.attrs.get("causal"):
        allowed = np.tril(np.ones((queries[1], keys[1]), bool))
        scores = e.add("Where", [e.constant(allowed), scores, least])
    found = e.add("MatMul", [e.add("Softmax", [scores], axis=-1), v])
    return {LAST: e.add("Transpose", [found], perm=[0, 2, 1, 3])}


def _repeated_heads(e: Any, name: str, groups: int) -> str:
    """Heads of keys, each as often as there are heads of queries for it: (N, H, S, d) -> (N, H g, S, d)."""
    wide = e.add("Unsqueeze", [name, e.constant([2], "int64")])
    wide = e.add("Tile", [wide, e.constant([1, 1, groups, 1, 1], "int64")])
    shape = e.add("Shape", [name])
    batch, rest = (
        e.add("Slice", [shape, e.constant([a], "int64"), e.constant([b], "int64")])
        for a, b in ((0, 1), (2, 4))
    )
    return str(e.add("Reshape", [wide, e.add("Concat", [batch, e.constant([-1], "int64"), rest], axis=0)]))
