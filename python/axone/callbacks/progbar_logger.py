"""The progress bar of `fit`, `evaluate` and `predict`."""

from __future__ import annotations

from typing import Any

from axone.callbacks.callback import Callback
from axone.utils.io import print_msg
from axone.utils.progbar import Progbar


class ProgbarLogger(Callback):
    """Shows progress and metrics on standard output; added unless `verbose=0`."""

    accepts_many_steps = True

    def __init__(self) -> None:
        super().__init__()
        self.verbose = 1
        self.epochs = 1
        self.target: int | None = None
        self._seen = 0
        self._bar: Progbar | None = None
        self._in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        verbose = params.get("verbose", 1)
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        # Validation within `fit` is silent: its results stand at the end of the epoch's line.
        self._in_fit = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._in_fit = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self.verbose and self.epochs > 1:
            print_msg(f"Epoch {epoch + 1}/{self.epochs}")
        self._start()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._move(batch, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._finish(logs)

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        if not self._in_fit:
            self._start()

    def on_test_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if not self._in_fit:
            self._move(batch, logs)

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: dict[str, float] | None = None) -> None:
        self._start()

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._move(batch, None)

    def on_predict_end(self, logs: dict[str, float] | None = None) -> None:
        self._finish(None)

    def _start(self) -> None:
        self._seen = 0
        # All values are means over the epoch already: the bar shows them as they are.
        self._bar = Progbar(self.target, verbose=self.verbose, unit_name="step", stateless_metrics=())

    def _move(self, batch: int, logs: dict[str, float] | None) -> None:
        self._seen = batch + 1
        if self._bar is not None and self.verbose == 1:
            self._bar.update(self._seen, (logs or {}).items(), finalize=False)

    def _finish(self, logs: dict[str, float] | None) -> None:
        if self._bar is None:
            return
        if self.target is None:
            self.target = self._bar.target = self._seen
        self._bar.update(self.target, (logs or {}).items(), finalize=True)
