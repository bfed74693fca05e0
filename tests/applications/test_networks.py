"""Arguments of the networks: heads, sizes, inputs, mistakes. Structure and numbers: tests/reference."""

from __future__ import annotations

import importlib
import inspect

import numpy as np
import pytest

import axone
from axone import applications
from axone.applications import VGG16, MobileNet, MobileNetV2, MobileNetV3Small, NASNetMobile, ResNet50
from axone.applications.convnext import LayerScale, StochasticDepth
from axone.applications.inception_resnet_v2 import CustomScaleLayer
from axone.layers import Dense, Flatten, GlobalAveragePooling2D, Input, Rescaling

NETWORKS = [name for name in applications.__all__ if name[0].isupper()]
MODULES = [name for name in applications.__all__ if name[0].islower()]
RNG = np.random.default_rng(0)


def images(*shape: int) -> np.ndarray:
    return RNG.uniform(-1, 1, shape).astype("float32")


def test_every_network_is_public() -> None:
    assert len(NETWORKS) == 40
    assert len(MODULES) == 17
    assert set(applications.__all__) <= set(dir(applications))
    for name in NETWORKS:
        network = getattr(applications, name)
        assert network.__name__ == name
        assert "Example:" in network.__doc__
        parameters = inspect.signature(network).parameters
        common = ("include_top", "weights", "input_tensor", "input_shape", "pooling", "classes", "name")
        assert {*common, "classifier_activation"} <= set(parameters)
        assert getattr(importlib.import_module(network.__module__), name) is network


@pytest.mark.parametrize("module", MODULES)
def test_every_module_prepares_and_decodes(module: str) -> None:
    home = getattr(applications, module)
    assert set(home.__all__) <= set(dir(home))
    assert callable(home.preprocess_input)
    assert home.decode_predictions is applications.imagenet_utils.decode_predictions


def test_unknown_network() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'ResNet51'\. Did you mean 'ResNet50'"):
        _ = applications.ResNet51


def test_vgg16_as_the_paper_counts_it() -> None:
    with axone.core.variable.unfilled_variables():
        model = VGG16(weights=None)
    assert model.count_params() == 138_357_544
    assert [layer.name for layer in model.layers[1:4]] == ["block1_conv1", "block1_conv2", "block1_pool"]
    assert model.get_layer("block5_pool").output.shape == (None, 7, 7, 512)


def test_features_of_images_of_any_size() -> None:
    base = MobileNetV2(alpha=0.35, include_top=False, weights=None)
    assert base.inputs[0].shape == (None, None, None, 3)
    assert base.predict(images(2, 64, 96, 3), verbose=0).shape == (2, 2, 3, 1280)
    assert base.predict(images(1, 160, 32, 3), verbose=0).shape == (1, 5, 1, 1280)


def test_a_classifier_for_images_of_any_size() -> None:
    model = MobileNetV3Small(weights=None, classes=3)
    for side in (64, 80):
        scores = model.predict(images(2, side, side, 3), verbose=0)
        assert scores.shape == (2, 3)
        np.testing.assert_allclose(scores.sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_pooling_is_that_of_the_feature_maps(pooling: str) -> None:
    options = {"include_top": False, "weights": None, "input_shape": (64, 64, 3), "alpha": 0.25}
    maps, pooled = MobileNet(**options), MobileNet(**options, pooling=pooling)
    pooled.set_weights(maps.get_weights())
    x = images(2, 64, 64, 3)
    reduced = getattr(maps.predict(x, verbose=0), "mean" if pooling == "avg" else "max")((1, 2))
    np.testing.assert_allclose(pooled.predict(x, verbose=0), reduced, rtol=1e-5, atol=1e-6)


def test_input_tensor() -> None:
    raw = Input((32, 32, 3), dtype="uint8")
    base = MobileNetV2(
        input_tensor=Rescaling(1 / 127.5, -1)(raw), include_top=False, weights=None, alpha=0.35
    )
    assert base.inputs[0] is raw
    assert base.layers[1].name.startswith("rescaling")
    assert base.name == "mobilenetv2_0.35_None"
    assert base.predict(np.zeros((1, 32, 32, 3), "uint8"), verbose=0).shape == (1, 1, 1, 1280)


def test_frozen_base_with_a_new_head() -> None:
    base = VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    for layer in base.layers:
        layer.trainable = False
    head = Dense(3, activation="softmax")(Dense(8, activation="relu")(Flatten()(base.layers[-1].output)))
    model = axone.Model(base.inputs, head)
    assert len(model.trainable_weights) == 4
    model.compile("sgd", "categorical_crossentropy")
    before = [w.copy() for w in base.get_weights()]
    losses = model.fit(images(4, 32, 32, 3), np.eye(3)[[0, 1, 2, 0]], epochs=2, batch_size=2, verbose=0)
    assert np.isfinite(losses.history["loss"]).all()
    assert all(np.array_equal(a, b) for a, b in zip(before, base.get_weights(), strict=True))


def test_frozen_base_as_a_layer_then_fine_tuned() -> None:
    base = MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3), alpha=0.35)
    base.trainable = False
    image = Input((32, 32, 3))
    model = axone.Model(image, Dense(2)(GlobalAveragePooling2D()(base(image, training=False))))
    x, y = images(4, 32, 32, 3), np.array([0.0, 1, 0, 1])
    model.compile("sgd", axone.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = [w.copy() for w in base.get_weights()]
    model.fit(x, y, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, base.get_weights(), strict=True))
    base.trainable = True
    model.compile("sgd", axone.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, verbose=0)
    kernels = [(a, b.numpy()) for a, b in zip(before, base.weights, strict=True) if b.name == "kernel"]
    assert not any(np.array_equal(a, b) for a, b in kernels)


def test_a_small_classifier_learns() -> None:
    axone.utils.set_random_seed(1)
    model = MobileNetV3Small(weights=None, input_shape=(32, 32, 3), classes=2, include_preprocessing=False)
    y = np.arange(8) % 2
    x = images(8, 32, 32, 3) * 0.1 + y[:, None, None, None].astype("float32")
    model.compile("adam", "sparse_categorical_crossentropy")
    losses = model.fit(x, y, batch_size=8, epochs=10, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0] / 2


def test_stochastic_depth() -> None:
    layer = StochasticDepth(0.25)
    x = np.ones((4000, 2, 3), "float32")
    np.testing.assert_array_equal(layer(x), x)
    dropped = np.asarray(layer(x, training=True))
    per_sample = dropped.reshape(4000, -1)
    assert (per_sample == per_sample[:, :1]).all()
    np.testing.assert_allclose(np.unique(per_sample), [0, 1 / 0.75], rtol=1e-6)
    assert abs((per_sample[:, 0] == 0).mean() - 0.25) < 0.03
    copy = type(layer).from_config(layer.get_config())
    assert copy.drop_path_rate == 0.25


def test_layer_scale() -> None:
    layer = LayerScale(0.5, 3)
    x = images(2, 4, 4, 3)
    np.testing.assert_array_equal(layer(x), 0.5 * x)
    assert [w.shape for w in layer.trainable_weights] == [(3,)]


def test_custom_scale_layer() -> None:
    layer = CustomScaleLayer(0.25)
    a, b = images(2, 3), images(2, 3)
    np.testing.assert_allclose(layer([a, b]), a + 0.25 * b, rtol=1e-6)
    assert CustomScaleLayer.from_config(layer.get_config()).scale == 0.25


MISTAKES = [
    (VGG16, {"pooling": "mean"}, "vgg16: pooling must be None, 'avg' or 'max', got 'mean'"),
    (
        VGG16,
        {"weights": "imagnet"},
        "or the path of a file that exists; got 'imagnet'. Did you mean 'imagenet'",
    ),
    (VGG16, {"weights": 3}, "weights must be None"),
    (
        VGG16,
        {"weights": "imagenet", "classes": 10},
        "has 1000 classes, got classes=10. Use include_top",
    ),
    (
        VGG16,
        {"weights": "imagenet", "input_shape": (96, 96, 3)},
        "takes images of 224 x 224, got",
    ),
    (VGG16, {"weights": "imagenet", "include_top": False, "input_shape": (96, 96, 1)}, "need 3 channels"),
    (VGG16, {"weights": "imagenet", "classifier_activation": "relu"}, "must be 'softmax' or None"),
    (VGG16, {"input_shape": (31, 64, 3)}, "images must be at least 32 x 32, got input_shape=(31, 64, 3)"),
    (VGG16, {"input_shape": (224, 224)}, "input_shape must be three sizes, e.g. (224, 224, 3)"),
    (VGG16, {"input_shape": 224}, "input_shape must be three sizes"),
    (VGG16, {"input_shape": (None, None, 3)}, "the classifier needs images of a fixed size"),
    (VGG16, {"input_tensor": np.zeros((1, 32, 32, 3))}, "input_tensor must be a symbolic tensor"),
    (applications.InceptionV3, {"input_shape": (74, 99, 3)}, "at least 75 x 75"),
    (applications.Xception, {"input_shape": (70, 99, 3)}, "at least 71 x 71"),
    (MobileNet, {"weights": "imagenet", "alpha": 0.4}, "weights exist for alpha in (0.25, 0.5, 0.75, 1.0)"),
    (MobileNet, {"weights": "imagenet", "depth_multiplier": 2}, "need depth_multiplier=1, got 2"),
    (MobileNetV2, {"weights": "imagenet", "alpha": 2}, "weights exist for alpha in (0.35,"),
    (MobileNetV3Small, {"weights": "imagenet", "alpha": 0.5}, "weights exist for alpha=0.75 and alpha=1"),
    (
        NASNetMobile,
        {"weights": "imagenet", "include_top": False, "input_shape": (None, None, 3)},
        "need images of a fixed size",
    ),
]


@pytest.mark.parametrize(
    ("network", "arguments", "message"), MISTAKES, ids=lambda v: getattr(v, "__name__", "")
)
def test_mistakes(network, arguments, message) -> None:
    with pytest.raises(ValueError) as caught:
        network(**{"weights": None, **arguments})
    assert message in str(caught.value)


def test_channels_first() -> None:
    options = {"alpha": 0.35, "include_top": False, "weights": None, "pooling": "avg"}
    axone.config.set_image_data_format("channels_first")
    try:
        base = ResNet50(include_top=False, weights=None)
        assert base.inputs[0].shape == (None, 3, None, None)
        assert base.outputs[0].shape == (None, 2048, None, None)
        first = MobileNetV2(
            alpha=0.35, include_top=False, weights=None, input_shape=(3, 33, 64), pooling="avg"
        )
        with pytest.raises(ValueError, match="only channels_last images are supported"):
            applications.DenseNet121(weights=None)
    finally:
        axone.config.set_image_data_format("channels_last")
    last = MobileNetV2(input_shape=(33, 64, 3), **options)
    last.set_weights(first.get_weights())
    x = images(2, 33, 64, 3)
    got = first.predict(np.moveaxis(x, -1, 1), verbose=0)
    np.testing.assert_allclose(got, last.predict(x, verbose=0), rtol=1e-4, atol=1e-5)
