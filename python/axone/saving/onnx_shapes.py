"""ONNX's operations on shapes, windows and sequences, with `axone.ops`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from axone import ops
from axone.saving.onnx_nodes import MAX_KNOWN, Inputs, Value, node

__all__: list[str] = []


@node("Shape")
def _shape(i: Inputs, a: dict[str, Any]) -> Any:
    shape = tuple(i[0].plain().shape)
    return np.array(shape[a.get("start", 0) : a.get("end", len(shape))], "int64")


@node("Reshape")
def _reshape(i: Inputs, a: dict[str, Any]) -> Any:
    x = i[0].plain()
    shape = [int(v) for v in i[1].numbers()]
    if not a.get("allowzero"):
        shape = [x.shape[k] if v == 0 else v for k, v in enumerate(shape)]
    return ops.reshape(x, tuple(shape))


@node("Flatten")
def _flatten(i: Inputs, a: dict[str, Any]) -> Any:
    x, axis = i[0].plain(), a.get("axis", 1)
    rows = int(np.prod(x.shape[:axis], dtype=np.int64)) if axis else 1
    return ops.reshape(x, (rows, -1))


@node("Transpose")
def _transpose(i: Inputs, a: dict[str, Any]) -> Any:
    perm = tuple(a.get("perm") or reversed(range(i[0].rank)))
    if i[0].last and perm == (0, *range(2, i[0].rank), 1):
        return i[0].array
    return ops.transpose(i[0].plain(), perm)


def _axes(i: Inputs, a: dict[str, Any]) -> list[int]:
    return [int(v) for v in i[1].numbers()] if len(i) > 1 and i[1] is not None else list(a.get("axes") or [])


@node("Squeeze")
def _squeeze(i: Inputs, a: dict[str, Any]) -> Any:
    x, axes = i[0].plain(), _axes(i, a)
    return ops.squeeze(x, tuple(axes) if axes else None)


@node("Unsqueeze")
def _unsqueeze(i: Inputs, a: dict[str, Any]) -> Any:
    x, axes = i[0].plain(), _axes(i, a)
    rank = i[0].rank + len(axes)
    for axis in sorted(v % rank for v in axes):
        x = ops.expand_dims(x, axis)
    return x


@node("Concat")
def _concat(i: Inputs, a: dict[str, Any]) -> Any:
    axis, rank = a["axis"], i[0].rank
    if all(v.last for v in i):
        moved = {0: 0, 1: rank - 1}.get(axis % rank, axis % rank - 1)
        return Value(ops.concatenate([v.array for v in i], axis=moved), True)
    return ops.concatenate([v.plain() for v in i], axis=axis)


@node("Split")
def _split(i: Inputs, a: dict[str, Any]) -> Any:
    x, axis = i[0].plain(), a.get("axis", 0)
    sizes = a.get("split")
    if len(i) > 1 and i[1] is not None:
        sizes = [int(v) for v in i[1].numbers()]
    if sizes is None:
        raise ValueError("Split without sizes is not supported")
    return list(ops.split(x, [int(v) for v in np.cumsum(sizes)[:-1]], axis=axis))


@node("Slice")
def _slice(i: Inputs, a: dict[str, Any]) -> Any:
    x = i[0].plain()
    if len(i) > 1:
        given = [[int(v) for v in value.numbers()] if value is not None else None for value in i[1:]]
        starts, ends, axes, steps = (*given, None, None, None, None)[:4]
    else:
        starts, ends, axes, steps = a["starts"], a["ends"], a.get("axes"), None
    assert starts is not None and ends is not None
    axes = axes or list(range(len(starts)))
    steps = steps or [1] * len(starts)
    cut = [slice(None)] * i[0].rank
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        size = int(x.shape[axis])
        bound = None if (step < 0 and end < -size) or (step > 0 and end > size) else end
        cut[axis] = slice(None if step < 0 and start >= size else start, bound, step)
    return x[tuple(cut)]


@node("Gather")
def _gather(i: Inputs, a: dict[str, Any]) -> Any:
    return ops.take(i[0].plain(), i[1].plain(), axis=a.get("axis", 0))


@node("GatherElements")
def _gather_elements(i: Inputs, a: dict[str, Any]) -> Any:
    return ops.take_along_axis(i[0].plain(), i[1].plain(), axis=a.get("axis", 0))


@node("Expand")
def _expand(i: Inputs, a: dict[str, Any]) -> Any:
    x = i[0].plain()
    return ops.broadcast_to(x, np.broadcast_shapes(tuple(x.shape), tuple(int(v) for v in i[1].numbers())))


@node("Tile")
def _tile(i: Inputs, a: dict[str, Any]) -> Any:
    return ops.tile(i[0].plain(), tuple(int(v) for v in i[1].numbers()))


@node("ConstantOfShape")
def _constant_of_shape(i: Inputs, a: dict[str, Any]) -> Any:
    value = np.asarray(a.get("value", [0.0])).reshape(-1)[0]
    sizes = [int(v) for v in i[0].numbers()]
    if math.prod(sizes) > MAX_KNOWN:
        raise ValueError(f"ConstantOfShape {sizes} is too large")
    return np.full(sizes, value)


@node("Range")
def _range(i: Inputs, a: dict[str, Any]) -> Any:
    start, stop, step = (v.numbers()[0] for v in i)
    if step == 0 or abs((stop - start) / step) > MAX_KNOWN:
        raise ValueError("Range is too long")
    return np.arange(start, stop, step, dtype=i[0].array.dtype)


@node("OneHot")
def _one_hot(i: Inputs, a: dict[str, Any]) -> Any:
    depth = int(i[1].numbers()[0])
    off, on = i[2].numbers()
    hot = ops.one_hot(ops.cast(i[0].plain(), "int32"), depth, axis=a.get("axis", -1))
    return hot * (on - off) + off


@node("Trilu")
def _trilu(i: Inputs, a: dict[str, Any]) -> Any:
    k = int(i[1].numbers()[0]) if len(i) > 1 and i[1] is not None else 0
    return (ops.triu if a.get("upper", 1) else ops.tril)(i[0].plain(), k)


@node("Pad")
def _pad(i: Inputs, a: dict[str, Any]) -> Any:
    pads = a.get("pads") or [int(v) for v in i[1].numbers()]
    value = a.get("value", 0.0)
    if len(i) > 2 and i[2] is not None:
        value = i[2].numbers()[0]
    mode = a.get("mode", "constant")
    if mode not in ("constant", "reflect"):
        raise ValueError(f"Pad with mode '{mode}' is not supported")
    half = len(pads) // 2
    widths = list(zip(pads[:half], pads[half:], strict=True))
    if i[0].last:
        widths = [widths[0], *widths[2:], widths[1]]
    extra = {"constant_values": value} if mode == "constant" else {}
    return Value(ops.pad(i[0].array, widths, mode=mode, **extra), i[0].last)


# -- windows -------------------------------------------------------------------------------------------------


def _padding(sizes: Any, window: list[int], a: dict[str, Any]) -> list[tuple[int, int]]:
    """Rows and columns to add, which ONNX states, or says how to find."""
    axes = len(window)
    auto = a.get("auto_pad", "NOTSET")
    if auto in ("NOTSET", ""):
        pads = a.get("pads") or [0] * (2 * axes)
        return list(zip(pads[:axes], pads[axes:], strict=True))
    if auto == "VALID":
        return [(0, 0)] * axes
    strides, dilations = a.get("strides") or [1] * axes, a.get("dilations") or [1] * axes
    found = []
    for size, k, stride, dilation in zip(sizes, window, strides, dilations, strict=True):
        total = max(0, (-(-size // stride) - 1) * stride + (k - 1) * dilation + 1 - size)
        low = total // 2 if auto == "SAME_UPPER" else total - total // 2
        found.append((low, total - low))
    return found


@node("Conv")
def _conv(i: Inputs, a: dict[str, Any]) -> Value:
    x, kernel = i[0].channels_last(), i[1].plain()
    rank = i[0].rank
    kernel = ops.transpose(kernel, (*range(2, rank), 1, 0))
    widths = _padding(x.shape[1:-1], list(kernel.shape[:-2]), a)
    if any(v for pair in widths for v in pair):
        x = ops.pad(x, [(0, 0), *widths, (0, 0)])
    y = ops.conv(
        x,
        kernel,
        strides=tuple(a.get("strides") or [1] * (rank - 2)),
        padding="valid",
        data_format="channels_last",
        dilation_rate=tuple(a.get("dilations") or [1] * (rank - 2)),
    )
    return Value(y + i[2].array if len(i) > 2 and i[2] is not None else y, True)


@node("ConvTranspose")
def _conv_transpose(i: Inputs, a: dict[str, Any]) -> Value:
    if a.get("group", 1) != 1 or a.get("auto_pad", "NOTSET") != "NOTSET" or a.get("output_shape"):
        raise ValueError("ConvTranspose with groups, auto_pad or output_shape is not supported")
    x, rank = i[0].channels_last(), i[0].rank
    axes = rank - 2
    kernel = ops.transpose(i[1].plain(), (*range(2, rank), 1, 0))
    strides, pads = a.get("strides") or [1] * axes, a.get("pads") or [0] * (2 * axes)
    extra = a.get("output_padding") or [0] * axes
    dilation = tuple(a.get("dilations") or [1] * axes)
    y = ops.conv_transpose(
        x,
        kernel,
        strides=tuple(strides),
        padding="valid",
        output_padding=None,
        data_format="channels_last",
        dilation_rate=dilation,
    )
    cut = [slice(None)]
    for k in range(axes):
        full = (x.shape[k + 1] - 1) * strides[k] + (kernel.shape[k] - 1) * dilation[k] + 1
        missing = full - y.shape[k + 1]
        y = ops.pad(y, [(0, max(0, missing) + extra[k]) if n == k + 1 else (0, 0) for n in range(rank)])
        cut.append(slice(pads[k], full + extra[k] - pads[axes + k]))
    y = y[tuple(cut)]
    return Value(y + i[2].array if len(i) > 2 and i[2] is not None else y, True)


def _pooling(average: bool) -> Any:
    def run(i: Inputs, a: dict[str, Any]) -> Value:
        x, window = i[0].channels_last(), list(a["kernel_shape"])
        axes = len(window)
        strides = list(a.get("strides") or [1] * axes)
        if any(v != 1 for v in a.get("dilations") or []):
            raise ValueError("pools with dilation are not supported")
        widths = _padding(x.shape[1:-1], window, a)
        if a.get("ceil_mode"):
            widths = [
                (low, high + (-(size + low + high - k) % stride))
                for (low, high), size, k, stride in zip(widths, x.shape[1:-1], window, strides, strict=True)
            ]
        pads = [(0, 0), *widths, (0, 0)]
        padded = any(v for pair in widths for v in pair)
        if not average:
            if padded:
                x = ops.pad(x, pads, constant_values=-np.inf)
            return Value(ops.max_pool(x, tuple(window), tuple(strides), "valid", "channels_last"), True)
        shape = x.shape
        if padded:
            x = ops.pad(x, pads)
        y = ops.average_pool(x, tuple(window), tuple(strides), "valid", "channels_last")
        if padded and not a.get("count_include_pad"):
            ones = ops.pad(ops.ones((1, *shape[1:-1], 1), dtype=x.dtype), pads)
            y = y / ops.average_pool(ones, tuple(window), tuple(strides), "valid", "channels_last")
        return Value(y, True)

    return run


node("MaxPool")(_pooling(False))
node("AveragePool")(_pooling(True))


@node("GlobalAveragePool")
def _global_average(i: Inputs, a: dict[str, Any]) -> Value:
    return Value(ops.mean(i[0].channels_last(), axis=tuple(range(1, i[0].rank - 1)), keepdims=True), True)


@node("GlobalMaxPool")
def _global_max(i: Inputs, a: dict[str, Any]) -> Value:
    return Value(ops.max(i[0].channels_last(), axis=tuple(range(1, i[0].rank - 1)), keepdims=True), True)


# -- sequences -----------------------------------------------------------------------------------------------


def _steps(i: Inputs, a: dict[str, Any], gates: int, step: Any) -> list[Any]:
    """Run a recurrent cell over (time, batch, features), forwards and backwards as `direction` says.

    Args:
        i: inputs: x, W, R, B, lengths, first state, first cell state.
        a: attributes.
        gates: rows of W are `gates` times the hidden size.
        step: function of (projected input, states, R, bias of R) to new states; the first is put out.
    """
    x, kernel, recurrent = (v.plain() for v in i[:3])
    if len(i) > 4 and i[4] is not None:
        raise ValueError("sequences of several lengths are not supported")
    if a.get("activations") or a.get("clip") or a.get("layout"):
        raise ValueError("recurrent layers with other activations, clip or layout are not supported")
    units, directions = recurrent.shape[2], kernel.shape[0]
    bias = i[3].plain() if len(i) > 3 and i[3] is not None else ops.zeros((directions, 2 * gates * units))
    reverse = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[
        a.get("direction", "forward")
    ]
    count = 2 if gates == 4 else 1
    outputs, last = [], []
    for d, backwards in enumerate(reverse):
        projected = ops.matmul(x, ops.transpose(kernel[d])) + bias[d, : gates * units]
        given = [
            i[5 + k].plain()[d] if len(i) > 5 + k and i[5 + k] is not None else None for k in range(count)
        ]
        states = [ops.zeros((x.shape[1], units)) if s is None else s for s in given]
        made = []
        for t in reversed(range(x.shape[0])) if backwards else range(x.shape[0]):
            states = step(projected[t], states, ops.transpose(recurrent[d]), bias[d, gates * units :])
            made.append(states[0])
        outputs.append(ops.stack(made[::-1] if backwards else made, axis=0))
        last.append(states)
    return [ops.stack(outputs, axis=1), *(ops.stack([s[k] for s in last], axis=0) for k in range(count))]


@node("LSTM")
def _lstm(i: Inputs, a: dict[str, Any]) -> Any:
    def step(x: Any, states: Any, recurrent: Any, bias: Any) -> list[Any]:
        h, c = states
        i_, o, f, g = ops.split(x + ops.matmul(h, recurrent) + bias, 4, axis=-1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i_) * ops.tanh(g)
        return [ops.sigmoid(o) * ops.tanh(c), c]

    return _steps(i, a, 4, step)


@node("GRU")
def _gru(i: Inputs, a: dict[str, Any]) -> Any:
    after = bool(a.get("linear_before_reset"))

    def step(x: Any, states: Any, recurrent: Any, bias: Any) -> list[Any]:
        (h,) = states
        units = h.shape[-1]
        gates = ops.sigmoid(x[:, : 2 * units] + ops.matmul(h, recurrent[:, : 2 * units]) + bias[: 2 * units])
        z, r = gates[:, :units], gates[:, units:]
        weight, shift = recurrent[:, 2 * units :], bias[2 * units :]
        inner = r * (ops.matmul(h, weight) + shift) if after else ops.matmul(r * h, weight) + shift
        n = ops.tanh(x[:, 2 * units :] + inner)
        return [(1.0 - z) * n + z * h]

    return _steps(i, a, 3, step)


@node("RNN")
def _rnn(i: Inputs, a: dict[str, Any]) -> Any:
    return _steps(i, a, 1, lambda x, s, r, b: [ops.tanh(x + ops.matmul(s[0], r) + b)])
