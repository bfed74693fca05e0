"""Documents to tokens: standardization, splitting, n-grams. Strings are UTF-8 bytes, as in TensorFlow."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from axone.layers.preprocessing.texts import Texts, to_texts

STANDARDS = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
SPLITS = ("whitespace", "character")

# As TensorFlow without an encoding: A to Z only, and the 32 marks of ASCII.
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_MARKS = string.punctuation.encode()


def standardized(owner: str, texts: Texts, how: str | Callable[..., Any] | None) -> Texts:
    """Return the documents lower-cased, without punctuation, or as a user's function makes them.

    The function gets a NumPy array of str and returns one.
    """
    if how is None:
        return texts
    if callable(how):
        return to_texts(f"{owner}, standardize", how(texts.array()))
    table = _LOWER if "lower" in how else None
    marks = _MARKS if "strip" in how else b""
    return Texts([value.translate(table, marks) for value in texts.values], texts.shape)


def split(owner: str, texts: Texts, how: str | Callable[..., Any] | None) -> list[list[bytes]]:
    """Return the tokens of each document: a row of them for each string, or for each row where `how` is None.

    Args:
        owner: class and name of the layer.
        texts: documents, of shape (batch,) or (batch, 1); (batch, tokens) for None.
        how: "whitespace", "character", None, or a function that gets a NumPy array of str and returns a list
            of strings for each.
    """
    if how is None:
        width = 1
        for size in texts.shape[1:]:
            width *= size
        return [texts.values[i : i + width] for i in range(0, len(texts.values), width or 1)]
    if len(texts.shape) > 1 and texts.shape[-1] != 1:
        raise ValueError(
            f"{owner}: documents to be split must have shape (batch,) or (batch, 1), got {texts.shape}."
        )
    if how == "whitespace":
        return [value.split() for value in texts.values]
    if how == "character":
        return [[c.encode() for c in value.decode("utf-8", "replace")] for value in texts.values]
    assert callable(how)
    made = how(texts.squeezed().array())
    return [to_texts(f"{owner}, split", np.asarray(row, object)).values for row in made]


def ngrams(rows: Sequence[list[bytes]], widths: Sequence[int]) -> list[list[bytes]]:
    """Return all runs of so many tokens in each row, joined by blanks, width by width."""
    return [
        list(
            chain.from_iterable(
                map(b" ".join, zip(*(row[k:] for k in range(width)), strict=False)) for width in widths
            )
        )
        for row in rows
    ]


def padded(numbers: np.ndarray, lengths: np.ndarray, width: int | None, filler: int) -> np.ndarray:
    """Return rows of different lengths as a matrix, cut or filled up at the end.

    Args:
        numbers: the rows one after another.
        lengths: their lengths.
        width: columns; None for the longest row's.
        filler: what stands behind the end of a row.
    """
    width = int(lengths.max(initial=0)) if width is None else width
    starts = np.cumsum(lengths) - lengths
    matrix = np.full((len(lengths), width), filler, np.int64)
    columns = np.arange(len(numbers)) - np.repeat(starts, lengths)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    inside = columns < width
    matrix[rows[inside], columns[inside]] = numbers[inside]
    return matrix
