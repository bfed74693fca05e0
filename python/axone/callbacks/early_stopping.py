"""Early stopping."""

from __future__ import annotations

from typing import Any

from axone.callbacks.monitor import MonitorCallback
from axone.utils.io import print_msg


class EarlyStopping(MonitorCallback):
    """Ends training when a value has not improved for some epochs.

    Args:
        monitor: Name in the logs.
        min_delta: Least change that counts as an improvement.
        patience: Epochs without improvement after which training ends.
        verbose: 1 prints when it stops.
        mode: "min", "max" or "auto".
        baseline: Training also ends when the value does not beat this one within `patience` epochs.
        restore_best_weights: Whether the weights of the best epoch are put back at the end.
        start_from_epoch: Epochs before this one are not looked at.

    Attributes:
        stopped_epoch: The epoch (from 0) after which it stopped, 0 when it did not.
        best: The best value; best_epoch: its epoch; best_weights: its weights, where they are restored.

    Example:
        >>> model.fit(x, y, validation_split=0.1, epochs=100, callbacks=[EarlyStopping(patience=3)])
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = self._number("patience", patience)
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = self._number("start_from_epoch", start_from_epoch)
        self.best_weights: list[Any] | None = None
        self.best_epoch = 0
        self.stopped_epoch = 0
        self.wait = 0

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_weights = None
        self.best_epoch = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        current = self.watched(logs, "EarlyStopping")
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.is_improvement(current, self.best):
            self.best = current
            self._remember(epoch)
            if self.baseline is None or self.is_improvement(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _remember(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print_msg(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print_msg(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)
