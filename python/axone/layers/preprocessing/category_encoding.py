"""Integers as one-hot, multi-hot or count vectors."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.layers.arguments import positive_integer
from axone.layers.layer import Layer
from axone.layers.preprocessing.encoding import encode, no_sparse, output_mode

__all__ = ["CategoryEncoding"]

_MODES = ("multi_hot", "one_hot", "count")


class CategoryEncoding(Layer):
    """Category numbers as vectors of length `num_tokens`.

    Args:
        num_tokens: number of categories; inputs are integers in [0, num_tokens), others are dropped.
        output_mode: "multi_hot": one vector for each row, with a 1 for every category in it; "one_hot": one
            vector for each element (a last axis of size 1 is dropped first); "count": as "multi_hot", with
            how often each category occurs.
        sparse: must be False.
        **kwargs: see `Layer`.

    Input shape: (..., samples). Output shape: (..., num_tokens), for "one_hot" (..., samples, num_tokens).

    Call arguments: inputs; count_weights: in mode "count" what each element counts.

    Example: `CategoryEncoding(4, "count")([[0, 1], [1, 1]])` is [[1, 1, 0, 0], [0, 2, 0, 0]].
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        label = self._label()
        if num_tokens is None:
            raise ValueError(
                f"{label}: num_tokens is needed; where it is not known use IntegerLookup and its adapt()."
            )
        self.num_tokens = positive_integer(label, "num_tokens", num_tokens)
        self.output_mode = _mode(label, output_mode)
        self.sparse = no_sparse(label, sparse)
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.built = True

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        """Return the vectors."""
        if count_weights is not None:
            if self.output_mode != "count":
                raise ValueError(
                    f"{self._label()}: count_weights needs output_mode='count', not {self.output_mode!r}."
                )
            count_weights = ops.convert_to_tensor(count_weights, dtype=self.compute_dtype)
        indices = ops.convert_to_tensor(inputs)
        return encode(indices, self.output_mode, self.num_tokens, self.compute_dtype, count_weights)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_tokens": self.num_tokens, "output_mode": self.output_mode}


def _mode(label: str, value: Any) -> str:
    return output_mode(label, value, _MODES)
