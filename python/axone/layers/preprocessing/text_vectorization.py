"""Documents as sequences of word numbers or bags of words."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np

from axone.core.serialization import deserialize_keras_object, serialize_keras_object
from axone.layers.preprocessing.adapting import batches
from axone.layers.preprocessing.string_lookup import StringLookup
from axone.layers.preprocessing.text_layer import TextLayer
from axone.layers.preprocessing.texts import Texts
from axone.layers.preprocessing.tokens import SPLITS, STANDARDS, ngrams, padded, split, standardized

__all__ = ["TextVectorization"]


class TextVectorization(TextLayer):
    """Documents to numbers: standardize, split into tokens, join n-grams, look up in a vocabulary.

    Args:
        max_tokens: most terms of the vocabulary, the padding and unknown tokens included; None for no limit.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation" (all of ASCII's), None, or a
            function of a NumPy array of str that returns one.
        split: "whitespace", "character", None (inputs are tokens), or a function of a NumPy array of str that
            returns a list of strings for each.
        ngrams: None, a number n (1-grams to n-grams), or a tuple of lengths.
        output_mode: "int" (a row of numbers for each document: 0 padding, 1 unknown), "multi_hot", "count" or
            "tf_idf" (a vector for each document).
        output_sequence_length: in mode "int", length that rows are cut or filled up to; None: the longest.
        pad_to_max_tokens: make vectors of max_tokens elements, however many terms there are.
        vocabulary: the terms, or the path of a text file with one a line; None for `adapt`.
        idf_weights: weights of the terms in mode "tf_idf".
        sparse, ragged: must be False.
        encoding: of documents given as bytes.
        name: name of the layer.

    Input shape: (batch,) or (batch, 1), strings. Output shape: (batch, length), or (batch, terms).

    Example:
        layer = TextVectorization(output_sequence_length=4)
        layer.adapt(["foo bar", "bar baz", "baz bada boom"])
        layer(["foo qux bar", "qux baz"])  # [[4, 1, 3, 0], [1, 2, 0, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: str | Callable[..., Any] | None = "lower_and_strip_punctuation",
        split: str | Callable[..., Any] | None = "whitespace",
        ngrams: int | tuple[int, ...] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        size = kwargs.pop("vocabulary_size", None)
        kwargs.pop("has_input_vocabulary", None)
        self.encoding = encoding
        super().__init__(name=name, **kwargs)
        label = self._label()
        self._check_choice("standardize", standardize, STANDARDS)
        self._check_choice("split", split, SPLITS)
        if ragged:
            raise ValueError(f"{label}: ragged=True is not supported; rows are filled up with 0.")
        if isinstance(ngrams, list):
            ngrams = tuple(ngrams)
        widths = tuple(range(1, ngrams + 1)) if isinstance(ngrams, int) else ngrams
        if widths is not None and (not widths or not all(isinstance(n, int) and n > 0 for n in widths)):
            raise ValueError(
                f"{label}: ngrams must be None, a positive integer or a tuple of them, got {ngrams!r}."
            )
        length = output_sequence_length
        if length is not None and (output_mode != "int" or not isinstance(length, int) or length < 1):
            raise ValueError(
                f"{label}: output_sequence_length must be None or a positive integer, and None unless "
                f"output_mode is 'int'; got {length!r} and output_mode={output_mode!r}."
            )
        self._standardize, self._split, self._ngrams, self._widths = standardize, split, ngrams, widths
        self._output_sequence_length = length
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=output_mode,
            sparse=sparse,
            encoding=encoding,
            vocabulary_size=size,
            name=f"{self.name}_lookup",
        )
        self.built = True

    def _check_choice(self, name: str, value: Any, allowed: tuple[str, ...]) -> None:
        if value is not None and not callable(value) and value not in allowed:
            raise ValueError(
                f"{self._label()}: {name} must be one of {', '.join(map(repr, allowed))}, None or a "
                f"function; got {value!r}."
            )

    # -- from documents to numbers ---------------------------------------------------------------------------

    def tokens(self, texts: Texts) -> list[list[bytes]]:
        """Return the tokens of each document."""
        label = self._label()
        rows = split(label, standardized(label, texts, self._standardize), self._split)
        return rows if self._widths is None else ngrams(rows, self._widths)

    def indices(self, texts: Texts) -> np.ndarray:
        lookup = self._lookup_layer
        rows = self.tokens(texts)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        numbers = lookup.look_up(list(chain.from_iterable(rows)))
        whole = self._output_sequence_length is None and self._split is None and self._widths is None
        if whole:
            return numbers.reshape(texts.shape)
        filler = 0 if lookup.output_mode == "int" else -2
        matrix = padded(numbers, lengths, self._output_sequence_length, filler)
        return matrix if texts.shape else matrix[0]

    def indices_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        if self._split is None and self._widths is None and self._output_sequence_length is None:
            return shape
        return (*shape[:1], self._output_sequence_length)

    def encode(self, indices: Any) -> Any:
        return self._lookup_layer.encode(indices)

    # -- the vocabulary --------------------------------------------------------------------------------------

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary from documents; see `StringLookup.adapt`.

        Args:
            data: array or list of documents, or iterable of batches of them.
            batch_size: accepted for Keras's sake.
            steps: number of batches to take; None for all.
        """
        self.reset_state()
        for batch in batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch of documents."""
        lookup = self._lookup_layer
        if lookup._fixed:
            raise ValueError(f"{self._label()}: the vocabulary was given; the layer cannot be adapted.")
        rows = self.tokens(self.texts(data))
        lookup._counts.add(chain.from_iterable(rows))
        if lookup.output_mode == "tf_idf":
            lookup._counts.add_documents(rows)

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._lookup_layer.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the terms in the order of their numbers; see `StringLookup.get_vocabulary`."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return the number of terms, the padding and unknown tokens included."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the terms; see `StringLookup.set_vocabulary`."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    # -- configuration and files -----------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        lookup = self._lookup_layer.get_config()
        kept = ("max_tokens", "output_mode", "pad_to_max_tokens", "sparse", "vocabulary", "idf_weights")
        return {
            **super().get_config(),
            **{name: lookup[name] for name in (*kept, "vocabulary_size")},
            "standardize": _written(self._standardize),
            "split": _written(self._split),
            "ngrams": self._ngrams,
            "output_sequence_length": self._output_sequence_length,
            "ragged": False,
            "encoding": self.encoding,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config = dict(config)
        for name in ("standardize", "split"):
            if not isinstance(config.get(name, ""), str):
                config[name] = deserialize_keras_object(config[name])
        return super().from_config(config)

    def save_own_variables(self, store: Any) -> None:
        """Write the idf weights."""
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Read the idf weights."""
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary to a folder, unless the configuration holds it."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary from a folder, unless the configuration held it."""
        self._lookup_layer.load_assets(dir_path)


def _written(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else serialize_keras_object(value)
