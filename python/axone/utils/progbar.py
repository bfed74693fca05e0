"""Keras 3's progress bar."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import Any

from axone.utils import io

_BOLD, _GREEN, _GREY, _RESET = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"


class Progbar:
    """Draws how far a loop has come, its speed and its metrics.

    On a terminal or in a notebook the line is redrawn every `interval` seconds; elsewhere (a pipe, a file)
    only the finished line is written, without control characters.

    Args:
        target: Number of steps, or None when unknown.
        width: Width of the bar in characters.
        verbose: 0 silent, 1 a bar, 2 one line at the end.
        interval: Least time between two drawings, in seconds.
        stateful_metrics: Names whose values are shown as they are; the others are averaged over the steps.
        stateless_metrics: Names whose values are averaged; the others are shown as they are. At most one of
            the two may be given.
        unit_name: What a step is called.

    Example:
        >>> bar = Progbar(3)
        >>> for i in range(3):
        ...     bar.update(i + 1, [("loss", 0.5)])
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("Progbar takes either `stateful_metrics` or `stateless_metrics`, not both.")
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self._stateful = None if stateless_metrics is not None else set(stateful_metrics or ())
        self._stateless = set(stateless_metrics or ())
        self._live = io.is_live_display()
        self._sums: dict[str, tuple[float, int]] = {}
        self._seen = 0
        self._start = time.time()
        self._first_step_end: float | None = None
        self._last_drawn = 0.0
        self._drawn_width = 0

    def update(
        self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Moves the bar.

        Args:
            current: Number of steps done.
            values: `(name, value)` pairs to show.
            finalize: Whether this is the last call; None stands for `current >= target`.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._record(current, values or (), finalize)
        now = time.time()
        per_step = self._seconds_per_step(current, now)
        self._seen = current
        if self.verbose == 1:
            self._draw(current, now, per_step, finalize)
        elif self.verbose == 2 and finalize:
            count = f"{self._count(current)} - {now - self._start:.0f}s - {self._pace(per_step)}"
            io.print_msg(count + self._metrics(), line_break=True)

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Moves the bar by `n` steps."""
        self.update(self._seen + n, values)

    def _is_averaged(self, name: str) -> bool:
        return name in self._stateless if self._stateful is None else name not in self._stateful

    def _record(self, current: int, values: Iterable[tuple[str, Any]], finalize: bool) -> None:
        steps = max(current - self._seen, 1)
        for name, value in values:
            number = _as_float(value)
            if self._is_averaged(name) and not finalize:
                total, count = self._sums.get(name, (0.0, 0))
                self._sums[name] = (total + number * steps, count + steps)
            else:
                self._sums[name] = (number, 1)

    def _draw(self, current: int, now: float, per_step: float, finalize: bool) -> None:
        if not finalize and (not self._live or now - self._last_drawn < self.interval):
            return
        if self.target and not finalize:
            clock = _duration(per_step * (self.target - current))
        else:
            clock = f"{now - self._start:.0f}s"
        bar = self._bar(current)
        tail = f" {self._pace(per_step)}{self._metrics()}"
        width = len(self._count(current)) + len(clock) + len(tail) + (self.width + 2 if bar else 1)
        pieces = [
            _BOLD,
            self._count(current),
            _RESET,
            " ",
            bar,
            " " if bar else "",
            _BOLD,
            clock,
            _RESET,
            tail,
        ]
        if not self._live:
            pieces = [p for p in pieces if not p.startswith("\x1b")]
        line = "".join(pieces)
        if self._live:
            line = "\r" + line + " " * max(0, self._drawn_width - width)
        io.print_msg(line, line_break=finalize)
        self._drawn_width = width
        self._last_drawn = now

    def _bar(self, current: int) -> str:
        if not self.target:
            return ""
        done = int(self.width * min(1.0, current / self.target))
        if not self._live:
            return "━" * done + " " * (self.width - done)
        filled = f"{_GREEN}{'━' * done}{_RESET}" if done else ""
        return f"{filled}{_GREY}{'━' * (self.width - done)}{_RESET}"

    def _count(self, current: int) -> str:
        if not self.target:
            return f"{current:7d}/Unknown"
        digits = int(math.log10(self.target)) + 1
        return f"{current:{digits}d}/{self.target}"

    def _pace(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f"{seconds * 1e3:.0f}ms/{self.unit_name}"
        return f"{seconds * 1e6:.0f}us/{self.unit_name}"

    def _metrics(self) -> str:
        text = ""
        for name, (total, count) in self._sums.items():
            value = total / max(1, count)
            text += f" - {name}: {value:.4f}" if abs(value) > 1e-3 else f" - {name}: {value:.4e}"
        return text

    def _seconds_per_step(self, current: int, now: float) -> float:
        """Mean time of a step; the first, which may include compilation, counts only while it is alone."""
        if not current:
            return 0.0
        if self._first_step_end is not None and current > 1:
            return (now - self._first_step_end) / (current - 1)
        if current == 1:
            self._first_step_end = now
        return (now - self._start) / current


def _as_float(value: Any) -> float:
    """A scalar as it is, an array by its mean."""
    if isinstance(value, (float, int)):
        return float(value)
    import numpy as np

    return float(np.mean(np.asarray(value)))


def _duration(seconds: float) -> str:
    whole = int(seconds)
    if whole > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    if whole > 60:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole}s"
