"""Data sets written by users: batches by number."""

from __future__ import annotations

import multiprocessing
import warnings
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any


class PyDataset:
    """Batches by number, made by workers ahead of the step that needs them.

    Subclasses define `__getitem__(index)`, which returns `x`, `(x, y)` or `(x, y, sample_weight)` for one
    batch, and
    `__len__`, the number of batches (or the property `num_batches`, None for no end). They may define
    `on_epoch_begin` and `on_epoch_end`.

    Args:
        workers: how many batches are made at a time; 1 makes them one after another beside the training.
        use_multiprocessing: whether workers are processes; then batches are pickled.
        max_queue_size: how many batches may wait.

    Raises:
        ValueError: workers or max_queue_size is below 1.

    Example:
        >>> class Rows(PyDataset):
        ...     def __init__(self, x, y, batch_size, **options):
        ...         super().__init__(**options)
        ...         self.x, self.y, self.batch_size = x, y, batch_size
        ...     def __len__(self):
        ...         return -(-len(self.x) // self.batch_size)
        ...     def __getitem__(self, index):
        ...         rows = slice(index * self.batch_size, (index + 1) * self.batch_size)
        ...         return self.x[rows], self.y[rows]
    """

    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        if workers < 1 or max_queue_size < 1:
            raise ValueError(
                f"{type(self).__name__}: workers and max_queue_size must be at least 1, got {workers} and "
                f"{max_queue_size}."
            )
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Returns batch `index`; every subclass defines it."""
        raise TypeError(f"{type(self).__name__} must define `__getitem__(index)`.")

    @property
    def num_batches(self) -> int | None:
        """Number of batches of an epoch; None for no end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise TypeError(f"{type(self).__name__} must define `__len__` (or the property `num_batches`).")

    def on_epoch_begin(self) -> None:
        """Called before the first batch of an epoch."""

    def on_epoch_end(self) -> None:
        """Called after the last batch of an epoch."""


def batches_of(dataset: PyDataset, order: Any = None) -> Iterator[Any]:
    """Yields the batches of one epoch in order, made by the data set's workers.

    Args:
        dataset: The data set.
        order: Numbers of the batches; None counts up.
    """
    dataset.on_epoch_begin()
    numbers = iter(order) if order is not None else _count(dataset.num_batches)
    waiting: deque[Future[Any]] = deque()
    complete = False
    pool = _pool(dataset)
    try:
        for number in numbers:
            waiting.append(pool.submit(_item, dataset, int(number)))
            if len(waiting) >= max(dataset.workers, dataset.max_queue_size):
                yield waiting.popleft().result()
        while waiting:
            batch = waiting.popleft().result()
            complete = not waiting
            yield batch
    finally:
        for future in waiting:
            future.cancel()
        pool.shutdown(wait=True, cancel_futures=True)
        # Whoever knows the number of batches does not ask for one more.
        if complete:
            dataset.on_epoch_end()


def _count(batches: int | None) -> Iterator[int]:
    number = 0
    while batches is None or number < batches:
        yield number
        number += 1


def _item(dataset: PyDataset, number: int) -> Any:
    return dataset[number]


def _pool(dataset: PyDataset) -> Executor:
    if not dataset.use_multiprocessing:
        return ThreadPoolExecutor(dataset.workers, thread_name_prefix="axone-data")
    # Spawned, not forked: a forked child would hold the training's threads in an unknown state.
    try:
        return ProcessPoolExecutor(dataset.workers, mp_context=multiprocessing.get_context("spawn"))
    except (OSError, ValueError) as error:
        warnings.warn(f"No worker processes ({error}); threads make the batches.", stacklevel=3)
        return ThreadPoolExecutor(dataset.workers)
