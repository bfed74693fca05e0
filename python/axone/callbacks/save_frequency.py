"""When callbacks that write files are due."""

from __future__ import annotations

from typing import Any

__all__ = ["SaveFrequency"]


class SaveFrequency:
    """Counts batches.

    Args:
        owner: class of the callback, for errors.
        value: "epoch", or a number of batches.

    Raises:
        ValueError: something else.
    """

    def __init__(self, owner: str, value: Any) -> None:
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        if value != "epoch" and not whole:
            raise ValueError(f"{owner}: save_freq must be 'epoch' or a number of batches, got {value!r}.")
        self.every: int | None = None if value == "epoch" else value
        self.seen = 0
        self.last_batch = -1

    def due(self, batch: int) -> bool:
        """Returns whether to save after a batch; the hooks may skip some (`steps_per_execution`)."""
        if self.every is None:
            return False
        self.seen += batch - self.last_batch if batch > self.last_batch else batch + 1
        self.last_batch = batch
        if self.seen < self.every:
            return False
        self.seen = 0
        return True
