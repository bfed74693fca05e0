"""Convolution and pooling: functions, layers with their options, and training steps."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from recording import Cases, compact, rows

case = Cases()
SPACES = {1: (11,), 2: (9, 8), 3: (5, 6, 5)}


def _inputs(k: Any, rank: int, channels: int, first: bool = False) -> Any:
    space = SPACES[rank]
    return k.ops.convert_to_tensor(rows(rank, 2, *((channels, *space) if first else (*space, channels))))


def _weights(layer: Any) -> None:
    layer.set_weights([rows(100 + i, *w.shape) / 2 for i, w in enumerate(layer.weights)])


@case
def conv(k: Any) -> dict[str, Any]:
    found = {}
    grid = itertools.product((1, 2, 3), (1, 2, 3), (1, 2, 3), (1, 2), ("valid", "same"), (1, 2))
    for rank, size, stride, dilation, padding, groups in grid:
        if stride > 1 and dilation > 1:
            continue
        x, w = _inputs(k, rank, 4), rows(9, *[size] * rank, 4 // groups, 6)
        y = k.ops.conv(x, w, stride, padding, "channels_last", dilation)
        found[f"{rank}d {size} stride {stride} dilation {dilation} {padding} groups {groups}"] = compact(y)
    return found


@case
def depthwise(k: Any) -> dict[str, Any]:
    found = {}
    grid = itertools.product((1, 2), (1, 2, 3), (1, 2), (1, 2), ("valid", "same"), (1, 2))
    for rank, size, stride, dilation, padding, multiplier in grid:
        if stride > 1 and dilation > 1:
            continue
        x, w = _inputs(k, rank, 3), rows(9, *[size] * rank, 3, multiplier)
        name = f"{rank}d {size} stride {stride} dilation {dilation} {padding} times {multiplier}"
        found[name] = compact(k.ops.depthwise_conv(x, w, stride, padding, "channels_last", dilation))
        point = rows(10, *[1] * rank, 3 * multiplier, 5)
        found[f"separable {name}"] = compact(
            k.ops.separable_conv(x, w, point, stride, padding, "channels_last", dilation)
        )
    return found


@case
def transpose(k: Any) -> dict[str, Any]:
    found = {}
    grid = itertools.product((1, 2, 3), (1, 2, 3, 4), (1, 2, 3), (1, 2), ("valid", "same"), (None, 0, 1))
    for rank, size, stride, dilation, padding, more in grid:
        if (stride > 1 and dilation > 1) or (more is not None and more >= stride) or (rank == 3 and size > 3):
            continue
        x, w = _inputs(k, rank, 3), rows(9, *[size] * rank, 2, 3)
        y = k.ops.conv_transpose(x, w, stride, padding, more, "channels_last", dilation)
        found[f"{rank}d {size} stride {stride} dilation {dilation} {padding} {more}"] = compact(y)
    return found


@case
def pools(k: Any) -> dict[str, Any]:
    found = {}
    grid = itertools.product(("max", "average"), (1, 2, 3), (1, 2, 3), (1, 2, 3), ("valid", "same"))
    for kind, rank, size, stride, padding in grid:
        y = getattr(k.ops, f"{kind}_pool")(_inputs(k, rank, 3), (size,) * rank, (stride,) * rank, padding)
        found[f"{kind} {rank}d {size} {stride} {padding}"] = compact(y)
    for kind, rank, size in itertools.product(("max", "average"), (1, 2, 3), (1, 2, 3, 4)):
        y = getattr(k.ops, f"adaptive_{kind}_pool")(_inputs(k, rank, 3), (size,) * rank, "channels_last")
        found[f"adaptive {kind} {rank}d {size}"] = compact(y)
    return found


@case
def columns(k: Any) -> dict[str, Any]:
    found = {}
    x = rows(4, 2, 3, 7, 6)
    for size, dilation, padding, stride in itertools.product((2, 3), (1, 2), (0, 1), (1, 2)):
        y = k.ops.unfold(x, size, dilation, padding, stride)
        found[f"unfold {size} {dilation} {padding} {stride}"] = compact(y)
        if all((n + 2 * padding - (size - 1) * dilation - 1) % stride == 0 for n in (7, 6)):
            z = k.ops.fold(y, (7, 6), size, dilation, padding, stride)
            found[f"fold {size} {dilation} {padding} {stride}"] = compact(z)
    for layout, shape in (("channels_last", (2, 4, 6, 8)), ("channels_first", (2, 8, 4, 6))):
        found[f"depth_to_space {layout}"] = compact(k.ops.depth_to_space(rows(5, *shape), 2, layout))
        found[f"space_to_depth {layout}"] = compact(k.ops.space_to_depth(rows(5, *shape), 2, layout))
    return found


# layer, options, channels of the input
LAYERS: list[tuple[str, dict[str, Any], int]] = [
    ("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, 4),
    ("Conv1D", {"filters": 3, "kernel_size": 2, "padding": "causal", "strides": 2, "activation": "tanh"}, 4),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "groups": 2, "use_bias": False}, 4),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "activation": "relu"}, 2),
    ("Conv2D", {"filters": 3, "kernel_size": (3, 2), "strides": (1, 2), "padding": "same"}, 2),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "dilation_rate": (2, 1), "groups": 2}, 4),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "kernel_regularizer": "l2", "bias_regularizer": "l1"}, 2),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "kernel_constraint": "max_norm", "padding": "SAME"}, 2),
    ("Conv2D", {"filters": 3, "kernel_size": 1, "activity_regularizer": "l2"}, 2),
    ("Conv3D", {"filters": 3, "kernel_size": 2, "strides": 2, "padding": "same"}, 2),
    ("Conv3D", {"filters": 2, "kernel_size": (1, 3, 2), "activation": "elu"}, 2),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, 2),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "activation": "relu"}, 2),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": (2, 3), "strides": (2, 1), "padding": "same"}, 2),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "output_padding": 1}, 2),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "dilation_rate": 2, "use_bias": False}, 2),
    ("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2, "padding": "same"}, 2),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, 3),
    ("DepthwiseConv2D", {"kernel_size": 3, "padding": "same", "strides": 2}, 3),
    ("DepthwiseConv2D", {"kernel_size": (2, 3), "depth_multiplier": 2, "activation": "relu"}, 3),
    ("DepthwiseConv2D", {"kernel_size": 3, "depthwise_regularizer": "l2", "use_bias": False}, 3),
    ("SeparableConv1D", {"filters": 4, "kernel_size": 3, "padding": "same"}, 3),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "depth_multiplier": 2}, 3),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "pointwise_regularizer": "l1", "strides": 2}, 3),
    ("MaxPooling1D", {}, 3),
    ("MaxPooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, 3),
    ("MaxPooling2D", {"pool_size": (2, 3), "strides": 1}, 3),
    ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, 3),
    ("MaxPooling3D", {"pool_size": (1, 2, 2)}, 3),
    ("AveragePooling1D", {"pool_size": 3, "padding": "same"}, 3),
    ("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, 3),
    ("AveragePooling3D", {"pool_size": 2}, 3),
    *[(f"Global{kind}Pooling{rank}D", {}, 3) for kind in ("Max", "Average") for rank in (1, 2, 3)],
    *[(f"Global{kind}Pooling2D", {"keepdims": True}, 3) for kind in ("Max", "Average")],
    *[
        (f"Adaptive{kind}Pooling{rank}D", {"output_size": 3}, 3)
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    ],
    ("UpSampling1D", {"size": 3}, 3),
    ("UpSampling2D", {"size": (2, 3)}, 3),
    ("UpSampling2D", {"size": 2, "interpolation": "bilinear"}, 3),
    ("UpSampling2D", {"size": (3, 2), "interpolation": "bicubic"}, 3),
    ("UpSampling2D", {"size": 2, "interpolation": "lanczos3"}, 3),
    ("UpSampling2D", {"size": 2, "interpolation": "lanczos5"}, 3),
    ("UpSampling3D", {"size": (1, 2, 3)}, 2),
    ("ZeroPadding1D", {"padding": 2}, 3),
    ("ZeroPadding1D", {"padding": (1, 0)}, 3),
    ("ZeroPadding2D", {"padding": (1, 2)}, 3),
    ("ZeroPadding2D", {"padding": ((1, 0), (2, 3))}, 3),
    ("ZeroPadding3D", {"padding": (1, 0, 2)}, 3),
    ("Cropping1D", {"cropping": (1, 2)}, 3),
    ("Cropping2D", {"cropping": ((1, 2), (0, 3))}, 3),
    ("Cropping3D", {"cropping": 1}, 3),
    ("SpatialDropout1D", {"rate": 0.5}, 3),
    ("SpatialDropout2D", {"rate": 0.5}, 3),
    ("SpatialDropout3D", {"rate": 0.5}, 3),
]


def _rank(name: str) -> int:
    return int(name.removesuffix("Transpose")[-2])


@case
def layers(k: Any) -> dict[str, Any]:
    found = {}
    for name, options, channels in LAYERS:
        layer = getattr(k.layers, name)(**options)
        x = _inputs(k, _rank(name), channels)
        layer.build(tuple(x.shape))
        _weights(layer)
        symbolic = layer(k.Input((*[None] * _rank(name), channels)))
        config = layer.get_config()
        found[f"{name} {options}"] = {
            "names": [w.path.split("/")[-1] for w in layer.weights],
            "shapes": [list(w.shape) for w in layer.weights],
            "symbolic": [-1 if n is None else n for n in symbolic.shape],
            "static": list(layer.compute_output_shape(tuple(x.shape))),
            "output": compact(layer(x)),
            "config": sorted(set(config) - {"dtype", "name", "trainable", "activity_regularizer"}),
        }
    return found


@case
def fits(k: Any) -> dict[str, Any]:
    found = {}
    for name, options, channels in LAYERS:
        if "Dropout" in name:
            continue
        rank = _rank(name)
        space = SPACES[rank]
        layer = getattr(k.layers, name)(**options)
        model = k.Sequential([
            k.Input((*space, channels)),
            getattr(k.layers, f"Conv{rank}D")(channels, 1, name="first"),
            layer,
            k.layers.Flatten(),
            k.layers.Dense(2, name="last"),
        ])  # fmt: skip
        for part in model.layers:
            _weights(part)
        model.layers[-1].set_weights([w * 0.02 for w in model.layers[-1].get_weights()])
        model.compile(k.optimizers.SGD(0.001), "mse")
        x, y = rows(8, 8, *space, channels), rows(9, 8, 2)
        history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        found[f"{name} {options}"] = [
            [float(v) for v in history.history["loss"]],
            *(compact(w) for w in model.get_weights()),
        ]
    return found


@case
def masked_mean(k: Any) -> Any:
    x, mask = rows(1, 3, 4, 2), np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 0, 1]], bool)
    return compact(k.layers.GlobalAveragePooling1D()(k.ops.convert_to_tensor(x), mask=mask))
