"""Coordinates across the flow for boxes whose order in each rank is given.

Brandes and Köpf 2001, "Fast and simple horizontal coordinate assignment": four layouts, each of which puts
boxes straight under (or over) their median neighbour where that crosses nothing, packed to the left (or the
right); then the mean of the two middle ones. Chains and the threads of long links come out straight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

__all__ = ["coordinates"]

Neighbours = Mapping[int, Sequence[int]]


def coordinates(
    ranks: Sequence[Sequence[int]],
    widths: Sequence[float],
    above: Neighbours,
    below: Neighbours,
    threads_from: int,
    gap: float,
) -> dict[int, float]:
    """Return the middle of each box.

    Args:
        ranks: boxes of each rank, in order.
        widths: of each box.
        above, below: neighbours of each box in the ranks before and after.
        threads_from: boxes from this number on are threads of links, whose straightness comes first.
        gap: between boxes of a rank.
    """
    conflicts = _conflicts(ranks, above, threads_from)
    layouts = []
    for down in (True, False):
        rows = ranks if down else ranks[::-1]
        for left in (True, False):
            ordered = rows if left else [row[::-1] for row in rows]
            block = _align(ordered, above if down else below, conflicts)
            x = _pack(ordered, block, widths, gap)
            layouts.append(x if left else {box: -value for box, value in x.items()})
    return _balanced(layouts, widths)


def _conflicts(ranks: Sequence[Sequence[int]], above: Neighbours, threads_from: int) -> set[tuple[int, int]]:
    """Links, as (upper, lower), that cross a piece of a long link between two threads."""
    found: set[tuple[int, int]] = set()
    for upper, lower in pairwise(ranks):
        place = {box: i for i, box in enumerate(upper)}
        inner = {
            i: place[above[box][0]]
            for i, box in enumerate(lower)
            if box >= threads_from and above[box][0] >= threads_from
        }
        bounds = sorted(inner.items())
        for i, box in enumerate(lower):
            if i in inner:
                continue
            lowest = max((at for j, at in bounds if j < i), default=-1)
            highest = min((at for j, at in bounds if j > i), default=len(upper))
            found.update((other, box) for other in above.get(box, ()) if not lowest < place[other] < highest)
    return found


def _align(
    rows: Sequence[Sequence[int]], before: Neighbours, conflicts: set[tuple[int, int]]
) -> dict[int, int]:
    """Put each box into the block of a median neighbour of the row before, as far as no two links cross."""
    block = {box: box for row in rows for box in row}
    for previous, row in pairwise(rows):
        place = {box: i for i, box in enumerate(previous)}
        taken = -1
        for box in row:
            near = sorted({place[other] for other in before.get(box, ()) if other in place})
            for median in sorted({(len(near) - 1) // 2, len(near) // 2}) if near else ():
                other = previous[near[median]]
                crossing = (other, box) in conflicts or (box, other) in conflicts
                if near[median] > taken and not crossing:
                    block[box] = block[other]
                    taken = near[median]
                    break
    return block


def _pack(
    rows: Sequence[Sequence[int]], block: Mapping[int, int], widths: Sequence[float], gap: float
) -> dict[int, float]:
    """Move every block as far to the left as it goes, then each back towards its right neighbours."""
    before: dict[int, dict[int, float]] = {root: {} for root in block.values()}
    after: dict[int, dict[int, float]] = {root: {} for root in block.values()}
    for row in rows:
        for a, b in pairwise(row):
            apart = (widths[a] + widths[b]) / 2 + gap
            left, right = block[a], block[b]
            before[right][left] = max(apart, before[right].get(left, 0.0))
            after[left][right] = before[right][left]
    order = [root for root in before if not before[root]]
    waiting = {root: len(found) for root, found in before.items()}
    for root in order:
        for right in after[root]:
            waiting[right] -= 1
            if not waiting[right]:
                order.append(right)
    x: dict[int, float] = {}
    for root in order:
        x[root] = max((x[left] + apart for left, apart in before[root].items()), default=0.0)
    for root in reversed(order):
        if after[root]:
            x[root] = max(x[root], min(x[right] - apart for right, apart in after[root].items()))
    return {box: x[root] for box, root in block.items()}


def _balanced(layouts: Sequence[dict[int, float]], widths: Sequence[float]) -> dict[int, float]:
    """The mean of the two middle values, after the layouts are moved onto the narrowest one."""
    spans = [
        (min(v - widths[b] / 2 for b, v in x.items()), max(v + widths[b] / 2 for b, v in x.items()))
        for x in layouts
    ]
    low, high = min(spans, key=lambda span: span[1] - span[0])
    shifts = [low - span[0] if i % 2 == 0 else high - span[1] for i, span in enumerate(spans)]
    result = {}
    for box in layouts[0]:
        values = sorted(x[box] + shift for x, shift in zip(layouts, shifts, strict=True))
        result[box] = (values[1] + values[2]) / 2
    return result
