"""A scene as SVG text or, with matplotlib, as PNG, PDF and other files."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from axone.utils.optional import need
from axone.visualization.network.scene import Command, Scene, Shape, Text

__all__ = ["to_image", "to_svg"]

_FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
_LARGEST = 60000  # pixels on a side: matplotlib draws no more than 65536


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _path_data(path: list[Command]) -> str:
    return " ".join(kind + " ".join(f"{_number(x)},{_number(y)}" for x, y in points) for kind, points in path)


def _shape_tag(shape: Shape) -> str:
    drawn = f' stroke="{shape.stroke}" stroke-width="{shape.width}"' if shape.stroke else ""
    dashes = ' stroke-dasharray="5 3"' if shape.dashed else ""
    return f'<path d="{_path_data(shape.path)}" fill="{shape.fill or "none"}"{drawn}{dashes}/>'


def _text_tag(text: Text) -> str:
    weight = ' font-weight="bold"' if text.bold else ""
    anchor = f' text-anchor="{text.anchor}"' if text.anchor != "start" else ""
    place = f'x="{_number(text.x)}" y="{_number(text.y)}" font-size="{_number(text.size)}"'
    return f'<text {place} fill="{text.color}"{weight}{anchor}>{escape(text.text)}</text>'


def to_svg(scene: Scene) -> str:
    """Return a scene as SVG."""
    width, height = _number(scene.width), _number(scene.height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}" font-family="{_FONT}">'
    )
    tags = [_shape_tag(shape) for shape in scene.shapes] + [_text_tag(text) for text in scene.texts]
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="#ffffff"/>', *tags, "</svg>\n"])


def to_image(scene: Scene, file_format: str, dpi: float) -> bytes:
    """Return a scene as the bytes of an image file.

    Args:
        scene: what is drawn.
        file_format: what matplotlib can write: "png", "pdf", "jpg", ...
        dpi: pixels per inch; fewer for pictures so long that matplotlib could not draw them.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: matplotlib writes no such format.
    """
    need("matplotlib", f"a model drawn as {file_format} (not .svg)", "plot")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width, height = scene.width / 72, scene.height / 72
    figure = Figure(figsize=(width, height), facecolor="white")
    canvas = FigureCanvasAgg(figure)
    if file_format not in canvas.get_supported_filetypes():
        known = ", ".join(sorted(canvas.get_supported_filetypes()))
        raise ValueError(f"plot_model: no format '{file_format}': give a file name ending in .svg, {known}.")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, scene.width)
    axes.set_ylim(scene.height, 0)
    axes.axis("off")
    for shape in scene.shapes:
        axes.add_patch(_patch(shape))
    places = {"start": "left", "middle": "center", "end": "right"}
    for text in scene.texts:
        axes.text(
            text.x,
            text.y,
            # DejaVu Sans is wider than Helvetica by a tenth.
            text.text.replace("$", r"\$"),
            fontsize=text.size * 0.92,
            color=text.color,
            fontweight="bold" if text.bold else "normal",
            ha=places[text.anchor],
            va="baseline",
        )
    buffer = io.BytesIO()
    figure.savefig(buffer, format=file_format, dpi=min(dpi, _LARGEST / max(width, height)))
    return buffer.getvalue()


def _patch(shape: Shape) -> Any:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    codes = {"M": [Path.MOVETO], "L": [Path.LINETO], "C": [Path.CURVE4] * 3, "Z": [Path.CLOSEPOLY]}
    points: list[tuple[float, float]] = []
    kinds: list[Any] = []
    for kind, given in shape.path:
        points.extend(given or (points[0],))
        kinds.extend(codes[kind])
    return PathPatch(
        Path(points, kinds),
        facecolor=shape.fill or "none",
        edgecolor=shape.stroke or "none",
        linewidth=shape.width if shape.stroke else 0,
        linestyle=(0, (5, 3)) if shape.dashed else "solid",
    )
