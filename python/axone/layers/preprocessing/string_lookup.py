"""Strings to their places in a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone.core.tensor import KerasTensor, Tensor
from axone.core.trace import current_trace
from axone.layers.preprocessing.index_lookup import IndexLookup
from axone.layers.preprocessing.texts import Texts

__all__ = ["StringLookup"]


class StringLookup(IndexLookup):
    """Strings to their places in a vocabulary, or back.

    Args:
        max_tokens: most terms, special ones included; None for no limit.
        num_oov_indices: places for strings that are not in the vocabulary; 0 makes them an error, more than 1
            spreads them by their FarmHash64.
        mask_token: string that means "nothing"; place 0 in mode "int", else without a trace.
        oov_token: what `invert` returns for places without a term.
        vocabulary: the terms, or the path of a text file with one a line; None for `adapt`.
        idf_weights: weights of the terms in mode "tf_idf".
        invert: places to strings: a NumPy array of str objects. Not inside of a compiled model.
        output_mode: "int", "one_hot", "multi_hot", "count" (see `CategoryEncoding`) or "tf_idf".
        pad_to_max_tokens: make vectors of max_tokens elements, however many terms there are.
        sparse: must be False.
        encoding: of strings given as bytes.
        name: name of the layer.
        salt: key of SipHash instead of FarmHash.

    Example:
        layer = StringLookup(vocabulary=["a", "b", "c"])
        layer([["a", "c"], ["z", "b"]])  # [[1, 3], [0, 2]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: Any = None,
        oov_token: Any = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            sparse=sparse,
            pad_to_max_tokens=pad_to_max_tokens,
            salt=salt,
            name=name,
            **kwargs,
        )

    def _term(self, value: Any) -> bytes:
        if isinstance(value, str):
            return value.encode("utf-8", "surrogateescape")
        if isinstance(value, bytes):
            return value.decode(self.encoding).encode()
        raise ValueError(f"{self._label()}: expected strings as terms, got {value!r}.")

    def _shown(self, token: bytes) -> str:
        return token.decode("utf-8", "surrogateescape")

    def _data(self, batch: Any) -> Texts:
        return self.texts(batch)

    def from_numbers(self, inputs: Any) -> Any:
        if not self.invert:
            raise TypeError(
                f"{self._label()}: expected strings, got numbers of dtype {inputs.dtype}; use IntegerLookup."
            )
        if current_trace() is not None:
            raise ValueError(
                f"{self._label()} makes strings, which cannot be part of a compiled model: call it on the "
                f"model's predictions."
            )
        places = np.asarray(inputs).astype("int64")
        terms = np.empty(self.vocabulary_size() + 1, object)
        terms[:] = [*self.get_vocabulary(), self.oov_token]
        inside = (places >= 0) & (places < self.vocabulary_size())
        return terms[np.where(inside, places, self.vocabulary_size())]

    def call(self, inputs: Any) -> Any:
        """Return the places of strings, or the strings at places."""
        if self.invert and not isinstance(inputs, (Tensor, KerasTensor)):
            return self.from_numbers(np.asarray(inputs))
        return super().call(inputs)

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "encoding": self.encoding}
        config.pop("oov_method")
        return config
