"""Tracebacks that show the user's own lines only."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["disable_traceback_filtering", "enable_traceback_filtering", "is_traceback_filtering_enabled"]

_PACKAGE = str(Path(__file__).resolve().parents[1])
_before: Callable[..., Any] | None = None


def enable_traceback_filtering() -> None:
    """Leaves the package's own frames out of what Python prints for an exception that nobody catches.

    The exception itself is not changed. Off at first.
    """
    global _before
    if _before is None:
        _before, sys.excepthook = sys.excepthook, _show


def disable_traceback_filtering() -> None:
    """Shows whole tracebacks again."""
    global _before
    if _before is not None:
        sys.excepthook, _before = _before, None


def is_traceback_filtering_enabled() -> bool:
    """Returns whether `enable_traceback_filtering` is in effect."""
    return _before is not None


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    assert _before is not None
    _before(kind, error.with_traceback(without_package(trace)), without_package(trace))


def without_package(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without the package's frames; the whole one where there are no others."""
    kept, step = [], trace
    while step is not None:
        if not step.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            kept.append(step)
        step = step.tb_next
    result: TracebackType | None = None
    for step in reversed(kept):
        result = TracebackType(result, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return result if kept else trace
