"""Weights of networks from files: a path of the user's, or Keras's public file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from axone import applications
from axone.applications import application
from axone.applications.application import Files

X = np.random.default_rng(0).uniform(-1, 1, (1, 32, 32, 3)).astype("float32")
SMALL = {"include_top": False, "input_shape": (32, 32, 3), "alpha": 0.35, "pooling": "avg"}


@pytest.mark.parametrize("ending", ["weights.h5", "h5", "keras"])
def test_a_path(ending: str, tmp_path: Path) -> None:
    model = applications.MobileNetV2(weights=None, **SMALL)
    path = tmp_path / f"net.{ending}"
    (model.save if ending == "keras" else model.save_weights)(path)
    copy = applications.MobileNetV2(weights=path, **SMALL)
    for a, b in zip(model.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(copy.predict(X, verbose=0), model.predict(X, verbose=0))


def test_weights_of_another_network(tmp_path: Path) -> None:
    path = tmp_path / "net.weights.h5"
    applications.MobileNetV2(weights=None, **SMALL).save_weights(path)
    with pytest.raises(ValueError, match="shape"):
        applications.MobileNetV2(weights=path, **{**SMALL, "alpha": 0.5})


def test_the_public_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is asked for, and that it is read; a model of the same layers stands for the file."""
    options = {"include_top": False, "input_shape": (32, 32, 3), "pooling": "avg"}
    path = tmp_path / "file.weights.h5"
    model = applications.VGG16(weights=None, **options)
    model.save_weights(path)
    asked = []

    def get_file(name: str, url: str, cache_subdir: str, file_hash: str | None) -> str:
        asked.append((name, url, cache_subdir, file_hash))
        return str(path)

    monkeypatch.setattr(application, "get_file", get_file)
    copy = applications.VGG16(**options)
    name = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    url = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg16/{name}"
    assert asked == [(name, url, "models", "6d6bbae143d832006294945121d1f1fc")]
    np.testing.assert_array_equal(copy.get_weights()[0], model.get_weights()[0])


PUBLIC = [
    ("VGG19", {}, "vgg19/vgg19_weights_tf_dim_ordering_tf_kernels.h5"),
    ("ResNet152V2", {}, "resnet/resnet152v2_weights_tf_dim_ordering_tf_kernels.h5"),
    ("DenseNet169", {}, "densenet/densenet169_weights_tf_dim_ordering_tf_kernels.h5"),
    ("InceptionV3", {}, "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels.h5"),
    ("Xception", {}, "xception/xception_weights_tf_dim_ordering_tf_kernels.h5"),
    ("MobileNet", {"alpha": 0.75}, "mobilenet/mobilenet_7_5_224_tf.h5"),
    ("MobileNet", {"input_shape": (128, 128, 3)}, "mobilenet/mobilenet_1_0_128_tf.h5"),
    ("MobileNetV2", {}, "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5"),
    ("MobileNetV2", {"alpha": 1}, "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5"),
    ("MobileNetV3Small", {}, "mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float.h5"),
    (
        "MobileNetV3Large",
        {"minimalistic": True},
        "mobilenet_v3/weights_mobilenet_v3_large_minimalistic_224_1.0_float.h5",
    ),
    ("NASNetMobile", {}, "nasnet/NASNet-mobile.h5"),
    ("EfficientNetV2S", {}, "efficientnet_v2/efficientnetv2-s.h5"),
    ("EfficientNetV2B3", {"name": "mine"}, "efficientnet_v2/efficientnetv2-b3.h5"),
    ("ConvNeXtTiny", {}, "convnext/convnext_tiny.h5"),
]


@pytest.mark.parametrize(("network", "options", "place"), PUBLIC)
def test_names_of_public_files(
    network: str, options: dict, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Asked(Exception):
        pass

    def get_file(name: str, url: str, cache_subdir: str, file_hash: str | None) -> str:
        raise Asked(url)

    monkeypatch.setattr(application, "get_file", get_file)
    with pytest.raises(Asked) as caught:
        getattr(applications, network)(**options)
    assert str(caught.value) == application.STORE + place


def test_imagenet_rescales_as_its_weights_expect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Files, "fetch", lambda self, top: "")
    monkeypatch.setattr(application.Model, "load_weights", lambda self, path: None)
    model = applications.EfficientNetB0(include_top=False, input_shape=(32, 32, 3))
    kinds = [type(layer).__name__ for layer in model.layers[1:5]]
    assert kinds == ["Rescaling", "Normalization", "Rescaling", "ZeroPadding2D"]
    np.testing.assert_allclose(model.layers[3].scale, 1 / np.sqrt([0.229, 0.224, 0.225]), rtol=1e-6)


def test_without_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(application, "STORE", "file:///nowhere/")
    files = Files("file:///nowhere/", ("net.h5", "0" * 32), ("net_notop.h5", None))
    with pytest.raises(ConnectionError, match=r"put the file there yourself as .*models/net_notop\.h5"):
        files.fetch(include_top=False)


def test_another_size_than_the_weights_were_trained_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Files, "fetch", lambda self, top: "")
    monkeypatch.setattr(application.Model, "load_weights", lambda self, path: None)
    with pytest.warns(UserWarning, match="exist for images of 96, 128, 160, 192, 224 rows"):
        model = applications.MobileNetV2(include_top=False, input_shape=(100, 100, 3))
    assert model.name == "mobilenetv2_1.00_224"
