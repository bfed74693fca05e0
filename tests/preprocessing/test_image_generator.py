"""The old generator of augmented batches: arrays, folders, tables."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import axone
from axone import layers
from axone.preprocessing import image as images


def picture(seed: int, height: int = 9, width: int = 12, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels)).astype("uint8")


def generator(**options: object) -> images.ImageDataGenerator:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return images.ImageDataGenerator(**options)


def test_the_generator_warns() -> None:
    with pytest.warns(DeprecationWarning, match="ImageDataGenerator is old"):
        axone.preprocessing.image.ImageDataGenerator()


def test_flow_without_changes() -> None:
    x, y = np.stack([picture(i) for i in range(5)]), np.arange(5)
    flow = generator(rescale=1 / 255).flow(x, y, batch_size=2, shuffle=False)
    assert len(flow) == 3
    got = [flow[i] for i in range(3)]
    np.testing.assert_allclose(np.concatenate([a for a, _ in got]), x / 255.0, rtol=1e-6)
    assert np.concatenate([b for _, b in got]).tolist() == [0, 1, 2, 3, 4]
    assert [next(flow)[1].tolist() for _ in range(4)] == [[0, 1], [2, 3], [4], [0, 1]]
    with pytest.raises(IndexError, match="has 3 batches, asked for number 3"):
        flow[3]


def test_single_changes() -> None:
    x = picture(1, 7, 7).astype("float32")
    g = generator()
    assert np.array_equal(g.apply_transform(x, {"flip_horizontal": True}), x[:, ::-1])
    assert np.array_equal(g.apply_transform(x, {"flip_vertical": True}), x[::-1])
    down = g.apply_transform(x, {"tx": -2})
    np.testing.assert_allclose(down[2:], x[:-2], atol=1e-3)
    np.testing.assert_allclose(down[0], x[0], atol=1e-3)  # "nearest" fills
    right = g.apply_transform(x, {"ty": 2})
    np.testing.assert_allclose(right[:, :-2], x[:, 2:], atol=1e-3)
    turned = g.apply_transform(x, {"theta": 90})
    assert np.allclose(turned, np.rot90(x, 1), atol=1e-2) or np.allclose(turned, np.rot90(x, -1), atol=1e-2)
    zoomed = generator(fill_mode="constant", cval=5.0).apply_transform(x, {"zx": 3.0, "zy": 3.0})
    np.testing.assert_allclose(zoomed[3, 3], x[3, 3], atol=1e-3)
    assert (zoomed[0] == 5).all()
    shifted = g.apply_transform(x, {"channel_shift_intensity": 20})
    np.testing.assert_allclose(shifted, np.minimum(x + 20, x.max()))
    np.testing.assert_allclose(g.apply_transform(x, {"brightness": 0.5}), x / 2)


def test_random_changes_repeat_with_a_seed() -> None:
    x = np.stack([picture(i, 8, 8) for i in range(6)])
    options = {
        "rotation_range": 20,
        "width_shift_range": 0.2,
        "height_shift_range": [1, 2],
        "shear_range": 5,
        "zoom_range": 0.2,
        "channel_shift_range": 9,
        "brightness_range": (0.5, 1.5),
        "horizontal_flip": True,
        "vertical_flip": True,
    }
    first, second, third = (generator(**options).flow(x, batch_size=6, seed=seed)[0] for seed in (3, 3, 4))
    assert np.array_equal(first, second) and not np.array_equal(first, third)
    assert np.isfinite(first).all() and first.shape == x.shape
    moved = generator(data_format="channels_first", **options)
    flipped = moved.flow(np.moveaxis(x, 3, 1), batch_size=6, seed=3)[0]
    np.testing.assert_allclose(np.moveaxis(flipped, 1, 3), first, atol=1e-3)


def test_statistics() -> None:
    x = np.random.default_rng(0).normal(3, 2, (40, 4, 4, 3)).astype("float32")
    g = generator(featurewise_std_normalization=True)
    with pytest.warns(UserWarning, match=r"call fit\(x\) of the generator"):
        g.standardize(x[0])
    g.fit(x)
    y = g.standardize(x)
    np.testing.assert_allclose(y.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std((0, 1, 2)), 1, atol=1e-4)
    z = generator(samplewise_std_normalization=True).standardize(x)
    np.testing.assert_allclose(z.std((1, 2, 3)), 1, atol=1e-4)
    white = generator(zca_whitening=True)
    white.fit(x[..., :1])
    w = white.standardize(x[..., :1]).reshape(40, -1)
    np.testing.assert_allclose(w.T @ w / 40, np.eye(16), atol=1e-3)


def test_flow_from_directory(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    g = generator(validation_split=0.4, preprocessing_function=lambda v: v + 1)
    train = g.flow_from_directory(folder, target_size=(4, 5), subset="training", batch_size=8, shuffle=False)
    held = g.flow_from_directory(
        folder, target_size=(4, 5), subset="validation", class_mode="binary", color_mode="grayscale"
    )
    assert "Found 8 images belonging to 2 classes." in capsys.readouterr().out
    assert train.class_indices == {"cats": 0, "dogs": 1} and train.samples == 8 and held.samples == 4
    assert train.filenames[0] == "cats/2.png" and train.image_shape == (4, 5, 3)
    x, y = train[0]
    assert x.shape == (8, 4, 5, 3) and y[0].tolist() == [1, 0]
    np.testing.assert_allclose(x[0], 21.0)
    assert held[0][0].shape == (4, 4, 5, 1) and sorted(held[0][1]) == [0, 0, 1, 1]
    model = axone.Sequential(
        [axone.Input((4, 5, 3)), layers.Flatten(), layers.Dense(2, activation="softmax")]
    )
    model.compile("sgd", "categorical_crossentropy")
    assert len(model.fit(train, epochs=2, verbose=0).history["loss"]) == 2


def test_flow_from_dataframe(folder: Path) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({
        "filename": ["cats/0.png", "dogs/1.png", "gone.png", "dogs/2.png"],
        "class": ["cat", "dog", "cat", "dog"],
        "size": [1.0, 2.0, 3.0, 4.0],
    })  # fmt: skip
    with pytest.warns(UserWarning, match="1 rows are left out"):
        flow = generator().flow_from_dataframe(table, folder, target_size=(3, 3), shuffle=False)
    assert flow.class_indices == {"cat": 0, "dog": 1}
    assert flow[0][1].tolist() == [[1, 0], [0, 1], [0, 1]]
    with pytest.warns(UserWarning, match="left out"):
        raw = generator().flow_from_dataframe(
            table, folder, y_col="size", weight_col="size", class_mode="raw", shuffle=False
        )
    assert [part.tolist() for part in raw[0][1:]] == [[1, 2, 4], [1, 2, 4]]
    with pytest.raises(ValueError, match=r"no column \['label'\]"):
        generator().flow_from_dataframe(table, folder, y_col="label")


def test_changed_images_are_saved(tmp_path: Path) -> None:
    flow = generator().flow(np.stack([picture(0)]), save_to_dir=tmp_path, save_prefix="p", save_format="jpeg")
    next(flow)
    assert [p.suffix for p in tmp_path.iterdir()] == [".jpeg"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"zoom_range": "far"}, "zoom_range must be a pair of numbers or a number"),
        ({"brightness_range": 2.0}, "brightness_range must be a pair of numbers, got 2.0"),
        ({"fill_mode": "edge"}, "`fill_mode` must be one of nearest"),
        ({"validation_split": 1.5}, r"validation_split must lie in \[0, 1\)"),
        ({"interpolation_order": 3}, "interpolation_order must be 0 or 1"),
    ],
)
def test_wrong_generators(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generator(**options)


def test_wrong_flows() -> None:
    with pytest.raises(ValueError, match="expected images of 4 axes"):
        generator().flow(np.zeros((3, 4, 4)))
    with pytest.raises(ValueError, match="as many rows"):
        generator().flow(np.zeros((3, 4, 4, 1)), np.zeros(2))
    with pytest.raises(ValueError, match="sorted by class"):
        generator(validation_split=0.5).flow(np.zeros((4, 2, 2, 1)), [0, 0, 1, 1], subset="training")
    with pytest.raises(ValueError, match="no such folder"):
        generator().flow_from_directory("nowhere")
