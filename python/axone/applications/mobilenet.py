"""MobileNet: depthwise 3x3 convolutions, each followed by a 1x1 convolution.

Howard et al., "MobileNets: Efficient convolutional neural networks for mobile vision applications", 2017.
"""

from __future__ import annotations

from typing import Any

from axone.applications.application import STORE, Application, Files, channel_axis, published, reads_weights
from axone.applications.imagenet_utils import decode_predictions, preprocessor
from axone.core.tensor import KerasTensor
from axone.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    ReLU,
    Reshape,
    ZeroPadding2D,
)
from axone.models import Model

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

# Table 1: filters and stride of each depthwise separable convolution.
BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *5 * ((512, 1),),
    (1024, 2),
    (1024, 1),
)
SIZES = (128, 160, 192, 224)
WIDTHS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}


@reads_weights
def MobileNet(
    input_shape: Any = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 0.001,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: KerasTensor | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """MobileNet (Howard et al., 2017).

    Args:
        alpha: factor of the numbers of filters; with ImageNet's weights 0.25, 0.5, 0.75 or 1.
        depth_multiplier: filters per channel of the depthwise convolutions; with ImageNet's weights 1.
        dropout: rate before the classifier.
        name: name of the model; made from `alpha` and the image's rows when None.
        Others: see `axone.applications`.

    Returns:
        A `Model`.

    Raises:
        ValueError: if the image is too small, or the weights do not fit the other arguments.

    Example: `model = MobileNet(alpha=0.5, weights=None, input_shape=(128, 128, 3), classes=10)`.
    """
    application = Application(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
    )
    if application.pretrained and depth_multiplier != 1:
        raise ValueError(f"MobileNet: ImageNet's weights need depth_multiplier=1, got {depth_multiplier}.")
    size = published(application, "MobileNet", SIZES, alpha, WIDTHS)
    image = application.image(size)
    if name is None:
        application.name = f"mobilenet_{alpha:0.2f}_{application.rows(size)}"
    x = Conv2D(int(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1")(image)
    x = _norm_relu(x, "conv1")
    for i, (filters, stride) in enumerate(BLOCKS, 1):
        x = _separable(x, int(filters * alpha), stride, depth_multiplier, i)
    if include_top:
        x = GlobalAveragePooling2D(keepdims=True)(x)
        x = Dropout(dropout, name="dropout")(x)
        x = Conv2D(classes, 1, padding="same", name="conv_preds")(x)
        x = Reshape((classes,), name="reshape_2")(x)
        x = Activation(classifier_activation, name="predictions")(x)
    else:
        x = application.pooled(x)
    file = f"mobilenet_{WIDTHS.get(alpha)}_{size}_tf"
    files = Files(f"{STORE}mobilenet/", (f"{file}.h5", None), (f"{file}_no_top.h5", None))
    return application.model(image, x, files)


def _norm_relu(x: KerasTensor, name: str) -> Any:
    return ReLU(6.0, name=f"{name}_relu")(BatchNormalization(axis=channel_axis(), name=f"{name}_bn")(x))


def _separable(x: KerasTensor, filters: int, stride: int, multiplier: int, i: int) -> Any:
    if stride == 2:
        x = ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{i}")(x)
    x = DepthwiseConv2D(
        3,
        padding="same" if stride == 1 else "valid",
        depth_multiplier=multiplier,
        strides=stride,
        use_bias=False,
        name=f"conv_dw_{i}",
    )(x)
    x = _norm_relu(x, f"conv_dw_{i}")
    x = Conv2D(filters, 1, padding="same", use_bias=False, name=f"conv_pw_{i}")(x)
    return _norm_relu(x, f"conv_pw_{i}")


preprocess_input = preprocessor("tf", __name__)
