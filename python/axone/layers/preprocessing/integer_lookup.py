"""Integers to their places in a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone import ops
from axone.core.host_call import host_call
from axone.core.program import TensorSpec
from axone.layers.preprocessing.index_lookup import IndexLookup
from axone.layers.preprocessing.texts import Texts

__all__ = ["IntegerLookup"]


class IntegerLookup(IndexLookup):
    """Integers to their places in a vocabulary, or back.

    Args:
        max_tokens: most terms, special ones included; None for no limit.
        num_oov_indices: places for integers that are not in the vocabulary; 0 makes them an error, more than
            1 spreads them.
        mask_token: integer that means "nothing"; place 0 in mode "int", else without a trace.
        oov_token: what `invert` returns for places without a term.
        vocabulary: the terms, or the path of a text file with one a line; None for `adapt`.
        vocabulary_dtype: must be "int64".
        idf_weights: weights of the terms in mode "tf_idf".
        invert: places to integers.
        output_mode: "int", "one_hot", "multi_hot", "count" (see `CategoryEncoding`) or "tf_idf".
        sparse: must be False.
        pad_to_max_tokens: make vectors of max_tokens elements, however many terms there are.
        oov_method: "floormod": x % num_oov_indices, "farmhash": by the hash of the digits.
        salt: key of SipHash instead of FarmHash.
        name: name of the layer.

    Example: `IntegerLookup(vocabulary=[12, 36, 1138])([[12, 1138], [7, 36]])` is [[1, 3], [0, 2]].
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: Any = None,
        oov_token: Any = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if vocabulary_dtype != "int64":
            raise ValueError(f"IntegerLookup: vocabulary_dtype must be 'int64', got {vocabulary_dtype!r}.")
        if salt is not None and oov_method != "farmhash":
            raise ValueError("IntegerLookup: salt needs oov_method='farmhash'.")
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
            oov_method=oov_method,
            salt=salt,
            name=name,
            **kwargs,
        )

    def _term(self, value: Any) -> int:
        try:
            return int(value)
        except (TypeError, ValueError):
            raise ValueError(f"{self._label()}: expected integers as terms, got {value!r}.") from None

    def _data(self, batch: Any) -> np.ndarray:
        array = np.asarray(batch)
        if array.dtype.kind not in "iub" and not np.array_equal(array, np.round(array)):
            raise ValueError(f"{self._label()}: expected integers, got an array of dtype {array.dtype}.")
        return array.astype("int64")

    def indices(self, texts: Texts) -> np.ndarray:
        raise TypeError(f"{self._label()}: expected integers, got strings; use StringLookup.")

    def from_numbers(self, inputs: Any) -> Any:
        numbers = ops.cast(inputs, "int64")
        if self.invert:
            return self._searched(numbers, *self._inverse(), self.oov_token)
        spread = self.num_oov_indices > 1
        if self.num_oov_indices == 0 or (spread and self.oov_method == "farmhash"):
            # Errors and hashes are made in Python.
            found = host_call(
                lambda x: self.look_up(x.reshape(-1).tolist()).reshape(x.shape),
                [numbers],
                TensorSpec(numbers.shape, "int64"),
                name=self.name,
            )
            return self.encode(found)
        table = self._table or self._make_table()
        unknown = ops.mod(numbers, self.num_oov_indices) + self._oov_start() if spread else self._oov_start()
        return self.encode(
            self._searched(
                numbers,
                np.array(list(table), np.int64),
                np.array(list(table.values()), np.int64),
                unknown,
            )
        )

    def _inverse(self) -> tuple[np.ndarray, np.ndarray]:
        places = np.arange(self._token_start(), self.vocabulary_size())
        terms = np.array(self._tokens, np.int64)
        if self.mask_token is not None:
            places, terms = np.append(places, 0), np.append(terms, int(self.mask_token))
        return places, terms

    @staticmethod
    def _searched(x: Any, keys: np.ndarray, values: np.ndarray, default: Any) -> Any:
        """The value whose key equals x, by binary search in the sorted keys."""
        if keys.size == 0:
            return ops.zeros_like(x) + ops.cast(default, "int64")
        order = np.argsort(keys)
        place = ops.minimum(ops.searchsorted(keys[order], x), keys.size - 1)
        hit = ops.equal(ops.take(keys[order], place), x)
        return ops.where(hit, ops.take(values[order], place), ops.cast(default, "int64"))
