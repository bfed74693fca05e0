"""Scaling to mean 0 and variance 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from axone import ops
from axone.core.dtypes import epsilon
from axone.layers.layer import Layer
from axone.layers.preprocessing.adapting import batches

__all__ = ["Normalization"]


class Normalization(Layer):
    """`(inputs - mean) / sqrt(variance)`, with mean and variance learnt by `adapt` or given.

    Args:
        axis: axis or axes whose every index has a mean and variance of its own; None: one for all.
        mean, variance: the values, instead of `adapt`; both or neither.
        invert: undo the normalization: `inputs * sqrt(variance) + mean`.
        **kwargs: see `Layer`.

    Input shape: any. Output shape: the same.

    Raises:
        ValueError: if only one of mean and variance is given, their shapes differ or do not fit the axes, or
            an axis is out of range or of unknown size.

    Example:
        layer = Normalization()
        layer.adapt(x_train)  # shape (samples, features): a mean and a variance for each feature
        layer(x_test)
    """

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        label = self._label()
        self.axis = (
            () if axis is None else (int(axis),) if isinstance(axis, (int, np.integer)) else tuple(axis)
        )
        self.input_mean, self.input_variance = mean, variance
        self.invert = invert
        self.supports_masking = True
        self.adapt_mean: Any = None
        self.adapt_variance: Any = None
        if (mean is None) != (variance is None):
            raise ValueError(
                f"{label}: mean and variance must be given together, got mean={mean}, variance={variance}."
            )
        if mean is not None:
            if np.shape(mean) != np.shape(variance):
                raise ValueError(
                    f"{label}: mean and variance must have one shape, got {np.shape(mean)} and "
                    f"{np.shape(variance)}."
                )
            if np.ndim(mean) > len(self.axis):
                raise ValueError(
                    f"{label}: a mean of shape {np.shape(mean)} needs as many axes, got axis={self.axis}."
                )

    def build(self, input_shape: Any) -> None:
        label, rank = self._label(), len(input_shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ValueError(
                f"{label}: axis {self.axis} does not fit an input of shape {tuple(input_shape)}."
            )
        self._kept = tuple(sorted(axis % rank for axis in self.axis))
        if any(input_shape[axis] is None for axis in self._kept):
            raise ValueError(
                f"{label}: the axes {self.axis} must have known sizes, got shape {tuple(input_shape)}."
            )
        self._reduced = tuple(axis for axis in range(rank) if axis not in self._kept)
        shape = tuple(input_shape[axis] for axis in self._kept)
        self._spread = tuple(input_shape[axis] if axis in self._kept else 1 for axis in range(rank))
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            # Keras's files hold it.
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")
        else:
            self._given = [self._fit(value, shape) for value in (self.input_mean, self.input_variance)]

    def _fit(self, value: Any, shape: tuple[int, ...]) -> np.ndarray:
        """Given values in a shape that broadcasts with the inputs."""
        try:
            whole = np.broadcast_to(np.asarray(value, self.compute_dtype), shape)
        except ValueError:
            raise ValueError(
                f"{self._label()}: mean and variance of shape {np.shape(value)} do not fit {shape}, the "
                f"sizes of the axes {self.axis}."
            ) from None
        return whole.reshape(self._spread)

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn mean and variance; what was learnt before is forgotten.

        Args:
            data: array, or iterable of batches.
            steps: number of batches to take; None for all.

        Raises:
            ValueError: if mean and variance were given, or the data does not fit the shape that is known.
        """
        if self.input_mean is not None:
            raise ValueError(f"{self._label()}: mean and variance were given; there is nothing to adapt.")
        total, mean, variance = 0, np.zeros(()), np.zeros(())
        for batch in batches(data, steps):
            x = np.asarray(batch)
            if x.dtype.kind not in "fiub":
                raise ValueError(f"{self._label()}: adapt expects numbers, got an array of dtype {x.dtype}.")
            if x.size == 0:
                continue
            if not self.built:
                self.build(x.shape)
            if any(x.shape[axis] != self._spread[axis] for axis in self._kept) or x.ndim != len(self._spread):
                raise ValueError(
                    f"{self._label()}: adapt got data of shape {x.shape}; the layer was built for sizes "
                    f"{tuple(self._spread[axis] for axis in self._kept)} of the axes {self.axis}."
                )
            count = math.prod(x.shape[axis] for axis in self._reduced)
            x = x.astype("float64")
            batch_mean, batch_variance = x.mean(self._reduced), x.var(self._reduced)
            # Chan, Golub and LeVeque 1979: moments of a union from those of its parts.
            total += count
            share = count / total
            apart = batch_mean - mean
            mean = mean + apart * share
            variance = variance * (1 - share) + batch_variance * share + apart**2 * share * (1 - share)
        if total == 0:
            raise ValueError(f"{self._label()}: adapt got no samples.")
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)

    def call(self, inputs: Any) -> Any:
        """Return the inputs normalized, or the other way round."""
        dtype = self.compute_dtype
        if self.input_mean is None:
            mean, variance = (
                ops.reshape(ops.cast(v, dtype), self._spread) for v in (self.adapt_mean, self.adapt_variance)
            )
        else:
            mean, variance = (ops.convert_to_tensor(v, dtype=dtype) for v in self._given)
        deviation = ops.maximum(ops.sqrt(variance), epsilon())
        x = ops.cast(inputs, dtype)
        return x * deviation + mean if self.invert else (x - mean) / deviation

    def get_config(self) -> dict[str, Any]:
        values = {
            name: None if value is None else np.asarray(value).tolist()
            for name, value in (("mean", self.input_mean), ("variance", self.input_variance))
        }
        return {**super().get_config(), "axis": list(self.axis), "invert": self.invert, **values}
