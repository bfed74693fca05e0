"""Pictures in files: reading, writing, folders as data sets, the old generator."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pytest

import axone
from axone import layers, utils
from axone.preprocessing import image as images
from axone.preprocessing.images import ImageDecodeError

PIL = pytest.importorskip("PIL.Image")


def picture(seed: int, height: int = 9, width: int = 12, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels)).astype("uint8")


# -- arrays and files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_what_is_saved_is_loaded(tmp_path: Path, channels: int) -> None:
    array = picture(1, channels=channels)
    mode = {1: "grayscale", 3: "rgb", 4: "rgba"}[channels]
    utils.save_img(tmp_path / "x.png", array, scale=False)
    loaded = utils.img_to_array(utils.load_img(tmp_path / "x.png", color_mode=mode))
    assert loaded.dtype == "float32" and np.array_equal(loaded, array)
    first = utils.img_to_array(
        utils.load_img(str(tmp_path / "x.png"), color_mode=mode), "channels_first", "uint8"
    )
    assert np.array_equal(first, np.moveaxis(array, 2, 0))
    back = np.asarray(utils.array_to_img(first, "channels_first", scale=False))
    assert np.array_equal(back.reshape(array.shape), array)


def test_scaling_stretches_to_255() -> None:
    x = np.linspace(-3, 1, 12).reshape(3, 4, 1)
    scaled = np.asarray(utils.array_to_img(x))
    assert scaled.min() == 0 and scaled.max() == 255
    assert np.asarray(utils.array_to_img(np.zeros((2, 2, 3)))).max() == 0
    deep = utils.array_to_img(np.full((2, 2, 1), 1000.0), scale=False)
    assert deep.mode == "I" and np.asarray(deep).max() == 1000


def test_loading_resizes(tmp_path: Path) -> None:
    array = picture(2)
    utils.save_img(tmp_path / "x.png", array, scale=False)
    nearest = np.asarray(utils.load_img(tmp_path / "x.png", target_size=(18, 24)))
    assert np.array_equal(nearest, array.repeat(2, 0).repeat(2, 1))
    cut = np.asarray(utils.load_img(tmp_path / "x.png", target_size=(9, 6), keep_aspect_ratio=True))
    assert np.array_equal(cut, array[:, 3:9])
    with pytest.raises(ValueError, match="interpolation must be one of nearest"):
        utils.load_img(tmp_path / "x.png", target_size=(3, 3), interpolation="linear")
    with pytest.raises(ValueError, match="color_mode must be"):
        utils.load_img(tmp_path / "x.png", color_mode="gray")
    with io.BytesIO((tmp_path / "x.png").read_bytes()) as file:
        assert utils.load_img(file).size == (12, 9)
    with pytest.raises(TypeError, match="a path or a binary file object, got int"):
        utils.load_img(3)


def test_jpeg_and_transparency(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="JPEG holds no transparency"):
        utils.save_img(tmp_path / "x.jpg", picture(1, channels=4))
    assert utils.load_img(tmp_path / "x.jpg").mode == "RGB"


@pytest.mark.parametrize("content", [b"", b"no picture at all", b"\x89PNG\r\n\x1a\nbroken"])
def test_what_cannot_be_decoded_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.png").write_bytes(content)
    with pytest.raises(ImageDecodeError, match=r"broken\.png: this cannot be decoded as an image"):
        utils.load_img(tmp_path / "broken.png")


def test_a_cut_file_is_named(tmp_path: Path) -> None:
    utils.save_img(tmp_path / "x.png", picture(1, 64, 64))
    (tmp_path / "cut.png").write_bytes((tmp_path / "x.png").read_bytes()[:900])
    with pytest.raises(ImageDecodeError, match=r"cut\.png"):
        utils.load_img(tmp_path / "cut.png")


def test_wrong_arrays() -> None:
    with pytest.raises(ValueError, match=r"expected one image of 3 axes, got shape \(2, 3\)"):
        utils.array_to_img(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="expected 1, 3 or 4 channels, got 2"):
        utils.array_to_img(np.zeros((2, 3, 2)))
    with pytest.raises(ValueError, match="expected an image of 2 or 3 axes"):
        utils.img_to_array(np.zeros(3))


def test_smart_resize_keeps_the_aspect_ratio() -> None:
    x = np.tile(np.arange(12.0)[None, :, None], (6, 1, 1))
    y = images.smart_resize(x, (6, 6))
    assert isinstance(y, np.ndarray) and np.array_equal(y[0, :, 0], np.arange(3.0, 9.0))


# -- folders -------------------------------------------------------------------------------------------------


def test_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = utils.image_dataset_from_directory(folder, image_size=(6, 5), batch_size=4, shuffle=False)
    assert "Found 12 files belonging to 2 classes." in capsys.readouterr().out
    assert data.class_names == ["cats", "dogs"] and len(data) == 3
    assert [Path(p).name for p in data.file_paths[:2]] == ["0.png", "1.png"]
    batches = list(data)
    assert [x.shape for x, _ in batches] == [(4, 6, 5, 3)] * 3
    x, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    assert x.dtype == "float32" and y.dtype == "int32"
    assert y.tolist() == [0] * 5 + [1] * 7
    grey = [10 * i for i in range(5)] + [100 + 10 * i for i in range(7)]
    np.testing.assert_allclose(x, np.broadcast_to(np.reshape(grey, (12, 1, 1, 1)), x.shape), rtol=1e-6)
    assert np.array_equal(batches[0][0].numpy(), batches[0][0])


@pytest.mark.parametrize(
    ("mode", "first", "last"),
    [("binary", [0.0], [1.0]), ("categorical", [1.0, 0.0], [0.0, 1.0]), (None, 0, 0)],
)
def test_label_modes(folder: Path, mode: str | None, first: object, last: object) -> None:
    data = utils.image_dataset_from_directory(
        folder, label_mode=mode, shuffle=False, image_size=4, verbose=False, color_mode="grayscale"
    )
    (batch,) = list(data)
    if mode is None:
        assert batch.shape == (12, 4, 4, 1)
    else:
        assert batch[0].shape == (12, 4, 4, 1)
        assert batch[1][0].tolist() == first and batch[1][-1].tolist() == last


def test_shuffling_and_splits(folder: Path) -> None:
    options = {"image_size": (4, 4), "batch_size": 3, "seed": 5, "verbose": False}
    data = utils.image_dataset_from_directory(folder, **options)
    orders = [np.concatenate([x[:, 0, 0, 0] for x, _ in data]) for _ in range(2)]
    assert sorted(orders[0]) == sorted(orders[1]) and not np.array_equal(*orders)
    again = utils.image_dataset_from_directory(folder, **options)
    assert np.array_equal(orders[0], np.concatenate([x[:, 0, 0, 0] for x, _ in again]))
    train, test = utils.image_dataset_from_directory(folder, validation_split=0.25, subset="both", **options)
    parts = [{float(v) for x, _ in part for v in x[:, 0, 0, 0]} for part in (train, test)]
    assert len(parts[0]) == 9 and len(parts[1]) == 3 and not parts[0] & parts[1]
    held = utils.image_dataset_from_directory(folder, validation_split=0.25, subset="validation", **options)
    assert {float(v) for x, _ in held for v in x[:, 0, 0, 0]} == parts[1]


@pytest.mark.parametrize("method", ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize("size", [(6, 5), (20, 31), (9, 4)])
def test_resizing_is_that_of_ops(tmp_path: Path, method: str, size: tuple[int, int]) -> None:
    array = picture(3)
    PIL.fromarray(array).save(tmp_path / "a.png")
    for options in ({}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}):
        (x,) = utils.image_dataset_from_directory(
            tmp_path, labels=None, image_size=size, interpolation=method, verbose=False, **options
        )
        want = axone.ops.image.resize(array.astype("float32"), size, method, **options)
        np.testing.assert_allclose(x[0], want, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("method", ["area", "gaussian", "mitchellcubic"])
def test_further_interpolations(tmp_path: Path, method: str) -> None:
    array = picture(3, 8, 8)
    PIL.fromarray(array).save(tmp_path / "a.png")
    (x,) = utils.image_dataset_from_directory(
        tmp_path, labels=None, image_size=(4, 4), interpolation=method, verbose=False
    )
    if method == "area":
        want = array.reshape(4, 2, 4, 2, 3).mean((1, 3))
        np.testing.assert_allclose(x[0], want, rtol=1e-5)
    flat = np.full((8, 8, 3), 77, "uint8")
    PIL.fromarray(flat).save(tmp_path / "a.png")
    (x,) = utils.image_dataset_from_directory(
        tmp_path, labels=None, image_size=(5, 13), interpolation=method, verbose=False
    )
    np.testing.assert_allclose(x, 77.0, rtol=1e-5)


def test_files_are_decoded_by_other_threads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from axone.preprocessing import image_directory

    seen: set[str] = set()
    decode = image_directory.decode

    def noted(*arguments: object) -> object:
        seen.add(threading.current_thread().name)
        return decode(*arguments)

    monkeypatch.setattr(image_directory, "decode", noted)
    data = utils.image_dataset_from_directory(folder, image_size=(4, 4), batch_size=2, verbose=False)
    first = iter(data)
    next(first)
    first.close()  # a pass that is given up leaves no thread waiting
    assert seen and all(name.startswith("axone-images") for name in seen)


def test_a_broken_file_stops_training_with_its_path(folder: Path) -> None:
    (folder / "dogs" / "broken.jpg").write_bytes(b"GIF?")
    data = utils.image_dataset_from_directory(folder, image_size=(4, 4), batch_size=4, verbose=False)
    model = axone.Sequential([axone.Input((4, 4, 3)), layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", axone.losses.SparseCategoricalCrossentropy(from_logits=True))
    with pytest.raises(ValueError, match=r"broken\.jpg: this cannot be decoded as an image"):
        model.fit(data, verbose=0)


def test_training_from_a_folder(folder: Path) -> None:
    axone.utils.set_random_seed(0)
    train, test = utils.image_dataset_from_directory(
        folder, image_size=(8, 8), batch_size=4, validation_split=0.25, subset="both", seed=1, verbose=False
    )
    model = axone.Sequential([
        axone.Input((8, 8, 3)),
        layers.Rescaling(1 / 255),
        layers.RandomFlip(seed=1),
        layers.Conv2D(4, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2),
    ])  # fmt: skip
    model.compile("adam", axone.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    history = model.fit(train, validation_data=test, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all() and len(history["val_accuracy"]) == 2
    assert model.predict(test, verbose=0).shape == (3, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"color_mode": "hsv"}, "`color_mode` must be one of grayscale, rgb, rgba, got 'hsv'"),
        ({"interpolation": "cubic"}, "`interpolation` must be one of bilinear"),
        ({"image_size": (3,)}, "`image_size` must be a tuple of 2 integers"),
        ({"label_mode": "float"}, "label_mode must be 'int'"),
        ({"labels": [1, 2]}, "got 2 labels for 12 files"),
        ({"class_names": ["cats", "mice"]}, r"missing \['mice'\]"),
        ({"validation_split": 0.2}, "must be given together"),
        ({"validation_split": 0.2, "subset": "training"}, "give a seed"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "only one of"),
        ({"data_format": "NHWC"}, "`data_format` must be"),
    ],
)
def test_wrong_options(folder: Path, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        utils.image_dataset_from_directory(folder, **options)
