"""EfficientNet: MobileNetV2's blocks with gates, scaled in width, depth and image size together.

Tan, Le, "EfficientNet: Rethinking model scaling for convolutional neural networks", 2019.
"""

from __future__ import annotations

import math
from typing import Any

from axone.applications.application import (
    Application,
    Files,
    Network,
    channel_axis,
    network,
    stride_padding,
    whole_eights,
)
from axone.applications.imagenet_utils import RGB_DEVIATIONS, decode_predictions, preprocessor
from axone.core.tensor import KerasTensor
from axone.initializers import VarianceScaling
from axone.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    Normalization,
    Rescaling,
    Reshape,
    ZeroPadding2D,
    add,
    multiply,
)
from axone.models import Model

__all__ = [
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "decode_predictions",
    "preprocess_input",
]

# Table 1: kernel, repeats, filters in, filters out, expansion, stride of the first.
BLOCKS = (
    (3, 1, 32, 16, 1, 1),
    (3, 2, 16, 24, 6, 2),
    (5, 2, 24, 40, 6, 2),
    (3, 3, 40, 80, 6, 2),
    (5, 3, 80, 112, 6, 1),
    (5, 4, 112, 192, 6, 2),
    (3, 1, 192, 320, 6, 1),
)
DROP_CONNECT = 0.2  # rate of the last block; it rises evenly from 0


def conv(x: KerasTensor, filters: int, kernel: int, name: str, **options: Any) -> Any:
    """A convolution as all EfficientNets have it."""
    options = {"padding": "same", "use_bias": False, **options}
    return Conv2D(filters, kernel, kernel_initializer=conv_initializer(), name=name, **options)(x)


def conv_initializer() -> VarianceScaling:
    """He's normal values by the number of outputs."""
    return VarianceScaling(2.0, mode="fan_out", distribution="truncated_normal")


def dense_initializer() -> VarianceScaling:
    """The classifier's first weights."""
    return VarianceScaling(1 / 3, mode="fan_out", distribution="uniform")


def gate(x: KerasTensor, narrow: int, name: str) -> Any:
    """Squeeze and excite: each channel times a number in [0, 1] computed from the means of all channels."""
    axis = channel_axis()
    channels = x.shape[axis]
    means = GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    shape = (1, 1, channels) if axis == 3 else (channels, 1, 1)
    factors = Reshape(shape, name=f"{name}se_reshape")(means)
    factors = conv(factors, narrow, 1, f"{name}se_reduce", activation="swish", use_bias=True)
    factors = conv(factors, channels, 1, f"{name}se_expand", activation="sigmoid", use_bias=True)
    return multiply([x, factors], name=f"{name}se_excite")


def dropped_shortcut(x: KerasTensor, inputs: KerasTensor, rate: float, name: str) -> Any:
    """`inputs` plus `x`, which is dropped whole for a share of the samples while training."""
    if rate:
        x = Dropout(rate, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return add([x, inputs], name=f"{name}add")


def _norm(x: KerasTensor, name: str) -> Any:
    return BatchNormalization(axis=channel_axis(), name=name)(x)


def _block(
    x: KerasTensor,
    kernel: int,
    filters_in: int,
    filters: int,
    expansion: int,
    stride: int,
    drop: float,
    name: str,
) -> Any:
    inputs = x
    if expansion != 1:
        x = _norm(conv(x, filters_in * expansion, 1, f"{name}expand_conv"), f"{name}expand_bn")
        x = Activation("swish", name=f"{name}expand_activation")(x)
    if stride == 2:
        x = ZeroPadding2D(stride_padding(x, kernel), name=f"{name}dwconv_pad")(x)
    x = DepthwiseConv2D(
        kernel,
        strides=stride,
        padding="valid" if stride == 2 else "same",
        use_bias=False,
        depthwise_initializer=conv_initializer(),
        name=f"{name}dwconv",
    )(x)
    x = Activation("swish", name=f"{name}activation")(_norm(x, f"{name}bn"))
    x = gate(x, max(1, filters_in // 4), name)
    x = _norm(conv(x, filters, 1, f"{name}project_conv"), f"{name}project_bn")
    if stride == 1 and filters_in == filters:
        x = dropped_shortcut(x, inputs, drop, name)
    return x


def _features(x: KerasTensor, width: float, depth: float) -> Any:
    x = conv(x, whole_eights(32 * width), 3, "stem_conv", strides=2, padding="valid")
    x = Activation("swish", name="stem_activation")(_norm(x, "stem_bn"))
    repeats = [math.ceil(depth * block[1]) for block in BLOCKS]
    total, done = sum(repeats), 0
    for i, (block, count) in enumerate(zip(BLOCKS, repeats, strict=True), 1):
        kernel, _, filters_in, filters, expansion, first_stride = block
        filters_in, filters = whole_eights(filters_in * width), whole_eights(filters * width)
        for j in range(count):
            stride = first_stride if j == 0 else 1
            name = f"block{i}{chr(ord('a') + j)}_"
            source = filters_in if j == 0 else filters
            x = _block(x, kernel, source, filters, expansion, stride, DROP_CONNECT * done / total, name)
            done += 1
    x = _norm(conv(x, whole_eights(1280 * width), 1, "top_conv"), "top_bn")
    return Activation("swish", name="top_activation")(x)


def _efficientnet(
    variant: str, width: float, depth: float, size: int, dropout: float, top_hash: str, no_top_hash: str
) -> Network:
    name = f"efficientnet{variant.lower()}"
    files = Files(
        "https://storage.googleapis.com/keras-applications/",
        (f"{name}.h5", top_hash),
        (f"{name}_notop.h5", no_top_hash),
    )

    def assemble(application: Application) -> Model:
        image = application.image(size)
        x = Normalization(axis=channel_axis())(Rescaling(1 / 255)(image))
        if application.pretrained:
            # In the public files deviations stand where variances belong: this divides by the other root.
            x = Rescaling([1 / math.sqrt(deviation) for deviation in RGB_DEVIATIONS])(x)
        x = ZeroPadding2D(stride_padding(x, 3), name="stem_conv_pad")(x)
        x = _features(x, width, depth)
        if application.include_top:
            x = GlobalAveragePooling2D(name="avg_pool")(x)
            x = Dropout(dropout, name="top_dropout")(x)
            x = application.predictions(x, kernel_initializer=dense_initializer())
        else:
            x = application.pooled(x, named=True)
        return application.model(image, x, files)

    about = (
        f"EfficientNet{variant}: width x {width}, depth x {depth}, images of {size} x {size} pixels from 0 "
        f"to 255 (Tan, Le, 2019)."
    )
    return network(f"EfficientNet{variant}", name, assemble, about)


EfficientNetB0 = _efficientnet(
    "B0", 1.0, 1.0, 224, 0.2, "902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d"
)
EfficientNetB1 = _efficientnet(
    "B1", 1.0, 1.1, 240, 0.2, "1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432"
)
EfficientNetB2 = _efficientnet(
    "B2", 1.1, 1.2, 260, 0.3, "b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39"
)
EfficientNetB3 = _efficientnet(
    "B3", 1.2, 1.4, 300, 0.3, "ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226"
)
EfficientNetB4 = _efficientnet(
    "B4", 1.4, 1.8, 380, 0.4, "18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba"
)
EfficientNetB5 = _efficientnet(
    "B5", 1.6, 2.2, 456, 0.4, "ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f"
)
EfficientNetB6 = _efficientnet(
    "B6", 1.8, 2.6, 528, 0.5, "165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743"
)
EfficientNetB7 = _efficientnet(
    "B7", 2.0, 3.1, 600, 0.5, "8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a"
)
preprocess_input = preprocessor(None, __name__)
