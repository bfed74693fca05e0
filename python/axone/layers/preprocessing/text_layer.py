"""The base of layers that take strings: these become numbers in Python, the rest happens in the graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone.core.host_value import HostValue, apply
from axone.core.symbolic import compute_output_spec
from axone.core.tensor import KerasTensor, convert_to_tensor
from axone.layers.layer import Layer
from axone.layers.preprocessing.texts import Texts, is_text, to_texts

__all__ = ["TextLayer"]


class TextLayer(Layer):
    """A layer of strings (or of numbers): `indices` in Python, then `encode` with `axone.ops`.

    Strings can be given as a NumPy array of str, bytes or objects, as nested lists, or come from an
    `Input(dtype="string")` of a model, which then trains and predicts on arrays of strings.
    """

    encoding = "utf-8"
    input_dtype = "string"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True

    def indices(self, texts: Texts) -> np.ndarray:
        """Return the strings as integers, one row for each row of strings."""
        raise TypeError(f"{self._label()} takes no strings.")

    def indices_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of `indices` for strings of a shape."""
        return shape

    def encode(self, indices: Any) -> Any:
        """Return the outputs for what `indices` returned."""
        return indices

    def from_numbers(self, inputs: Any) -> Any:
        """Return the outputs for inputs that are no strings."""
        raise TypeError(f"{self._label()}: expected strings, got a tensor of dtype {inputs.dtype}.")

    def call(self, inputs: Any) -> Any:
        """Return the outputs for strings or numbers."""
        if isinstance(inputs, HostValue):
            return self.encode(apply(self.host_indices, inputs))
        if is_text(inputs):
            return self.encode(convert_to_tensor(self.indices(self.texts(inputs))))
        return self.from_numbers(convert_to_tensor(inputs))

    def host_indices(self, strings: np.ndarray) -> np.ndarray:
        """Return an array of strings as integers."""
        return self.indices(self.texts(strings))

    def texts(self, value: Any) -> Texts:
        """Return strings as a block; TypeError, naming the layer, if they are none."""
        return to_texts(self._label(), value, self.encoding)

    def compute_output_spec(self, inputs: Any) -> Any:
        if getattr(inputs, "dtype", "") != "string":
            return super().compute_output_spec(inputs)
        return compute_output_spec(self.encode, KerasTensor(self.indices_shape(inputs.shape), dtype="int64"))
