"""Training that goes on where a killed process left it."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from axone.callbacks.callback import Callback
from axone.callbacks.save_frequency import SaveFrequency


class BackupAndRestore(Callback):
    """Keeps a file from which `fit`, called again by a new process, goes on to the same bits.

    The file holds the weights, the optimizer's state, the random generators (axone's, Python's and NumPy's),
    the order of the data, and what the other callbacks remember. It is replaced when the new one is whole.
    A generator of batches cannot be wound back: give arrays or a `PyDataset`.

    Args:
        backup_dir: Folder for the file; one for each training.
        save_freq: "epoch", or a number of batches. Batches then run one by one.
        double_checkpoint: Whether to keep the file before the last one too.
        delete_checkpoint: Whether to delete the file when `fit` ends by itself.

    Raises:
        ValueError: `backup_dir` is empty, or `save_freq` is no such number.

    Example:
        >>> model.fit(x, y, epochs=100, callbacks=[BackupAndRestore("backup")])
    """

    runs_last = True

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
        save_before_preemption: Any = None,
    ) -> None:
        super().__init__()
        if not os.fspath(backup_dir):
            raise ValueError("BackupAndRestore: give a folder as backup_dir.")
        self.backup_dir = Path(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self.companions: list[Callback] = []
        self._frequency = SaveFrequency("BackupAndRestore", save_freq)
        self.accepts_many_steps = self._frequency.every is None
        self._epoch = 0
        self._restored: Any = None
        self._before: list[Any] = []

    @property
    def path(self) -> Path:
        """The file."""
        return self.backup_dir / "latest.weights.h5"

    @property
    def _previous(self) -> Path:
        return self.backup_dir / "previous.weights.h5"

    def _files(self) -> Any:
        # Loaded when used: files are read by what stands above callbacks.
        return importlib.import_module("axone.saving.training_state")

    def _others(self) -> list[Callback]:
        return [callback for callback in self.companions if callback is not self]

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._restored = None
        self._before = self._files().memories(self._others())
        for path in (self.path, self._previous):
            if path.exists():
                self._restored = self._files().load_training_state(self.model, path, self._others())
                self.model._initial_epoch = self._restored.epoch
                return

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch
        if self._restored is not None:
            self._restored.restore_metrics()
            self._restored = None

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self._frequency.due(batch):
            self._save(self._epoch, batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self._frequency.every is None:
            self._save(epoch + 1, 0)

    def _save(self, epoch: int, steps: int) -> None:
        if self.double_checkpoint and self.path.exists():
            os.replace(self.path, self._previous)
        self._files().save_training_state(self.model, self.path, self._others(), self._before, epoch, steps)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self.model._initial_epoch = None
        if self.delete_checkpoint:
            for path in (self.path, self._previous):
                path.unlink(missing_ok=True)
            if self.backup_dir.is_dir() and not any(self.backup_dir.iterdir()):
                self.backup_dir.rmdir()
