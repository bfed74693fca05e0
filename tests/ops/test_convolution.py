"""Gradients of convolutions against the chain rule written out, and what no table shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import windows
from cases_windows import CONV

import axone

ops = axone.ops


def close(got: Any, want: Any, dtype: str, where: str) -> None:
    """Errors stay below a part of the result's size (its root mean square)."""
    limit = 3e-5 if dtype == "float32" else 1e-12
    size = float(np.sqrt(np.mean(want**2))) if want.size else 0.0
    error = float(np.abs(np.asarray(got) - want).max(initial=0.0))
    assert np.asarray(got).shape == want.shape, where
    assert error <= limit * max(size, 1e-3), f"{where}: error {error} of {size}"


@pytest.mark.parametrize("part", range(8))
def test_gradients_of_every_shape(part: int) -> None:
    assert len(CONV) >= 400
    for number, sample in enumerate(CONV[part::8]):
        spec_x, spec_w, strides, padding, layout, dilation = sample
        dtype = "float64" if number % 4 == 0 else "float32"
        x, w = spec_x.draw(dtype, "x"), spec_w.draw(dtype, "w")
        wide = x.astype("float64"), w.astype("float64")
        y = windows.conv(*wide, strides, padding, layout, dilation)
        dy = np.random.default_rng(number).normal(size=y.shape).astype(dtype)

        def loss(x: Any, w: Any, dy: Any = dy, sample: Any = sample) -> Any:
            return ops.sum(ops.conv(x, w, *sample[2:]) * dy)

        dx, dw = axone.grad(loss, argnums=(0, 1))(x, w)
        want = windows.conv_gradients(*wide, dy.astype("float64"), strides, padding, dilation)
        close(dx, want[0], dtype, f"input of {sample}")
        close(dw, want[1], dtype, f"kernel of {sample}")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("channels", [(5, 21, 7), (1, 9, 1), (3, 35, 17), (16, 96, 24)], ids=str)
def test_blocks(channels: tuple[int, int, int], dtype: str) -> None:
    """A pointwise, a depthwise and a pointwise convolution, which run as one instruction."""
    narrow, wide, out = channels
    rng = np.random.default_rng(wide)
    shapes = (3, 31, 29, narrow), (1, 1, narrow, wide), (3, 3, wide, 1), (1, 1, wide, out), (wide,)
    arrays = [rng.normal(size=shape).astype(dtype) for shape in shapes]

    def block(x: Any, first: Any, middle: Any, last: Any, bias: Any) -> Any:
        x = ops.relu6(ops.conv(x, first) + bias)
        return ops.conv(ops.depthwise_conv(x, middle, 2, "same"), last)

    x, first, middle, last, bias = (a.astype("float64") for a in arrays)
    y = np.clip(windows.conv(x, first, 1, "valid") + bias, 0, 6)
    want = windows.conv(windows.depthwise(y, middle, 2, "same"), last, 1, "valid")
    close(axone.function(block)(*arrays), want, dtype, f"{channels}")


def test_a_function_of_the_graph_gives_the_same_bits() -> None:
    x, w = np.random.default_rng(0).normal(size=(2, 2, 9, 9, 8)).astype("float32")[0], None
    w = np.random.default_rng(1).normal(size=(3, 3, 8, 5)).astype("float32")

    def net(x: Any, w: Any) -> Any:
        return ops.max_pool(ops.relu(ops.conv(x, w, padding="same")), 2)

    eager, traced = net(x, w), axone.function(net)(x, w)
    assert np.array_equal(np.asarray(eager), np.asarray(traced))


def test_integers_become_floats() -> None:
    x = np.arange(16, dtype="int32").reshape(1, 4, 4, 1)
    assert ops.conv(x, np.ones((2, 2, 1, 1), "int32")).dtype == "float32"
    assert ops.max_pool(x, 2).numpy().ravel().tolist() == [5, 7, 13, 15]


def test_the_configured_format_is_used() -> None:
    x, w = np.ones((2, 3, 6, 5), "float32"), np.ones((3, 3, 3, 4), "float32")
    axone.config.set_image_data_format("channels_first")
    try:
        assert ops.conv(x, w).shape == (2, 4, 4, 3)
        assert ops.average_pool(x, 2).shape == (2, 3, 3, 2)
        assert ops.image.resize(x, (3, 3)).shape == (2, 3, 3, 3)
    finally:
        axone.config.set_image_data_format("channels_last")


def test_unknown_sizes_stay_unknown() -> None:
    x = axone.Input((None, None, 3))
    w = np.ones((3, 3, 3, 4), "float32")
    assert ops.conv(x, w).shape == (None, None, None, 4)
    assert ops.max_pool(x, 2).shape == (None, None, None, 3)
    assert ops.adaptive_average_pool(x, 7).shape == (None, 7, 7, 3)
    assert ops.image.resize(x, (8, 9)).shape == (None, 8, 9, 3)


def test_depth_to_space_with_channels_first() -> None:
    x = np.arange(24.0).reshape(1, 8, 1, 3)
    y = np.asarray(ops.depth_to_space(x, 2, "channels_first"))
    assert y.shape == (1, 2, 2, 6)
    assert y[0, 0].tolist() == [[0, 3, 1, 4, 2, 5], [6, 9, 7, 10, 8, 11]]  # one channel's four planes woven
    assert np.array_equal(np.asarray(ops.space_to_depth(y, 2, "channels_first")), x)


def test_gradients_of_coordinates() -> None:
    x = np.random.default_rng(0).normal(size=(5, 4))
    places = np.array([[0.3, 2.6, 3.2], [1.7, 0.2, 2.9]])

    def value(p: Any) -> Any:
        return ops.sum(ops.image.map_coordinates(x, p, 1))

    got, step = np.asarray(axone.grad(value)(places)), 1e-6
    for place in np.ndindex(*places.shape):
        moved = [places.copy(), places.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        slope = (float(value(moved[0])) - float(value(moved[1]))) / (2 * step)
        assert abs(got[place] - slope) < 1e-7


def test_a_resize_whose_scale_is_computed() -> None:
    x = np.random.default_rng(0).normal(size=(6, 5))

    def scaled(s: Any) -> Any:
        return ops.image.scale_and_translate(x, (4, 5), s, s * 0.0 + 0.1, (0,), "bicubic")

    fixed = ops.image.scale_and_translate(x, (4, 5), [0.7], [0.1], (0,), "bicubic")
    s = np.array([0.7])
    np.testing.assert_allclose(np.asarray(axone.function(scaled)(s)), np.asarray(fixed), rtol=1e-6)
    slope = np.asarray(axone.grad(lambda s: ops.sum(scaled(s)))(s))
    ends = [float(ops.sum(scaled(s + e))) for e in (1e-6, -1e-6)]
    np.testing.assert_allclose(slope[0], (ends[0] - ends[1]) / 2e-6, rtol=1e-5)


X = np.ones((1, 5, 4, 3), "float32")
W = np.ones((3, 3, 3, 2), "float32")
WRONG: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("conv", (X[0, 0], W), {}, r"with 1 to 3 spatial axes, got shape \(4, 3\)"),
    ("conv", (X, W[0]), {}, r"a kernel of 4 axes .* got \(3, 3, 2\)"),
    ("conv", (X, np.ones((3, 3, 2, 2))), {}, "2 channels and 2 filters does not divide the 3 channels"),
    ("conv", (np.ones((1, 5, 5, 4)), np.ones((3, 3, 2, 3))), {}, "does not divide the 4 channels"),
    (
        "conv",
        (X, np.ones((3, 5, 3, 2))),
        {},
        "size 5 does not fit into 4 positions of spatial axis 1",
    ),
    ("conv", (X, W), {"dilation_rate": 3}, r"size 3 \(dilated by 3: 7\) does not fit into 5 positions"),
    ("conv", (X, W), {"padding": "full"}, "`padding` must be 'valid' or 'same', got 'full'"),
    ("conv", (X, W), {"padding": "causal"}, "`padding` must be 'valid' or 'same', got 'causal'"),
    ("conv", (X, W), {"strides": 0}, "`strides` must be a tuple of 2 integers of at least 1, got 0"),
    ("conv", (X, W), {"strides": (1, 2, 3)}, r"`strides` must be a tuple of 2 integers"),
    ("conv", (X, W), {"dilation_rate": 1.5}, "`dilation_rate` must be a tuple of 2 integers"),
    ("conv", (X, W), {"data_format": "NHWC"}, "must be 'channels_last' or 'channels_first', got 'NHWC'"),
    ("depthwise_conv", (X, W[..., :2, :]), {}, r"expected a kernel \(\*window, 3, multiplier\)"),
    ("separable_conv", (X, W, np.ones((1, 1, 5, 2))), {}, r"pointwise kernel \(1, 1, 6, filters\)"),
    ("conv_transpose", (X, W), {}, r"\(\*window, filters, 3\) for inputs of 3 channels"),
    ("conv_transpose", (X, np.ones((3, 3, 2, 3))), {"strides": 2, "output_padding": 2}, "below the stride"),
    ("max_pool", (X, 6), {}, "a window of size 6 does not fit into 5 positions"),
    ("max_pool", (X, (2, 2, 2)), {}, "`pool_size` must be a tuple of 2 integers"),
    ("average_pool", (X, 2), {"padding": "SAMEISH"}, "`padding` must be"),
    ("average_pool", (X[0, 0], 2), {}, "1 to 3 spatial axes"),
    ("adaptive_max_pool", (X, 0), {}, "`output_size` must be a tuple of 2 integers of at least 1"),
    ("adaptive_average_pool", (X[:, :0], 2), {}, "empty spatial axis"),
    ("unfold", (X[0], 2), {}, r"expected images \(batch, channels, height, width\)"),
    ("unfold", (X, 9), {}, "a window of size 9 does not fit"),
    ("fold", (np.ones((1, 8, 5)), 4, 2), {}, r"expected x \(batch, channels \* 4, 3 \* 3\), got \(1, 8, 5\)"),
    ("depth_to_space", (X, 2), {}, r"3 channels are no multiple of block_size\*\*2 = 4"),
    ("space_to_depth", (X, 2), {}, "images of 5 x 4 are no multiple of block_size 2"),
    ("depth_to_space", (X, 1), {}, "`block_size` must be an integer of at least 2"),
    ("image.resize", (X, (3, 0)), {}, "`size` must be a tuple of 2 integers"),
    ("image.resize", (X, (3, 3), "cubic"), {}, "`interpolation` must be one of bilinear, nearest"),
    ("image.resize", (X[0, 0], (3, 3)), {}, r"expected an image \(height, width, channels\)"),
    ("image.resize", (X, (3, 3)), {"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "only one of"),
    ("image.resize", (X[:, :0], (3, 3)), {}, "the images are empty"),
    ("image.pad_images", (X, 1, 1, 1), {}, "give exactly two of left_padding, right_padding, target_width"),
    ("image.pad_images", (X, 1, 1), {"target_height": 3, "target_width": 9}, "do not fit a height of 5"),
    ("image.crop_images", (X, 4, 1, 3, 1), {}, "do not fit a height of 5"),
    ("image.crop_images", (X, -1, 1, 3, 1), {}, "`top_cropping` must be a whole number"),
    ("image.affine_transform", (X, np.ones(6)), {}, r"expected a transform \(8,\) or \(1, 8\)"),
    ("image.affine_transform", (X, np.ones(8)), {"fill_mode": "edge"}, "`fill_mode` must be one of"),
    ("image.affine_transform", (X, np.ones(8)), {"interpolation": "bicubic"}, "`interpolation` must be"),
    ("image.perspective_transform", (X, np.ones((3, 2)), np.ones((3, 2))), {}, r"\(4, 2\) or \(1, 4, 2\)"),
    ("image.map_coordinates", (X[0, 0], np.ones((3, 4)), 1), {}, r"expected coordinates \(2, ...\)"),
    ("image.map_coordinates", (X[0, 0], np.ones((2, 4)), 2), {}, "`order` must be 0 or 1"),
    ("image.rgb_to_hsv", (X.astype("uint8"),), {}, "divide pixels by 255"),
    ("image.rgb_to_hsv", (X[..., :2],), {}, "expected 3 channels, got 2"),
    ("image.rgb_to_grayscale", (X[..., :2],), {}, "expected 3 channels, got 2"),
    ("image.extract_patches", (X, (2, 2, 2)), {}, r"expected 4 or 5 axes|expected 3 channels|does not fit"),
    ("image.extract_patches", (X, (2,)), {}, "`size` must be a number, two or three"),
    ("image.gaussian_blur", (X, 0), {}, "`kernel_size` must be"),
    ("image.ssim", (X, X[:, :4]), {}, "shapes differ"),
    ("image.elastic_transform", (X,), {"sigma": 0}, "`sigma` must be positive"),
    ("image.scale_and_translate", (X, (1, 5, 4, 9), [1.0], [0.0], (1,), "linear"), {}, "but for the axes"),
    (
        "image.scale_and_translate",
        (X, (1, 5, 4, 3), [1.0, 2.0], [0.0], (1,), "linear"),
        {},
        "one number for each",
    ),
]


@pytest.mark.parametrize(("name", "arguments", "options", "message"), WRONG, ids=range(len(WRONG)))
def test_wrong_calls(name: str, arguments: Any, options: Any, message: str) -> None:
    function = ops
    for part in name.split("."):
        function = getattr(function, part)
    with pytest.raises(ValueError, match=message):
        function(*arguments, **options)


def test_wild_coordinates_read_nothing_wrong() -> None:
    x = np.arange(6.0, dtype="float32").reshape(2, 3)
    wild = np.array([[np.nan, np.inf, -np.inf, 1e30, -5.0], [0.0, 1.0, 2.0, 0.0, 1.0]], "float32")
    for mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
        for order in (0, 1):
            y = np.asarray(ops.image.map_coordinates(x, wild, order, mode, 7.0))
            assert y.shape == (5,)
