"""NASNet-A: two cells found by search on small images, stacked for large ones.

Zoph, Vasudevan, Shlens, Le, "Learning transferable architectures for scalable image recognition", 2017.
"""

from __future__ import annotations

from typing import Any

from axone.applications.application import STORE, Application, Files, reads_weights, stride_padding
from axone.applications.imagenet_utils import decode_predictions, preprocessor
from axone.core.tensor import KerasTensor
from axone.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Cropping2D,
    GlobalAveragePooling2D,
    MaxPooling2D,
    SeparableConv2D,
    ZeroPadding2D,
    add,
    concatenate,
)
from axone.models import Model

__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]


@reads_weights
def NASNetMobile(
    input_shape: Any = None,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: KerasTensor | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "nasnet_mobile",
) -> Model:
    """NASNet-A (4 @ 1056): images of 224 x 224 (Zoph et al., 2017).

    Args, Returns, Raises: see `axone.applications`.

    Example: `model = NASNetMobile(weights=None, classes=10)`.
    """
    if not include_top and input_shape is None:
        input_shape = (224, 224, 3)
    application = Application(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
    )
    files = Files(
        f"{STORE}nasnet/",
        ("NASNet-mobile.h5", "020fb642bf7360b370c678b08e0adf61"),
        ("NASNet-mobile-no-top.h5", "1ed92395b5b598bdda52abe5c0dbfd63"),
        saved_as=("nasnet_mobile.h5", "nasnet_mobile_no_top.h5"),
    )
    return _assemble(application, 224, 1056 // 24, 4, 32, False, files)


@reads_weights
def NASNetLarge(
    input_shape: Any = None,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: KerasTensor | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "nasnet_large",
) -> Model:
    """NASNet-A (6 @ 4032): images of 331 x 331 (Zoph et al., 2017).

    Args, Returns, Raises: see `axone.applications`.

    Example: `model = NASNetLarge(weights=None, classes=10)`.
    """
    application = Application(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
    )
    files = Files(
        f"{STORE}nasnet/",
        ("NASNet-large.h5", "11577c9a518f0070763c2b964a382f17"),
        ("NASNet-large-no-top.h5", "d81d89dc07e6e56530c4e77faddd61b5"),
        saved_as=("nasnet_large.h5", "nasnet_large_no_top.h5"),
    )
    return _assemble(application, 331, 4032 // 24, 6, 96, True, files)


def _assemble(
    application: Application,
    size: int,
    filters: int,
    repeats: int,
    stem: int,
    skip_reduction: bool,
    files: Files,
) -> Model:
    """Figure 2: stem, then three stacks of normal cells with reductions between them."""
    application.channels_last_only()
    if application.pretrained and application.input_shape is not None and None in application.input_shape:
        raise ValueError(
            f"{application.name}: ImageNet's weights need images of a fixed size, got input_shape="
            f"{application.input_shape}."
        )
    image = application.image(size)
    x = Conv2D(stem, 3, strides=2, use_bias=False, name="stem_conv1", kernel_initializer="he_normal")(image)
    x = _norm(x, "stem_bn1")
    x, before = _reduction(x, None, filters // 4, "stem_1")
    x, before = _reduction(x, before, filters // 2, "stem_2")
    for stack in range(3):
        width = filters * 2**stack
        if stack:
            x, last = _reduction(x, before, width, f"reduce_{stack * repeats}")
            before = before if skip_reduction else last
        for i in range(repeats):
            x, before = _normal(x, before, width, str(stack * repeats + i + (stack > 0)))
    x = Activation("relu")(x)
    if application.include_top:
        x = application.predictions(GlobalAveragePooling2D()(x))
    else:
        x = application.pooled(x)
    return application.model(image, x, files)


def _norm(x: KerasTensor, name: str) -> Any:
    return BatchNormalization(momentum=0.9997, epsilon=1e-3, name=name)(x)


def _pointwise(x: KerasTensor, filters: int, name: str) -> Any:
    return Conv2D(filters, 1, padding="same", use_bias=False, name=name, kernel_initializer="he_normal")(x)


def _separable(x: KerasTensor, filters: int, kernel: int, name: str, stride: int = 1) -> Any:
    """Two separable convolutions, each behind a rectifier."""
    x = Activation("relu")(x)
    if stride == 2:
        x = ZeroPadding2D(stride_padding(x, kernel), name=f"separable_conv_1_pad_{name}")(x)
    padding = "valid" if stride == 2 else "same"
    for i, (step, edge) in enumerate(((stride, padding), (1, "same")), 1):
        x = Activation("relu")(x) if i == 2 else x
        x = SeparableConv2D(
            filters, kernel, strides=step, padding=edge, use_bias=False, name=f"separable_conv_{i}_{name}"
        )(x)
        x = _norm(x, f"separable_conv_{i}_bn_{name}")
    return x


def _adjusted(before: KerasTensor | None, x: KerasTensor, filters: int, name: str) -> Any:
    """The output of the cell before the last one, brought to the rows, columns and channels of `x`."""
    if before is None:
        return x
    if before.shape[2] != x.shape[2]:
        before = Activation("relu", name=f"adjust_relu_1_{name}")(before)
        even = AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_1_{name}")(before)
        even = _pointwise(even, filters // 2, f"adjust_conv_1_{name}")
        odd = Cropping2D(((1, 0), (1, 0)))(ZeroPadding2D(((0, 1), (0, 1)))(before))
        odd = AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_2_{name}")(odd)
        odd = _pointwise(odd, filters // 2, f"adjust_conv_2_{name}")
        return _norm(concatenate([even, odd]), f"adjust_bn_{name}")
    if before.shape[3] != filters:
        before = Activation("relu")(before)
        return _norm(_pointwise(before, filters, f"adjust_conv_projection_{name}"), f"adjust_bn_{name}")
    return before


def _entry(x: KerasTensor, filters: int, kind: str, name: str) -> Any:
    x = _pointwise(Activation("relu")(x), filters, f"{kind}_conv_1_{name}")
    return _norm(x, f"{kind}_bn_1_{name}")


def _mean(x: KerasTensor, name: str) -> Any:
    return AveragePooling2D(3, strides=1, padding="same", name=name)(x)


def _normal(x: KerasTensor, before: KerasTensor, filters: int, name: str) -> tuple[KerasTensor, KerasTensor]:
    """The normal cell of figure 4; returns its output and its input."""
    p = _adjusted(before, x, filters, name)
    h = _entry(x, filters, "normal", name)
    left1 = _separable(h, filters, 5, f"normal_left1_{name}")
    right1 = _separable(p, filters, 3, f"normal_right1_{name}")
    x1 = add([left1, right1], name=f"normal_add_1_{name}")
    left2 = _separable(p, filters, 5, f"normal_left2_{name}")
    right2 = _separable(p, filters, 3, f"normal_right2_{name}")
    x2 = add([left2, right2], name=f"normal_add_2_{name}")
    x3 = add([_mean(h, f"normal_left3_{name}"), p], name=f"normal_add_3_{name}")
    left4, right4 = _mean(p, f"normal_left4_{name}"), _mean(p, f"normal_right4_{name}")
    x4 = add([left4, right4], name=f"normal_add_4_{name}")
    x5 = add([_separable(h, filters, 3, f"normal_left5_{name}"), h], name=f"normal_add_5_{name}")
    return concatenate([p, x1, x2, x3, x4, x5], name=f"normal_concat_{name}"), x


def _reduction(
    x: KerasTensor, before: KerasTensor | None, filters: int, name: str
) -> tuple[KerasTensor, KerasTensor]:
    """The reduction cell of figure 4; returns its output and its input."""
    prefix = "reduction_"
    p = _adjusted(before, x, filters, name)
    h = _entry(x, filters, "reduction", name)
    padded = ZeroPadding2D(stride_padding(h, 3), name=f"{prefix}pad_1_{name}")(h)
    left1 = _separable(h, filters, 5, f"{prefix}left1_{name}", stride=2)
    right1 = _separable(p, filters, 7, f"{prefix}right1_{name}", stride=2)
    x1 = add([left1, right1], name=f"{prefix}add_1_{name}")
    left2 = MaxPooling2D(3, strides=2, name=f"{prefix}left2_{name}")(padded)
    right2 = _separable(p, filters, 7, f"{prefix}right2_{name}", stride=2)
    x2 = add([left2, right2], name=f"{prefix}add_2_{name}")
    left3 = AveragePooling2D(3, strides=2, name=f"{prefix}left3_{name}")(padded)
    right3 = _separable(p, filters, 5, f"{prefix}right3_{name}", stride=2)
    x3 = add([left3, right3], name=f"{prefix}add3_{name}")
    x4 = add([x2, _mean(x1, f"{prefix}left4_{name}")])
    left5 = _separable(x1, filters, 3, f"{prefix}left4_{name}")
    right5 = MaxPooling2D(3, strides=2, name=f"{prefix}right5_{name}")(padded)
    x5 = add([left5, right5], name=f"{prefix}add4_{name}")
    return concatenate([x2, x3, x4, x5], name=f"{prefix}concat_{name}"), x


preprocess_input = preprocessor("tf", __name__)
