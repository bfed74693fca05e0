"""InceptionV3: branches of convolutions of several sizes side by side, large ones factored into small ones.

Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception architecture for computer vision", 2015.
"""

from __future__ import annotations

from typing import Any

from axone.applications.application import STORE, Application, Files, channel_axis, network
from axone.applications.imagenet_utils import decode_predictions, preprocessor
from axone.core.tensor import KerasTensor
from axone.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    GlobalAveragePooling2D,
    MaxPooling2D,
    concatenate,
)
from axone.models import Model

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]

FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels"
FILES = Files(
    f"{STORE}inception_v3/",
    (f"{FILE}.h5", "9a0d58056eeedaa3f26cb7ebd46da564"),
    (f"{FILE}_notop.h5", "bcbd6486424b2319ff4ef7d526e38f63"),
)
HALVE: dict[str, Any] = {"strides": 2, "padding": "valid"}


def _conv(x: KerasTensor, filters: int, rows: int, columns: int, **options: Any) -> Any:
    """A convolution, normalised, with ReLU."""
    options = {"padding": "same", **options}
    x = Conv2D(filters, (rows, columns), use_bias=False, **options)(x)
    x = BatchNormalization(axis=channel_axis(), scale=False)(x)
    return Activation("relu")(x)


def _chain(x: KerasTensor, *convolutions: tuple[int, int, int]) -> Any:
    for filters, rows, columns in convolutions:
        x = _conv(x, filters, rows, columns)
    return x


def _join(branches: list[KerasTensor], name: str | None = None) -> Any:
    return concatenate(branches, axis=channel_axis(), name=name)


def _mean_branch(x: KerasTensor, filters: int) -> Any:
    return _conv(AveragePooling2D(3, strides=1, padding="same")(x), filters, 1, 1)


def _grid35(x: KerasTensor, pooled: int, name: str) -> Any:
    """Figure 5."""
    branches = [
        _chain(x, (64, 1, 1)),
        _chain(x, (48, 1, 1), (64, 5, 5)),
        _chain(x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
        _mean_branch(x, pooled),
    ]
    return _join(branches, name)


def _grid17(x: KerasTensor, filters: int, name: str) -> Any:
    """Figure 6, with n = 7."""
    row, column = (1, 7), (7, 1)
    branches = [
        _chain(x, (192, 1, 1)),
        _chain(x, (filters, 1, 1), (filters, *row), (192, *column)),
        _chain(x, (filters, 1, 1), (filters, *column), (filters, *row), (filters, *column), (192, *row)),
        _mean_branch(x, 192),
    ]
    return _join(branches, name)


def _grid8(x: KerasTensor, i: int) -> Any:
    """Figure 7."""
    single = _conv(x, 320, 1, 1)
    short = _conv(x, 384, 1, 1)
    short = _join([_conv(short, 384, 1, 3), _conv(short, 384, 3, 1)], f"mixed9_{i}")
    long = _chain(x, (448, 1, 1), (384, 3, 3))
    long = _join([_conv(long, 384, 1, 3), _conv(long, 384, 3, 1)])
    return _join([single, short, long, _mean_branch(x, 192)], f"mixed{9 + i}")


def _features(image: KerasTensor) -> Any:
    x = _conv(image, 32, 3, 3, **HALVE)
    x = _conv(x, 32, 3, 3, padding="valid")
    x = _conv(x, 64, 3, 3)
    x = MaxPooling2D(3, strides=2)(x)
    x = _conv(x, 80, 1, 1, padding="valid")
    x = _conv(x, 192, 3, 3, padding="valid")
    x = MaxPooling2D(3, strides=2)(x)
    for i, pooled in enumerate((32, 64, 64)):
        x = _grid35(x, pooled, f"mixed{i}")
    branches = [
        _conv(x, 384, 3, 3, **HALVE),
        _conv(_chain(x, (64, 1, 1), (96, 3, 3)), 96, 3, 3, **HALVE),
        MaxPooling2D(3, strides=2)(x),
    ]
    x = _join(branches, "mixed3")
    for i, filters in enumerate((128, 160, 160, 192), 4):
        x = _grid17(x, filters, f"mixed{i}")
    branches = [
        _conv(_conv(x, 192, 1, 1), 320, 3, 3, **HALVE),
        _conv(_chain(x, (192, 1, 1), (192, 1, 7), (192, 7, 1)), 192, 3, 3, **HALVE),
        MaxPooling2D(3, strides=2)(x),
    ]
    x = _join(branches, "mixed8")
    for i in range(2):
        x = _grid8(x, i)
    return x


def _assemble(application: Application) -> Model:
    image = application.image(size=299, smallest=75)
    x = _features(image)
    if application.include_top:
        x = application.predictions(GlobalAveragePooling2D(name="avg_pool")(x))
    else:
        x = application.pooled(x)
    return application.model(image, x, FILES)


InceptionV3 = network(
    "InceptionV3", "inception_v3", _assemble, "InceptionV3: images of 299 x 299 (Szegedy et al., 2015)."
)
preprocess_input = preprocessor("tf", __name__)
