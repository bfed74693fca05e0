"""Entries of the table: images, pixel by pixel."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import windows
from case import Array as A
from case import case


def _kernel(method: str, x: float) -> float:
    x = abs(x)
    if method == "bilinear":
        return max(1 - x, 0.0)
    if method == "bicubic":  # Keys with a = -1/2
        if x < 1:
            return 1.5 * x**3 - 2.5 * x**2 + 1
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0
    radius = int(method[-1])
    if x > radius:
        return 0.0
    return (
        1.0
        if x <= 1e-3
        else math.sin(math.pi * x) * math.sin(math.pi * x / radius) * radius / (math.pi * x) ** 2
    )


def _line(x: Any, count: int, method: str, smooth: bool, scale: float, shift: float = 0.0) -> Any:
    """One axis (the first) resampled, output by output."""
    size, rows = len(x), []
    for i in range(count):
        if method == "nearest":
            rows.append(x[min(int((i + 0.5) * size / count), size - 1)])
            continue
        place, width = (i + 0.5 - shift) / scale - 0.5, max(1 / scale, 1.0) if smooth else 1.0
        weights = [_kernel(method, (place - j) / width) for j in range(size)]
        if not -0.5 <= place <= size - 0.5:
            weights = [0.0] * size
        rows.append(sum(w * row for w, row in zip(weights, x, strict=True)) / (sum(weights) or 1.0))
    return np.stack(rows)


def _resize(x: Any, size: Any, method: str = "bilinear", smooth: bool = False) -> Any:
    for axis, count in zip((-3, -2), size, strict=True):
        lines = np.moveaxis(x, axis, 0)
        scale = count / len(lines)
        x = np.moveaxis(_line(lines, count, method, smooth, scale) if scale != 1 else lines, 0, axis)
    return x


case(
    "image.resize",
    _resize,
    [
        (A((1, 4, 5, 1)), (3, 7)),
        (A((3, 4, 2)), (6, 2), "bicubic"),
        (A((3, 4, 2)), (2, 4), "bilinear", True),
        (A((3, 4, 2)), (6, 2), "nearest"),
        (A((2, 13, 9, 3)), (7, 20), "lanczos3"),
        (A((2, 13, 9, 17)), (5, 6), "lanczos5", True),
        (A((1, 33, 31, 3)), (17, 64), "bicubic"),
        (A((2, 9, 9, 3)), (9, 9)),
        (A((3, 4, 2)), (6, 2), "lanczos5"),
        (A((2, 3, 4, 1)), (1, 1), "bicubic", True),
    ],
    tolerance=4e-6,
)


def _scaled(x: Any, shape: Any, scale: Any, shift: Any, axes: Any, method: str, smooth: bool = True) -> Any:
    for axis, s, t in zip(axes, scale, shift, strict=True):
        x = np.moveaxis(_line(np.moveaxis(x, axis, 0), shape[axis], method, smooth, s, t), 0, axis)
    return x


case(
    "image.scale_and_translate",
    _scaled,
    [
        (A((4, 5)), (3, 7), [0.8, 1.5], [0.3, -1.0], (0, 1), "bilinear"),
        (A((2, 7, 3)), (2, 5, 3), [0.6], [0.2], (1,), "bicubic", False),
        (A((2, 7, 3)), (2, 9, 3), [1.3], [0.9], (1,), "lanczos3"),
    ],
    tolerance=8e-6,
)


def _inside(i: int, size: int, mode: str) -> int:
    """The position that stands for one outside: a line that is repeated, mirrored, or held."""
    if mode == "wrap":
        return i % size
    if mode == "mirror":
        line = [*range(size), *range(size - 2, 0, -1)]
        return line[i % len(line)]
    if mode == "reflect":
        line = [*range(size), *range(size - 1, -1, -1)]
        return line[i % len(line)]
    return min(max(i, 0), size - 1)


def _value(x: Any, place: Any, order: int, mode: str, fill: float) -> Any:
    """What stands at a place between the elements of the first axes."""
    total: Any = 0.0
    for corner in itertools.product((0, 1), repeat=len(place)):
        weight, index, outside = 1.0, [], False
        for c, p, size in zip(corner, place, x.shape, strict=False):
            low = math.floor(p) if order else math.floor(abs(p) + 0.5) * (1 if p >= 0 else -1)
            weight *= (p - low if c else 1 - (p - low)) if order else 1.0 - c
            outside |= not 0 <= low + c < size
            index.append(_inside(low + c, size, mode))
        value = x[tuple(index)]
        total = total + weight * (fill + 0 * value if outside and mode == "constant" else value)
    return total


def _map_coordinates(x: Any, places: Any, order: int, mode: str = "constant", fill: float = 0.0) -> Any:
    flat = places.reshape(len(places), -1)
    return np.array([_value(x, p, order, mode, fill) for p in flat.T]).reshape(places.shape[1:])


MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
case(
    "image.map_coordinates",
    _map_coordinates,
    [(A((5, 4)), A((2, 6), "away"), 1, mode, 0.7) for mode in MODES]
    + [(A((3, 4, 2)), A((3, 2, 5), "away"), order, mode, 0.3) for mode in MODES for order in (0, 1)],
    order=1,
    tolerance=4e-6,
)


def _mapped(x: Any, source: Any, order: int, mode: str, fill: float) -> Any:
    """Images whose pixel (row, column) shows place source(image, row, column)."""
    return np.stack(
        [
            [
                [_value(image, source(n, r, c), order, mode, fill) for c in range(image.shape[1])]
                for r in range(image.shape[0])
            ]
            for n, image in enumerate(x)
        ]
    )


ORDERS = {"nearest": 0, "bilinear": 1}


def _affine(x: Any, t: Any, way: str = "bilinear", mode: str = "constant", fill: float = 0.0) -> Any:
    def source(n: int, r: int, c: int) -> Any:
        a0, a1, a2, b0, b1, b2, c0, c1 = t[n]
        k = c0 * c + c1 * r + 1
        return (b0 * c + b1 * r + b2) / k, (a0 * c + a1 * r + a2) / k

    return _mapped(x, source, ORDERS[way], mode, fill)


TURN = np.array([[0.9, -0.3, 1.23, 0.3, 0.87, -0.7, 0, 0], [1.3, 0.1, -2.07, -0.2, 0.8, 1.04, 0.01, 0.03]])
case(
    "image.affine_transform",
    _affine,
    [(A((2, 4, 3, 1)), TURN, "bilinear", mode, 0.4) for mode in MODES]
    + [(A((2, 5, 6, 3)), TURN, way, mode, 0.4) for mode in MODES for way in ORDERS],
    tolerance=2e-5,
)

CORNERS = np.array([[[0, 0], [0, 4], [5, 0], [5, 4]], [[0.0, 0], [0, 4], [5, 0], [5, 4]]])
MOVED = CORNERS + np.array([[[0.3, 0.2], [-0.4, 0.1], [0.2, 0.7], [-0.6, -0.3]]])


def _perspective(x: Any, start: Any, end: Any, way: str = "bilinear", fill: float = 0.0) -> Any:
    maps = []
    for s, e in zip(start, end, strict=True):
        rows = [[ex, ey, 1, 0, 0, 0, -sx * ex, -sx * ey] for (sx, sy), (ex, ey) in zip(s, e, strict=True)]
        rows += [[0, 0, 0, ex, ey, 1, -sy * ex, -sy * ey] for (sx, sy), (ex, ey) in zip(s, e, strict=True)]
        maps.append(np.linalg.solve(np.array(rows), np.concatenate([s[:, 0], s[:, 1]])))
    return _affine(x, np.stack(maps), way, "constant", fill)


case(
    "image.perspective_transform",
    _perspective,
    [
        (A((2, 5, 6, 1)), CORNERS, MOVED, "bilinear", 0.3),
        (A((2, 5, 6, 3)), CORNERS, MOVED, "nearest"),
    ],
    tolerance=2e-5,
)


def _pad(x: Any, top: int, left: int, bottom: int, right: int) -> Any:
    return np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))


def _crop(x: Any, top: int, left: int, bottom: int, right: int) -> Any:
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


case("image.pad_images", _pad, [(A((1, 3, 2, 2)), 1, 0, 2, 3)])
case("image.crop_images", _crop, [(A((1, 5, 4, 2)), 1, 0, 2, 3)])
case(
    "image.extract_patches",
    windows.patches,
    [
        (A((1, 5, 4, 2)), (2, 2)),
        (A((1, 5, 4, 2)), (3, 2), (1, 2), 1, "same"),
        (A((2, 7, 6, 3)), 2, 1, 2),
        (A((1, 3, 4, 3, 1)), (2, 2, 3)),
    ],
)
case(
    "image.extract_patches_3d",
    windows.patches,
    [(A((1, 3, 4, 3, 1)), 2), (A((2, 4, 4, 5, 3)), 2, 1, 1, "same")],
)


def _gray(x: Any) -> Any:
    return (x * [0.2989, 0.5870, 0.1140]).sum(-1, keepdims=True)


def _hsv(x: Any) -> Any:
    import colorsys

    return np.array([colorsys.rgb_to_hsv(*p) for p in x.reshape(-1, 3)]).reshape(x.shape)


def _rgb(x: Any) -> Any:
    import colorsys

    return np.array([colorsys.hsv_to_rgb(*p) for p in x.reshape(-1, 3)]).reshape(x.shape)


case("image.rgb_to_grayscale", _gray, [(A((2, 3, 3)),), (A((2, 4, 5, 3)),)])
case("image.rgb_to_hsv", _hsv, [(A((2, 3, 3), "unit"),), (A((2, 4, 5, 3), "unit"),)], tolerance=4e-6, order=1)
case("image.hsv_to_rgb", _rgb, [(A((2, 3, 3), "unit"),), (A((2, 4, 5, 3), "unit"),)], tolerance=4e-6, order=1)


def _gaussian(size: int, sigma: float) -> Any:
    values = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / sigma) ** 2)
    return values / values.sum()


def _blur(x: Any, size: Any, sigma: Any) -> Any:
    window = np.outer(_gaussian(size[1], sigma[1]), _gaussian(size[0], sigma[0]))
    return windows.depthwise(x, np.repeat(window[:, :, None, None], x.shape[-1], 2), 1, "same")


def _sobel(x: Any) -> Any:
    across = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    edges = [
        windows.depthwise(x, np.repeat(f[:, :, None, None], x.shape[-1], 2), 1, "same")
        for f in (across.T, across)
    ]
    return np.stack(edges, -1)


def _ssim(x: Any, y: Any, top: float, size: int, sigma: float) -> Any:
    window = np.outer(_gaussian(size, sigma), _gaussian(size, sigma))[:, :, None, None]

    def mean(z: Any) -> Any:
        return windows.depthwise(z, np.repeat(window, z.shape[-1], 2), 1, "valid")

    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    c1, c2 = (0.01 * top) ** 2, (0.03 * top) ** 2
    return ((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean((1, 2, 3))


case(
    "image.gaussian_blur",
    _blur,
    [
        (A((1, 4, 5, 2)), (3, 3), (1.0, 0.8)),
        (A((2, 9, 8, 3)), (4, 5), (1.0, 2.0)),
    ],
    tolerance=4e-6,
)
case("image.sobel_edges", _sobel, [(A((1, 4, 3, 2)),), (A((2, 7, 9, 3)),)], tolerance=4e-6)
case(
    "image.ssim",
    _ssim,
    [
        (A((1, 4, 4, 1), "unit"), A((1, 4, 4, 1), "positive"), 1.0, 3, 1.0),
        (A((2, 12, 13, 3), "unit"), A((2, 12, 13, 3), "unit"), 2.0, 7, 1.5),
    ],
    tolerance=2e-5,
)
