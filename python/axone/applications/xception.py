"""Xception: residual blocks of depthwise separable convolutions.

Chollet, "Xception: Deep learning with depthwise separable convolutions", 2016.
"""

from __future__ import annotations

from typing import Any

from axone.applications.application import STORE, Application, Files, channel_axis, network
from axone.applications.imagenet_utils import decode_predictions, preprocessor
from axone.core.tensor import KerasTensor
from axone.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    GlobalAveragePooling2D,
    MaxPooling2D,
    SeparableConv2D,
    add,
)
from axone.models import Model

__all__ = ["Xception", "decode_predictions", "preprocess_input"]

FILE = "xception_weights_tf_dim_ordering_tf_kernels"
FILES = Files(
    f"{STORE}xception/",
    (f"{FILE}.h5", "0a58e3b7378bc2990ea3b43d5981f1f6"),
    (f"{FILE}_notop.h5", "b0042744bf5b25fce3cb969f33bebb97"),
)


def _norm(x: KerasTensor, name: str | None = None) -> Any:
    return BatchNormalization(axis=channel_axis(), name=name)(x)


def _relu(x: KerasTensor, name: str) -> Any:
    return Activation("relu", name=f"{name}_act")(x)


def _separable(x: KerasTensor, filters: int, name: str) -> Any:
    x = SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return _norm(x, f"{name}_bn")


def _halving(x: KerasTensor, first: int, second: int, block: int) -> Any:
    """A block of the entry or exit flow: half the rows and columns."""
    name = f"block{block}"
    shortcut = _norm(Conv2D(second, 1, strides=2, padding="same", use_bias=False)(x))
    if block > 2:  # the first one's input has passed a rectifier
        x = _relu(x, f"{name}_sepconv1")
    x = _relu(_separable(x, first, f"{name}_sepconv1"), f"{name}_sepconv2")
    x = _separable(x, second, f"{name}_sepconv2")
    x = MaxPooling2D(3, strides=2, padding="same", name=f"{name}_pool")(x)
    return add([x, shortcut])


def _middle(x: KerasTensor, block: int) -> Any:
    shortcut = x
    for i in (1, 2, 3):
        name = f"block{block}_sepconv{i}"
        x = _separable(_relu(x, name), 728, name)
    return add([x, shortcut])


def _assemble(application: Application) -> Model:
    """Figure 5."""
    image = application.image(size=299, smallest=71)
    x = Conv2D(32, 3, strides=2, use_bias=False, name="block1_conv1")(image)
    x = _relu(_norm(x, "block1_conv1_bn"), "block1_conv1")
    x = Conv2D(64, 3, use_bias=False, name="block1_conv2")(x)
    x = _relu(_norm(x, "block1_conv2_bn"), "block1_conv2")
    for block, filters in enumerate((128, 256, 728), 2):
        x = _halving(x, filters, filters, block)
    for block in range(5, 13):
        x = _middle(x, block)
    x = _halving(x, 728, 1024, 13)
    x = _relu(_separable(x, 1536, "block14_sepconv1"), "block14_sepconv1")
    x = _relu(_separable(x, 2048, "block14_sepconv2"), "block14_sepconv2")
    if application.include_top:
        x = application.predictions(GlobalAveragePooling2D(name="avg_pool")(x))
    else:
        x = application.pooled(x)
    return application.model(image, x, FILES)


Xception = network("Xception", "xception", _assemble, "Xception: images of 299 x 299 (Chollet, 2016).")
preprocess_input = preprocessor("tf", __name__)
