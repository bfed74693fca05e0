"""Sequences: Keras's `keras.preprocessing.sequence`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from axone.core.old_names import warn_old
from axone.utils.sequences import pad_sequences

__all__ = ["TimeseriesGenerator", "pad_sequences"]


class TimeseriesGenerator:
    """Batches of windows over a time series and their targets; see `timeseries_dataset_from_array`.

    Args:
        data: array (steps, ...).
        targets: array (steps, ...); a window's target is that of the step after it.
        length: steps of a window.
        sampling_rate: steps between the elements of a window.
        stride: steps between the ends of windows.
        start_index, end_index: first and last step that are used.
        shuffle: whether each batch is of windows drawn at random.
        reverse: whether the elements of a window stand in reverse order.
        batch_size: windows of a batch.

    Raises:
        ValueError: no window fits, or there are not as many targets as steps.
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ) -> None:
        warn_old("TimeseriesGenerator is now keras.utils.timeseries_dataset_from_array.")
        self.data, self.targets = np.asarray(data), np.asarray(targets)
        if len(self.data) != len(self.targets):
            raise ValueError(
                f"TimeseriesGenerator: data has {len(self.data)} steps, targets {len(self.targets)}."
            )
        self.length, self.sampling_rate, self.stride = length, sampling_rate, stride
        self.start_index = start_index + length
        self.end_index = len(self.data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse, self.batch_size = shuffle, reverse, batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"TimeseriesGenerator: no window of {length} steps fits between start_index={start_index} "
                f"and end_index={self.end_index}."
            )

    def __len__(self) -> int:
        steps = self.end_index - self.start_index + self.batch_size * self.stride
        return steps // (self.batch_size * self.stride)

    def __getitem__(self, index: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"TimeseriesGenerator has {len(self)} batches, there is none at {index}.")
        if self.shuffle:
            ends = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * (index % len(self))
            last = min(first + self.batch_size * self.stride, self.end_index + 1)
            ends = np.arange(first, last, self.stride)
        window = np.arange(-self.length, 0, self.sampling_rate)
        windows = self.data[ends[:, None] + (window[::-1] if self.reverse else window)]
        return windows, self.targets[ends]

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))
