"""From a network to a scene."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from axone.visualization.network.cards import Card, Network
from axone.visualization.network.layers import Edge, place
from axone.visualization.network.scene import Command, Scene, Shape, Text, rounded, text_width

__all__ = ["RANKDIRS", "SPLINES", "draw"]

RANKDIRS = ("TB", "BT", "LR", "RL")
SPLINES = ("ortho", "curved", "spline", "polyline", "line")

Point = tuple[float, float]

_TITLE, _ROW, _PAD = 11.0, 9.0, 9.0  # sizes of text, margin at the sides
_TITLE_HEIGHT, _ROW_HEIGHT, _RADIUS = 23.0, 14.0, 5.0
_BORDER = 12.0  # around the picture
_GROUP_PAD, _GROUP_TITLE = 12.0, 24.0
_LINE, _GROUP_LINE = "#6b7280", "#9aa5b1"
_TRAINABLE = {True: ("trainable", "#2e7d32"), False: ("frozen", "#b3261e")}
_ARROW = 6.0


@dataclass
class _Block:
    """A member with the size that it takes, across and along the flow, and where links meet it."""

    member: Card | Network
    across: float
    along: float
    inner: _Layout | None = None

    def port(self, side: str, number: int) -> float | None:
        """Distance of a port from the middle; None where links may meet the box anywhere."""
        if self.inner is None:
            return None
        ports: list[float] = getattr(self.inner, side)
        return ports[number] - self.across / 2


@dataclass
class _Layout:
    """A network laid out: blocks with their middles, and routes with whether they end in an arrow."""

    blocks: list[tuple[_Block, Point]]
    routes: list[tuple[list[Point], bool]]
    across: float
    along: float
    entries: list[float]
    exits: list[float]


def _card_size(card: Card) -> Point:
    title = text_width(card.title, _TITLE, bold=True)
    if card.name:
        title += text_width("  " + card.name, _ROW)
    labels = max((text_width(label, _ROW) for label, _ in card.rows), default=0.0)
    values = max((text_width(value, _ROW) for _, value in card.rows), default=0.0)
    lines = len(card.rows) + (card.trainable is not None)
    width = max(title, labels + 8 + values if card.rows else 0.0, 56.0) + 2 * _PAD
    return width, _TITLE_HEIGHT + (lines * _ROW_HEIGHT + 7 if lines else 0)


class _Drawing:
    """One picture under construction."""

    def __init__(self, rankdir: str, splines: str) -> None:
        self.sideways = rankdir in ("LR", "RL")
        self.reverse = rankdir in ("BT", "RL")
        self.splines = splines
        self.shapes: list[Shape] = []
        self.texts: list[Text] = []

    # -- sizes: abstract coordinates, across and along the flow --------------------------------------------

    def _pads(self) -> tuple[float, float, float, float]:
        """Margins of a group: before and after the content, across and along the flow."""
        pads = [_GROUP_PAD, _GROUP_PAD, _GROUP_PAD, _GROUP_PAD]
        # The title stands above: across the flow when that goes sideways, else at its start or its end.
        pads[0 if self.sideways else 3 if self.reverse else 2] = _GROUP_TITLE
        return pads[0], pads[1], pads[2], pads[3]

    def _block(self, member: Card | Network) -> _Block:
        if isinstance(member, Card):
            width, height = _card_size(member)
            return _Block(member, *((height, width) if self.sideways else (width, height)))
        inner = self.lay_out(member, ports=True)
        return _Block(member, inner.across, inner.along, inner)

    def lay_out(self, network: Network, ports: bool) -> _Layout:
        """Place the members of a network; with `ports`, its inputs and outputs at its borders too."""
        blocks = [self._block(member) for member in network.members]
        links = [link for link in network.links if link.source != link.target]
        edges = [
            Edge(
                link.source,
                link.target,
                blocks[link.source].port("exits", link.source_port),
                blocks[link.target].port("entries", link.target_port),
            )
            for link in links
        ]
        sizes = [(block.across, block.along) for block in blocks]
        # A link into a group goes on inside it, and ends there in an arrow.
        arrows = [not isinstance(network.members[link.target], Network) for link in links]
        first: list[int] = []
        last: list[int] = []
        if ports:
            for member, port in network.entries:
                first.append(len(sizes))
                edges.append(Edge(len(sizes), member, 0.0, blocks[member].port("entries", port)))
                arrows.append(not isinstance(network.members[member], Network))
                sizes.append((0.0, 0.0))
            for member, port in network.exits:
                last.append(len(sizes))
                edges.append(Edge(member, len(sizes), blocks[member].port("exits", port), 0.0))
                arrows.append(False)
                sizes.append((0.0, 0.0))
        placed = place(sizes, edges, first, last)
        low, high, start, end = self._pads() if ports else (0.0, 0.0, 0.0, 0.0)
        title = text_width(network.name, _TITLE, bold=True) + 2 * _GROUP_PAD
        across, along = placed.width + low + high, placed.height + start + end
        if ports and self.sideways:
            along = max(along, title)
        elif ports and across < title:
            low, across = low + (title - across) / 2, title

        def moved(point: Point) -> Point:
            return point[0] + low, point[1] + start

        routes = [[moved(point) for point in route] for route in placed.routes]
        for number in range(len(links), len(links) + len(first)):
            routes[number].insert(0, (routes[number][0][0], 0.0))
        for number in range(len(links) + len(first), len(routes)):
            routes[number].append((routes[number][-1][0], along))
        return _Layout(
            [(block, moved(center)) for block, center in zip(blocks, placed.centers, strict=False)],
            list(zip(routes, arrows, strict=True)),
            across,
            along,
            [moved(placed.centers[box])[0] for box in first],
            [moved(placed.centers[box])[0] for box in last],
        )

    # -- drawing: points of the picture --------------------------------------------------------------------

    def draw(self, network: Network) -> Scene:
        layout = self.lay_out(network, ports=False)
        self.total = layout.along + 2 * _BORDER
        self._draw_layout(network, layout, (_BORDER, _BORDER))
        size = layout.across + 2 * _BORDER, self.total
        width, height = size[::-1] if self.sideways else size
        return Scene(width, height, self.shapes, self.texts)

    def _point(self, point: Point) -> Point:
        across, along = point
        along = self.total - along if self.reverse else along
        return (along, across) if self.sideways else (across, along)

    def _draw_layout(self, network: Network, layout: _Layout, origin: Point) -> None:
        for block, (x, y) in layout.blocks:
            corner = origin[0] + x - block.across / 2, origin[1] + y - block.along / 2
            a = self._point(corner)
            b = self._point((corner[0] + block.across, corner[1] + block.along))
            left, top = min(a[0], b[0]), min(a[1], b[1])
            width, height = abs(a[0] - b[0]), abs(a[1] - b[1])
            if isinstance(block.member, Card):
                self._draw_card(block.member, left, top, width, height)
            elif block.inner is not None:
                outline = rounded(left, top, width, height, 8, 8)
                self.shapes.append(Shape(outline, "#f3f6f9", _GROUP_LINE, 1.0, dashed=True))
                self.texts.append(
                    Text(left + _GROUP_PAD, top + 16, block.member.name, _TITLE, "#37474f", bold=True)
                )
                self._draw_layout(block.member, block.inner, corner)
        for link in network.links:
            if link.source == link.target:
                block, (x, y) = layout.blocks[link.source]
                self._draw_loop(origin[0] + x + block.across / 2, origin[1] + y)
        for route, arrow in layout.routes:
            self._draw_route([(origin[0] + x, origin[1] + y) for x, y in route], arrow)

    def _draw_card(self, card: Card, x: float, y: float, width: float, height: float) -> None:
        flat = height == _TITLE_HEIGHT
        self.shapes.append(Shape(rounded(x, y, width, height, _RADIUS, _RADIUS), "#ffffff"))
        title = rounded(x, y, width, _TITLE_HEIGHT, _RADIUS, _RADIUS if flat else 0)
        self.shapes.append(Shape(title, card.color))
        self.shapes.append(Shape(rounded(x, y, width, height, _RADIUS, _RADIUS), None, card.color, 1.0))
        base = y + 15.5
        if card.name:
            self.texts.append(Text(x + _PAD, base, card.title, _TITLE, "#ffffff", bold=True))
            self.texts.append(Text(x + width - _PAD, base, card.name, _ROW, "#e8ecf0", anchor="end"))
        else:
            self.texts.append(Text(x + width / 2, base, card.title, _TITLE, "#ffffff", True, "middle"))
        base = y + _TITLE_HEIGHT + 13.5
        for label, value in card.rows:
            self.texts.append(Text(x + _PAD, base, label, _ROW, "#6b7280"))
            self.texts.append(Text(x + width - _PAD, base, value, _ROW, anchor="end"))
            base += _ROW_HEIGHT
        if card.trainable is not None:
            text, color = _TRAINABLE[card.trainable]
            self.texts.append(Text(x + width / 2, base, text, _ROW, color, True, "middle"))

    def _draw_loop(self, x: float, y: float) -> None:
        """A layer's own output comes back to it: a loop at the side of the box."""
        far = x + 0.9 * _BORDER
        points = [(x, y + 7), (far, y + 9), (far, y - 9), (x, y - 7)]
        first, *rest = [self._point(point) for point in points]
        self.shapes.append(Shape([("M", (first,)), ("C", tuple(rest))], None, _LINE, 1.3))
        tip, *rest = [self._point(point) for point in ((x, y - 7), (x + 6, y - 5), (x + 4, y - 11))]
        self.shapes.append(Shape([("M", (tip,)), *(("L", (p,)) for p in rest), ("Z", ())], _LINE))

    def _draw_route(self, route: list[Point], arrow: bool) -> None:
        if arrow:  # the line ends inside the arrow's head
            (x, y), before = route[-1], route[-2]
            sign = 1.0 if y >= before[1] else -1.0
            head = [(x, y), (x - _ARROW * 0.55, y - sign * _ARROW), (x + _ARROW * 0.55, y - sign * _ARROW)]
            route = [*route[:-1], (x, y - sign * _ARROW * 0.8)]
        path: list[Command] = [("M", (self._point(route[0]),))]
        for a, b in pairwise(route):
            path += [(kind, tuple(map(self._point, points))) for kind, points in self._gap(a, b)]
        self.shapes.append(Shape(path, None, _LINE, 1.3))
        if arrow:
            tip, *rest = [self._point(point) for point in head]
            outline: list[Command] = [("M", (tip,)), *(("L", (point,)) for point in rest), ("Z", ())]
            self.shapes.append(Shape(outline, _LINE))

    def _gap(self, a: Point, b: Point) -> list[Command]:
        """A line from rank to rank."""
        (x0, y0), (x1, y1) = a, b
        middle = (y0 + y1) / 2
        if abs(x0 - x1) < 0.5 or self.splines in ("line", "polyline"):
            return [("L", (b,))]
        if self.splines != "ortho":
            return [("C", ((x0, middle), (x1, middle), b))]
        side = 1.0 if x1 > x0 else -1.0
        down = 1.0 if y1 > y0 else -1.0
        r = min(8.0, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
        return [
            ("L", ((x0, middle - down * r),)),
            ("C", ((x0, middle - down * 0.45 * r), (x0 + side * 0.45 * r, middle), (x0 + side * r, middle))),
            ("L", ((x1 - side * r, middle),)),
            ("C", ((x1 - side * 0.45 * r, middle), (x1, middle + down * 0.45 * r), (x1, middle + down * r))),
            ("L", (b,)),
        ]


def draw(network: Network, rankdir: str, splines: str) -> Scene:
    """Return the picture of a network.

    Args:
        network: what is drawn.
        rankdir: direction of the flow, one of `RANKDIRS`.
        splines: how links are drawn, one of `SPLINES`.
    """
    return _Drawing(rankdir, splines).draw(network)
