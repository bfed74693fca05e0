"""MobileNetV2: narrow shortcuts between blocks that widen, convolve each channel, and narrow again.

Sandler, Howard, Zhu, Zhmoginov, Chen, "MobileNetV2: Inverted residuals and linear bottlenecks", 2018.
"""

from __future__ import annotations

from typing import Any

from axone.applications.application import (
    STORE,
    Application,
    Files,
    channel_axis,
    published,
    reads_weights,
    stride_padding,
    whole_eights,
)
from axone.applications.imagenet_utils import decode_predictions, preprocessor
from axone.core.tensor import KerasTensor
from axone.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    ReLU,
    ZeroPadding2D,
)
from axone.models import Model

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

# Table 2: expansion, filters, repeats, stride of the first.
BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
SIZES = (96, 128, 160, 192, 224)
WIDTHS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)


@reads_weights
def MobileNetV2(
    input_shape: Any = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: KerasTensor | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """MobileNetV2 (Sandler et al., 2018).

    Args:
        alpha: factor of the numbers of filters; with ImageNet's weights 0.35, 0.5, 0.75, 1, 1.3 or 1.4.
        name: name of the model; made from `alpha` and the image's rows when None.
        Others: see `axone.applications`.

    Returns:
        A `Model`.

    Raises:
        ValueError: if the image is too small, or the weights do not fit the other arguments.

    Example: `base = MobileNetV2(input_shape=(96, 96, 3), include_top=False, weights=None, pooling="avg")`.
    """
    application = Application(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
    )
    size = published(application, "MobileNetV2", SIZES, alpha, WIDTHS)
    image = application.image(size)
    if name is None:
        application.name = f"mobilenetv2_{alpha:0.2f}_{application.rows(size)}"
    stem = whole_eights(32 * alpha)
    x = Conv2D(stem, 3, strides=2, padding="same", use_bias=False, name="Conv1")(image)
    x = ReLU(6.0, name="Conv1_relu")(_norm(x, "bn_Conv1"))
    i = 0
    for expansion, filters, repeats, first_stride in BLOCKS:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            x = _block(x, expansion, whole_eights(int(filters * alpha)), stride, i)
            i += 1
    last = whole_eights(1280 * alpha) if alpha > 1.0 else 1280
    x = _norm(Conv2D(last, 1, use_bias=False, name="Conv_1")(x), "Conv_1_bn")
    x = ReLU(6.0, name="out_relu")(x)
    x = application.predictions(GlobalAveragePooling2D()(x)) if include_top else application.pooled(x)
    file = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{size}"
    files = Files(f"{STORE}mobilenet_v2/", (f"{file}.h5", None), (f"{file}_no_top.h5", None))
    return application.model(image, x, files)


def _norm(x: KerasTensor, name: str) -> Any:
    return BatchNormalization(axis=channel_axis(), epsilon=1e-3, momentum=0.999, name=name)(x)


def _block(x: KerasTensor, expansion: int, filters: int, stride: int, i: int) -> Any:
    """Table 1; the very first block does not widen."""
    inputs, channels = x, x.shape[channel_axis()]
    prefix = f"block_{i}_" if i else "expanded_conv_"
    if i:
        x = Conv2D(expansion * channels, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = ReLU(6.0, name=f"{prefix}expand_relu")(_norm(x, f"{prefix}expand_BN"))
    if stride == 2:
        x = ZeroPadding2D(stride_padding(x, 3), name=f"{prefix}pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = DepthwiseConv2D(3, strides=stride, use_bias=False, padding=padding, name=f"{prefix}depthwise")(x)
    x = ReLU(6.0, name=f"{prefix}depthwise_relu")(_norm(x, f"{prefix}depthwise_BN"))
    x = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = _norm(x, f"{prefix}project_BN")
    return Add(name=f"{prefix}add")([inputs, x]) if channels == filters and stride == 1 else x


preprocess_input = preprocessor("tf", __name__)
