"""MobileNetV3: MobileNetV2's blocks, found by search, with hard-swish and gates on the channels.

Howard et al., "Searching for MobileNetV3", 2019.
"""

from __future__ import annotations

import warnings
from typing import Any

from axone.applications.application import (
    STORE,
    Application,
    Files,
    channel_axis,
    reads_weights,
    stride_padding,
    whole_eights,
)
from axone.applications.imagenet_utils import decode_predictions, preprocessor
from axone.core.tensor import KerasTensor
from axone.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Multiply,
    ReLU,
    Rescaling,
    ZeroPadding2D,
)
from axone.models import Model

__all__ = ["MobileNetV3Large", "MobileNetV3Small", "decode_predictions", "preprocess_input"]

# Tables 1 and 2: expansion, filters, kernel, stride, gate on the channels, hard-swish (else ReLU).
LARGE = (
    (1, 16, 3, 1, False, False),
    (4, 24, 3, 2, False, False),
    (3, 24, 3, 1, False, False),
    (3, 40, 5, 2, True, False),
    (3, 40, 5, 1, True, False),
    (3, 40, 5, 1, True, False),
    (6, 80, 3, 2, False, True),
    (2.5, 80, 3, 1, False, True),
    (2.3, 80, 3, 1, False, True),
    (2.3, 80, 3, 1, False, True),
    (6, 112, 3, 1, True, True),
    (6, 112, 3, 1, True, True),
    (6, 160, 5, 2, True, True),
    (6, 160, 5, 1, True, True),
    (6, 160, 5, 1, True, True),
)
SMALL = (
    (1, 16, 3, 2, True, False),
    (72 / 16, 24, 3, 2, False, False),
    (88 / 24, 24, 3, 1, False, False),
    (4, 40, 5, 2, True, True),
    (6, 40, 5, 1, True, True),
    (6, 40, 5, 1, True, True),
    (3, 48, 5, 1, True, True),
    (3, 48, 5, 1, True, True),
    (6, 96, 5, 2, True, True),
    (6, 96, 5, 1, True, True),
    (6, 96, 5, 1, True, True),
)

# Hashes of the files with and without top.
HASHES = {
    "large_224_0.75_float": ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
    "large_224_1.0_float": ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
    "large_minimalistic_224_1.0_float": (
        "675e7b876c45c57e9e63e6d90a36599c",
        "ec5221f64a2f6d1ef965a614bdae7973",
    ),
    "small_224_0.75_float": ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
    "small_224_1.0_float": ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
    "small_minimalistic_224_1.0_float": (
        "99cd97fb2fcdad2bf028eb838de69e37",
        "cde8136e733e811080d9fcd8a252f7e4",
    ),
}


@reads_weights
def MobileNetV3Small(
    input_shape: Any = None,
    alpha: float = 1.0,
    minimalistic: bool = False,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: KerasTensor | None = None,
    classes: int = 1000,
    pooling: str | None = None,
    dropout_rate: float = 0.2,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str | None = "MobileNetV3Small",
) -> Model:
    """MobileNetV3-Small (Howard et al., 2019).

    Args:
        alpha: factor of the numbers of filters; with ImageNet's weights 0.75 or 1.
        minimalistic: without gates, hard-swish and 5x5 convolutions.
        dropout_rate: rate before the classifier.
        include_preprocessing: whether the network itself scales pixels from 0 to 255.
        Others: see `axone.applications`.

    Returns:
        A `Model`.

    Raises:
        ValueError: if the image is too small, or the weights do not fit the other arguments.

    Example: `model = MobileNetV3Small(input_shape=(96, 96, 3), weights=None, classes=10)`.
    """
    application = Application(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
    )
    return _assemble(
        application, "small", SMALL, 1024, alpha, minimalistic, dropout_rate, include_preprocessing
    )


@reads_weights
def MobileNetV3Large(
    input_shape: Any = None,
    alpha: float = 1.0,
    minimalistic: bool = False,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: KerasTensor | None = None,
    classes: int = 1000,
    pooling: str | None = None,
    dropout_rate: float = 0.2,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str | None = "MobileNetV3Large",
) -> Model:
    """MobileNetV3-Large (Howard et al., 2019).

    Args:
        alpha: factor of the numbers of filters; with ImageNet's weights 0.75 or 1.
        minimalistic: without gates, hard-swish and 5x5 convolutions.
        dropout_rate: rate before the classifier.
        include_preprocessing: whether the network itself scales pixels from 0 to 255.
        Others: see `axone.applications`.

    Returns:
        A `Model`.

    Raises:
        ValueError: if the image is too small, or the weights do not fit the other arguments.

    Example: `model = MobileNetV3Large(input_shape=(224, 224, 3), weights=None, classes=10)`.
    """
    application = Application(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
    )
    return _assemble(
        application, "large", LARGE, 1280, alpha, minimalistic, dropout_rate, include_preprocessing
    )


def _assemble(
    application: Application,
    size: str,
    blocks: tuple[tuple[float, int, int, int, bool, bool], ...],
    wide: int,
    alpha: float,
    minimalistic: bool,
    dropout: float,
    preprocessing: bool,
) -> Model:
    files = _files(application, size, alpha, minimalistic)
    image = application.image(size=224, any_size=True)
    x = Rescaling(1 / 127.5, offset=-1.0)(image) if preprocessing else image
    x = Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
    x = _active(_norm(x, "conv_bn"), not minimalistic)
    for i, (expansion, filters, kernel, stride, gated, swish) in enumerate(blocks):
        width = whole_eights(filters * alpha)
        if minimalistic:
            kernel, gated, swish = 3, False, False
        x = _block(x, expansion, width, kernel, stride, gated, swish, i)
    x = Conv2D(whole_eights(x.shape[channel_axis()] * 6), 1, padding="same", use_bias=False, name="conv_1")(x)
    x = _active(_norm(x, "conv_1_bn"), not minimalistic)
    if application.include_top:
        x = GlobalAveragePooling2D(keepdims=True)(x)
        x = Conv2D(whole_eights(wide * alpha) if alpha > 1.0 else wide, 1, padding="same", name="conv_2")(x)
        x = _active(x, not minimalistic)
        x = Dropout(dropout)(x) if dropout > 0 else x
        x = Flatten()(Conv2D(application.classes, 1, padding="same", name="logits")(x))
        x = Activation(application.classifier_activation, name="predictions")(x)
    else:
        x = application.pooled(x, named=True)
    return application.model(image, x, files)


def _files(application: Application, size: str, alpha: float, minimalistic: bool) -> Files:
    variant = f"{size}{'_minimalistic' if minimalistic else ''}_224_{float(alpha)}_float"
    if application.pretrained and variant not in HASHES:
        raise ValueError(
            f"MobileNetV3: ImageNet's weights exist for alpha=0.75 and alpha=1, minimalistic for alpha=1 "
            f"alone; got alpha={alpha}."
        )
    shape = application.input_shape
    if application.pretrained and shape is not None and 224 not in tuple(shape):
        warnings.warn(
            f"MobileNetV3: ImageNet's weights come from images of 224 x 224, got input_shape={shape}.",
            stacklevel=4,
        )
    top, no_top = HASHES.get(variant, (None, None))
    file = f"weights_mobilenet_v3_{variant}"
    return Files(f"{STORE}mobilenet_v3/", (f"{file}.h5", top), (f"{file}_no_top_v2.h5", no_top))


def _norm(x: KerasTensor, name: str) -> Any:
    return BatchNormalization(axis=channel_axis(), epsilon=1e-3, momentum=0.999, name=name)(x)


def _active(x: KerasTensor, swish: bool) -> Any:
    return Activation("hard_swish")(x) if swish else ReLU()(x)


def _gate(x: KerasTensor, prefix: str) -> Any:
    """Squeeze and excite: each channel times a number in [0, 1] computed from the means of all channels."""
    channels = x.shape[channel_axis()]
    gate = GlobalAveragePooling2D(keepdims=True, name=f"{prefix}squeeze_excite_avg_pool")(x)
    narrow = whole_eights(channels * 0.25)
    gate = Conv2D(narrow, 1, padding="same", name=f"{prefix}squeeze_excite_conv")(gate)
    gate = ReLU(name=f"{prefix}squeeze_excite_relu")(gate)
    gate = Conv2D(channels, 1, padding="same", name=f"{prefix}squeeze_excite_conv_1")(gate)
    gate = ReLU(6.0)(gate + 3.0) * (1.0 / 6.0)
    return Multiply(name=f"{prefix}squeeze_excite_mul")([x, gate])


def _block(
    x: KerasTensor,
    expansion: float,
    filters: int,
    kernel: int,
    stride: int,
    gated: bool,
    swish: bool,
    i: int,
) -> Any:
    """Figure 4; the very first block does not widen."""
    inputs, channels = x, x.shape[channel_axis()]
    prefix = f"expanded_conv_{i}_" if i else "expanded_conv_"
    if i:
        wide = whole_eights(channels * expansion)
        x = Conv2D(wide, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = _active(_norm(x, f"{prefix}expand_bn"), swish)
    if stride == 2:
        x = ZeroPadding2D(stride_padding(x, kernel), name=f"{prefix}depthwise_pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = DepthwiseConv2D(kernel, strides=stride, padding=padding, use_bias=False, name=f"{prefix}depthwise")(x)
    x = _active(_norm(x, f"{prefix}depthwise_bn"), swish)
    x = _gate(x, prefix) if gated else x
    x = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = _norm(x, f"{prefix}project_bn")
    return Add(name=f"{prefix}add")([inputs, x]) if stride == 1 and channels == filters else x


preprocess_input = preprocessor(None, __name__)
