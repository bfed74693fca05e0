"""Callbacks as one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from axone.callbacks.callback import Callback, overrides
from axone.callbacks.history import History
from axone.callbacks.progbar_logger import ProgbarLogger

_BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


def plain_logs(logs: dict[str, Any] | None) -> dict[str, Any]:
    """Returns logs sorted by name, nested dictionaries merged in, scalars as Python floats."""
    flat: dict[str, Any] = {}
    for name, value in sorted((logs or {}).items()):
        if isinstance(value, dict):
            flat.update(plain_logs(value))
        elif isinstance(value, str) or np.ndim(value):
            flat[name] = value
        else:
            flat[name] = float(value)
    return flat


class CallbackList(Callback):
    """Calls the hooks of many callbacks in turn.

    Args:
        callbacks: A callback, or an iterable (nested, too) of them; None for none.
        add_history: Whether to add a `History` where there is none.
        add_progbar: Whether to add a `ProgbarLogger` where there is none.
        model: The model that they belong to.
        **params: What `set_params` passes on: "verbose", "epochs", "steps".

    Raises:
        TypeError: something in the list is no callback.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Callback] = list(_flatten(callbacks))
        if add_history and not any(isinstance(c, History) for c in self.callbacks):
            self.callbacks.append(History())
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        self.callbacks.sort(key=lambda callback: getattr(callback, "runs_last", False))
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        for callback in self.callbacks:
            if isinstance(callback, History):
                model.history = callback
            if hasattr(callback, "companions"):
                callback.companions = self.callbacks
            callback.set_model(model)

    def append(self, callback: Callback) -> None:
        """Adds a callback at the end."""
        self.callbacks.append(callback)

    def wants_every_batch(self, kind: str) -> bool:
        """Returns whether steps must run one by one because a callback looks at each.

        Args:
            kind: "train", "test" or "predict".
        """
        return any(
            not callback.accepts_many_steps and overrides(callback, hook)
            for callback in self.callbacks
            for hook in _BATCH_HOOKS[kind]
        )

    def draws_progress(self) -> bool:
        """Returns whether a progress bar wants to be redrawn while steps run."""
        return any(isinstance(c, ProgbarLogger) and c.verbose == 1 for c in self.callbacks)

    def on_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._call("on_batch_begin", batch, plain_logs(logs))

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._call("on_batch_end", batch, plain_logs(logs))

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._call("on_epoch_begin", epoch, plain_logs(logs))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._call("on_epoch_end", epoch, plain_logs(logs))

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._call("on_train_batch_begin", batch, plain_logs(logs))

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._call("on_train_batch_end", batch, plain_logs(logs))

    def on_test_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._call("on_test_batch_begin", batch, plain_logs(logs))

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._call("on_test_batch_end", batch, plain_logs(logs))

    def on_predict_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._call("on_predict_batch_begin", batch, logs or {})

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._call("on_predict_batch_end", batch, logs or {})

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._call("on_train_begin", plain_logs(logs))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._call("on_train_end", plain_logs(logs))

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._call("on_test_begin", plain_logs(logs))

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        self._call("on_test_end", plain_logs(logs))

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._call("on_predict_begin", plain_logs(logs))

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        self._call("on_predict_end", plain_logs(logs))

    def _call(self, hook: str, *args: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(*args)


def _flatten(callbacks: Any) -> Iterable[Callback]:
    if callbacks is None:
        return
    if not isinstance(callbacks, (list, tuple, set)):
        callbacks = [callbacks]
    for item in callbacks:
        if isinstance(item, (list, tuple, set)):
            yield from _flatten(item)
        elif isinstance(item, type) or not hasattr(item, "on_epoch_end"):
            hint = f" Did you mean {item.__name__}()?" if isinstance(item, type) else ""
            raise TypeError(f"callbacks: expected Callback objects, got {item!r}.{hint}")
        else:
            yield item
