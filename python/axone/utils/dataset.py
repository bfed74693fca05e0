"""Batches that can be iterated again and again: what `timeseries_dataset_from_array` and the like return."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from axone.core import tree

__all__ = ["Dataset", "HostArray", "RowDataset"]


class HostArray(np.ndarray[Any, Any]):
    """A NumPy array with a method `numpy()`, so that scripts that expect tensors find it."""

    def numpy(self) -> np.ndarray[Any, Any]:
        """Return the array itself."""
        return np.asarray(self)


def _host(value: Any) -> Any:
    return value.view(HostArray) if isinstance(value, np.ndarray) else value


class Dataset:
    """Elements, usually batches `x` or `(x, y)` of NumPy arrays, made anew for each iteration.

    `fit`, `evaluate` and `predict` take one whose elements are batches. Every method returns a new data set.

    Args:
        make: returns an iterator over the elements; called for each pass.
        length: number of elements; None when it is not known.

    Attributes:
        class_names: names of the classes, for data sets made of folders.
        file_paths: paths of the files, likewise.

    Example:
        >>> data = Dataset.from_arrays((np.arange(10), np.arange(10) % 2)).shuffle(10, seed=0).batch(4)
        >>> [len(x) for x, y in data]
        [4, 4, 2]
    """

    class_names: list[str] | None = None
    file_paths: list[str] | None = None

    def __init__(self, make: Callable[[], Iterator[Any]], length: int | None = None) -> None:
        self._make = make
        self._length = length

    @staticmethod
    def from_arrays(arrays: Any) -> RowDataset:
        """Return the rows of an array, or of a nest of arrays with as many rows each.

        Raises:
            ValueError: the numbers of rows differ.
        """
        arrays = tree.map_structure(np.asarray, arrays)
        sizes = {len(array) for array in tree.flatten(arrays)}
        if len(sizes) != 1:
            raise ValueError(f"all arrays must have as many rows, got {sorted(sizes)}.")
        return RowDataset(lambda rows: tree.map_structure(lambda a: a[rows], arrays), sizes.pop())

    from_tensor_slices = from_arrays

    def __iter__(self) -> Iterator[Any]:
        return self._make()

    def __len__(self) -> int:
        if self._length is None:
            raise TypeError("the number of elements of this data set is not known.")
        return self._length

    def cardinality(self) -> int:
        """Return the number of elements, -2 when it is not known, -1 when there is no end."""
        return -2 if self._length is None else self._length

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Return an iterator over the elements."""
        return iter(self)

    def _new(self, make: Callable[[], Iterator[Any]], length: int | None) -> Dataset:
        made = Dataset(make, length)
        made.class_names, made.file_paths = self.class_names, self.file_paths
        return made

    def map(self, function: Callable[..., Any], num_parallel_calls: Any = None) -> Dataset:
        """Apply a function to each element; a tuple's parts are its arguments."""

        def make() -> Iterator[Any]:
            for element in self:
                yield function(*element) if isinstance(element, tuple) else function(element)

        return self._new(make, self._length)

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """Keep the elements for which a function is true."""

        def make() -> Iterator[Any]:
            for element in self:
                if predicate(*element) if isinstance(element, tuple) else predicate(element):
                    yield element

        return self._new(make, None)

    def take(self, count: int) -> Dataset:
        """Return the first elements; all of them for -1."""
        if count < 0:
            return self
        length = None if self._length is None else min(count, self._length)
        return self._new(lambda: itertools.islice(iter(self), count), length)

    def skip(self, count: int) -> Dataset:
        """Return the elements but for the first ones."""
        length = None if self._length is None else max(self._length - count, 0)
        return self._new(lambda: itertools.islice(iter(self), count, None), length)

    def repeat(self, count: int | None = None) -> Dataset:
        """Return the elements so many times over; without end for None."""
        if count is None or count < 0:
            return self._new(lambda: itertools.chain.from_iterable(itertools.repeat(self)), None)
        length = None if self._length is None else self._length * count
        return self._new(lambda: itertools.chain.from_iterable(itertools.repeat(self, count)), length)

    def concatenate(self, other: Dataset) -> Dataset:
        """Return these elements and then those of another data set."""
        known = self._length is not None and other._length is not None
        length = (self._length or 0) + (other._length or 0) if known else None
        return self._new(lambda: itertools.chain(self, other), length)

    def shuffle(
        self, buffer_size: int | None = None, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Dataset:
        """Return the elements in a random order, drawn anew for each pass.

        Args:
            buffer_size: elements held while drawing; None for all. Rows of arrays are shuffled as a whole.
            seed: of the generator; None for an unpredictable one.
            reshuffle_each_iteration: whether later passes have other orders.
        """
        orders = _Orders(seed, reshuffle_each_iteration)

        def make() -> Iterator[Any]:
            generator = orders.next()
            held: list[Any] = []
            for element in self:
                held.append(element)
                if buffer_size is not None and len(held) >= max(buffer_size, 1):
                    yield held.pop(int(generator.integers(len(held))))
            for place in generator.permutation(len(held)):
                yield held[place]

        return self._new(make, self._length)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """Join so many elements into one.

        Args:
            batch_size: elements of a batch.
            drop_remainder: whether a short last batch is left out.
        """
        size = _positive("batch_size", batch_size)

        def make() -> Iterator[Any]:
            elements = iter(self)
            while held := list(itertools.islice(elements, size)):
                if len(held) == size or not drop_remainder:
                    yield tree.map_structure(lambda *parts: _host(np.stack(parts)), *held)

        return self._new(make, _batches(self._length, size, drop_remainder))

    def unbatch(self) -> Dataset:
        """Return the rows of the batches as elements."""

        def make() -> Iterator[Any]:
            for batch in self:
                for row in range(len(tree.flatten(batch)[0])):
                    yield tree.map_structure(lambda part, row=row: part[row], batch)

        return self._new(make, None)

    def prefetch(self, buffer_size: Any = None) -> Dataset:
        """Return the data set as it is."""
        return self

    def cache(self, filename: Any = None) -> Dataset:
        """Keep the elements of the first whole pass in memory."""
        held: list[Any] = []
        complete = False

        def make() -> Iterator[Any]:
            nonlocal complete
            if complete:
                yield from held
                return
            passed = []
            for element in self:
                passed.append(element)
                yield element
            held[:], complete = passed, True

        return self._new(make, self._length)


class RowDataset(Dataset):
    """Rows that can be fetched by number, many at once.

    Args:
        fetch: returns the nest of rows of some numbers (an int64 array): arrays with as many rows.
        size: number of rows.
        order: numbers of the rows in the order of a pass; None for all of them as they are.
    """

    def __init__(
        self,
        fetch: Callable[[np.ndarray[Any, Any]], Any],
        size: int,
        order: Callable[[], np.ndarray[Any, Any]] | None = None,
    ) -> None:
        self._fetch, self._order = fetch, order or (lambda: np.arange(size))
        super().__init__(self._rows, size)

    def _rows(self) -> Iterator[Any]:
        for number in self._order():
            row = self._fetch(np.array([number]))
            yield tree.map_structure(lambda part: _host(part[0]), row)

    def _with(self, order: Callable[[], np.ndarray[Any, Any]], size: int) -> RowDataset:
        made = RowDataset(self._fetch, size, order)
        made.class_names, made.file_paths = self.class_names, self.file_paths
        return made

    def shuffle(
        self, buffer_size: int | None = None, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> RowDataset:
        orders, rows = _Orders(seed, reshuffle_each_iteration), self._order
        return self._with(lambda: orders.next().permutation(rows()), len(self))

    def take(self, count: int) -> RowDataset:
        rows = self._order
        return self if count < 0 else self._with(lambda: rows()[:count], min(count, len(self)))

    def skip(self, count: int) -> RowDataset:
        rows = self._order
        return self._with(lambda: rows()[count:], max(len(self) - count, 0))

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        size = _positive("batch_size", batch_size)

        def make() -> Iterator[Any]:
            rows = self._order()
            stop = len(rows) - len(rows) % size if drop_remainder else len(rows)
            for first in range(0, stop, size):
                yield tree.map_structure(_host, self._fetch(rows[first : first + size]))

        return self._new(make, _batches(self._length, size, drop_remainder))


class _Orders:
    """A generator for each pass over a data set."""

    def __init__(self, seed: int | None, fresh: bool) -> None:
        self._sequence = np.random.SeedSequence(seed)
        self._fresh = fresh

    def next(self) -> np.random.Generator:
        sequence = self._sequence.spawn(1)[0] if self._fresh else self._sequence
        return np.random.default_rng(sequence)


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
        raise ValueError(f"{name} must be a positive integer, got {value!r}.")
    return int(value)


def _batches(length: int | None, size: int, drop: bool) -> int | None:
    if length is None:
        return None
    return length // size if drop else math.ceil(length / size)
