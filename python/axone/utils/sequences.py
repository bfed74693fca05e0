"""Sequences of different lengths as one array, and windows of a time series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from axone.utils.dataset import Dataset, RowDataset

__all__ = ["pad_sequences", "timeseries_dataset_from_array"]


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray[Any, Any]:
    """Fills up or cuts sequences to one length.

    Args:
        sequences: Lists (of numbers, or of arrays of one shape), one for each sample.
        maxlen: The length; None for that of the longest sequence.
        dtype: Dtype of the result.
        padding: Where short sequences are filled up: "pre" (in front) or "post".
        truncating: Where long ones are cut: likewise.
        value: What is filled in.

    Returns:
        Array of shape (samples, maxlen, ...).

    Raises:
        ValueError: something is no sequence, or the elements' shapes differ.

    Example:
        >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
        array([[0, 1],
               [2, 3],
               [5, 6]], dtype=int32)
    """
    for name, where in (("padding", padding), ("truncating", truncating)):
        if where not in ("pre", "post"):
            raise ValueError(f"pad_sequences: {name} must be 'pre' or 'post', got {where!r}.")
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"pad_sequences: sequences must be a list of lists, got {sequences!r}.")
    for place, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(
                f"pad_sequences: sequences must be a list of lists, but element {place} is {sequence!r}."
            )
    lengths = [len(sequence) for sequence in sequences]
    size = max(lengths, default=0) if maxlen is None else int(maxlen)
    first = next((s for s in sequences if len(s)), ())
    shape = np.shape(first)[1:]
    if isinstance(value, str) and np.dtype(dtype).kind not in "OU":
        raise ValueError(
            f"pad_sequences: value {value!r} is a string, dtype {dtype!r} is not; use dtype=object."
        )
    padded = np.full((len(lengths), size, *shape), value, dtype=dtype)
    if size == 0:
        return padded
    for row, sequence in enumerate(sequences):
        kept = np.asarray(sequence[-size:] if truncating == "pre" else sequence[:size], dtype=dtype)
        if not len(kept):
            continue
        if kept.shape[1:] != shape:
            raise ValueError(
                f"pad_sequences: the elements of sequence {row} have shape {kept.shape[1:]}, those before it "
                f"{shape}."
            )
        if padding == "post":
            padded[row, : len(kept)] = kept
        else:
            padded[row, -len(kept) :] = kept
    return padded


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Makes a data set of windows over an array of time steps.

    Args:
        data: Array (steps, ...).
        targets: Target of the window that starts at each step, (steps, ...); None for windows alone.
        sequence_length: Steps of a window.
        sequence_stride: Steps between the starts of windows.
        sampling_rate: Steps between the elements of a window.
        batch_size: Windows of a batch; None for windows one by one.
        shuffle: Whether the windows are in a random order.
        seed: Of that order.
        start_index, end_index: Use only the steps from the first to before the second.
        format: Accepted for Keras's sake.

    Returns:
        `Dataset` of windows (batch, sequence_length, ...), or of pairs (windows, targets).

    Raises:
        ValueError: a number is out of range.

    Example:
        >>> series = np.arange(10.0)
        >>> windows = timeseries_dataset_from_array(series[:-3], series[3:], sequence_length=3)
        >>> next(iter(windows))[1][0]
        3.0
    """
    steps = len(data)
    _check_range(steps, start_index, end_index)
    for name, value in (
        ("sequence_length", sequence_length),
        ("sequence_stride", sequence_stride),
        ("sampling_rate", sampling_rate),
    ):
        if value < 1 or (name != "sequence_length" and value >= steps):
            raise ValueError(
                f"timeseries_dataset_from_array: {name} must be at least 1 and less than the {steps} "
                f"steps of the data, got {value}."
            )
    start, stop = start_index or 0, steps if end_index is None else end_index
    series = np.asarray(data)[start:stop]
    count = stop - start - (sequence_length - 1) * sampling_rate
    wanted = None
    if targets is not None:
        count = min(count, len(targets))
        wanted = np.asarray(targets)[start:stop]
    starts = np.arange(0, max(count, 0), sequence_stride)
    if shuffle:
        np.random.RandomState(seed).shuffle(starts)
    window = np.arange(sequence_length) * sampling_rate

    def fetch(rows: np.ndarray[Any, Any]) -> Any:
        places = starts[rows]
        windows = series[places[:, None] + window]
        return windows if wanted is None else (windows, wanted[places])

    windows = RowDataset(fetch, len(starts))
    return windows if batch_size is None else windows.batch(batch_size)


def _check_range(steps: int, start: int | None, end: int | None) -> None:
    if start is not None and not 0 <= start < steps:
        raise ValueError(
            f"timeseries_dataset_from_array: start_index must be at least 0 and less than the {steps} "
            f"steps of the data, got {start}."
        )
    if end is not None and not (start or 0) < end <= steps:
        raise ValueError(
            f"timeseries_dataset_from_array: end_index must be more than start_index and at most {steps}, "
            f"the steps of the data; got {end}."
        )
