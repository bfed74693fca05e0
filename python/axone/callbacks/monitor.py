"""What callbacks that watch one value share."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from axone.callbacks.callback import Callback
from axone.core.suggest import did_you_mean


class MonitorCallback(Callback):
    """Watches one of the logs and decides whether it got better.

    Args:
        monitor: Name in the logs.
        mode: "min" (smaller is better), "max" or "auto" (asks the metric of that name).
        min_delta: Least change that counts.
    """

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", min_delta: float = 0.0) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__}: mode must be 'auto', 'min' or 'max', got {mode!r}; 'auto' is used.",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.best: float | None = None
        self._smaller_is_better: bool | None = None

    def _number(self, name: str, value: Any) -> Any:
        """Returns an argument that must be a number.

        Raises:
            ValueError: it is none.
        """
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
            raise ValueError(f"{type(self).__name__}: {name} must be a number, got {value!r}.")
        return value

    def is_improvement(self, value: float, reference: float | None) -> bool:
        """Returns whether `value` beats `reference` by more than `min_delta`; NaN never does."""
        if reference is None:
            return True
        if self._is_down():
            return bool(value + self.min_delta < reference)
        return bool(value - self.min_delta > reference)

    def watched(self, logs: dict[str, Any] | None, purpose: str) -> float | None:
        """Returns the watched value, or None with a warning when the logs lack it."""
        logs = logs or {}
        self._is_down(logs)
        if self.monitor not in logs:
            warnings.warn(
                f"{purpose} watches '{self.monitor}', which is not there. Available: {', '.join(logs)}."
                f"{did_you_mean(self.monitor, logs)}",
                stacklevel=3,
            )
            return None
        return float(logs[self.monitor])

    def _is_down(self, logs: Iterable[str] = ()) -> bool:
        if self._smaller_is_better is None:
            self._smaller_is_better = self._direction(logs) == "down"
        return self._smaller_is_better

    def _direction(self, logs: Iterable[str]) -> str:
        if self.mode != "auto":
            return "down" if self.mode == "min" else "up"
        name = self.monitor.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            return "down"
        for metric in self._compiled_metrics():
            known = name == metric.name or name.endswith("_" + metric.name)
            if known and metric.direction is not None:
                return str(metric.direction)
        hint = "" if self.monitor in logs else did_you_mean(self.monitor, logs)
        raise ValueError(
            f"{type(self).__name__}: whether a larger or a smaller '{self.monitor}' is better cannot be "
            f"told: give mode='max' or mode='min'.{hint}"
        )

    def _compiled_metrics(self) -> list[Any]:
        metrics: list[Any] = []
        for metric in getattr(self.model, "metrics", ()):
            metrics.extend(getattr(metric, "metrics", None) or [metric])
        return metrics
