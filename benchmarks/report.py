"""From samples to medians, verdicts and the table."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from harness import Results
from workloads.base import AXONE, Case


@dataclass(frozen=True)
class Row:
    """One case, summed up.

    Attributes:
        case: what was measured.
        medians: by library; a library that failed is absent.
        best: the best counted peer and how many times axone is ahead of it, if both were measured.
        bounded: axone's median of the number that the case bounds.
        met: whether all targets are met; None where a figure that decides is missing.
    """

    case: Case
    medians: dict[str, float]
    best: tuple[str, float] | None
    bounded: float | None
    met: bool | None

    @property
    def has_target(self) -> bool:
        """Whether the case asks anything of axone."""
        return self.case.ahead is not None or self.case.bound is not None


def ahead(case: Case, axone: float, peer: float) -> float:
    """How many times axone is ahead of a peer: above 1 it is the better one."""
    better, worse = (axone, peer) if case.better == "lower" else (peer, axone)
    return worse / better if better > 0 else float("nan")


def _median(results: Results, case: Case, library: str, key: str = "value") -> float | None:
    samples = results.samples.get((case.name, library), [])
    if library in results.failures or not samples or any(key not in sample for sample in samples):
        return None
    return statistics.median(sample[key] for sample in samples)


def summarize(results: Results, case: Case) -> Row:
    """Medians and verdict of one case.

    A target is met only if every peer that counts was measured: one that failed might have been the fastest.
    """
    found = {library: _median(results, case, library) for library in results.libraries}
    medians = {library: value for library, value in found.items() if value is not None}
    counted = case.counted or results.workload.peers
    leads = {
        library: ahead(case, medians[AXONE], value)
        for library, value in medians.items()
        if library in counted and AXONE in medians
    }
    best = min(leads.items(), key=lambda item: item[1]) if leads else None
    verdicts: list[bool | None] = []
    if case.ahead is not None:
        reached = best is not None and best[1] >= case.ahead
        verdicts.append(None if best is None or (reached and set(counted) - set(leads)) else reached)
    bounded = None
    if case.bound is not None:
        bounded = _median(results, case, AXONE, case.bound.key)
        verdicts.append(None if bounded is None else case.bound.holds(bounded))
    met = False if False in verdicts else None if None in verdicts else True
    return Row(case, medians, best, bounded, met)


def _cell(results: Results, row: Row, library: str) -> str:
    if library not in row.medians:
        return "FAILED" if library in results.failures else "-"
    value = row.medians[library]
    absolute = row.case.bound is not None and row.case.bound.key == "value"
    if library == AXONE or AXONE not in row.medians or absolute:
        return _number(value)
    return f"{_number(value)} ({ahead(row.case, row.medians[AXONE], value):.2f}x)"


def _number(value: float) -> str:
    """About three significant digits, never scientific."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def _target(row: Row) -> str:
    parts = [f"{row.case.ahead:g}x"] if row.case.ahead is not None else []
    if row.case.bound is not None:
        got = "" if row.bounded is None or row.case.bound.key == "value" else f" ({row.bounded:.3f})"
        parts.append(f"{row.case.bound}{got}")
    return ", ".join(parts) or "-"


def _peak_rss(results: Results, library: str) -> str:
    peaks = [
        sample["peak_rss"]
        for (_, measured), samples in results.samples.items()
        for sample in samples
        if measured == library
    ]
    return _number(max(peaks)) if peaks else "-"


def table(all_results: list[Results]) -> str:
    """The table of all workloads: one block of columns for each set of libraries.

    In brackets: how many times axone is ahead of that library.
    """
    blocks: list[str] = []
    by_libraries: dict[tuple[str, ...], list[Results]] = {}
    for results in all_results:
        by_libraries.setdefault(tuple(results.libraries), []).append(results)
    for libraries, group in by_libraries.items():
        lines = [["workload", "case", "unit", *libraries, "target", "met"]]
        for results in group:
            for case in results.workload.cases:
                row = summarize(results, case)
                met = {True: "yes", False: "NO", None: "unknown"}[row.met] if row.has_target else "-"
                cells = [_cell(results, row, library) for library in libraries]
                lines.append([results.workload.name, case.name, case.unit, *cells, _target(row), met])
            rss = [_peak_rss(results, library) for library in libraries]
            lines.append([results.workload.name, "peak RSS", "MB", *rss, "-", "-"])
        blocks.append(_aligned(lines))
    return "\n\n".join(blocks)


def _aligned(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("  ".join(cells).rstrip() for cells in padded)
