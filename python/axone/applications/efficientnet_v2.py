"""EfficientNetV2: the early blocks convolve all channels at once, which trains faster.

Tan, Le, "EfficientNetV2: Smaller models and faster training", 2021.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

from axone.applications.application import ARGUMENTS, STORE, Application, Files, channel_axis, reads_weights
from axone.applications.efficientnet import (
    DROP_CONNECT,
    conv,
    conv_initializer,
    dense_initializer,
    dropped_shortcut,
    gate,
)
from axone.applications.imagenet_utils import (
    RGB_DEVIATIONS,
    RGB_MEANS,
    decode_predictions,
    preprocessor,
)
from axone.core.tensor import KerasTensor
from axone.initializers import Constant
from axone.layers import (
    Activation,
    BatchNormalization,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    Normalization,
    Rescaling,
)
from axone.models import Model

__all__ = [
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "decode_predictions",
    "preprocess_input",
]

# Table 4 and its variants: fused, repeats, filters in, filters out, expansion, stride of the first, gated.
Blocks = tuple[tuple[bool, int, int, int, int, int, bool], ...]
BASE: Blocks = (
    (True, 1, 32, 16, 1, 1, False),
    (True, 2, 16, 32, 4, 2, False),
    (True, 2, 32, 48, 4, 2, False),
    (False, 3, 48, 96, 4, 2, True),
    (False, 5, 96, 112, 6, 1, True),
    (False, 8, 112, 192, 6, 2, True),
)
SMALL: Blocks = (
    (True, 2, 24, 24, 1, 1, False),
    (True, 4, 24, 48, 4, 2, False),
    (True, 4, 48, 64, 4, 2, False),
    (False, 6, 64, 128, 4, 2, True),
    (False, 9, 128, 160, 6, 1, True),
    (False, 15, 160, 256, 6, 2, True),
)
MEDIUM: Blocks = (
    (True, 3, 24, 24, 1, 1, False),
    (True, 5, 24, 48, 4, 2, False),
    (True, 5, 48, 80, 4, 2, False),
    (False, 7, 80, 160, 4, 2, True),
    (False, 14, 160, 176, 6, 1, True),
    (False, 18, 176, 304, 6, 2, True),
    (False, 5, 304, 512, 6, 1, True),
)
LARGE: Blocks = (
    (True, 4, 32, 32, 1, 1, False),
    (True, 7, 32, 64, 4, 2, False),
    (True, 7, 64, 96, 4, 2, False),
    (False, 10, 96, 192, 4, 2, True),
    (False, 19, 192, 224, 6, 1, True),
    (False, 25, 224, 384, 6, 2, True),
    (False, 7, 384, 640, 6, 1, True),
)


class NetworkV2(Protocol):
    """The arguments of these networks: those of most, and `include_preprocessing`."""

    __name__: str

    def __call__(
        self,
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: KerasTensor | None = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
        name: str | None = ...,
    ) -> Model: ...


def _rounded(filters: int, width: float) -> int:
    """A multiple of 8. Unlike in version 1, no correction where it is less than nine tenths."""
    return max(8, int(filters * width + 4) // 8 * 8)


def _norm(x: KerasTensor, name: str) -> Any:
    return BatchNormalization(axis=channel_axis(), momentum=0.9, name=name)(x)


def _swish(x: KerasTensor, name: str) -> Any:
    return Activation("swish", name=name)(x)


def _block(
    x: KerasTensor,
    fused: bool,
    source: int,
    filters: int,
    expansion: int,
    stride: int,
    gated: bool,
    drop: float,
    name: str,
) -> Any:
    """Figure 2: fused, one 3x3 convolution widens; else a 1x1 does, and a depthwise 3x3 follows."""
    inputs, widens = x, expansion != 1
    if widens:
        options = {"strides": stride} if fused else {}
        x = conv(x, source * expansion, 3 if fused else 1, f"{name}expand_conv", **options)
        x = _swish(_norm(x, f"{name}expand_bn"), f"{name}expand_activation")
    if not fused:
        x = DepthwiseConv2D(
            3,
            strides=stride,
            padding="same",
            use_bias=False,
            depthwise_initializer=conv_initializer(),
            name=f"{name}dwconv2",
        )(x)
        x = _swish(_norm(x, f"{name}bn"), f"{name}activation")
    if gated:
        x = gate(x, max(1, source // 4), name)
    if fused and not widens:
        x = _norm(conv(x, filters, 3, f"{name}project_conv", strides=stride), f"{name}project_bn")
        x = _swish(x, f"{name}project_activation")
    else:
        x = _norm(conv(x, filters, 1, f"{name}project_conv"), f"{name}project_bn")
    if stride == 1 and source == filters:
        x = dropped_shortcut(x, inputs, drop, name)
    return x


def _features(x: KerasTensor, blocks: Blocks, width: float, depth: float) -> Any:
    x = conv(x, _rounded(blocks[0][2], width), 3, "stem_conv", strides=2)
    x = _swish(_norm(x, "stem_bn"), "stem_activation")
    # As in Keras, rates go by the unscaled repeats: deeper variants drop more than `DROP_CONNECT` at the end.
    total, done = sum(block[1] for block in blocks), 0
    for i, (fused, repeats, filters_in, filters, expansion, first_stride, gated) in enumerate(blocks, 1):
        filters_in, filters = _rounded(filters_in, width), _rounded(filters, width)
        for j in range(math.ceil(depth * repeats)):
            stride, source = (first_stride, filters_in) if j == 0 else (1, filters)
            name = f"block{i}{chr(ord('a') + j)}_"
            drop = DROP_CONNECT * done / total
            x = _block(x, fused, source, filters, expansion, stride, gated, drop, name)
            done += 1
    return _swish(_norm(conv(x, _rounded(1280, width), 1, "top_conv"), "top_bn"), "top_activation")


def _scaled(image: KerasTensor, torch_like: bool) -> Any:
    """Pixels from 0 to 255 as the weights expect them."""
    if not torch_like or image.shape[channel_axis()] != 3:
        return Rescaling(1 / 128, offset=-1)(image)
    variances = [deviation**2 for deviation in RGB_DEVIATIONS]
    return Normalization(mean=list(RGB_MEANS), variance=variances, axis=channel_axis())(
        Rescaling(1 / 255)(image)
    )


def _efficientnet(
    variant: str,
    blocks: Blocks,
    width: float,
    depth: float,
    size: int,
    top_hash: str,
    no_top_hash: str,
) -> NetworkV2:
    default = f"efficientnetv2-{variant.lower()}"
    files = Files(
        f"{STORE}efficientnet_v2/", (f"{default}.h5", top_hash), (f"{default}_notop.h5", no_top_hash)
    )

    @reads_weights
    def build(
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: KerasTensor | None = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
        name: str | None = default,
    ) -> Model:
        application = Application(
            include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
        )
        image = application.image(size)
        x = _scaled(image, variant.startswith("B")) if include_preprocessing else image
        x = _features(x, blocks, width, depth)
        if include_top:
            x = Dropout(0.2, name="top_dropout")(GlobalAveragePooling2D(name="avg_pool")(x))
            x = application.predictions(
                x, kernel_initializer=dense_initializer(), bias_initializer=Constant(0.0)
            )
        else:
            x = application.pooled(x, named=True)
        return application.model(image, x, files)

    build.__name__ = build.__qualname__ = f"EfficientNetV2{variant}"
    build.__doc__ = (
        f"EfficientNetV2{variant}: images of {size} x {size} pixels from 0 to 255 (Tan, Le, 2021); "
        f"`include_preprocessing=False` where they are scaled already.\n{ARGUMENTS}\n"
        f"    Example: `model = EfficientNetV2{variant}(weights=None, classes=10)`.\n"
    )
    return build


EfficientNetV2B0 = _efficientnet(
    "B0", BASE, 1.0, 1.0, 224, "21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff"
)
EfficientNetV2B1 = _efficientnet(
    "B1", BASE, 1.0, 1.1, 240, "069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37"
)
EfficientNetV2B2 = _efficientnet(
    "B2", BASE, 1.1, 1.2, 260, "424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb"
)
EfficientNetV2B3 = _efficientnet(
    "B3", BASE, 1.2, 1.4, 300, "1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856"
)
EfficientNetV2S = _efficientnet(
    "S", SMALL, 1.0, 1.0, 384, "e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070"
)
EfficientNetV2M = _efficientnet(
    "M", MEDIUM, 1.0, 1.0, 480, "a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342"
)
EfficientNetV2L = _efficientnet(
    "L", LARGE, 1.0, 1.0, 480, "27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615"
)
preprocess_input = preprocessor(None, __name__)
