"""Convolution, pooling and resampling layers: configurations, formats, wrong calls, training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import axone
from axone import Input, Sequential, layers

SPACE = {1: (11,), 2: (9, 8), 3: (5, 6, 5)}
# layer, options: one for every class, options other than the defaults
LAYERS: list[tuple[str, dict[str, Any]]] = [
    *[
        (f"Conv{r}D", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "groups": 2})
        for r in (1, 2, 3)
    ],
    ("Conv1D", {"filters": 3, "kernel_size": 2, "padding": "causal", "dilation_rate": 3}),
    ("Conv2D", {"filters": 3, "kernel_size": (2, 3), "activation": "softmax", "use_bias": False}),
    *[
        (f"Conv{r}DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "output_padding": 1})
        for r in (1, 2, 3)
    ],
    *[
        (f"DepthwiseConv{r}D", {"kernel_size": 3, "depth_multiplier": 2, "activation": "relu"})
        for r in (1, 2)
    ],
    *[(f"SeparableConv{r}D", {"filters": 5, "kernel_size": 2, "padding": "same"}) for r in (1, 2)],
    *[
        (f"{kind}Pooling{r}D", {"pool_size": 3, "strides": 2, "padding": "same"})
        for kind in ("Max", "Average")
        for r in (1, 2, 3)
    ],
    *[(f"Global{kind}Pooling{r}D", {"keepdims": True}) for kind in ("Max", "Average") for r in (1, 2, 3)],
    *[(f"Adaptive{kind}Pooling{r}D", {"output_size": 3}) for kind in ("Max", "Average") for r in (1, 2, 3)],
    *[(f"UpSampling{r}D", {"size": 2}) for r in (1, 2, 3)],
    ("UpSampling2D", {"size": (2, 3), "interpolation": "bicubic"}),
    *[(f"ZeroPadding{r}D", {"padding": 2}) for r in (1, 2, 3)],
    ("ZeroPadding2D", {"padding": ((1, 0), (2, 3))}),
    *[(f"Cropping{r}D", {"cropping": 1}) for r in (1, 2, 3)],
    *[(f"SpatialDropout{r}D", {"rate": 0.4, "seed": 1}) for r in (1, 2, 3)],
]
WITHOUT_FORMAT = ("UpSampling1D", "Cropping1D", "SpatialDropout1D")


def rank_of(name: str) -> int:
    return int(name.removesuffix("Transpose")[-2])


def made(name: str, options: dict[str, Any]) -> Any:
    return getattr(layers, name)(**options)


def draw(name: str, channels: int = 4) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, *SPACE[rank_of(name)], channels)).astype("float32")


@pytest.mark.parametrize(("name", "options"), LAYERS, ids=lambda v: v if isinstance(v, str) else "")
def test_configuration_and_shapes(name: str, options: dict[str, Any]) -> None:
    layer, x = made(name, options), draw(name)
    y = np.asarray(layer(x))
    again = type(layer).from_config(layer.get_config())
    again(x)
    again.set_weights(layer.get_weights())
    assert np.array_equal(np.asarray(again(x)), y) and again.get_config() == layer.get_config()
    revived = layers.deserialize(layers.serialize(layer))
    assert type(revived) is type(layer) and revived.get_config() == layer.get_config()
    assert layer.compute_output_shape(x.shape) == y.shape
    free = made(name, options)(Input((*[None] * rank_of(name), 4)))
    assert len(free.shape) == y.ndim
    assert all(n in (None, m) for n, m in zip(free.shape, y.shape, strict=True))
    fixed = made(name, options)(Input(x.shape[1:]))
    assert fixed.shape == (None, *y.shape[1:])


# Softmax is taken along the last axis, wherever the channels are.
WITH_FORMAT = [
    (name, options)
    for name, options in LAYERS
    if name not in WITHOUT_FORMAT and options.get("activation") != "softmax"
]


@pytest.mark.parametrize(("name", "options"), WITH_FORMAT, ids=lambda v: v if isinstance(v, str) else "")
def test_channels_first(name: str, options: dict[str, Any]) -> None:
    x, last = draw(name), made(name, options)
    y = np.asarray(last(x))
    first = made(name, {**options, "data_format": "channels_first"})
    moved = np.moveaxis(x, -1, 1)
    first(moved)
    first.set_weights(last.get_weights())
    got = np.asarray(first(moved))
    np.testing.assert_allclose(np.moveaxis(got, 1, -1), y, rtol=1e-5, atol=1e-6)
    assert first.compute_output_shape(moved.shape) == got.shape


@pytest.mark.parametrize(("name", "options"), LAYERS, ids=lambda v: v if isinstance(v, str) else "")
def test_gradients_reach_inputs_and_weights(name: str, options: dict[str, Any]) -> None:
    layer = made(name, {**options, "dtype": "float64"})
    x = draw(name).astype("float64")
    layer(x)
    weights = layer.trainable_weights
    with axone.GradientTape() as tape:
        t = axone.ops.convert_to_tensor(x)
        tape.watch(t)
        loss = axone.ops.sum(axone.ops.sin(layer(t)))
    found = tape.gradient(loss, [t, *weights])
    assert all(g is not None and np.isfinite(np.asarray(g)).all() for g in found)
    # A step along the gradient changes the loss by its square, to first order.
    step = 1e-6

    def value(sign: float) -> float:
        moved = x + sign * step * np.asarray(found[0])
        return float(axone.ops.sum(axone.ops.sin(layer(moved))))

    slope = (value(1) - value(-1)) / (2 * step)
    np.testing.assert_allclose(slope, (np.asarray(found[0]) ** 2).sum(), rtol=1e-4)


def test_aliases_are_the_same_classes() -> None:
    for d in (1, 2, 3):
        assert getattr(layers, f"Convolution{d}D") is getattr(layers, f"Conv{d}D")
        assert getattr(layers, f"MaxPool{d}D") is getattr(layers, f"MaxPooling{d}D")
        assert getattr(layers, f"AvgPool{d}D") is getattr(layers, f"AveragePooling{d}D")
        assert getattr(layers, f"GlobalAvgPool{d}D") is getattr(layers, f"GlobalAveragePooling{d}D")
        assert getattr(layers, f"GlobalMaxPool{d}D") is getattr(layers, f"GlobalMaxPooling{d}D")
    assert layers.SeparableConvolution2D is layers.SeparableConv2D
    assert layers.Convolution2DTranspose is layers.Conv2DTranspose


def test_names_and_weights_are_keras_own() -> None:
    model = Sequential([
        Input((12, 12, 3)),
        layers.Conv2D(4, 3),
        layers.SeparableConv2D(5, 3),
        layers.MaxPooling2D(),
        layers.Conv2DTranspose(2, 2),
    ])  # fmt: skip
    assert [layer.name for layer in model.layers] == [
        "conv2d",
        "separable_conv2d",
        "max_pooling2d",
        "conv2d_transpose",
    ] or all(layer.name.startswith(("conv2d", "sep", "max")) for layer in model.layers)
    shapes = [tuple(w.shape) for w in model.weights]
    assert shapes == [(3, 3, 3, 4), (4,), (3, 3, 4, 1), (1, 1, 4, 5), (5,), (2, 2, 2, 5), (2,)]
    last = [w.path.split("/")[-1] for w in model.weights]
    assert last == ["kernel", "bias", "depthwise_kernel", "pointwise_kernel", "bias", "kernel", "bias"]


def test_causal_outputs_do_not_see_later_inputs() -> None:
    layer = layers.Conv1D(3, 3, padding="causal", dilation_rate=2)
    x = np.random.default_rng(0).normal(size=(1, 12, 2)).astype("float32")
    before = np.asarray(layer(x))
    x[:, 7:] += 1
    after = np.asarray(layer(x))
    assert np.array_equal(before[:, :7], after[:, :7]) and not np.allclose(before[:, 7:], after[:, 7:])


def test_spatial_dropout_drops_whole_channels() -> None:
    x = np.ones((4, 6, 5, 8), "float32")
    y = np.asarray(layers.SpatialDropout2D(0.5, seed=1)(x, training=True))
    assert set(np.unique(y)) == {0.0, 2.0}
    assert np.array_equal(y, np.broadcast_to(y[:, :1, :1], y.shape))
    assert np.array_equal(np.asarray(layers.SpatialDropout2D(0.5)(x)), x)


def test_global_average_takes_the_mask() -> None:
    x = np.arange(24.0, dtype="float32").reshape(2, 4, 3)
    mask = np.array([[True, True, False, False], [False, True, True, True]])
    y = np.asarray(layers.GlobalAveragePooling1D()(x, mask=mask))
    np.testing.assert_allclose(y, [x[0, :2].mean(0), x[1, 1:].mean(0)])
    model = Sequential([Input((4, 3)), layers.Masking(), layers.GlobalAveragePooling1D()])
    x[0, 2:] = 0
    np.testing.assert_allclose(model.predict(x, verbose=0)[0], x[0, :2].mean(0))


C = {"filters": 4, "kernel_size": 3}
WRONG: list[tuple[str, dict[str, Any], tuple[int, ...] | None, str]] = [
    (
        "Conv2D",
        {"filters": 0, "kernel_size": 3},
        None,
        "Conv2D 'c': filters must be a positive",
    ),
    ("Conv2D", {"filters": 4, "kernel_size": 0}, None, "Conv2D 'c': `kernel_size` must be a tuple of 2"),
    ("Conv2D", {"filters": 4, "kernel_size": (3, 3, 3)}, None, r"`kernel_size` .* got \(3, 3, 3\)"),
    ("Conv2D", {"filters": 4, "kernel_size": "3x3"}, None, "`kernel_size` .* got '3x3'"),
    ("Conv2D", {**C, "strides": 0}, None, "`strides` must be"),
    (
        "Conv2D",
        {**C, "padding": "causal"},
        None,
        "'valid' or 'same', got 'causal'",
    ),
    (
        "Conv1D",
        {**C, "padding": None},
        None,
        "'causal', got None",
    ),
    (
        "Conv2D",
        {**C, "groups": 3},
        None,
        "filters=4 must be a multiple of groups=3",
    ),
    ("Conv2D", {**C, "data_format": "NHWC"}, None, "data_format must be"),
    ("Conv2D", {**C, "activation": "rellu"}, None, "relu"),
    (
        "Conv2D",
        {**C, "groups": 2},
        (8, 8, 3),
        "no multiple of groups=2",
    ),
    (
        "Conv2D",
        {"filters": 4, "kernel_size": 5},
        (4, 8, 3),
        "Conv2D 'c': a kernel of size 5 does not",
    ),
    (
        "Conv2D",
        {"filters": 4, "kernel_size": 3},
        (8, 8),
        r"expected 4 dimensions, got 3 .* Is the channel axis",
    ),
    ("Conv2D", C, (8, 8, None), "the number of channels must be fixed"),
    (
        "Conv2DTranspose",
        {**C, "output_padding": 1},
        None,
        "must be below the stride",
    ),
    (
        "DepthwiseConv2D",
        {"kernel_size": 3, "depth_multiplier": 0},
        None,
        "depth_multiplier must be a positive",
    ),
    ("DepthwiseConv2D", {"kernel_size": 9}, (8, 8, 3), "does not fit into 8 positions"),
    (
        "SeparableConv1D",
        {"filters": 2.5, "kernel_size": 3},
        None,
        "filters must be a positive integer, got 2.5",
    ),
    ("MaxPooling2D", {"pool_size": 3}, (2, 8, 3), "MaxPooling2D 'c': a window of size 3 does not fit into 2"),
    ("AveragePooling1D", {"pool_size": -1}, None, "`pool_size` must be an integer of at least 1, got -1"),
    ("AveragePooling2D", {"padding": "full"}, None, "`padding` must be 'valid' or 'same', got 'full'"),
    ("GlobalMaxPooling2D", {}, (8, 3), "expected 4 dimensions, got 3"),
    ("AdaptiveMaxPooling2D", {"output_size": 0}, None, "`output_size` must be"),
    ("UpSampling2D", {"size": 0}, None, "`size` must be a tuple of 2 integers of at least 1"),
    ("UpSampling2D", {"interpolation": "cubic"}, None, "interpolation must be one of nearest"),
    ("ZeroPadding2D", {"padding": (1, 2, 3)}, None, "`padding` must be a number, 2 numbers or 2 pairs"),
    ("ZeroPadding2D", {"padding": -1}, None, "`padding` must be a tuple of 2 integers of at least 0"),
    (
        "Cropping2D",
        {"cropping": 4},
        (8, 9, 3),
        r"leaves nothing of the sizes \(8, 9\)",
    ),
    ("SpatialDropout2D", {"rate": 1.5}, None, "rate must be a number from 0 to 1"),
]


@pytest.mark.parametrize(("name", "options", "shape", "message"), WRONG, ids=range(len(WRONG)))
def test_wrong_calls(name: str, options: dict[str, Any], shape: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layer = made(name, {**options, "name": "c"})
        assert shape is not None, "the constructor took it"
        layer(Input(shape))


def test_later_inputs_must_have_as_many_channels() -> None:
    layer = layers.Conv2D(4, 3)
    layer(np.zeros((1, 8, 8, 3), "float32"))
    with pytest.raises(ValueError, match="expected last axis 3, got 4"):
        layer(np.zeros((1, 8, 8, 4), "float32"))


def test_a_network_learns() -> None:
    axone.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 128)
    x = rng.normal(0, 0.3, (128, 10, 10, 1)).astype("float32")
    x[labels == 0, 4] += 1  # a row
    x[labels == 1, :, 4] += 1  # a column
    model = Sequential([
        Input((10, 10, 1)),
        layers.Conv2D(8, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(),
        layers.SpatialDropout2D(0.1),
        layers.SeparableConv2D(8, 3, activation="relu"),
        layers.Conv2DTranspose(4, 2, strides=2, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2, activation="softmax"),
    ])  # fmt: skip
    model.compile(axone.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, labels, epochs=12, batch_size=16, verbose=0).history
    assert history["accuracy"][-1] > 0.95 and history["loss"][-1] < history["loss"][0] / 3
