"""A data set cut in two."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone.core import tree
from axone.utils.dataset import Dataset, RowDataset

__all__ = ["split_dataset"]


def split_dataset(
    dataset: Any,
    left_size: float | int | None = None,
    right_size: float | int | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """Cuts a data set in two, such as training and test data.

    Args:
        dataset: An array, a tuple, list or dict of arrays with as many rows, a `Dataset`, or anything that
            can be iterated over samples and has an end.
        left_size: Samples of the first part: a fraction (float) or a number (int); None for the rest.
        right_size: Of the second part: likewise.
        shuffle: Whether the samples are shuffled first.
        seed: Of that order.
        preferred_backend: Accepted for Keras's sake.

    Returns:
        Two `Dataset`s of single samples; call `.batch(32)` before `fit`.

    Raises:
        ValueError: a size is out of range, both are missing, or they add up to more than there is.

    Example:
        >>> left, right = split_dataset((np.zeros((10, 3)), np.arange(10)), left_size=0.8)
        >>> len(left), len(right)
        (8, 2)
    """
    rows = _as_rows(dataset)
    left, right = _sizes(len(rows), left_size, right_size)
    order = np.random.default_rng(seed).permutation(len(rows)) if shuffle else np.arange(len(rows))
    ordered = rows._with(lambda: order, len(rows))
    return ordered.take(left), ordered.skip(len(rows) - right)


def _as_rows(dataset: Any) -> RowDataset:
    if isinstance(dataset, RowDataset):
        return dataset
    leaves = tree.flatten(dataset) if isinstance(dataset, (list, tuple, dict)) else [dataset]
    if leaves and all(hasattr(leaf, "shape") and hasattr(leaf, "__array__") for leaf in leaves):
        if isinstance(dataset, list):
            dataset = tuple(dataset)
        return Dataset.from_arrays(dataset)
    if isinstance(dataset, (list, tuple, dict)) and not isinstance(dataset, dict):
        return Dataset.from_arrays(np.asarray(dataset))
    if not hasattr(dataset, "__iter__") and not hasattr(dataset, "__getitem__"):
        raise TypeError(
            f"split_dataset: expected arrays or a data set, got {dataset!r} (a {type(dataset).__name__})."
        )
    samples = list(dataset) if hasattr(dataset, "__iter__") else [dataset[i] for i in range(len(dataset))]
    if not samples:
        raise ValueError("split_dataset: the data set is empty.")
    return Dataset.from_arrays(tree.map_structure(lambda *parts: np.stack(parts), *samples))


def _sizes(total: int, left: float | int | None, right: float | int | None) -> tuple[int, int]:
    if left is None and right is None:
        raise ValueError("split_dataset: give left_size, right_size or both.")
    numbers = {}
    for name, size in (("left_size", left), ("right_size", right)):
        if size is None:
            continue
        is_share = isinstance(size, (float, np.floating))
        if isinstance(size, bool) or not isinstance(size, (int, float, np.integer, np.floating)):
            raise TypeError(f"split_dataset: {name} must be a float or an integer, got {size!r}.")
        if not (0 <= size <= 1 if is_share else 0 <= size <= total):
            raise ValueError(
                f"split_dataset: {name} must be a fraction in [0, 1] or a number of at most {total} samples, "
                f"got {size!r}."
            )
        numbers[name] = round(size * total) if is_share else int(size)
    first = numbers.get("left_size", total - numbers.get("right_size", 0))
    second = numbers.get("right_size", total - first)
    if first + second > total:
        raise ValueError(
            f"split_dataset: left_size and right_size add up to {first + second} of {total} samples."
        )
    if first == 0 or second == 0:
        raise ValueError(f"split_dataset: one part would be empty ({first} and {second} of {total} samples).")
    return first, second
