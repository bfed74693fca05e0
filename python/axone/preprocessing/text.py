"""Words to numbers the way of Keras 2; today `keras.layers.TextVectorization` does this."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from axone.core.old_names import warn_old

__all__ = ["Tokenizer", "hashing_trick", "one_hot", "text_to_word_sequence", "tokenizer_from_json"]

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def _warn(name: str) -> None:
    warn_old(f"keras.preprocessing.text.{name} is an old way; today's is keras.layers.TextVectorization.")


def _words(text: str, filters: str, lower: bool, split: str) -> list[str]:
    text = text.lower() if lower else text
    return [word for word in text.translate({ord(c): split for c in filters}).split(split) if word]


def text_to_word_sequence(
    input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """Splits a text into words.

    Args:
        input_text: The text.
        filters: Characters that are taken for blanks.
        lower: Whether to lower the case.
        split: What stands between words.
    """
    _warn("text_to_word_sequence")
    return _words(input_text, filters, lower, split)


def hashing_trick(
    text: str,
    n: int,
    hash_function: str | Callable[[str], int] | None = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """Gives each word of a text a number from 1 to n - 1 by its hash.

    Args:
        text: The text.
        n: Number of places.
        hash_function: None for Python's own (other numbers in each process), "md5", or a function.
        filters, lower, split: See `text_to_word_sequence`.
        analyzer: Splits the text, instead of these.
    """
    _warn("hashing_trick")
    return _hashed(text, n, hash_function, filters, lower, split, analyzer)


def one_hot(
    input_text: str,
    n: int,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """Gives each word of a text a number, as `hashing_trick` with Python's own hash."""
    _warn("one_hot")
    return _hashed(input_text, n, None, filters, lower, split, analyzer)


def _hashed(
    text: str, n: int, hash_function: Any, filters: str, lower: bool, split: str, analyzer: Any
) -> list[int]:
    if n < 2:
        raise ValueError(f"the number of places must be at least 2, got n={n}.")
    if hash_function == "md5":

        def hash_function(word: str) -> int:
            return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)

    function = hash_function or hash
    words = analyzer(text) if analyzer else _words(text, filters, lower, split)
    return [function(word) % (n - 1) + 1 for word in words]


class Tokenizer:
    """Texts to lists of word numbers, or to a matrix.

    Args:
        num_words: Numbers from this one on are left out; None keeps all.
        filters, lower, split: See `text_to_word_sequence`.
        char_level: Whether every character is a token.
        oov_token: Stands, as number 1, for words that were not in the texts; None leaves them out.
        analyzer: Splits a text, instead of filters and split.

    Attributes:
        word_index: Number of each word, 1 for the most frequent.
        index_word: The other way round.
        word_counts, word_docs, index_docs: Occurrences, and texts with the word or number.
        document_count: Number of texts seen.
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], Iterable[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        _warn("Tokenizer")
        num_words = kwargs.pop("nb_words", num_words)
        self.document_count: int = kwargs.pop("document_count", 0)
        if kwargs:
            raise TypeError(f"Tokenizer: unknown argument(s) {', '.join(map(repr, kwargs))}.")
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.word_counts: OrderedDict[str, int] = OrderedDict()
        self.word_docs: defaultdict[str, int] = defaultdict(int)
        self.index_docs: defaultdict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def _tokens(self, text: Any) -> Iterable[str]:
        if self.char_level or isinstance(text, list):
            if not self.lower:
                return list(text)
            return [part.lower() for part in text] if isinstance(text, list) else str(text).lower()
        return self.analyzer(text) if self.analyzer else _words(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Counts the words of texts and numbers them anew, the most frequent first.

        Args:
            texts: Strings, or lists of tokens.
        """
        for text in texts:
            self.document_count += 1
            counts = Counter(self._tokens(text))
            for word, count in counts.items():
                self.word_counts[word] = self.word_counts.get(word, 0) + count
                self.word_docs[word] += 1
        ranked = sorted(self.word_counts, key=self.word_counts.__getitem__, reverse=True)
        words = ranked if self.oov_token is None else [self.oov_token, *ranked]
        self.word_index = {word: number for number, word in enumerate(words, 1)}
        self.index_word = {number: word for word, number in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Iterable[Iterable[int]]) -> None:
        """Counts in how many lists each number occurs; needed for `sequences_to_matrix` without texts."""
        for sequence in sequences:
            self.document_count += 1
            for number in set(sequence):
                self.index_docs[number] += 1

    def _kept(self, number: int | None) -> int | None:
        """A word's number, that of the unknown word, or None."""
        unknown = self.word_index.get(self.oov_token) if self.oov_token is not None else None
        if number is None or (self.num_words and number >= self.num_words):
            return unknown
        return number

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """Returns the lists of the words' numbers."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """Yields the list of the words' numbers of each text."""
        for text in texts:
            numbers = (self._kept(self.word_index.get(word)) for word in self._tokens(text))
            yield [number for number in numbers if number is not None]

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """Returns the texts of lists of numbers, words with blanks between them."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Iterable[int]]) -> Iterator[str]:
        """Yields the text of each list of numbers."""
        for sequence in sequences:
            kept = (self._kept(number if number in self.index_word else None) for number in sequence)
            yield " ".join(self.index_word[number] for number in kept if number is not None)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> np.ndarray[Any, Any]:
        """Returns one row per text; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> np.ndarray[Any, Any]:
        """Returns one row per list of numbers, one column per number.

        Args:
            sequences: Lists of numbers.
            mode: "binary", "count", "freq" (count / length) or "tfidf".

        Raises:
            ValueError: nothing was counted yet, or the mode is unknown.
        """
        if mode not in ("binary", "count", "freq", "tfidf"):
            raise ValueError(f"Tokenizer: mode must be 'binary', 'count', 'freq' or 'tfidf', got {mode!r}.")
        if not self.num_words and not self.word_index:
            raise ValueError("Tokenizer: give num_words, or call fit_on_texts first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Tokenizer: mode 'tfidf' needs fit_on_texts or fit_on_sequences first.")
        columns = self.num_words or len(self.word_index) + 1
        counts = np.zeros((len(sequences), columns))
        for row, sequence in enumerate(sequences):
            numbers = np.asarray(sequence, np.int64)
            counts[row] = np.bincount(numbers[numbers < columns], minlength=columns)
        if mode == "binary":
            return (counts > 0).astype("float64")
        if mode == "freq":
            return counts / np.maximum([len(s) for s in sequences], 1)[:, None]
        if mode == "count":
            return counts
        holding = np.array([self.index_docs.get(number, 0) for number in range(columns)])
        tf = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0)
        return np.asarray(tf * np.log(1 + self.document_count / (1 + holding)))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments and what was counted, the latter as JSON."""
        kept = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        arguments = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        return {
            **{name: getattr(self, name) for name in arguments},
            **{name: json.dumps(getattr(self, name)) for name in kept},
        }

    def to_json(self, **kwargs: Any) -> str:
        """Returns the tokenizer as JSON, for `tokenizer_from_json`.

        Args:
            **kwargs: For `json.dumps`.
        """
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Returns the tokenizer that `to_json` wrote."""
    config = json.loads(json_string)["config"]
    kept = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
    counted = {name: json.loads(config.pop(name)) for name in kept}
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts = OrderedDict(counted["word_counts"])
    tokenizer.word_docs = defaultdict(int, counted["word_docs"])
    tokenizer.index_docs = defaultdict(int, {int(k): v for k, v in counted["index_docs"].items()})
    tokenizer.word_index = counted["word_index"]
    tokenizer.index_word = {int(k): v for k, v in counted["index_word"].items()}
    return tokenizer
