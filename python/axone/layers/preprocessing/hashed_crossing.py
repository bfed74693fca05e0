"""Pairs of categories by hashing."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone import ops
from axone.core.dtypes import is_float_dtype
from axone.core.host_call import host_call
from axone.core.host_value import HostValue, apply
from axone.core.program import TensorSpec
from axone.core.symbolic import compute_output_spec
from axone.core.tensor import KerasTensor, convert_to_tensor
from axone.layers.arguments import positive_integer
from axone.layers.layer import Layer
from axone.layers.preprocessing.encoding import encode, no_sparse, output_mode
from axone.layers.preprocessing.fingerprints import farmhash64, fingerprint_cat64
from axone.layers.preprocessing.texts import Texts, is_text, to_texts

__all__ = ["HashedCrossing"]

_START = 0xDECAFCAFFE  # TensorFlow's first fingerprint of every crossing


class HashedCrossing(Layer):
    """The bin of a combination of features: `hash(first, second, ...) % num_bins`.

    Args:
        num_bins: number of bins.
        output_mode: "int" or "one_hot".
        sparse: must be False.
        name: name of the layer.
        dtype: dtype of the outputs: int64 for "int", else `floatx()`.

    Call argument: a list of at least two inputs of strings or integers, all of shape (), (batch,) or
    (batch, 1).

    Example: `HashedCrossing(5)((np.array(["A", "B"]), np.array([101, 101])))` is [1, 4].
    """

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            name=name, dtype="int64" if output_mode == "int" and dtype is None else dtype, **kwargs
        )
        label = self._label()
        self.num_bins = positive_integer(label, "num_bins", num_bins)
        self.output_mode = _mode(label, output_mode)
        self.sparse = no_sparse(label, sparse)
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the bins, or one-hot vectors of them."""
        label = self._label()
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(f"{label} takes a list of at least two inputs, got {inputs!r:.80}.")
        columns = [self._column(value) for value in inputs]
        shape = columns[0].shape
        if any(column.shape != shape for column in columns) or len(shape) > 2 or (*shape, 1, 1)[1] != 1:
            raise ValueError(
                f"{label}: all inputs must have one shape, (), (batch,) or (batch, 1); got "
                f"{', '.join(str(column.shape) for column in columns)}."
            )
        return self._encoded(host_call(self._cross, columns, TensorSpec(shape, "int64"), name=self.name))

    def _column(self, value: Any) -> Any:
        """The hashes of strings, as the bits of int64; integers as they are."""
        if isinstance(value, HostValue):
            return apply(_array_hashes, value)
        if is_text(value):
            return convert_to_tensor(_hashes(to_texts(self._label(), value)))
        tensor = convert_to_tensor(value)
        if is_float_dtype(tensor.dtype):
            raise ValueError(f"{self._label()}: inputs must be strings or integers, got {tensor.dtype}.")
        return ops.cast(tensor, "int64")

    def _cross(self, *columns: np.ndarray) -> np.ndarray:
        crossed = np.full(columns[0].shape, _START, np.uint64)
        for column in columns:
            crossed = fingerprint_cat64(crossed, column.astype(np.uint64))
        return (crossed % np.uint64(self.num_bins)).astype(np.int64)

    def _encoded(self, bins: Any) -> Any:
        return encode(bins, self.output_mode, self.num_bins, self.compute_dtype)

    def compute_output_spec(self, inputs: Any) -> Any:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(f"{self._label()} takes a list of at least two inputs, got {inputs!r:.80}.")
        return compute_output_spec(self._encoded, KerasTensor(inputs[0].shape, dtype="int64"))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_bins": self.num_bins,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
        }


def _hashes(texts: Texts) -> np.ndarray:
    return farmhash64(texts.values).view(np.int64).reshape(texts.shape)


def _array_hashes(strings: np.ndarray) -> np.ndarray:
    return _hashes(to_texts("HashedCrossing", strings))


def _mode(label: str, value: Any) -> str:
    return output_mode(label, value, ("int", "one_hot"))
