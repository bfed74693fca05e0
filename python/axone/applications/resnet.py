"""ResNet: blocks of 1x1, 3x3 and 1x1 convolutions whose outputs are added to their inputs.

He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2015.
"""

from __future__ import annotations

from typing import Any

from axone.applications.application import STORE, Application, Files, Network, channel_axis, network
from axone.applications.imagenet_utils import decode_predictions, preprocessor
from axone.core.tensor import KerasTensor
from axone.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)
from axone.models import Model

__all__ = ["ResNet50", "ResNet101", "ResNet152", "decode_predictions", "preprocess_input"]


def norm(x: KerasTensor, name: str) -> Any:
    """Batch normalisation named `<name>_bn`."""
    return BatchNormalization(axis=channel_axis(), epsilon=1.001e-5, name=f"{name}_bn")(x)


def norm_relu(x: KerasTensor, name: str) -> Any:
    """Batch normalisation and the rectifier `<name>_relu`."""
    return Activation("relu", name=f"{name}_relu")(norm(x, name))


def files_of(name: str, top_hash: str, no_top_hash: str) -> Files:
    """The files of a ResNet, of either version."""
    file = f"{name}_weights_tf_dim_ordering_tf_kernels"
    return Files(f"{STORE}resnet/", (f"{file}.h5", top_hash), (f"{file}_notop.h5", no_top_hash))


def _block(x: KerasTensor, filters: int, stride: int, first: bool, name: str) -> Any:
    """Figure 5 (right); the first block of a stage projects its input to the new shape."""
    shortcut = x
    if first:
        shortcut = norm(Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x), f"{name}_0")
    x = norm_relu(Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x), f"{name}_1")
    x = norm_relu(Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x), f"{name}_2")
    x = norm(Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x), f"{name}_3")
    return Activation("relu", name=f"{name}_out")(Add(name=f"{name}_add")([shortcut, x]))


def _resnet(title: str, blocks: tuple[int, ...], top_hash: str, no_top_hash: str) -> Network:
    """Table 1: a stem and four stages."""

    def assemble(application: Application) -> Model:
        image = application.image(size=224)
        x = ZeroPadding2D(3, name="conv1_pad")(image)
        x = norm_relu(Conv2D(64, 7, strides=2, name="conv1_conv")(x), "conv1")
        x = ZeroPadding2D(1, name="pool1_pad")(x)
        x = MaxPooling2D(3, strides=2, name="pool1_pool")(x)
        for stage, (filters, count) in enumerate(zip((64, 128, 256, 512), blocks, strict=True), 2):
            for i in range(1, count + 1):
                stride = 2 if i == 1 and stage > 2 else 1
                x = _block(x, filters, stride, i == 1, f"conv{stage}_block{i}")
        if application.include_top:
            x = application.predictions(GlobalAveragePooling2D(name="avg_pool")(x))
        else:
            x = application.pooled(x, named=True)
        return application.model(image, x, files_of(title.lower(), top_hash, no_top_hash))

    about = f"{title}: stages of {', '.join(map(str, blocks))} residual blocks (He et al., 2015)."
    return network(title, title.lower(), assemble, about)


ResNet50 = _resnet(
    "ResNet50", (3, 4, 6, 3), "2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"
)
ResNet101 = _resnet(
    "ResNet101", (3, 4, 23, 3), "f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"
)
ResNet152 = _resnet(
    "ResNet152", (3, 8, 36, 3), "100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"
)
preprocess_input = preprocessor("caffe", __name__)
