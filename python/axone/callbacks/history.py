"""What `fit` returns."""

from __future__ import annotations

from typing import Any

from axone.callbacks.callback import Callback


class History(Callback):
    """Records losses and metrics of every epoch; `fit` adds one and returns it.

    Attributes:
        history: From name ("loss", "val_accuracy") to the list of its values, one per epoch.
        epoch: Numbers of the epochs, from 0.
        params: "verbose", "epochs" and "steps".
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self
