"""Vocabularies: given ones checked, learnt ones counted, files read and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from axone.layers.preprocessing.texts import Texts


class TokenCounts:
    """How often tokens occur, and in how many documents."""

    def __init__(self) -> None:
        self.tokens: Counter[Any] = Counter()
        self.documents: Counter[Any] = Counter()
        self.number_of_documents = 0

    def add(self, tokens: Iterable[Any]) -> None:
        """Count tokens of any number of documents."""
        self.tokens.update(tokens)

    def add_documents(self, documents: Iterable[Iterable[Any]]) -> None:
        """Count in how many documents each token occurs."""
        for document in documents:
            self.documents.update(set(document))
            self.number_of_documents += 1

    def most_common(self, count: int | None, without: Iterable[Any]) -> list[Any]:
        """Return the tokens by frequency, ties by the tokens themselves, largest first.

        Args:
            count: how many; None for all.
            without: special tokens, which are left out.
        """
        found = Counter(self.tokens)
        for token in without:
            found.pop(token, None)
        ranked = sorted(found, key=lambda token: (found[token], token), reverse=True)
        return ranked if count is None else ranked[: max(count, 0)]

    def idf(self, tokens: Iterable[Any]) -> np.ndarray:
        """Return log(1 + documents / (1 + documents with the token)) of each token."""
        holding = np.array([self.documents[token] for token in tokens], "float64")
        return np.log1p(self.number_of_documents / (1.0 + holding))


def rows_of(data: Texts | np.ndarray) -> list[list[Any]]:
    """Return the documents of a block: the first axis counts them, a single axis is one document."""
    flat = data.values if isinstance(data, Texts) else data.reshape(-1).tolist()
    shape = data.shape if len(data.shape) > 1 else (1, *data.shape)
    width = len(flat) // shape[0] if shape[0] else 0
    return [flat[i * width : (i + 1) * width] for i in range(shape[0])]


def read_tokens(owner: str, path: str) -> list[str]:
    """Return the lines of a vocabulary file.

    Raises:
        ValueError: naming the layer, if there is no such file.
    """
    if not Path(path).is_file():
        raise ValueError(
            f"{owner}: vocabulary is a string, so it must name a text file with one term a line; there is no "
            f"file {path!r}."
        )
    return Path(path).read_text("utf-8").removesuffix("\n").split("\n")


def check_tokens(owner: str, tokens: list[Any], special: dict[str, Any]) -> None:
    """Check a vocabulary without its special tokens.

    Args:
        owner: class and name of the layer.
        tokens: the terms.
        special: tokens that must not be among them, by what they are.

    Raises:
        ValueError: naming the layer, if a term stands twice or a special token is among them.
    """
    if len(set(tokens)) != len(tokens):
        twice = [token for token, count in Counter(tokens).items() if count > 1]
        raise ValueError(f"{owner}: these terms stand more than once in the vocabulary: {twice[:10]}.")
    for name, token in special.items():
        if token is not None and token in tokens:
            raise ValueError(
                f"{owner}: the {name} {token!r} stands at place {tokens.index(token)} of the vocabulary. "
                f"Leave the special tokens out, or put all of them in front."
            )
