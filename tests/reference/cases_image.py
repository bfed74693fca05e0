"""Image functions: resizing, maps, colours, filters, windows; and the layers without randomness."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from recording import Cases, compact, rows

case = Cases()


def _images(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).uniform(size=shape).astype("float32")


@case
def resize(k: Any) -> dict[str, Any]:
    found = {}
    methods = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
    sizes = ((7, 9), (14, 5), (3, 20), (7, 4), (1, 1))
    for method, size, antialias in itertools.product(methods, sizes, (False, True)):
        y = k.ops.image.resize(_images(2, 7, 9, 3), size, method, antialias)
        found[f"{method} {size} {antialias}"] = compact(y)
    for size, kind in itertools.product(((6, 6), (10, 4), (3, 9)), ("crop", "pad")):
        options = {f"{kind}_to_aspect_ratio": True, "fill_value": 0.0 if kind == "crop" else 2.0}
        found[f"{kind} {size}"] = compact(k.ops.image.resize(_images(2, 7, 12, 2), size, **options))
        found[f"{kind} {size} one"] = compact(k.ops.image.resize(_images(12, 7, 2), size, **options))
    y = k.ops.image.resize(_images(2, 3, 7, 9), (4, 12), "bicubic", data_format="channels_first")
    return {**found, "channels first": compact(y)}


@case
def scale_and_translate(k: Any) -> dict[str, Any]:
    found = {}
    methods = ("linear", "cubic", "lanczos3", "lanczos5")
    settings = (
        ((5, 12), (0.8, 1.5), (0.3, -1.0)),
        ((9, 9), (1.0, 1.0), (2.5, 0.0)),
        ((4, 3), (0.5, 0.3), (0, 0)),
    )
    for method, (size, scale, shift), antialias in itertools.product(methods, settings, (True, False)):
        y = k.ops.image.scale_and_translate(
            _images(2, 7, 9, 3),
            (2, *size, 3),
            np.array(scale, "float32"),
            np.array(shift, "float32"),
            (1, 2),
            method,
            antialias,
        )
        found[f"{method} {size} {antialias}"] = compact(y)
    return found


@case
def borders(k: Any) -> dict[str, Any]:
    x, image = _images(2, 5, 6, 2), k.ops.image
    target = {"target_height": 9, "target_width": 8}
    small = {"target_height": 3, "target_width": 2}
    return {
        "pad": compact(image.pad_images(x, 1, 2, 3, 0)),
        "pad to": compact(image.pad_images(x, top_padding=1, right_padding=2, **target)),
        "pad one": compact(image.pad_images(x[0], 1, 2, **target)),
        "crop": compact(image.crop_images(x, 1, 2, 1, 0)),
        "crop to": compact(image.crop_images(x, bottom_cropping=1, left_cropping=2, **small)),
        "crop first": compact(image.crop_images(x, 1, 1, 0, 1, data_format="channels_first")),
    }


@case
def maps(k: Any) -> dict[str, Any]:
    found = {}
    x = _images(2, 7, 9, 3)
    turn = np.array(
        [[0.9, -0.3, 1.2, 0.3, 0.9, -0.7, 0, 0], [1.3, 0.1, -2.0, -0.2, 0.8, 1.0, 0, 0]], "float32"
    )
    modes = ("constant", "nearest", "wrap", "mirror", "reflect")
    for way, mode in itertools.product(("bilinear", "nearest"), modes):
        found[f"affine {way} {mode}"] = compact(k.ops.image.affine_transform(x, turn, way, mode, 0.4))
    first = np.moveaxis(x, 3, 1)
    found["affine first"] = compact(k.ops.image.affine_transform(first, turn, data_format="channels_first"))
    found["affine one"] = compact(k.ops.image.affine_transform(x[0], turn[0]))
    start = np.array([[[0, 0], [0, 6], [8, 0], [8, 6]]] * 2, "float32")
    end = start + rows(5, 2, 4, 2)
    for way in ("bilinear", "nearest"):
        found[f"perspective {way}"] = compact(k.ops.image.perspective_transform(x, start, end, way, 0.3))
    found["perspective one"] = compact(k.ops.image.perspective_transform(x[0], start[0], end[0]))
    for order, mode, shape in itertools.product((0, 1), modes, ((7,), (4, 5), (3, 4, 5))):
        places = np.random.default_rng(1).uniform(-6, 11, (len(shape), 4, 5)).astype("float32")
        y = k.ops.image.map_coordinates(_images(*shape), places, order, mode, 0.7)
        found[f"map_coordinates {order} {mode} {shape}"] = compact(y)
    return found


@case
def colours(k: Any) -> dict[str, Any]:
    x, image = _images(2, 4, 5, 3), k.ops.image
    grey = np.broadcast_to(x[..., :1], x.shape).copy()
    first = np.moveaxis(x, 3, 1)
    hsv = {name: image.rgb_to_hsv(v) for name, v in (("colours", x), ("grey", grey), ("black", 0 * x))}
    return {
        **{f"rgb_to_hsv {name}": compact(v) for name, v in hsv.items()},
        "rgb_to_hsv first": compact(image.rgb_to_hsv(first, "channels_first")),
        "hsv_to_rgb": compact(image.hsv_to_rgb(x)),
        "back": compact(image.hsv_to_rgb(hsv["colours"])),
        "grayscale": compact(image.rgb_to_grayscale(x)),
        "grayscale first": compact(image.rgb_to_grayscale(first, "channels_first")),
        "grayscale one": compact(image.rgb_to_grayscale(x[0])),
        "grayscale already": compact(image.rgb_to_grayscale(x[..., :1])),
        "grayscale bytes": compact(image.rgb_to_grayscale((x * 255).astype("uint8"))),
    }


@case
def filters(k: Any) -> dict[str, Any]:
    x, image = _images(2, 12, 13, 3), k.ops.image
    y = np.clip(x + rows(2, *x.shape) / 10, 0, 1).astype("float32")
    first = np.moveaxis(x, 3, 1)
    return {
        "blur": compact(image.gaussian_blur(x, (3, 3), (1.0, 1.0), "channels_last")),
        "blur wide": compact(image.gaussian_blur(x, (5, 3), (1.5, 0.7), "channels_last")),
        "blur one": compact(image.gaussian_blur(x[0], (4, 4), (1.0, 2.0), "channels_last")),
        "blur first": compact(image.gaussian_blur(first, (3, 5), (1.0, 2.0), "channels_first")),
        "sobel": compact(image.sobel_edges(x, "channels_last")),
        "sobel first": compact(image.sobel_edges(first, "channels_first")),
        "ssim": compact(image.ssim(x, y)),
        "ssim same": compact(image.ssim(x, x)),
        "ssim one": compact(image.ssim(x[0], y[0], 2.0, 7, 1.0)),
        "ssim first": compact(image.ssim(x, y, filter_size=2, data_format="channels_first")),
    }


@case
def patches(k: Any) -> dict[str, Any]:
    found = {}
    x, v = _images(2, 7, 9, 3), _images(2, 4, 5, 6, 2)
    for size, stride, dilation, padding in itertools.product(
        (2, (3, 2)), (None, 1, 2), (1, 2), ("valid", "same")
    ):
        if dilation > 1 and stride != 1:
            continue
        y = k.ops.image.extract_patches(x, size, stride, dilation, padding)
        found[f"{size} {stride} {dilation} {padding}"] = compact(y)
    found["one"] = compact(k.ops.image.extract_patches(x[0], 3, 1))
    found["first"] = compact(
        k.ops.image.extract_patches(np.moveaxis(x, 3, 1), 3, 1, data_format="channels_first")
    )
    found["volume"] = compact(k.ops.image.extract_patches(v, (2, 3, 2)))
    found["volume one"] = compact(k.ops.image.extract_patches_3d(v[0], 2, 1))
    return found


# layer, options that leave nothing to chance
LAYERS: list[tuple[str, dict[str, Any]]] = [
    ("Resizing", {"height": 5, "width": 7}),
    ("Resizing", {"height": 5, "width": 7, "interpolation": "lanczos3", "antialias": True}),
    ("Resizing", {"height": 5, "width": 7, "crop_to_aspect_ratio": True}),
    ("Resizing", {"height": 9, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 3.0}),
    ("CenterCrop", {"height": 4, "width": 6}),
    ("CenterCrop", {"height": 5, "width": 5}),
    ("CenterCrop", {"height": 20, "width": 5}),
    *[
        ("RandomRotation", {"factor": (0.1, 0.1), "fill_mode": mode, "interpolation": way, "fill_value": 9.0})
        for mode in ("reflect", "wrap", "constant", "nearest")
        for way in ("bilinear", "nearest")
    ],
    ("RandomZoom", {"height_factor": (0.2, 0.2)}),
    ("RandomZoom", {"height_factor": (-0.3, -0.3), "width_factor": (0.1, 0.1), "fill_mode": "wrap"}),
    ("RandomTranslation", {"height_factor": (0.2, 0.2), "width_factor": (-0.1, -0.1)}),
    ("RandomTranslation", {"height_factor": (0.3, 0.3), "width_factor": (0, 0), "fill_mode": "constant"}),
    ("RandomBrightness", {"factor": (0.2, 0.2)}),
    ("RandomBrightness", {"factor": (-0.4, -0.4)}),
    ("RandomColorDegeneration", {"factor": (0.3, 0.3)}),
    ("RandomSharpness", {"factor": (0.1, 0.1)}),
    ("RandomSharpness", {"factor": (0.9, 0.9)}),
    ("RandomGrayscale", {"factor": 1.0}),
    ("RandomInvert", {"factor": (1.0, 1.0)}),
    ("RandomPosterization", {"factor": (3, 3)}),
    ("AutoContrast", {}),
]


@case
def layers(k: Any) -> dict[str, Any]:
    found = {}
    x = (_images(2, 9, 11, 3) * 255).round()
    for name, options in LAYERS:
        layer = getattr(k.layers, name)(**options)
        found[f"{name} {options}"] = {
            "training": compact(layer(k.ops.convert_to_tensor(x), training=True)),
            "inference": compact(layer(k.ops.convert_to_tensor(x[0]), training=False)),
            "static": list(layer.compute_output_shape(x.shape)),
        }
    adaptive = k.layers.ContrastLimitedAdaptiveHistogramEqualization
    for options in ({"tile_grid_size": (2, 3)}, {"tile_grid_size": (3, 2), "clip_limit": 0.0}):
        y = adaptive(**options)(k.ops.convert_to_tensor(x), training=True)
        found[f"adaptive equalization {options}"] = compact(y)
    one = k.layers.Equalization()(k.ops.convert_to_tensor(x[0]), training=True)
    return {**found, "Equalization of one image": compact(one)}
