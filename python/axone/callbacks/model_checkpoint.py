"""The model as files, after epochs or batches."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from axone.callbacks.monitor import MonitorCallback
from axone.callbacks.save_frequency import SaveFrequency
from axone.utils.io import print_msg


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, as training goes on.

    Each file replaces an older one only when it is whole, whenever the process may be killed.

    Args:
        filepath: Path with fields that epoch, batch and logs fill: "{epoch:02d}-{val_loss:.2f}.keras". Ends
            in `.weights.h5` (or `.safetensors`) for weights, else in `.keras` or `.h5`.
        monitor: Name in the logs of the value that says which model is best.
        verbose: 1 prints what is saved.
        save_best_only: Whether to save only what beats the best so far.
        save_weights_only: Whether to save the weights alone.
        mode: "min", "max" or "auto".
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: The best value before training.

    Raises:
        ValueError: the ending does not go with what is saved, or `save_freq` is no such number.

    Example:
        >>> best = ModelCheckpoint("best.keras", save_best_only=True)
        >>> model.fit(x, y, validation_split=0.1, epochs=20, callbacks=[best])
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
        period: int | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.period = period or 1  # Keras 2's name: every so many epochs
        self.best = initial_value_threshold
        self._frequency = SaveFrequency("ModelCheckpoint", save_freq)
        self._epoch = 0
        self.accepts_many_steps = self._frequency.every is None
        endings = (".weights.h5", ".safetensors") if save_weights_only else (".keras", ".h5", ".hdf5")
        if not self.filepath.endswith(endings):
            what = "save_weights_only=True" if save_weights_only else "a whole model"
            raise ValueError(
                f"ModelCheckpoint: with {what} the path must end in {' or '.join(endings)}, got "
                f"'{self.filepath}'."
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._frequency.due(batch):
            self._save(self._epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._frequency.every is None and (epoch + 1) % self.period == 0:
            self._save(epoch, None, logs)

    def _save(self, epoch: int, batch: int | None, logs: dict[str, Any] | None) -> None:
        logs = dict(logs or {})
        path = self._path(epoch, batch, logs)
        if not self._is_wanted(epoch, logs, path):
            return
        try:
            if self.save_weights_only:
                self.model.save_weights(path, overwrite=True)
            else:
                self.model.save(path, overwrite=True)
        except IsADirectoryError:
            raise OSError(f"ModelCheckpoint: '{path}' is a folder; give the path of a file.") from None

    def _path(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> str:
        fields = {"epoch": epoch + 1, **({} if batch is None else {"batch": batch + 1}), **logs}
        try:
            return self.filepath.format(**fields)
        except (KeyError, IndexError) as error:
            raise KeyError(
                f"ModelCheckpoint: the path '{self.filepath}' has an unknown field {error}; there are "
                f"{', '.join(fields)}."
            ) from None

    def _is_wanted(self, epoch: int, logs: dict[str, Any], path: str) -> bool:
        if not self.save_best_only:
            self._tell(f"\nEpoch {epoch + 1}: saving model to {path}")
            return True
        value = logs.get(self.monitor)
        if value is None or np.ndim(value):
            why = "is not there" if value is None else "is no single number"
            warnings.warn(
                f"ModelCheckpoint: '{self.monitor}' {why}, so every model is saved. Available: "
                f"{', '.join(logs)}.",
                stacklevel=4,
            )
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self.is_improvement(float(value), self.best):
            self._tell(f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {best}")
            return False
        self._tell(
            f"\nEpoch {epoch + 1}: {self.monitor} improved from {best} to {float(value):.5f}, saving model "
            f"to {path}"
        )
        self.best = float(value)
        return True

    def _tell(self, message: str) -> None:
        if self.verbose > 0:
            print_msg(message)
