"""A picture as shapes and texts, in points, y downwards; and the sizes of texts."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Command", "Scene", "Shape", "Text", "rounded", "text_width"]

# "M" x y, "L" x y, "C" and three points, "Z": as in SVG.
Command = tuple[str, tuple[tuple[float, float], ...]]


@dataclass
class Shape:
    """An outline, filled or drawn."""

    path: list[Command]
    fill: str | None = None
    stroke: str | None = None
    width: float = 1.0
    dashed: bool = False


@dataclass
class Text:
    """A line of text; y is its baseline."""

    x: float
    y: float
    text: str
    size: float
    color: str = "#202124"
    bold: bool = False
    anchor: str = "start"


@dataclass
class Scene:
    """Shapes, then texts over them."""

    width: float
    height: float
    shapes: list[Shape] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)


# Widths in parts of the size, a little more than those of Helvetica, Arial and DejaVu Sans.
_NARROW, _WIDE = frozenset("iljtfrI.,:;'|![]() "), frozenset("mwMW@%")


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return about how wide a text is, in points, in a common sans-serif font."""
    width = sum(0.37 if c in _NARROW else 0.97 if c in _WIDE else 0.72 if c.isupper() else 0.63 for c in text)
    return width * size * (1.08 if bold else 1.0)


def rounded(
    x: float, y: float, width: float, height: float, top: float = 0.0, bottom: float = 0.0
) -> list[Command]:
    """Return the outline of a rectangle whose upper and lower corners are rounded by these radii."""
    right, low = x + width, y + height
    t, b = 0.45 * top, 0.45 * bottom  # distance of a quarter circle's control points from the corner
    return [
        ("M", ((x + top, y),)),
        ("L", ((right - top, y),)),
        ("C", ((right - t, y), (right, y + t), (right, y + top))),
        ("L", ((right, low - bottom),)),
        ("C", ((right, low - b), (right - b, low), (right - bottom, low))),
        ("L", ((x + bottom, low),)),
        ("C", ((x + b, low), (x, low - b), (x, low - bottom))),
        ("L", ((x, y + top),)),
        ("C", ((x, y + t), (x + t, y), (x + top, y))),
        ("Z", ()),
    ]
