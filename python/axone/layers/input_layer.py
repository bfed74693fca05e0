"""The entry points of a model."""

from __future__ import annotations

from typing import Any

from axone.core.dtypes import floatx, standardize_dtype
from axone.core.operation import Node
from axone.core.tensor import KerasTensor
from axone.layers.layer import Layer

__all__ = ["Input", "InputLayer"]


def _shape(label: str, name: str, shape: Any) -> tuple[int | None, ...]:
    if isinstance(shape, int) or not hasattr(shape, "__iter__") or isinstance(shape, (str, dict)):
        raise ValueError(f"{label}: {name} must be a tuple of sizes, e.g. {name}=({shape},); got {shape!r}.")
    sizes: list[int | None] = []
    for size in shape:
        try:
            number = None if size is None else int(size)
        except (TypeError, ValueError):
            number = -1
        if number is not None and (number < 0 or number != size):
            raise ValueError(f"{label}: {name} must hold sizes (or None), got {tuple(shape)!r}.")
        sizes.append(number)
    return tuple(sizes)


class InputLayer(Layer):
    """A place where data enters a model; `Input` makes one and returns its symbolic tensor.

    Args:
        shape: shape of one sample, without the batch; None for sizes that vary.
        batch_size: number of samples, if fixed.
        dtype: dtype of the data; `floatx()` when None.
        batch_shape: shape with the batch, instead of the two above.
        input_tensor: an existing symbolic tensor to take shape and dtype from.
        optional: whether None may be passed.
        name: name of the layer and of its tensor.
        sparse, ragged: accepted for Keras's sake; must not be True.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        shape = kwargs.pop("input_shape", shape)
        super().__init__(name=name, **kwargs)
        label = self._label()
        if sparse or ragged:
            raise ValueError(f"{label}: sparse and ragged inputs are not supported; pass dense arrays.")
        if input_tensor is not None:
            batch_shape, dtype = tuple(input_tensor.shape), dtype or input_tensor.dtype
        elif shape is not None and batch_shape is not None:
            raise ValueError(f"{label}: give shape or batch_shape, not both.")
        elif shape is None and batch_shape is None:
            raise ValueError(f"{label}: a shape is needed, e.g. Input((784,)).")
        if batch_shape is None:
            batch_shape = (batch_size, *_shape(label, "shape", shape))
        self._batch_shape = _shape(label, "batch_shape", batch_shape)
        self._input_dtype = "string" if dtype == "string" else standardize_dtype(dtype or floatx())
        self.optional = optional
        self.built = True
        Node(self, (), {}, KerasTensor(self._batch_shape, dtype=self._input_dtype, name=self.name))

    def call(self) -> None:
        """Compute nothing: the model puts the data in."""

    @property
    def batch_shape(self) -> tuple[int | None, ...]:
        """Shape with the batch."""
        return self._batch_shape

    @property
    def dtype(self) -> str:
        """Dtype of the data."""
        return self._input_dtype

    @property
    def _input_only(self) -> KerasTensor:
        return self._inbound_nodes[0].outputs[0]

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": list(self.batch_shape),
            "dtype": self.dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> KerasTensor:
    """Return a symbolic tensor that stands for a model's input.

    Args:
        shape: shape of one sample, without the batch; None for sizes that vary.
        batch_size: number of samples, if fixed.
        dtype: dtype of the data; `floatx()` when None.
        batch_shape: shape with the batch, instead of the two above.
        name: name of the input, by which a dict of data is matched.
        tensor: an existing symbolic tensor to take shape and dtype from.
        optional: whether None may be passed.
        sparse, ragged: accepted for Keras's sake; must not be True.

    Raises:
        ValueError: if no shape, two shapes, or something else than sizes is given.

    Example:
        x = Input((784,))
        model = Model(x, Dense(10)(x))
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        name=name,
        input_tensor=tensor,
        optional=optional,
    )
    return layer._input_only
