"""The base of callbacks: what happens at the beginning and end of training, epochs and batches."""

from __future__ import annotations

from typing import Any


class Callback:
    """Code that runs during `fit`, `evaluate` and `predict`.

    Override the hooks that matter. `self.model` is the model, `self.params` holds "epochs", "steps" and
    "verbose". `fit` runs many steps at once in C++ unless a callback overrides a hook of batches; then it
    runs them one by one (or `steps_per_execution` at a time).

    Example:
        >>> class Report(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(epoch, logs["loss"])
    """

    # True where hooks of batches may be called once for a run of steps, with the logs of the last of them.
    accepts_many_steps = False
    # True for a callback whose hooks come after all others'.
    runs_last = False

    def __init__(self) -> None:
        self.params: dict[str, Any] | None = None
        self._model: Any = None

    @property
    def model(self) -> Any:
        """The model that is being trained, evaluated or used."""
        return self._model

    def set_params(self, params: dict[str, Any]) -> None:
        """Receives "epochs", "steps" and "verbose"."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Receives the model."""
        self._model = model

    def on_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called before an epoch (counted from 0) of `fit`."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called after an epoch and its validation; `logs` holds losses and metrics."""

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Called before a step of training."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Called after a step of training; `logs` holds the epoch's means so far."""
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Called before a step of evaluation, within `fit` too."""

    def on_test_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Called after a step of evaluation."""

    def on_predict_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Called before a step of prediction."""

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Called after a step of prediction; `logs["outputs"]` holds its outputs."""

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Called when `fit` begins."""

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Called when `fit` ends (not when it is interrupted)."""

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        """Called when an evaluation begins."""

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        """Called when an evaluation ends."""

    def on_predict_begin(self, logs: dict[str, float] | None = None) -> None:
        """Called when `predict` begins."""

    def on_predict_end(self, logs: dict[str, float] | None = None) -> None:
        """Called when `predict` ends."""


def overrides(callback: Callback, hook: str) -> bool:
    """Returns whether a callback has its own version of a hook, in its class or on the object."""
    method = getattr(callback, hook, None)
    return getattr(method, "__func__", method) is not getattr(Callback, hook)
