"""Scaling of pictures and names of classes. Values of `preprocess_input`: tests/reference."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import axone
from axone.applications import imagenet_utils, vgg16
from axone.applications.imagenet_utils import decode_predictions, preprocess_input

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3))


def test_what_is_given_stays_as_it_is() -> None:
    x = PIXELS.astype("float32")
    for mode in ("caffe", "tf", "torch"):
        preprocess_input(x, mode=mode)
    np.testing.assert_array_equal(x, PIXELS)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_arrays_tensors_and_models_agree(mode: str) -> None:
    want = preprocess_input(PIXELS, mode=mode)
    assert want.dtype == np.float32
    np.testing.assert_allclose(
        preprocess_input(axone.ops.array(PIXELS), mode=mode), want, rtol=1e-5, atol=1e-5
    )
    np.testing.assert_allclose(preprocess_input(PIXELS.tolist(), mode=mode), want, rtol=1e-6)
    image = axone.Input((4, 5, 3), dtype="uint8")
    model = axone.Model(image, preprocess_input(image, mode=mode))
    got = model.predict(PIXELS.astype("uint8"), verbose=0)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_formulas(mode: str) -> None:
    x = PIXELS.astype("float64")
    formulas = {
        "caffe": lambda: x[..., ::-1] - np.array([103.939, 116.779, 123.68]),
        "tf": lambda: x / 127.5 - 1,
        "torch": lambda: (x / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225]),
    }
    got = preprocess_input(x, mode=mode)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, formulas[mode](), rtol=1e-12, atol=1e-12)
    first = preprocess_input(np.moveaxis(x, -1, 1), "channels_first", mode)
    np.testing.assert_allclose(np.moveaxis(first, 1, -1), got, rtol=1e-12, atol=1e-12)
    tensor = preprocess_input(axone.ops.array(np.moveaxis(x[0], -1, 0)), "channels_first", mode)
    np.testing.assert_allclose(tensor, first[0], rtol=1e-6, atol=1e-6)


def test_grey_pictures_are_fine_where_channels_do_not_matter() -> None:
    assert preprocess_input(np.full((1, 2, 2, 1), 255.0), mode="tf").tolist() == [[[[1], [1]], [[1], [1]]]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((PIXELS, None, "tensorflow"), "mode must be one of caffe, tf, torch, got 'tensorflow'"),
        ((PIXELS, "last"), "data_format must be 'channels_last' or 'channels_first', got 'last'"),
        ((PIXELS[..., :1],), "expected pictures with 3 channels on axis 3"),
        ((PIXELS, "channels_first"), "expected pictures with 3 channels on axis 1"),
        ((PIXELS[0, 0],), "expected pictures with 3 channels"),
    ],
)
def test_mistakes(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        preprocess_input(*arguments)


@pytest.fixture
def classes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple]:
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({str(i): [f"n{i:08}", f"thing_{i}"] for i in range(1000)}))
    asked: list[tuple] = []

    def get_file(*arguments: str, **options: str) -> str:
        asked.append((*arguments, options))
        return str(path)

    monkeypatch.setattr(imagenet_utils, "get_file", get_file)
    imagenet_utils._classes.cache_clear()
    yield asked
    imagenet_utils._classes.cache_clear()


def test_the_likeliest_classes(classes: list[tuple]) -> None:
    scores = np.random.default_rng(1).uniform(0, 1, (3, 1000)).astype("float32")
    for given in (scores, axone.ops.array(scores)):
        named = vgg16.decode_predictions(given, top=4)
        for row, best in zip(scores, named, strict=True):
            order = np.argsort(-row)[:4]
            assert best == [(f"n{i:08}", f"thing_{i}", row[i]) for i in order]
    assert len(decode_predictions(scores)[0]) == 5
    assert len(decode_predictions(scores, top=2000)[0]) == 1000
    name, url, options = classes[0]
    assert len(classes) == 1  # the names are read once
    assert name == "imagenet_class_index.json"
    assert url.startswith("https://storage.googleapis.com/download.tensorflow.org/data/")
    assert options == {"cache_subdir": "models", "file_hash": "c2c37ea517e94d9795004a39431a14cb"}


@pytest.mark.parametrize("shape", [(1000,), (2, 10), (1, 1, 1000)])
def test_outputs_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected outputs of shape \(n, 1000\)"):
        decode_predictions(np.zeros(shape))


@pytest.mark.parametrize("top", [0, -1, 2.5, True])
def test_odd_numbers_of_classes(top: object) -> None:
    with pytest.raises(ValueError, match="top must be a positive integer"):
        decode_predictions(np.zeros((1, 1000)), top=top)


def test_no_network_no_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(imagenet_utils, "CLASSES_URL", "file:///nowhere/imagenet_class_index.json")
    imagenet_utils._classes.cache_clear()
    with pytest.raises(ConnectionError, match="put the file there yourself"):
        decode_predictions(np.zeros((1, 1000)))
