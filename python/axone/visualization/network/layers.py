"""Places boxes in layers so that links run one way and cross little.

Sugiyama, Tagawa and Toda 1981, "Methods for visual understanding of hierarchical system structures": break
cycles, give each box a rank, order the boxes of each rank, then choose coordinates. Coordinates are abstract:
x across, y along the flow.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from axone.visualization.network.across import coordinates

__all__ = ["Edge", "Placement", "place"]

_GAP = 26.0  # between boxes of one rank, in points
_RANK_GAP = 34.0  # between ranks
_PORT_GAP = 10.0
_THREAD = 6.0  # width kept free for a link that passes a rank
_SWEEPS = 12


@dataclass
class Edge:
    """A link between boxes; ports are where it is attached, measured across from the box's middle.

    None as a port leaves the place to the layout.
    """

    source: int
    target: int
    source_port: float | None = None
    target_port: float | None = None


@dataclass
class Placement:
    """Result of `place`.

    Attributes:
        centers: (x, y) of each box.
        routes: for each edge its bends (x, y): pairs of the same x run straight through a rank, the
            others cross the gap between two ranks.
        width, height: extent across and along the flow.
    """

    centers: list[tuple[float, float]]
    routes: list[list[tuple[float, float]]]
    width: float
    height: float


@dataclass
class _Grid:
    """Boxes and, for links over several ranks, threads: numbers from the count of boxes on."""

    ranks: list[list[int]]
    widths: list[float]
    chains: list[list[int]]  # per edge: source, threads, target, along the flow
    # Per box its neighbours: (neighbour, its port, own port).
    above: dict[int, list[tuple[int, float, float]]] = field(default_factory=dict)
    below: dict[int, list[tuple[int, float, float]]] = field(default_factory=dict)


def place(
    sizes: Sequence[tuple[float, float]],
    edges: Sequence[Edge],
    first: Sequence[int] = (),
    last: Sequence[int] = (),
) -> Placement:
    """Place boxes.

    Args:
        sizes: extent of each box, across and along the flow.
        edges: the links; none from a box to itself.
        first, last: boxes that must stand in the first and in the last rank.
    """
    backward = _backward_edges(len(sizes), edges)
    ends = [(e.target, e.source) if i in backward else (e.source, e.target) for i, e in enumerate(edges)]
    rank = _ranks(len(sizes), ends, first, last)
    grid = _grid(sizes, edges, ends, rank, backward)
    _order(grid)
    x = coordinates(grid.ranks, grid.widths, _others(grid.above), _others(grid.below), len(sizes), _GAP)
    return _placement(sizes, edges, grid, x, rank, backward)


def _backward_edges(count: int, edges: Sequence[Edge]) -> set[int]:
    """The edges that close a cycle (a shared layer fed with its own output), to be turned round."""
    leaving: list[list[int]] = [[] for _ in range(count)]
    for number, edge in enumerate(edges):
        leaving[edge.source].append(number)
    state = [0] * count  # 1 while on the stack, 2 when done
    backward: set[int] = set()
    for root in range(count):
        if state[root]:
            continue
        state[root] = 1
        stack = [(root, iter(leaving[root]))]
        while stack:
            box, rest = stack[-1]
            for number in rest:
                target = edges[number].target
                if state[target] == 1:
                    backward.add(number)
                elif state[target] == 0:
                    state[target] = 1
                    stack.append((target, iter(leaving[target])))
                    break
            else:
                state[box] = 2
                stack.pop()
    return backward


def _ranks(
    count: int, ends: Sequence[tuple[int, int]], first: Sequence[int], last: Sequence[int]
) -> list[int]:
    """Longest path from the sources; sources then move as near to their consumers as they can."""
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for source, target in ends:
        before[target].append(source)
        after[source].append(target)
    lowest = 1 if first else 0
    rank = [0 if box in first else lowest for box in range(count)]
    waiting = [len(b) for b in before]
    ready = [box for box in range(count) if not waiting[box]]
    for box in ready:
        for target in after[box]:
            rank[target] = max(rank[target], rank[box] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for box in reversed(ready):
        if after[box] and box not in first and len(before[box]) < len(after[box]):
            rank[box] = max(rank[box], min(rank[target] for target in after[box]) - 1)
    bottom = max(rank[box] for box in last) if last else 0
    bottom = max(bottom, 1 + max((rank[box] for box in range(count) if box not in last), default=0))
    for box in last:
        rank[box] = bottom
    return rank


def _grid(
    sizes: Sequence[tuple[float, float]],
    edges: Sequence[Edge],
    ends: Sequence[tuple[int, int]],
    rank: list[int],
    backward: set[int],
) -> _Grid:
    grid = _Grid([[] for _ in range(max(rank, default=0) + 1)], [w for w, _ in sizes], [])
    for box in range(len(sizes)):
        grid.ranks[rank[box]].append(box)
    for number, (source, target) in enumerate(ends):
        chain = [source]
        for between in range(rank[source] + 1, rank[target]):
            thread = len(grid.widths)
            grid.widths.append(_THREAD)
            grid.ranks[between].append(thread)
            chain.append(thread)
        chain.append(target)
        grid.chains.append(chain)
        edge = edges[number]
        ports = [edge.target_port or 0.0, edge.source_port or 0.0]
        start, stop = ports if number in backward else ports[::-1]
        for i, (a, b) in enumerate(pairwise(chain)):
            port_a = start if i == 0 else 0.0
            port_b = stop if i == len(chain) - 2 else 0.0
            grid.below.setdefault(a, []).append((b, port_b, port_a))
            grid.above.setdefault(b, []).append((a, port_a, port_b))
    return grid


def _order(grid: _Grid) -> None:
    """Order each rank by the mean place of its neighbours, up and down, and keep the best order seen."""
    best, fewest = [list(r) for r in grid.ranks], _crossings(grid)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        neighbours = grid.above if down else grid.below
        for number in range(1, len(grid.ranks)) if down else range(len(grid.ranks) - 2, -1, -1):
            near = grid.ranks[number - 1 if down else number + 1]
            place_of = {box: i for i, box in enumerate(near)}
            own = {box: float(i) for i, box in enumerate(grid.ranks[number])}
            for box in own:
                found = [
                    place_of[other] + _nudge(port)
                    for other, port, _ in neighbours.get(box, ())
                    if other in place_of
                ]
                if found:
                    own[box] = sum(found) / len(found)
            grid.ranks[number].sort(key=own.__getitem__)
        crossings = _crossings(grid)
        if crossings < fewest:
            best, fewest = [list(r) for r in grid.ranks], crossings
    grid.ranks = best


def _nudge(port: float) -> float:
    """A port's place within its box, as a part of the distance between two boxes."""
    return max(-0.4, min(0.4, port / 1000))


def _crossings(grid: _Grid) -> int:
    total = 0
    for upper, lower in pairwise(grid.ranks):
        place_of = {box: i for i, box in enumerate(lower)}
        links = sorted(
            (i + _nudge(own), place_of[other] + _nudge(port))
            for i, box in enumerate(upper)
            for other, port, own in grid.below.get(box, ())
            if other in place_of
        )
        seen: list[float] = []
        for _, target in links:
            total += len(seen) - bisect_right(seen, target)
            insort(seen, target)
    return total


def _others(neighbours: dict[int, list[tuple[int, float, float]]]) -> dict[int, list[int]]:
    return {box: [other for other, _, _ in found] for box, found in neighbours.items()}


def _placement(
    sizes: Sequence[tuple[float, float]],
    edges: Sequence[Edge],
    grid: _Grid,
    x: dict[int, float],
    rank: list[int],
    backward: set[int],
) -> Placement:
    tops, bottoms, at = [], [], 0.0
    for row in grid.ranks:
        extent = max((sizes[box][1] for box in row if box < len(sizes)), default=0.0)
        tops.append(at)
        bottoms.append(at + extent)
        # Ranks of ports alone, which have no extent, stand close to their neighbours.
        at += extent + (_RANK_GAP if extent else _PORT_GAP)
    if bottoms and bottoms[-1] == tops[-1] and len(tops) > 1:
        tops[-1] = bottoms[-1] = bottoms[-2] + _PORT_GAP
    left = min((x[box] - grid.widths[box] / 2 for row in grid.ranks for box in row), default=0.0)
    right = max((x[box] + grid.widths[box] / 2 for row in grid.ranks for box in row), default=0.0)
    x = {box: value - left for box, value in x.items()}
    middle = {box: (tops[rank[box]] + bottoms[rank[box]]) / 2 for box in range(len(sizes))}
    arrivals = _arrivals(sizes, edges, grid, x, backward)
    routes = []
    for number, (edge, chain) in enumerate(zip(edges, grid.chains, strict=True)):
        ports = {edge.source: edge.source_port or 0.0, edge.target: arrivals[number]}
        upper, lower = chain[0], chain[-1]
        first_rank = rank[upper]
        start, stop = x[upper] + ports[upper], x[lower] + ports[lower]
        route = [(start, middle[upper] + sizes[upper][1] / 2), (start, bottoms[first_rank])]
        for passed, thread in enumerate(chain[1:-1], first_rank + 1):
            route += [(x[thread], tops[passed]), (x[thread], bottoms[passed])]
        route += [(stop, tops[rank[lower]]), (stop, middle[lower] - sizes[lower][1] / 2)]
        routes.append(route[::-1] if number in backward else route)
    centers = [(x[box], middle[box]) for box in range(len(sizes))]
    return Placement(centers, routes, right - left, bottoms[-1] if bottoms else 0.0)


def _arrivals(
    sizes: Sequence[tuple[float, float]],
    edges: Sequence[Edge],
    grid: _Grid,
    x: dict[int, float],
    backward: set[int],
) -> list[float]:
    """Where links end on their target: straight below where they come from, apart from each other."""
    ports = [edge.target_port or 0.0 for edge in edges]
    coming: dict[int, list[tuple[float, int]]] = {}
    for number, edge in enumerate(edges):
        if edge.target_port is None and number not in backward:
            last = grid.chains[number][-2]
            start = (edge.source_port or 0.0) if len(grid.chains[number]) == 2 else 0.0
            coming.setdefault(edge.target, []).append((x[last] + start - x[edge.target], number))
    for target, found in coming.items():
        room = max(0.0, sizes[target][0] / 2 - 10)
        if len(found) == 1:
            offset, number = found[0]
            ports[number] = offset if abs(offset) < min(room, 14.0) else 0.0
            continue
        apart = min(18.0, 2 * room / (len(found) - 1))
        at = -room - apart
        ordered = sorted(found)
        for i, (offset, number) in enumerate(ordered):
            latest = room - apart * (len(ordered) - 1 - i)
            at = min(max(offset, at + apart), latest)
            ports[number] = at
    return ports
