"""Image layers: what they do to pixels, labels and masks; seeds; formats; wrong calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import axone
from axone import Input, Sequential, layers

X = np.random.default_rng(0).integers(0, 256, (4, 20, 24, 3)).astype("uint8")
F = X.astype("float32")

# layer, options, whether it is random
LAYERS: list[tuple[str, dict[str, Any], bool]] = [
    ("RandomFlip", {}, True),
    ("RandomFlip", {"mode": "vertical"}, True),
    ("RandomRotation", {"factor": 0.2, "fill_mode": "constant", "fill_value": 3.0}, True),
    ("RandomZoom", {"height_factor": 0.3}, True),
    ("RandomZoom", {"height_factor": 0.3, "width_factor": (0.1, 0.2), "fill_mode": "wrap"}, True),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": 0.2, "fill_mode": "nearest"}, True),
    ("RandomShear", {"x_factor": 0.3, "y_factor": 0.2, "interpolation": "nearest"}, True),
    ("RandomPerspective", {"scale": 0.4}, True),
    ("RandomElasticTransform", {"scale": (0.5, 1.0)}, True),
    ("RandomBrightness", {"factor": 0.3}, True),
    ("RandomContrast", {"factor": 0.3}, True),
    ("RandomSaturation", {"factor": 0.7}, True),
    ("RandomHue", {"factor": 0.3}, True),
    ("RandomColorJitter", {"brightness_factor": 0.2, "contrast_factor": 0.3, "hue_factor": 0.1}, True),
    ("RandomColorDegeneration", {"factor": 0.5}, True),
    ("RandomGrayscale", {"factor": 0.7}, True),
    ("RandomInvert", {"factor": 0.8}, True),
    ("Solarization", {"addition_factor": 0.2, "threshold_factor": 0.5}, True),
    ("RandomPosterization", {"factor": 3}, True),
    ("RandomPosterization", {"factor": (2, 6)}, True),
    ("RandomSharpness", {"factor": (0.0, 1.0)}, True),
    ("RandomGaussianBlur", {"kernel_size": (3, 5)}, True),
    ("AutoContrast", {}, False),
    ("Equalization", {"bins": 64}, False),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": 3, "clip_limit": 2.0}, False),
    ("MixUp", {"alpha": 0.4}, True),
    ("CutMix", {}, True),
    ("RandomErasing", {}, True),
    ("RandomErasing", {"fill_value": [7, 8, 9], "scale": (0.1, 0.2)}, True),
    ("RandAugment", {"num_ops": 3}, True),
    ("AugMix", {"num_chains": 2, "all_ops": False}, True),
    ("Resizing", {"height": 10, "width": 11, "interpolation": "bicubic", "antialias": True}, False),
    ("Resizing", {"height": 10, "width": 11, "crop_to_aspect_ratio": True}, False),
    ("CenterCrop", {"height": 10, "width": 11}, False),
    ("CenterCrop", {"height": 40, "width": 11}, False),
    ("RandomCrop", {"height": 10, "width": 11}, True),
]
IDS = [f"{name}{i}" for i, (name, _, _) in enumerate(LAYERS)]


def made(name: str, options: dict[str, Any], random: bool, **more: Any) -> Any:
    return getattr(layers, name)(**{**options, **({"seed": 3} if random else {}), **more})


@pytest.mark.parametrize(("name", "options", "random"), LAYERS, ids=IDS)
def test_every_layer(name: str, options: dict[str, Any], random: bool) -> None:
    layer = made(name, options, random)
    y = layer(X, training=True)
    assert y.dtype == "float32" and np.isfinite(np.asarray(y)).all()
    again = np.asarray(made(name, options, random)(X, training=True))
    assert np.array_equal(np.asarray(y), again), "the same seed, the same images"
    if random:
        others = [np.asarray(layer(X, training=True)) for _ in range(8)]
        fixed = options == {"factor": 3}
        assert fixed or not all(np.array_equal(y, again) for y in others), "each call draws anew"
        resized = name == "RandomCrop"
        still = np.asarray(layer(X, training=False))
        assert still.shape == again.shape if resized else np.array_equal(still, F)
    revived = layers.deserialize(layers.serialize(layer))
    assert revived.get_config() == layer.get_config()
    assert layer(Input(X.shape[1:])).shape == (None, *again.shape[1:])
    assert layer(X[0], training=True).shape == again.shape[1:]
    first = made(name, options, random, data_format="channels_first")
    moved = np.asarray(first(np.moveaxis(X, 3, 1), training=True))
    np.testing.assert_allclose(np.moveaxis(moved, 1, 3), again, atol=2e-3)


@pytest.mark.parametrize(("name", "options", "random"), LAYERS, ids=IDS)
def test_in_a_model(name: str, options: dict[str, Any], random: bool) -> None:
    layer = made(name, options, random)
    model = Sequential([Input(X.shape[1:]), layer])
    still = np.asarray(layer(X, training=False))
    np.testing.assert_allclose(model.predict(X, verbose=0), still, atol=1e-3)

    @axone.function
    def step(x: Any) -> Any:
        return layer(x, training=True)

    eager = made(name, options, random)
    for _ in range(2):  # in a program, the seeds go on as they do outside
        np.testing.assert_allclose(np.asarray(step(F)), np.asarray(eager(F, training=True)), atol=2e-3)


def test_flips_are_flips() -> None:
    x = np.repeat(F[:1], 40, 0)
    for mode, axes in (("horizontal", 2), ("vertical", 1), ("horizontal_and_vertical", (1, 2))):
        y = np.asarray(layers.RandomFlip(mode, seed=1)(x, training=True))
        flipped = [np.array_equal(image, np.flip(x, axes)[0]) for image in y]
        kept = [np.array_equal(image, x[0]) for image in y]
        assert all(a or b for a, b in zip(flipped, kept, strict=True)) and 8 <= sum(flipped) <= 32


def test_maps_move_pixels_where_they_say() -> None:
    square = F[:, :, :20]
    turned = np.asarray(layers.RandomRotation((0.25, 0.25))(square, training=True))
    np.testing.assert_allclose(turned, np.rot90(square, 1, (1, 2)), atol=0.2)
    options = {"fill_mode": "constant", "fill_value": -1.0}
    shifted = np.asarray(layers.RandomTranslation((0.1, 0.1), (0.25, 0.25), **options)(F, training=True))
    np.testing.assert_allclose(shifted[:, 2:, 6:], F[:, :-2, :-6], atol=0.05)
    assert (shifted[:, :2] == -1).all() and (shifted[:, :, :6] == -1).all()
    wide = np.asarray(layers.RandomZoom((1.0, 1.0), (1.0, 1.0), **options)(F, training=True))
    assert (wide[:, :4] == -1).all() and (wide[:, -4:] == -1).all()  # half as large, in the middle
    inner = np.repeat(np.repeat(F, 2, 1), 2, 2)
    half = np.asarray(layers.RandomZoom((-0.5, -0.5))(inner, training=True))
    assert half.shape == inner.shape
    slanted = np.asarray(layers.RandomShear((0.5, 0.5), 0.0, fill_mode="nearest", seed=1)(F, training=True))
    np.testing.assert_allclose(slanted[:, 0], F[:, 0], atol=1e-2)
    assert not np.allclose(slanted[:, 10], F[:, 10])


def test_each_image_has_its_own_draw() -> None:
    x = np.repeat(F[:1], 8, 0)
    for name, options in (("RandomRotation", {"factor": 0.2}), ("RandomBrightness", {"factor": 0.5})):
        y = np.asarray(made(name, options, True)(x, training=True))
        assert len({image.tobytes() for image in y}) == 8


def test_colours() -> None:
    bright = np.asarray(layers.RandomBrightness((0.2, 0.2))(F, training=True))
    np.testing.assert_allclose(bright, np.minimum(F + 51, 255), rtol=1e-5)
    small = np.asarray(layers.RandomBrightness((-0.2, -0.2), value_range=(0, 1))(F / 255, training=True))
    np.testing.assert_allclose(small, np.maximum(F / 255 - 0.2, 0), atol=1e-6)
    mean = F.mean((1, 2), keepdims=True)
    low = np.asarray(layers.RandomContrast((1.0, 0.0), seed=1)(F, training=True))
    ratio = (low - mean) / (F - mean)
    for image in ratio:
        inside = image[np.isfinite(image)]
        np.testing.assert_allclose(inside, np.median(inside), atol=2e-2)
    same = np.asarray(layers.RandomSaturation((0.5, 0.5))(F, training=True))
    np.testing.assert_allclose(same, F, atol=0.1)
    grey = np.asarray(layers.RandomSaturation((0.0, 0.0))(F, training=True))
    np.testing.assert_allclose(grey, np.broadcast_to(F.max(3, keepdims=True), F.shape), atol=0.05)
    none = np.asarray(layers.RandomHue((0.0, 0.0))(F, training=True))
    np.testing.assert_allclose(none, F, atol=0.1)
    luma = (F * [0.2989, 0.587, 0.114]).sum(3, keepdims=True)
    all_grey = np.asarray(layers.RandomGrayscale(1.0)(F, training=True))
    np.testing.assert_allclose(all_grey, np.broadcast_to(luma, F.shape), rtol=1e-5)
    half = np.asarray(layers.RandomColorDegeneration((0.5, 0.5))(F, training=True))
    np.testing.assert_allclose(half, (F + luma) / 2, rtol=1e-4)


def test_tones() -> None:
    negative = np.asarray(layers.RandomInvert((1.0, 1.0))(F, training=True))
    np.testing.assert_allclose(negative, 255 - F)
    solar = np.asarray(layers.Solarization(0.0, (0.5, 0.5))(F, training=True))
    np.testing.assert_allclose(solar, np.where(F < 127.5, F, 255 - F), atol=1e-3)
    coarse = np.asarray(layers.RandomPosterization(3)(F, training=True))
    np.testing.assert_allclose(coarse, np.floor(F / 32) * 32, atol=1e-3)
    np.testing.assert_allclose(np.asarray(layers.RandomSharpness((0.5, 0.5))(F, training=True)), F, atol=1e-3)
    dull = F / 4 + 20
    stretched = np.asarray(layers.AutoContrast()(dull))
    assert np.allclose(stretched.min((1, 2)), 0, atol=1e-3) and np.allclose(
        stretched.max((1, 2)), 255, atol=1e-3
    )
    flat = np.full((1, 4, 4, 1), 9.0, "float32")
    for name in ("AutoContrast", "Equalization"):
        assert np.array_equal(np.asarray(getattr(layers, name)()(flat)), flat)


def test_equalization_is_that_of_each_image_and_channel() -> None:
    y = np.asarray(layers.Equalization()(X))
    for n, c in np.ndindex(4, 3):
        count = np.bincount(X[n, :, :, c].ravel(), minlength=256)
        below = np.cumsum(count)
        first = below[below > 0][0]
        table = np.clip(np.round((below - first) * 255 / (below[-1] - first)), 0, 255)
        np.testing.assert_allclose(y[n, :, :, c], table[X[n, :, :, c]], atol=1e-3)


def test_sizes() -> None:
    crop = np.asarray(layers.CenterCrop(10, 12)(X))
    assert np.array_equal(crop, F[:, 5:15, 6:18])
    want = axone.ops.image.resize(F, (40, 11), crop_to_aspect_ratio=True)
    np.testing.assert_allclose(np.asarray(layers.CenterCrop(40, 11)(X)), want)
    part = np.asarray(layers.RandomCrop(10, 12, seed=2)(X, training=True))
    places = [
        (r, c) for r in range(11) for c in range(13) if np.array_equal(part, F[:, r : r + 10, c : c + 12])
    ]
    assert len(places) == 1
    sharp = layers.Resizing(10, 12, interpolation="nearest")(X)
    np.testing.assert_allclose(np.asarray(sharp), axone.ops.image.resize(F, (10, 12), "nearest"))


def test_mixed_images_have_mixed_labels() -> None:
    labels = np.eye(4, dtype="float32")
    # Image i is 100 in channel i alone: what is seen of it is what the label must say.
    images = np.broadcast_to(np.eye(4)[:, None, None] * 100, (4, 16, 16, 4))
    for name, options in (("MixUp", {"alpha": 1.0}), ("CutMix", {})):
        found = made(name, options, True)({"images": images, "labels": labels}, training=True)
        mixed = np.asarray(found["labels"])
        np.testing.assert_allclose(mixed.sum(1), 1, rtol=1e-5)
        np.testing.assert_allclose(np.asarray(found["images"]).mean((1, 2)) / 100, mixed, atol=1e-5)
        still = made(name, options, True)({"images": images, "labels": labels}, training=False)
        assert np.array_equal(np.asarray(still["images"]), images)
        assert np.array_equal(np.asarray(still["labels"]), labels)


def test_masks_move_with_the_images() -> None:
    masks = (F[..., :1] > 128).astype("int32")
    found = layers.RandomRotation(0.3, interpolation="nearest", seed=1)(
        {"images": F, "segmentation_masks": masks}, training=True
    )
    moved, seen = np.asarray(found["segmentation_masks"]), np.asarray(found["images"])
    assert np.array_equal(moved, (seen[..., :1] > 128).astype("float32"))
    kept = layers.RandomBrightness(0.3)({"images": F, "segmentation_masks": masks}, training=True)
    assert np.array_equal(np.asarray(kept["segmentation_masks"]), masks)


def test_erased_boxes() -> None:
    layer = layers.RandomErasing(1.0, (0.25, 0.25), fill_value=-5, value_range=(-9, 255), seed=1)
    y = np.asarray(layer(F, training=True))
    for image, source in zip(y, F, strict=True):
        rows, columns = np.nonzero((image == -5).all(2))
        if len(rows):
            box = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
            assert (image[box] == -5).all() and 9 <= box[0].stop - box[0].start <= 11
            image[box] = source[box]
        assert np.array_equal(image, source)


def test_pipeline() -> None:
    steps = [layers.RandomFlip(seed=1), layers.Rescaling(1 / 255), layers.RandomContrast(0.2, (0, 1), seed=2)]
    pipeline = layers.Pipeline(steps)
    assert pipeline.layers == steps
    np.testing.assert_allclose(np.asarray(pipeline(X, training=False)), F / 255, rtol=1e-6)
    again = layers.Pipeline.from_config(pipeline.get_config())
    assert [type(step) for step in again.layers] == [type(step) for step in steps]
    with pytest.raises(ValueError, match="expected layers, got 3"):
        layers.Pipeline([3])


def test_elastic_transform_repeats_with_its_seed() -> None:
    first, second = (np.asarray(axone.ops.image.elastic_transform(F, 9.0, 2.0, seed=4)) for _ in range(2))
    assert np.array_equal(first, second) and not np.allclose(first, F, atol=5)
    still = np.asarray(axone.ops.image.elastic_transform(F, 0.0, 2.0, seed=4))
    np.testing.assert_allclose(still, F, atol=1e-3)


def test_training_with_augmentation_repeats() -> None:
    def losses() -> list[float]:
        axone.utils.set_random_seed(1)
        model = Sequential([
            Input(X.shape[1:]),
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.1),
            layers.RandomZoom(0.2),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ])  # fmt: skip
        model.compile("sgd", "mse")
        history = model.fit(X, np.eye(2)[[0, 1, 0, 1]], epochs=3, batch_size=2, verbose=0).history
        return [float(v) for v in history["loss"]]

    assert losses() == losses()


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("RandomFlip", {"mode": "sideways"}, "`mode` must be one of horizontal, vertical"),
    ("RandomRotation", {"factor": 2}, "RandomRotation 'r': factor must be a number or a pair .* got 2"),
    ("RandomRotation", {"factor": (1, 2, 3)}, "factor must be a number or a pair"),
    ("RandomRotation", {"factor": 0.1, "fill_mode": "edge"}, "`fill_mode` must be one of reflect"),
    ("RandomRotation", {"factor": 0.1, "interpolation": "cubic"}, "`interpolation` must be one of nearest"),
    ("RandomZoom", {"height_factor": -1.0}, "must be above"),
    ("RandomTranslation", {"height_factor": "a", "width_factor": 0}, "height_factor must be a number"),
    ("RandomShear", {"x_factor": -0.1}, "x_factor must be a number or a pair .* from 0 to 1"),
    ("RandomPerspective", {"scale": 2.0}, "scale must be a number"),
    (
        "RandomBrightness",
        {"factor": 0.1, "value_range": 255},
        r"value_range must be a pair such as \(0, 255\)",
    ),
    ("RandomContrast", {"factor": -0.5}, "factor must be a number"),
    ("RandomPosterization", {"factor": 9}, "factor must be a number or a pair of numbers from 1 to 8"),
    ("RandomGaussianBlur", {"kernel_size": 4}, "kernel_size must be an odd number or two, got 4"),
    ("RandomErasing", {"fill_value": "noise"}, "fill_value must be a number"),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"clip_limit": -1}, "clip_limit must be a number"),
    ("MixUp", {"alpha": 0}, "alpha must be a positive number"),
    ("RandAugment", {"num_ops": 0}, "num_ops must be a positive integer"),
    ("Resizing", {"height": 0, "width": 3}, "height must be a positive integer, got 0"),
    (
        "Resizing",
        {"height": 3, "width": 3, "interpolation": "cubic"},
        "`interpolation` must be one of bilinear",
    ),
    ("Resizing", {"height": 3, "width": 3, "fill_mode": "wrap"}, "`fill_mode` must be one of constant"),
    ("CenterCrop", {"height": 3, "width": 2.5}, "width must be a positive integer, got 2.5"),
    ("RandomCrop", {"height": 3, "width": 3, "data_format": "last"}, "data_format must be"),
]


@pytest.mark.parametrize(("name", "options", "message"), WRONG, ids=range(len(WRONG)))
def test_wrong_options(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(layers, name)(**options, name="r")


def test_wrong_inputs() -> None:
    layer = layers.RandomFlip(name="f")
    with pytest.raises(
        ValueError, match=r"RandomFlip 'f': expected an image of 3 axes .* got shape \(2, 2\)"
    ):
        layer(np.zeros((2, 2)))
    with pytest.raises(
        ValueError, match=r"a dict with 'images' and any of labels, .* got keys \['pictures'\]"
    ):
        layer({"pictures": F})
    with pytest.raises(ValueError, match=r"got keys \['bounding_boxes', 'images'\]"):
        layer({"images": F, "bounding_boxes": F})
    with pytest.raises(ValueError, match=r"RandomHue 'h': .*expected 3 channels, got 1"):
        layers.RandomHue(0.1, name="h")(F[..., :1], training=True)


def test_policies_are_short() -> None:
    for make in (lambda: layers.RandAugment(num_ops=33), lambda: layers.AugMix(chain_depth=10**6)):
        with pytest.raises(ValueError, match="must be at most 32"):
            make()
