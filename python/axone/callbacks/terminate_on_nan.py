"""Ends training when the loss is no longer a number."""

from __future__ import annotations

import math

from axone.callbacks.callback import Callback
from axone.utils.io import print_msg


class TerminateOnNaN(Callback):
    """Ends training as soon as the loss is NaN or infinite.

    It looks at every step, so steps run one by one.

    Args:
        raise_error: Whether to raise a RuntimeError rather than to stop quietly.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"Batch {batch}: the loss is {loss}; training ends.")
        print_msg(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
