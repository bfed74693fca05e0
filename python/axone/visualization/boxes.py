"""Boxes around things in images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from axone.core.tensor import convert_to_numpy
from axone.utils.optional import need
from axone.visualization.gallery import channels_last, plot_image_gallery

__all__ = ["draw_bounding_boxes", "plot_bounding_box_gallery"]

_FORMATS = ("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw")


def _corners(boxes: Any, box_format: str, height: int, width: int) -> np.ndarray[Any, Any]:
    """Boxes of any format as left, top, right, bottom in pixels."""
    kind = box_format.lower().removeprefix("rel_")
    if kind not in _FORMATS:
        raise ValueError(
            f"draw_bounding_boxes: bounding_box_format must be one of {_FORMATS}, with or without rel_ in "
            f"front, got {box_format!r}."
        )
    values = np.asarray(convert_to_numpy(boxes), "float64")
    if values.ndim != 3 or values.shape[-1] != 4:
        raise ValueError(
            f"draw_bounding_boxes: boxes must have shape (images, boxes, 4), got {values.shape}."
        )
    a, b, c, d = np.moveaxis(values, -1, 0)
    if kind in ("yxyx", "center_yxhw"):
        a, b, c, d = b, a, d, c
    if kind == "xywh":
        c, d = a + c, b + d
    elif kind.startswith("center"):
        a, b, c, d = a - c / 2, b - d / 2, a + c / 2, b + d / 2
    corners = np.stack([a, b, c, d], axis=-1)
    return corners * [width, height, width, height] if box_format.lower().startswith("rel_") else corners


def _frame(image: np.ndarray[Any, Any], box: Sequence[int], color: Sequence[int], thickness: int) -> None:
    """Draw a rectangle whose lines lie evenly around its edges, as far as the image goes."""
    height, width = image.shape[:2]
    before, after = thickness // 2, thickness - thickness // 2
    left, top, right, bottom = box

    def fill(x0: int, y0: int, x1: int, y1: int) -> None:
        image[max(0, y0) : max(0, min(y1, height)), max(0, x0) : max(0, min(x1, width))] = color

    for y in (top, bottom):
        fill(left - before, y - before, right + after, y + after)
    for x in (left, right):
        fill(x - before, top - before, x + after, bottom + after)


def _write(image: np.ndarray[Any, Any], texts: list[tuple[int, int, str]], color: Any, size: float) -> None:
    """Write labels over an image, above the point given, or below it where there is no room."""
    need("matplotlib", "draw_bounding_boxes with class names", "plot")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height, width = image.shape[:2]
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    canvas = FigureCanvasAgg(figure)
    figure.patch.set_alpha(0.0)
    for x, y, text in texts:
        below = y < 1.6 * size
        figure.text(
            x / width,
            1 - (y + 3 if below else y - 3) / height,
            text.replace("$", r"\$"),
            fontsize=size * 0.72,
            color=np.asarray(color) / 255,
            va="top" if below else "bottom",
        )
    canvas.draw()
    layer = np.asarray(canvas.buffer_rgba())[:height, :width].astype("float32")
    opacity = layer[..., 3:] / 255
    image[:] = np.round(image * (1 - opacity) + layer[..., :3] * opacity).astype("uint8")


def draw_bounding_boxes(
    images: Any,
    bounding_boxes: Mapping[str, Any],
    bounding_box_format: str,
    class_mapping: Mapping[int, str] | None = None,
    color: Sequence[int] = (128, 128, 128),
    line_thickness: int = 2,
    text_thickness: int | None = 1,
    font_scale: float = 1.0,
    data_format: str | None = None,
) -> np.ndarray[Any, Any]:
    """Return images with boxes drawn on them; class names need matplotlib.

    Args:
        images: array or tensor (number, height, width, 3), integers from 0 to 255, or floats to 1 or to 255.
        bounding_boxes: dict of "boxes" (number, boxes, 4), "labels" (number, boxes; -1: no box) and perhaps
            "confidences" (number, boxes).
        bounding_box_format: "xyxy", "yxyx", "xywh", "center_xywh" or "center_yxhw"; with "rel_" in front in
            parts of the image's size.
        class_mapping: from class number to the name written at the box.
        color: red, green, blue, 0 to 255.
        line_thickness: of the lines, in pixels.
        text_thickness: accepted for Keras's sake.
        font_scale: 1 is 12 pixels.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        Array uint8 (number, height, width, 3).

    Raises:
        ValueError: a shape or format that does not fit, or no "boxes" or "labels".
        TypeError: `bounding_boxes` is no dict.
    """
    del text_thickness
    pixels = channels_last("draw_bounding_boxes", images, data_format)
    if not isinstance(bounding_boxes, Mapping):
        raise TypeError(f"draw_bounding_boxes: bounding_boxes must be a dict, got {bounding_boxes!r}.")
    missing = {"boxes", "labels"} - set(bounding_boxes)
    if missing:
        raise ValueError(f"draw_bounding_boxes: bounding_boxes lacks {sorted(missing)}.")
    if pixels.dtype.kind == "f":
        pixels = np.clip(pixels * (255 if pixels.max(initial=0) <= 1 else 1), 0, 255)
    drawn = np.array(pixels, "uint8")
    height, width = drawn.shape[1:3]
    boxes = _corners(bounding_boxes["boxes"], bounding_box_format, height, width)
    labels = np.asarray(convert_to_numpy(bounding_boxes["labels"])).astype("int64")
    if labels.shape != boxes.shape[:2] or len(boxes) != len(drawn):
        raise ValueError(
            f"draw_bounding_boxes: {len(drawn)} images, boxes {boxes.shape} and labels {labels.shape} do not "
            f"fit each other."
        )
    confidences = bounding_boxes.get("confidences")
    sure = None if confidences is None else np.asarray(convert_to_numpy(confidences))
    for i, image in enumerate(drawn):
        texts = []
        for j in np.flatnonzero(labels[i] != -1):
            # Far outside of the image is as good as just outside.
            corners = np.clip(np.nan_to_num(boxes[i, j]), -1e6, 1e6)
            left, top, right, bottom = (int(v) for v in corners)
            _frame(image, (left, top, right, bottom), color, line_thickness)
            name = (class_mapping or {}).get(int(labels[i, j]))
            if name is not None:
                texts.append((left, top, name if sure is None else f"{name} | {sure[i, j]:.2f}"))
        if texts:
            _write(image, texts, color, 12 * font_scale)
    return drawn


def plot_bounding_box_gallery(
    images: Any,
    bounding_box_format: str,
    y_true: Mapping[str, Any] | None = None,
    y_pred: Mapping[str, Any] | None = None,
    value_range: Sequence[float] = (0, 255),
    true_color: Sequence[int] = (0, 188, 212),
    pred_color: Sequence[int] = (255, 235, 59),
    line_thickness: int = 2,
    font_scale: float = 1.0,
    text_thickness: int | None = None,
    class_mapping: Mapping[int, str] | None = None,
    ground_truth_mapping: Mapping[int, str] | None = None,
    prediction_mapping: Mapping[int, str] | None = None,
    legend: bool = False,
    legend_handles: Any = None,
    rows: int | None = None,
    cols: int | None = None,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Show images with their true and their predicted boxes; needs matplotlib.

    Args:
        images: array or tensor (number, height, width, 3).
        bounding_box_format: see `draw_bounding_boxes`.
        y_true, y_pred: boxes and labels, as in `draw_bounding_boxes`.
        value_range: values of black and white in the images.
        true_color, pred_color: red, green, blue, 0 to 255.
        line_thickness, font_scale, text_thickness: see `draw_bounding_boxes`.
        class_mapping: from class number to name; for one kind of boxes alone:
        ground_truth_mapping, prediction_mapping: come before it.
        legend: whether to show which color is which.
        legend_handles: patches of matplotlib, instead of `legend`.
        rows, cols, data_format: see `plot_image_gallery`.
        **kwargs: for `plot_image_gallery`: path, scale, dpi, ...

    Raises:
        ValueError: both `legend` and `legend_handles` are given.
    """
    if legend and legend_handles:
        raise ValueError("plot_bounding_box_gallery: give legend or legend_handles, not both.")
    pixels = channels_last("plot_bounding_box_gallery", images, data_format)
    kinds = (
        (y_true, true_color, ground_truth_mapping or class_mapping),
        (y_pred, pred_color, prediction_mapping or class_mapping),
    )
    for boxes, color, names in kinds:
        if boxes is not None:
            pixels = draw_bounding_boxes(
                pixels,
                boxes,
                bounding_box_format,
                names,
                color,
                line_thickness,
                text_thickness,
                font_scale,
                "channels_last",
            )
            value_range = (0, 255)
    if legend:
        patches = need("matplotlib.patches", "plot_bounding_box_gallery", "plot")
        legend_handles = [
            patches.Patch(color=np.asarray(color) / 255, label=label)
            for color, label in ((true_color, "Ground Truth"), (pred_color, "Prediction"))
        ]
    plot_image_gallery(
        pixels,
        value_range=value_range,
        rows=rows,
        cols=cols,
        legend_handles=legend_handles,
        data_format="channels_last",
        **kwargs,
    )
