"""The optimizer's averages in place of the weights, for a while."""

from __future__ import annotations

from typing import Any

from axone.callbacks.callback import Callback


class SwapEMAWeights(Callback):
    """Puts the optimizer's moving averages into the model for validation, evaluation and prediction.

    The weights come back before the next training step. At the end of training the averages stay in the
    model.

    Args:
        swap_on_epoch: Whether they are in the model at every epoch's end too, so that other callbacks save
            them.

    Raises:
        ValueError: when training begins, if the optimizer keeps no averages (`use_ema=True`).

    Example:
        >>> model.compile(SGD(use_ema=True, ema_momentum=0.99), "mse")
        >>> model.fit(x, y, validation_data=(x, y), callbacks=[SwapEMAWeights()])
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _optimizer(self) -> Any:
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if not getattr(optimizer, "use_ema", False):
            raise ValueError(
                f"SwapEMAWeights: the optimizer {type(optimizer).__name__} keeps no averages; compile the "
                f"model with "
                "use_ema=True."
            )
        return optimizer

    def _swap(self, averages_in: bool) -> None:
        optimizer = self._optimizer()
        if averages_in == self._swapped or not optimizer.built:
            return
        for variable, average in zip(optimizer._trainable_variables, optimizer._averages, strict=True):
            held = variable.numpy()
            variable.assign(average.numpy())
            average.assign(held)
        self._swapped = averages_in

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._swapped = False
        self._optimizer()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._swap(False)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if not self.swap_on_epoch:
            return
        self._swap(True)
        if self.model.stop_training or epoch == (self.params or {}).get("epochs", 0) - 1:
            # The end of fit copies the optimizer's averages into the model: there they must be again.
            optimizer = self._optimizer()
            for variable, average in zip(optimizer._trainable_variables, optimizer._averages, strict=True):
                average.assign(variable.numpy())
            self._swapped = False

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        self._swap(True)

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        self._swap(False)

    def on_predict_begin(self, logs: dict[str, float] | None = None) -> None:
        if not self.swap_on_epoch:
            self._swap(True)

    def on_predict_end(self, logs: dict[str, float] | None = None) -> None:
        if not self.swap_on_epoch:
            self._swap(False)
