"""InceptionResNetV2: the branches of an Inception block are joined and added, scaled down, to its input.

Szegedy, Ioffe, Vanhoucke, Alemi, "Inception-v4, Inception-ResNet and the impact of residual connections on
learning", 2016.
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
    Concatenate,
    Conv2D,
    GlobalAveragePooling2D,
    Layer,
    MaxPooling2D,
)
from axone.models import Model

__all__ = ["CustomScaleLayer", "InceptionResNetV2", "decode_predictions", "preprocess_input"]

FILE = "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels"
FILES = Files(
    f"{STORE}inception_resnet_v2/",
    (f"{FILE}.h5", "e693bd0210a403b3192acc6073ad2e96"),
    (f"{FILE}_notop.h5", "d19885ff4a710c122648d3b5c3b684e4"),
)
HALVE: dict[str, Any] = {"strides": 2, "padding": "valid"}
Size = int | tuple[int, int]

# Filters and kernels along each branch of the residual blocks: figures 16, 17 and 19.
BRANCHES: dict[str, tuple[tuple[tuple[int, Size], ...], ...]] = {
    "block35": (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3))),
    "block17": (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1)))),
    "block8": (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1)))),
}


class CustomScaleLayer(Layer):
    """`a + scale * b` of a pair of tensors `[a, b]`.

    Args:
        scale: factor of the second.
        **kwargs: see `Layer`.

    Example: `CustomScaleLayer(0.1)([x, branch])`.
    """

    def __init__(self, scale: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        """Return the weighted sum."""
        return inputs[0] + inputs[1] * self.scale

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}


def _conv(x: KerasTensor, filters: int, kernel: Size, name: str | None = None, **options: Any) -> Any:
    """A convolution, normalised, with ReLU."""
    options = {"padding": "same", **options}
    x = Conv2D(filters, kernel, use_bias=False, name=name, **options)(x)
    x = BatchNormalization(axis=channel_axis(), scale=False, name=name and f"{name}_bn")(x)
    return Activation("relu", name=name and f"{name}_ac")(x)


def _chain(x: KerasTensor, *convolutions: tuple[int, Size]) -> Any:
    for filters, kernel in convolutions:
        x = _conv(x, filters, kernel)
    return x


def _join(branches: list[KerasTensor], name: str) -> Any:
    return Concatenate(axis=channel_axis(), name=name)(branches)


def _residual(x: KerasTensor, kind: str, i: int, scale: float, active: bool = True) -> Any:
    name = f"{kind}_{i}"
    mixed = _join([_chain(x, *branch) for branch in BRANCHES[kind]], f"{name}_mixed")
    added = Conv2D(x.shape[channel_axis()], 1, padding="same", name=f"{name}_conv")(mixed)
    x = CustomScaleLayer(scale)([x, added])
    return Activation("relu", name=f"{name}_ac")(x) if active else x


def _stem(image: KerasTensor) -> Any:
    x = _conv(image, 32, 3, **HALVE)
    x = _conv(x, 32, 3, padding="valid")
    x = MaxPooling2D(3, strides=2)(_conv(x, 64, 3))
    x = _conv(x, 80, 1, padding="valid")
    x = MaxPooling2D(3, strides=2)(_conv(x, 192, 3, padding="valid"))
    branches = [
        _conv(x, 96, 1),
        _chain(x, (48, 1), (64, 5)),
        _chain(x, (64, 1), (96, 3), (96, 3)),
        _conv(AveragePooling2D(3, strides=1, padding="same")(x), 64, 1),
    ]
    return _join(branches, "mixed_5b")


def _features(image: KerasTensor) -> Any:
    x = _stem(image)
    for i in range(1, 11):
        x = _residual(x, "block35", i, 0.17)
    branches = [
        _conv(x, 384, 3, **HALVE),
        _conv(_chain(x, (256, 1), (256, 3)), 384, 3, **HALVE),
        MaxPooling2D(3, strides=2)(x),
    ]
    x = _join(branches, "mixed_6a")
    for i in range(1, 21):
        x = _residual(x, "block17", i, 0.1)
    branches = [
        _conv(_conv(x, 256, 1), 384, 3, **HALVE),
        _conv(_conv(x, 256, 1), 288, 3, **HALVE),
        _conv(_chain(x, (256, 1), (288, 3)), 320, 3, **HALVE),
        MaxPooling2D(3, strides=2)(x),
    ]
    x = _join(branches, "mixed_7a")
    for i in range(1, 10):
        x = _residual(x, "block8", i, 0.2)
    x = _residual(x, "block8", 10, 1.0, active=False)
    return _conv(x, 1536, 1, name="conv_7b")


def _assemble(application: Application) -> Model:
    image = application.image(size=299, smallest=75)
    x = _features(image)
    if application.include_top:
        x = application.predictions(GlobalAveragePooling2D(name="avg_pool")(x))
    else:
        x = application.pooled(x)
    return application.model(image, x, FILES)


InceptionResNetV2 = network(
    "InceptionResNetV2",
    "inception_resnet_v2",
    _assemble,
    "InceptionResNetV2: images of 299 x 299 (Szegedy et al., 2016).",
)
preprocess_input = preprocessor("tf", __name__)
