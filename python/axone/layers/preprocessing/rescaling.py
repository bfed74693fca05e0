"""Scaling by given numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone import config, ops
from axone.core.serialization import deserialize_keras_object
from axone.core.tensor import is_tensor
from axone.layers.layer import Layer

__all__ = ["Rescaling"]


def _plain(value: Any) -> Any:
    return (
        np.asarray(value).tolist()
        if is_tensor(value) or isinstance(value, (np.generic, np.ndarray))
        else value
    )


class Rescaling(Layer):
    """`inputs * scale + offset`, in floating point.

    Args:
        scale: factor: a number, or one per channel (last axis).
        offset: summand: likewise.
        **kwargs: see `Layer`.

    Input shape: any. Output shape: the same.

    Example: `Rescaling(1 / 255)` maps pixels to [0, 1], `Rescaling(1 / 127.5, offset=-1)` to [-1, 1].
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, value in (("scale", scale), ("offset", offset)):
            try:
                np.asarray(value, "float64")
            except (TypeError, ValueError):
                raise ValueError(
                    f"{self._label()}: {name} must be a number or numbers, got {value!r}."
                ) from None
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Return the inputs scaled."""
        dtype = self.compute_dtype
        scale, offset = (ops.convert_to_tensor(v, dtype=dtype) for v in (self.scale, self.offset))
        if config.image_data_format() == "channels_first" and scale.ndim > 0:
            scale = ops.reshape(scale, scale.shape + (1,) * (3 - scale.ndim))
        return ops.cast(inputs, dtype) * scale + offset

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": _plain(self.scale), "offset": _plain(self.offset)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        known = {key: deserialize_keras_object(config[key]) for key in ("scale", "offset") if key in config}
        return super().from_config({**config, **known})
