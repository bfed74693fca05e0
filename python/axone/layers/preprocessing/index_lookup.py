"""What IntegerLookup and StringLookup share: a vocabulary, and its numbers in several output modes."""

from __future__ import annotations

from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from axone import ops
from axone.core.dtypes import floatx
from axone.layers.preprocessing.adapting import batches, is_array
from axone.layers.preprocessing.encoding import encode, no_sparse, output_mode
from axone.layers.preprocessing.hashing import salt_pair
from axone.layers.preprocessing.text_layer import TextLayer
from axone.layers.preprocessing.texts import Texts, decimal, hashed
from axone.layers.preprocessing.vocabulary import TokenCounts, check_tokens, read_tokens, rows_of

__all__ = ["IndexLookup"]

_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
_DROPPED = -2  # index of a mask token where masks leave no trace
_UNKNOWN = -1


class IndexLookup(TextLayer):
    """Terms to their places in a vocabulary, or back. Base of `IntegerLookup` and `StringLookup`.

    The places: 0 is the mask token's where there is one and the mode is "int"; then `num_oov_indices` for
    terms that are not in the vocabulary; then the vocabulary.
    """

    _untracked = frozenset(("_given", "_given_weights", "_table", "_tokens"))

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        sparse: bool,
        pad_to_max_tokens: bool,
        oov_method: str = "floormod",
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        vocabulary_size = kwargs.pop("vocabulary_size", None)
        self._take_keras_extras(kwargs)
        super().__init__(**kwargs)
        label = self._label()
        if max_tokens is not None and max_tokens <= 1:
            raise ValueError(f"{label}: max_tokens must be greater than 1, got {max_tokens!r}.")
        if pad_to_max_tokens and max_tokens is None:
            raise ValueError(f"{label}: pad_to_max_tokens=True needs max_tokens.")
        if num_oov_indices < 0:
            raise ValueError(f"{label}: num_oov_indices must be at least 0, got {num_oov_indices!r}.")
        if oov_method not in ("floormod", "farmhash"):
            raise ValueError(f"{label}: oov_method must be 'floormod' or 'farmhash', got {oov_method!r}.")
        self.output_mode = _mode(label, output_mode)
        if invert and self.output_mode != "int":
            raise ValueError(f"{label}: invert=True needs output_mode='int', got {output_mode!r}.")
        if idf_weights is not None and self.output_mode != "tf_idf":
            raise ValueError(f"{label}: idf_weights need output_mode='tf_idf', got {output_mode!r}.")
        self.sparse = no_sparse(label, sparse)
        self.max_tokens, self.num_oov_indices = max_tokens, num_oov_indices
        self.mask_token, self.oov_token = mask_token, oov_token
        self.invert, self.pad_to_max_tokens = invert, pad_to_max_tokens
        self.oov_method, self.salt = oov_method, salt_pair(label, salt)
        # What get_config returns; the contents of a file are the layer's assets instead.
        self._given = None if vocabulary is None or isinstance(vocabulary, str) else self._terms(vocabulary)
        self._given_weights = None if idf_weights is None else np.asarray(idf_weights, "float64").tolist()
        self._fixed = vocabulary is not None
        self._size_to_come = vocabulary_size  # of a layer whose vocabulary will be loaded
        self._counts = TokenCounts()
        self._tokens: tuple[Any, ...] = ()
        self._table: Any = None
        self.idf_weights: np.ndarray | None = None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
        self.built = True

    @staticmethod
    def _take_keras_extras(kwargs: dict[str, Any]) -> None:
        """Entries of Keras's configurations that say nothing here."""
        for name in ("has_input_vocabulary", "vocabulary_dtype", "dtype"):
            kwargs.pop(name, None)

    # -- terms, as subclasses have them ----------------------------------------------------------------------

    def _term(self, value: Any) -> Any:
        """A term as the vocabulary holds it."""
        return value

    def _shown(self, token: Any) -> Any:
        """A term as the user sees it."""
        return token

    def _data(self, batch: Any) -> Texts | np.ndarray:
        """A batch given to `adapt`."""
        raise NotImplementedError

    def _terms(self, vocabulary: Any) -> list[Any]:
        return [self._term(value) for value in np.asarray(vocabulary, object).reshape(-1).tolist()]

    # -- the vocabulary --------------------------------------------------------------------------------------

    def _oov_start(self) -> int:
        return int(self.mask_token is not None and self.output_mode == "int")

    def _token_start(self) -> int:
        return self._oov_start() + self.num_oov_indices

    def _special(self) -> list[Any]:
        return [self.mask_token] * self._oov_start() + [self.oov_token] * self.num_oov_indices

    def vocabulary_size(self) -> int:
        """Return the number of terms, special tokens included."""
        return len(self._tokens) + self._token_start()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the terms in the order of their numbers.

        Args:
            include_special_tokens: whether the mask and out-of-vocabulary tokens stand in front.
        """
        terms = [self._shown(token) for token in self._tokens]
        return (self._special() if include_special_tokens else []) + terms

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the terms; a model compiled before must be compiled again.

        Args:
            vocabulary: the terms, with all special tokens in front or without them; or the path of a text
                file with one term a line.
            idf_weights: weights of the terms, for output_mode "tf_idf" only.

        Raises:
            ValueError: if a term stands twice, there are more than max_tokens, or the weights do not fit.
        """
        label = self._label()
        if (idf_weights is not None) != (self.output_mode == "tf_idf"):
            raise ValueError(
                f"{label}: idf_weights must be given with a vocabulary when output_mode is 'tf_idf', and "
                f"only then (it is {self.output_mode!r})."
            )
        if isinstance(vocabulary, str):
            vocabulary = read_tokens(label, vocabulary)
        terms = self._terms(vocabulary)
        if not terms:
            raise ValueError(f"{label}: the vocabulary is empty.")
        special = [None if token is None else self._term(token) for token in self._special()]
        whole = terms[: len(special)] == special
        tokens = terms[len(special) :] if whole else terms
        reserved = {"mask token": self.mask_token, "out-of-vocabulary token": self.oov_token}
        if not self.invert:
            reserved.pop("out-of-vocabulary token")
        check_tokens(label, tokens, {k: None if v is None else self._term(v) for k, v in reserved.items()})
        if self.max_tokens is not None and len(tokens) + self._token_start() > self.max_tokens:
            raise ValueError(
                f"{label}: a vocabulary of {len(tokens) + self._token_start()} terms (special ones included) "
                f"exceeds max_tokens={self.max_tokens}."
            )
        weights = None
        if idf_weights is not None:
            weights = np.asarray(idf_weights, "float64")
            if weights.shape != (len(terms),):
                raise ValueError(
                    f"{label}: expected {len(terms)} idf_weights, one for each term, got shape "
                    f"{weights.shape}."
                )
            weights = weights if whole else self._with_unknown(weights)
        self._install(tokens, weights)

    def _with_unknown(self, weights: np.ndarray) -> np.ndarray:
        """Weights with the mean in front for terms that are not in the vocabulary."""
        return np.concatenate(
            [np.full(self._token_start(), weights.mean() if weights.size else 0.0), weights]
        )

    def _install(self, tokens: list[Any], weights: np.ndarray | None) -> None:
        self._tokens = tuple(tokens)
        self._table = self._make_table()
        if weights is not None:
            missing = (self.max_tokens or 0) - weights.size if self.pad_to_max_tokens else 0
            weights = np.pad(weights, (0, max(missing, 0))).astype(floatx())
        self.idf_weights = weights

    def _make_table(self) -> Any:
        numbers = range(self._token_start(), self._token_start() + len(self._tokens))
        table = dict(zip(self._tokens, numbers, strict=True))
        if self.mask_token is not None:
            table[self._term(self.mask_token)] = 0 if self.output_mode == "int" else _DROPPED
        return table

    # -- adapt -----------------------------------------------------------------------------------------------

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary: the most frequent terms first, ties by the terms themselves, largest first.

        In mode "tf_idf" each row of the data is a document, and the weight of a term is
        log(1 + documents / (1 + documents with the term)).

        Args:
            data: array, list, or iterable of batches.
            steps: number of batches to take; None for all.

        Raises:
            ValueError: if the vocabulary was given to the constructor.
        """
        self.reset_state()
        whole = is_array(data)
        for batch in batches(data, steps):
            part = self._data(batch)
            if whole and len(part.shape) == 1:  # each element is a document
                part = Texts(part.values, (*part.shape, 1)) if isinstance(part, Texts) else part[:, None]
            self.update_state(part)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the terms of a batch."""
        if self._fixed:
            raise ValueError(f"{self._label()}: the vocabulary was given; the layer cannot be adapted.")
        part = data if isinstance(data, Texts) else self._data(data)
        rows = rows_of(part) if self.output_mode == "tf_idf" else ()
        self._counts.add(part.values if isinstance(part, Texts) else part.reshape(-1).tolist())
        self._counts.add_documents(rows)

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        if self._fixed or not self._counts.tokens:
            return
        room = None if self.max_tokens is None else self.max_tokens - self._token_start()
        special = [self._term(t) for t in (self.mask_token, self.oov_token) if t is not None]
        tokens = self._counts.most_common(room, special)
        weights = self._with_unknown(self._counts.idf(tokens)) if self.output_mode == "tf_idf" else None
        self._install(tokens, weights)
        self.reset_state()

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._counts = TokenCounts()

    # -- calls -----------------------------------------------------------------------------------------------

    def _depth(self) -> int:
        if self.pad_to_max_tokens and self.max_tokens is not None:
            return self.max_tokens
        if not self._tokens and self._size_to_come is None:
            raise RuntimeError(
                f"{self._label()} has no vocabulary yet: call adapt(data) or give vocabulary=, or set "
                f"max_tokens and pad_to_max_tokens=True."
            )
        return self.vocabulary_size() if self._tokens else int(self._size_to_come or 0)

    def indices(self, texts: Texts) -> np.ndarray:
        return self.look_up(texts.values).reshape(texts.shape)

    def look_up(self, values: list[Any]) -> np.ndarray:
        """Return the numbers of terms, flat; -2 for masks that leave no trace."""
        table = self._table or self._make_table()
        found = np.fromiter(map(table.get, values, repeat(_UNKNOWN)), np.int64, len(values))
        unknown = np.flatnonzero(found == _UNKNOWN)
        if not unknown.size:
            return found
        found[unknown] = self._unknown([values[i] for i in unknown])
        return found

    def _unknown(self, values: list[Any]) -> Any:
        """Numbers of terms that are not in the vocabulary."""
        if self.num_oov_indices == 0:
            named = ", ".join(repr(self._shown(v)) for v in dict.fromkeys(values[:10]))
            raise ValueError(
                f"{self._label()}: with num_oov_indices=0 all inputs must be in the vocabulary; these are "
                f"not: {named}. Set num_oov_indices=1."
            )
        if self.num_oov_indices == 1:
            return self._oov_start()
        if isinstance(values[0], bytes) or self.oov_method == "farmhash":
            digits = values if isinstance(values[0], bytes) else decimal(np.asarray(values))
            return hashed(digits, self.num_oov_indices, self.salt) + self._oov_start()
        return np.asarray(values) % self.num_oov_indices + self._oov_start()

    def encode(self, indices: Any) -> Any:
        if self.output_mode == "int":
            return indices
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        outputs = encode(indices, mode, self._depth(), floatx())
        if self.output_mode == "tf_idf":
            if self.idf_weights is None:
                raise ValueError(f"{self._label()} has no idf_weights: call adapt(data) or set_vocabulary.")
            outputs = outputs * ops.convert_to_tensor(self.idf_weights)
        return outputs

    # -- configuration and files -----------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        known = self._tokens or self._size_to_come is not None
        return {
            **super().get_config(),
            "invert": self.invert,
            "max_tokens": self.max_tokens,
            "num_oov_indices": self.num_oov_indices,
            "oov_token": self.oov_token,
            "mask_token": self.mask_token,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "idf_weights": self._given_weights,
            "vocabulary": None if self._given is None else [self._shown(token) for token in self._given],
            "vocabulary_size": (self.vocabulary_size() if self._tokens else self._size_to_come)
            if known
            else None,
            "oov_method": self.oov_method,
            "salt": self.salt,
        }

    def save_own_variables(self, store: Any) -> None:
        """Write the idf weights."""
        if self.output_mode == "tf_idf" and self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights

    def load_own_variables(self, store: Any) -> None:
        """Read the idf weights."""
        if self.output_mode == "tf_idf":
            self.idf_weights = np.asarray(store["idf_weights"])

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary to a folder, unless the configuration holds it."""
        if self._given is None:
            lines = "\n".join(str(term) for term in self.get_vocabulary())
            (Path(dir_path) / "vocabulary.txt").write_text(lines, "utf-8")

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary from a folder, unless the configuration held it."""
        if self._given is not None:
            return
        lines = (Path(dir_path) / "vocabulary.txt").read_text("utf-8").split("\n")
        self._install([self._term(line) for line in lines[self._token_start() :] if line], self.idf_weights)


def _mode(label: str, value: Any) -> str:
    return output_mode(label, value, _MODES)
