"""Layers that make one tensor of several."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from axone import ops
from axone.layers.layer import Layer

__all__ = [
    "Add",
    "Average",
    "Concatenate",
    "Dot",
    "Maximum",
    "Minimum",
    "Multiply",
    "Subtract",
    "add",
    "average",
    "concatenate",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]


class Merge(Layer):
    """Base of the layers that take a list of tensors and combine them element by element.

    Tensors of fewer axes get axes of size 1 behind the batch axis; sizes of 1 are broadcast.
    """

    least = 2

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Check the shapes."""
        several = isinstance(input_shape, (list, tuple)) and all(
            isinstance(s, (list, tuple)) for s in input_shape
        )
        if not several or len(input_shape) < self.least:
            raise ValueError(
                f"{self._label()}: expected a list of at least {self.least} tensors, got shape {input_shape}."
            )
        self._check_shapes([tuple(s) for s in input_shape])

    def _check_shapes(self, shapes: list[tuple[int | None, ...]]) -> None:
        rank = max(len(s) for s in shapes)
        full = [(*s[:1], *(1,) * (rank - len(s)), *s[1:]) for s in shapes]
        for sizes in zip(*full, strict=True):
            if len({n for n in sizes if n not in (None, 1)}) > 1:
                raise ValueError(f"{self._label()}: shapes {shapes} do not fit: sizes must be equal, or 1.")

    def call(self, inputs: Any) -> Any:
        """Return the combination."""
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(f"{self._label()}: expected a list of tensors, got one {type(inputs).__name__}.")
        rank = max(len(x.shape) for x in inputs)
        return self.merge([self._with_rank(x, rank) for x in inputs])

    @staticmethod
    def _with_rank(x: Any, rank: int) -> Any:
        for _ in range(rank - len(x.shape)):
            x = ops.expand_dims(x, 1)
        return x

    def merge(self, inputs: list[Any]) -> Any:
        """Return the combination of tensors of one rank; subclasses define it."""
        raise TypeError(f"{type(self).__name__} must define `merge(inputs)`.")

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return where any input counts; None where one input has no mask."""
        if mask is None or any(m is None for m in mask):
            return None
        return reduce(ops.logical_or, mask)


class Add(Merge):
    """Sum of tensors.

    Args:
        **kwargs: see `Layer`.

    Example: `Add()([a, b])`.
    """

    def merge(self, inputs: list[Any]) -> Any:
        """Return the sum."""
        return reduce(ops.add, inputs)


class Subtract(Merge):
    """First tensor minus the second.

    Args:
        **kwargs: see `Layer`.
    """

    def _check_shapes(self, shapes: list[tuple[int | None, ...]]) -> None:
        if len(shapes) != 2:
            raise ValueError(f"{self._label()}: expected exactly 2 tensors, got {len(shapes)}.")
        super()._check_shapes(shapes)

    def merge(self, inputs: list[Any]) -> Any:
        """Return the difference."""
        return ops.subtract(*inputs)


class Multiply(Merge):
    """Product of tensors, element by element.

    Args:
        **kwargs: see `Layer`.
    """

    def merge(self, inputs: list[Any]) -> Any:
        """Return the product."""
        return reduce(ops.multiply, inputs)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return where every masked input counts."""
        masks = [m for m in mask or () if m is not None]
        return reduce(ops.logical_and, masks) if masks else None


class Average(Merge):
    """Mean of tensors.

    Args:
        **kwargs: see `Layer`.
    """

    def merge(self, inputs: list[Any]) -> Any:
        """Return the mean."""
        return reduce(ops.add, inputs) / float(len(inputs))


class Maximum(Merge):
    """Largest of tensors, element by element.

    Args:
        **kwargs: see `Layer`.
    """

    def merge(self, inputs: list[Any]) -> Any:
        """Return the largest."""
        return reduce(ops.maximum, inputs)


class Minimum(Merge):
    """Smallest of tensors, element by element.

    Args:
        **kwargs: see `Layer`.
    """

    def merge(self, inputs: list[Any]) -> Any:
        """Return the smallest."""
        return reduce(ops.minimum, inputs)


class Concatenate(Merge):
    """Tensors one after another along an axis.

    Args:
        axis: the axis; all others must agree.
        **kwargs: see `Layer`.

    Example: `Concatenate()([Input((3,)), Input((5,))])` is a tensor of shape (None, 8).
    """

    least = 1

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def _check_shapes(self, shapes: list[tuple[int | None, ...]]) -> None:
        ranks = {len(s) for s in shapes}
        others = [tuple(n for a, n in enumerate(s) if a != self.axis % len(s)) for s in shapes]
        fits = len(ranks) == 1 and all(
            len({n for n in sizes if n is not None}) <= 1 for sizes in zip(*others, strict=True)
        )
        if not fits:
            raise ValueError(
                f"{self._label()}: shapes must agree but for axis {self.axis}, got {shapes}. Did you "
                f"forget a "
                "Flatten or Reshape?"
            )

    def call(self, inputs: Any) -> Any:
        """Return the concatenation."""
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the masks concatenated alike; inputs without one count everywhere."""
        if mask is None or all(m is None for m in mask):
            return None
        wide = []
        for x, m in zip(inputs, mask, strict=True):
            everywhere = ops.ones_like(x, dtype="bool")
            if m is not None and len(m.shape) < len(x.shape):
                m = ops.logical_and(ops.expand_dims(m, -1), everywhere)
            wide.append(everywhere if m is None else m)
        return ops.any(ops.concatenate(wide, axis=self.axis), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


class Dot(Merge):
    """Sums of products of two tensors along one axis of each, sample by sample.

    Args:
        axes: the axis of both, or one each; not the batch axis.
        normalize: whether vectors are scaled to length 1 first, which gives cosines.
        **kwargs: see `Layer`.

    Example: `Dot(axes=1)([Input((8,)), Input((8,))])` is a tensor of shape (None, 1).
    """

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(axes, int) and (len(axes) != 2 or not all(isinstance(a, int) for a in axes)):
            raise ValueError(f"{self._label()}: axes must be an integer or two of them, got {axes!r}.")
        self.axes = axes if isinstance(axes, int) else list(axes)
        self.normalize = normalize

    def _axes_of(self, shapes: Sequence[Any]) -> tuple[int, int]:
        first, second = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        found = first % len(shapes[0]), second % len(shapes[1])
        if 0 in found:
            raise ValueError(f"{self._label()}: axes {self.axes} mean the batch axis.")
        return found

    def _check_shapes(self, shapes: list[tuple[int | None, ...]]) -> None:
        if len(shapes) != 2:
            raise ValueError(f"{self._label()}: expected exactly 2 tensors, got {len(shapes)}.")
        a, b = self._axes_of(shapes)
        if shapes[0][a] != shapes[1][b]:
            raise ValueError(
                f"{self._label()}: shapes {shapes[0]} and {shapes[1]} do not fit: axis {a} of the first "
                f"has size "
                f"{shapes[0][a]}, axis {b} of the second {shapes[1][b]}."
            )

    def call(self, inputs: Any) -> Any:
        """Return the sums, shape (batch, axes left of the first, axes left of the second)."""
        x, y = inputs
        a, b = self._axes_of((x.shape, y.shape))
        if self.normalize:
            x, y = ops.normalize(x, axis=a), ops.normalize(y, axis=b)
        x, y = ops.moveaxis(x, a, -1), ops.moveaxis(y, b, 1)
        rows, columns = tuple(x.shape[1:-1]), tuple(y.shape[2:])
        flat_x = ops.reshape(x, (x.shape[0], _product(rows), x.shape[-1]))
        flat_y = ops.reshape(y, (y.shape[0], y.shape[1], _product(columns)))
        return ops.reshape(ops.matmul(flat_x, flat_y), (x.shape[0], *((*rows, *columns) or (1,))))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return None: no sample's sum is left out."""
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def _product(sizes: tuple[int, ...]) -> int:
    return reduce(lambda a, b: a * b, sizes, 1)


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Return the sum of tensors: `Add(**kwargs)(inputs)`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Return the first tensor minus the second: `Subtract(**kwargs)(inputs)`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Return the product of tensors, element by element: `Multiply(**kwargs)(inputs)`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Return the mean of tensors: `Average(**kwargs)(inputs)`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Return the largest of tensors, element by element: `Maximum(**kwargs)(inputs)`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Return the smallest of tensors, element by element: `Minimum(**kwargs)(inputs)`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """Return tensors one after another along an axis: `Concatenate(axis, **kwargs)(inputs)`."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Sequence[Any], axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """Return sums of products along an axis: `Dot(axes, **kwargs)(inputs)`."""
    return Dot(axes=axes, **kwargs)(inputs)
