"""Logs as a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import Any, TextIO

from axone.callbacks.callback import Callback


class CSVLogger(Callback):
    """Writes the logs of every epoch as a line of a CSV file.

    Args:
        filename: Path of the file.
        separator: What stands between values.
        append: Whether to continue a file rather than to overwrite it.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self._file: TextIO | None = None
        self._writer: csv.DictWriter[str] | None = None
        self._header = True

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._close()
        self._header = not (self.append and os.path.exists(self.filename) and os.path.getsize(self.filename))
        self._file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        if self._file is None:
            return
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, ["epoch", *self._columns(logs)], delimiter=self.sep)
            if self._header:
                self._writer.writeheader()
        names = [name for name in self._writer.fieldnames if name != "epoch"]
        self._writer.writerow({"epoch": epoch, **{name: _cell(logs.get(name, "NA")) for name in names}})
        self._file.flush()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._close()

    @staticmethod
    def _columns(logs: dict[str, Any]) -> list[str]:
        """All names, with room for validation that may begin in a later epoch."""
        names = sorted(logs)
        return names if any(n.startswith("val_") for n in names) else [*names, *(f"val_{n}" for n in names)]

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None
        self._writer = None


def _cell(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'
