"""Dropout of whole channels."""

from __future__ import annotations

from typing import Any

from axone.core.random import SeedGenerator
from axone.layers.arguments import data_format as checked_format
from axone.layers.dropout import Dropout
from axone.layers.input_spec import InputSpec

__all__ = ["SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"]


class SpatialDropout(Dropout):
    """Base of layers that drop whole channels: neighbouring positions say much the same, so that dropping
    them one by one hides little.

    Args:
        rate: fraction of the channels to drop, from 0 to 1.
        data_format: "channels_last" or "channels_first"; None: the configured one.
        seed: integer, for the same masks at every run.
        **kwargs: see `Layer`.

    Tompson et al., "Efficient object localization using convolutional networks", 2015.
    """

    rank: int

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | SeedGenerator | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed=seed, **kwargs)
        self.data_format = checked_format(self._label(), data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _mask_shape(self, shape: Any) -> tuple[int, ...]:
        ones = (1,) * self.rank
        if self.data_format == "channels_first":
            return (*shape[:2], *ones)
        return (shape[0], *ones, shape[-1])

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "data_format": self.data_format}
        # As in Keras, which reads these configurations too and takes nothing else here.
        return {key: value for key, value in config.items() if key not in ("noise_shape", "trainable")}


class SpatialDropout1D(SpatialDropout):
    """Drops whole channels of sequences while training.

    Args:
        rate: fraction of the channels to drop, from 0 to 1.
        seed: integer, for the same masks at every run.
        **kwargs: see `Layer`.

    Input shape: (batch, steps, channels). Output shape: the same.
    """

    rank = 1

    def __init__(self, rate: float, seed: int | SeedGenerator | None = None, **kwargs: Any) -> None:
        super().__init__(rate, "channels_last", seed, **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["data_format"]  # as in Keras, which reads these configurations too
        return config


class SpatialDropout2D(SpatialDropout):
    """Drops whole channels of images while training.

    Args:
        rate, data_format, seed, **kwargs: see `SpatialDropout`.

    Input shape: (batch, height, width, channels). Output shape: the same.
    """

    rank = 2


class SpatialDropout3D(SpatialDropout):
    """Drops whole channels of volumes while training.

    Args:
        rate, data_format, seed, **kwargs: see `SpatialDropout`.

    Input shape: (batch, *space, channels). Output shape: the same.
    """

    rank = 3
