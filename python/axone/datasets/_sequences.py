"""Texts as lists of word numbers: Keras's coding of imdb and reuters, for all words at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]


class Sequences:
    """Lists of integers of different lengths, one after another.

    Args:
        lists: an object array of lists, as Keras's files have.
    """

    def __init__(self, lists: Any) -> None:
        self.lengths = np.fromiter(map(len, lists), np.int64, len(lists))
        parts = [np.asarray(one, np.int64) for one in lists]
        self.numbers = np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def lists(self) -> list[list[int]]:
        """The lists again."""
        numbers, ends = self.numbers.tolist(), np.cumsum(self.lengths).tolist()
        return [numbers[end - size : end] for end, size in zip(ends, self.lengths.tolist(), strict=True)]


def shuffled(x: Array, y: Array, random: np.random.RandomState) -> tuple[Array, Array]:
    """Rows in a random order, by NumPy's legacy generator, as in Keras."""
    order = np.arange(len(x))
    random.shuffle(order)
    return x[order], y[order]


def coded(
    x: Any,
    labels: Any,
    num_words: int | None,
    skip_top: int,
    maxlen: int | None,
    start_char: int | None,
    oov_char: int | None,
    index_from: int,
    first: int | None = None,
) -> tuple[list[list[int]], Array, int]:
    """Texts in the coding that `load_data` of imdb and reuters describes.

    Args:
        x, labels: lists of word ranks, and their labels.
        first: number of texts of the first of two parts; None for one part.

    Returns:
        Lists of word numbers, labels, and the texts of the first part that are left.

    Raises:
        ValueError: no text is shorter than maxlen.
    """
    texts = Sequences(x)
    numbers, lengths = texts.numbers + (index_from or 0), texts.lengths
    if start_char is not None:
        starts = np.cumsum(lengths) - lengths
        numbers, lengths = np.insert(numbers, starts, start_char), lengths + 1
    labels, first = np.asarray(labels), len(lengths) if first is None else first
    if maxlen:
        keep = lengths < maxlen
        numbers, labels = numbers[np.repeat(keep, lengths)], labels[keep]
        lengths, first_left = lengths[keep], int(keep[:first].sum())
        if not first_left or (first < len(keep) and first_left == len(lengths)):
            raise ValueError(f"no text is shorter than maxlen={maxlen}: increase it.")
        first = first_left
    limit = num_words or (int(numbers.max()) if numbers.size else 0)
    known = (numbers >= skip_top) & (numbers < limit)
    if oov_char is not None:
        numbers = np.where(known, numbers, oov_char)
    else:
        rows = np.repeat(np.arange(len(lengths)), lengths)
        numbers, lengths = numbers[known], np.bincount(rows[known], minlength=len(lengths))
    texts.numbers, texts.lengths = numbers, lengths
    return texts.lists(), labels, first


def object_array(lists: list[list[int]]) -> Array:
    """Lists as a vector of objects, however long they are."""
    array = np.empty(len(lists), object)
    array[:] = lists
    return array


def read_index(path: Path) -> dict[str, int]:
    """The words and their ranks in a JSON file; ValueError where it is damaged."""
    try:
        index = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: damaged JSON file ({error}). Delete it and fetch it again.") from error
    if not isinstance(index, dict):
        raise ValueError(f"{path}: expected an object of words and ranks. Delete it and fetch it again.")
    return index
