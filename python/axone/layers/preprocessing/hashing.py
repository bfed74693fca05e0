"""Categories by hashing: no vocabulary, and collisions."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone import ops
from axone.core.dtypes import floatx, is_float_dtype, standardize_dtype
from axone.core.host_call import host_call
from axone.core.program import TensorSpec
from axone.layers.arguments import positive_integer
from axone.layers.preprocessing.encoding import encode, no_sparse, output_mode
from axone.layers.preprocessing.text_layer import TextLayer
from axone.layers.preprocessing.texts import Texts, decimal, hashed

__all__ = ["Hashing"]

_MODES = ("int", "one_hot", "multi_hot", "count")


def salt_pair(owner: str, salt: Any) -> list[int] | None:
    """Return a hash key of two numbers; None for None.

    Raises:
        ValueError: naming the layer, if it is neither an integer nor two.
    """
    if salt is None:
        return None
    if isinstance(salt, (int, np.integer)):
        return [int(salt), int(salt)]
    if isinstance(salt, (list, tuple)) and len(salt) == 2:
        return [int(salt[0]), int(salt[1])]
    raise ValueError(f"{owner}: salt must be an integer or a pair of integers, got {salt!r}.")


class Hashing(TextLayer):
    """Strings or integers to one of `num_bins` bins by a hash: FarmHash64, or SipHash-2-4 with a salt.

    Args:
        num_bins: number of bins, that of masked inputs included.
        mask_value: input that means "nothing"; it gets bin 0, the others those from 1.
        salt: key of SipHash: an integer or two.
        output_mode: "int", "one_hot", "multi_hot" or "count"; see `CategoryEncoding`.
        sparse: must be False.
        **kwargs: see `Layer`; the dtype is that of the outputs: int64 for "int", else `floatx()`.

    Input shape: any. Output shape: the same for "int". Numbers are hashed as their decimal digits.

    Example: `Hashing(num_bins=3)([["A"], ["B"], ["C"]])` is [[1], [0], [1]].
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else floatx()
        super().__init__(**kwargs)
        label = self._label()
        self.num_bins = positive_integer(label, "num_bins", num_bins)
        self.output_mode = _mode(label, output_mode)
        if output_mode == "int" and is_float_dtype(self.compute_dtype):
            raise ValueError(f"{label}: output_mode='int' needs an integer dtype, got {self.compute_dtype}.")
        self.sparse = no_sparse(label, sparse)
        self.mask_value = mask_value
        self.salt = salt_pair(label, salt)
        self.built = True

    def _bins(self, texts: list[bytes], masked: np.ndarray | None) -> np.ndarray:
        reserved = self.mask_value is not None and self.num_bins > 1
        bins = hashed(texts, self.num_bins - reserved, self.salt)
        return np.where(masked, 0, bins + 1) if reserved and masked is not None else bins + reserved

    def indices(self, texts: Texts) -> np.ndarray:
        masked = None
        if self.mask_value is not None:
            mask = str(self.mask_value).encode()
            masked = np.fromiter(map(mask.__eq__, texts.values), bool, len(texts.values))
        return self._bins(texts.values, masked).reshape(texts.shape)

    def from_numbers(self, inputs: Any) -> Any:
        numbers = ops.cast(inputs, "int64")

        def bins(values: np.ndarray) -> np.ndarray:
            masked = None if self.mask_value is None else values.reshape(-1) == int(self.mask_value)
            return self._bins(decimal(values), masked).reshape(values.shape)

        return self.encode(host_call(bins, [numbers], TensorSpec(numbers.shape, "int64"), name=self.name))

    def encode(self, indices: Any) -> Any:
        return encode(indices, self.output_mode, self.num_bins, standardize_dtype(self.compute_dtype))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_bins": self.num_bins,
            "salt": self.salt,
            "mask_value": self.mask_value,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
        }


def _mode(label: str, value: Any) -> str:
    return output_mode(label, value, _MODES)
