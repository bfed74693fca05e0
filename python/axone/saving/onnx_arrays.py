"""Shapes, products, convolutions and pools in ONNX, opset 17."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone.saving.onnx_ops import FIRST, LAST, rule

__all__: list[str] = []

# -- shapes ------------------------------------------------------------------------------------------------


@rule("reshape")
def _reshape(e: Any, node: Any) -> dict[str, str]:
    shape = [a if a == b else -1 for a, b in zip(node.shape, node.other_shape, strict=True)]
    x = e.get(node.inputs[0])
    if shape.count(-1) > 1:
        return {LAST: e.add("Reshape", [x, e.sizes(node.shape, node.other_shape)])}
    if 0 in shape:
        raise ValueError("export: an empty tensor cannot be reshaped in ONNX.")
    return {LAST: e.add("Reshape", [x, e.constant(shape, "int64")])}


@rule("broadcast_to")
def _broadcast(e: Any, node: Any) -> dict[str, str]:
    return {LAST: e.add("Expand", [e.get(node.inputs[0]), e.sizes(node.shape, node.other_shape)])}


@rule("transpose")
def _transpose(e: Any, node: Any) -> dict[str, str]:
    return {LAST: e.add("Transpose", [e.get(node.inputs[0])], perm=list(node.attrs["perm"]))}


@rule("concatenate")
def _concatenate(e: Any, node: Any) -> dict[str, str]:
    axis, rank = int(node.attrs["axis"]), len(node.shape)
    if rank >= 3 and all(e.layout_of(i) == FIRST for i in node.inputs if i not in e.arrays):
        moved = {0: 0, rank - 1: 1}.get(axis, axis + 1)
        return {FIRST: e.add("Concat", [e.get(i, FIRST) for i in node.inputs], axis=moved)}
    return {LAST: e.add("Concat", [e.get(i) for i in node.inputs], axis=axis)}


@rule("slice")
def _slice(e: Any, node: Any) -> dict[str, str]:
    source = e.known[node.inputs[0]]
    starts, ends, axes, steps = [], [], [], []
    for axis, (start, size, step) in enumerate(
        zip(node.attrs["starts"], node.attrs["sizes"], node.attrs["steps"], strict=True)
    ):
        whole = start == 0 and step == 1 and size == source.shape[axis]
        if whole and node.other["sizes"][axis] == source.other_shape[axis]:
            continue
        left = source.shape[axis] - start - size
        if node.other["starts"][axis] != start or (step != 1 and node.other["sizes"][axis] != size):
            raise ValueError("export: a slice of the samples has no counterpart in ONNX here.")
        if node.other["sizes"][axis] != size:  # up to so many before the end, which is not known
            if source.other_shape[axis] - start - node.other["sizes"][axis] != left:
                raise ValueError("export: a slice of the samples has no counterpart in ONNX here.")
            starts.append(start)
            ends.append(-left if left else 2**31)
            axes.append(axis)
            steps.append(step)
            continue
        stop = start + (size - 1) * step + (1 if step > 0 else -1)
        starts.append(start)
        ends.append(stop if stop >= 0 else -(2**31))
        axes.append(axis)
        steps.append(step)
    if not axes:
        return {LAST: e.get(node.inputs[0])}
    numbers = [e.constant(values, "int64") for values in (starts, ends, axes, steps)]
    return {LAST: e.add("Slice", [e.get(node.inputs[0]), *numbers])}


@rule("flip")
def _flip(e: Any, node: Any) -> dict[str, str]:
    axes = list(node.attrs["axes"])
    values = ([-1] * len(axes), [-(2**31)] * len(axes), axes, [-1] * len(axes))
    return {LAST: e.add("Slice", [e.get(node.inputs[0]), *(e.constant(v, "int64") for v in values)])}


@rule("pad")
def _pad(e: Any, node: Any) -> dict[str, str]:
    low, high = list(node.attrs["low"]), list(node.attrs["high"])
    value = e.constant(np.array(node.attrs["value"], node.dtype))
    layout = e.layout_of(node.inputs[0])
    if layout == FIRST:
        low, high = ([v[0], v[-1], *v[1:-1]] for v in (low, high))
    pads = e.constant([*low, *high], "int64")
    return {layout: e.add("Pad", [e.get(node.inputs[0], layout), pads, value], mode="constant")}


@rule("repeat")
def _repeat(e: Any, node: Any) -> dict[str, str]:
    axis, count, source = node.attrs["axis"], node.attrs["repeats"], e.known[node.inputs[0]]
    wider = e.add("Unsqueeze", [e.get(node.inputs[0]), e.constant([axis + 1], "int64")])
    repeats = [1] * (len(source.shape) + 1)
    repeats[axis + 1] = count
    tiled = e.add("Tile", [wider, e.constant(repeats, "int64")])
    shape = [a if a == b else -1 for a, b in zip(node.shape, node.other_shape, strict=True)]
    return {LAST: e.add("Reshape", [tiled, e.constant(shape, "int64")])}


@rule("gather")
def _gather(e: Any, node: Any) -> dict[str, str]:
    return {LAST: e.add("Gather", [e.get(i) for i in node.inputs], axis=int(node.attrs["axis"]))}


@rule("take_along_axis")
def _take_along_axis(e: Any, node: Any) -> dict[str, str]:
    return {LAST: e.add("GatherElements", [e.get(i) for i in node.inputs], axis=int(node.attrs["axis"]))}


@rule("one_hot")
def _one_hot(e: Any, node: Any) -> dict[str, str]:
    depth = e.constant(node.attrs["depth"], "int64")
    return {LAST: e.add("OneHot", [e.get(node.inputs[0]), depth, e.constant(np.array([0, 1], node.dtype))])}


@rule("tril", "triu")
def _triangle(e: Any, node: Any) -> dict[str, str]:
    k = e.constant(node.attrs["k"], "int64")
    return {LAST: e.add("Trilu", [e.get(node.inputs[0]), k], upper=int(node.op == "triu"))}


# -- products ----------------------------------------------------------------------------------------------


@rule("matmul")
def _matmul(e: Any, node: Any) -> dict[str, str]:
    names = []
    for i, flag in zip(node.inputs, ("transpose_a", "transpose_b"), strict=True):
        name = e.get(i)
        if node.attrs.get(flag):
            rank = len(e.known[i].shape)
            perm = [*range(rank - 2), rank - 1, rank - 2]
            if i in e.arrays:
                name = e.constant(e.arrays[i].transpose(perm))
            else:
                name = e.add("Transpose", [name], perm=perm)
        names.append(name)
    return {LAST: e.add("MatMul", names)}


def _kernel(e: Any, value: int) -> str:
    """A kernel (*k, C, F) as ONNX wants it: (F, C, *k), the same for a convolution and its transpose."""
    rank = len(e.known[value].shape)
    perm = [rank - 1, rank - 2, *range(rank - 2)]
    if value in e.arrays:
        return str(e.constant(e.arrays[value].transpose(perm)))
    return str(e.add("Transpose", [e.get(value)], perm=perm))


def _window(node: Any) -> dict[str, Any]:
    low, high = list(node.attrs["pad_lo"]), list(node.attrs["pad_hi"])
    return {"strides": list(node.attrs["strides"]), "pads": [*low, *high]}


@rule("conv")
def _conv(e: Any, node: Any) -> dict[str, str]:
    x, w = node.inputs
    options = {**_window(node), "dilations": list(node.attrs["dilation"]), "group": int(node.attrs["groups"])}
    return {FIRST: e.add("Conv", [e.get(x, FIRST), _kernel(e, w)], **options)}


@rule("conv_input_grad")
def _conv_transpose(e: Any, node: Any) -> dict[str, str]:
    y, w = node.inputs
    spatial = range(1, len(node.shape) - 1)
    sizes = e.known[w].shape
    extra = []
    for i in spatial:
        stride, dilation = node.attrs["strides"][i - 1], node.attrs["dilation"][i - 1]
        reach = (e.known[y].shape[i] - 1) * stride + (sizes[i - 1] - 1) * dilation + 1
        extra.append(node.shape[i] - (reach - node.attrs["pad_lo"][i - 1] - node.attrs["pad_hi"][i - 1]))
    options = {**_window(node), "dilations": list(node.attrs["dilation"]), "group": int(node.attrs["groups"])}
    if any(value < 0 for value in extra):
        raise ValueError("export: this transposed convolution has no counterpart in ONNX.")
    names = [e.get(y, FIRST), _kernel(e, w)]
    return {FIRST: e.add("ConvTranspose", names, output_padding=extra, **options)}


@rule("max_pool_indexed", "avg_pool")
def _pool(e: Any, node: Any) -> dict[str, str]:
    options: dict[str, Any] = {**_window(node), "kernel_shape": list(node.attrs["window"])}
    if node.op == "avg_pool":
        options["count_include_pad"] = 0
    op = "MaxPool" if node.op == "max_pool_indexed" else "AveragePool"
    return {FIRST: e.add(op, [e.get(node.inputs[0], FIRST)], **options)}
