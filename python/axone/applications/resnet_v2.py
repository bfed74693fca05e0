"""ResNet V2: normalisation and rectifier stand before each convolution, so that shortcuts add plain values.

He, Zhang, Ren, Sun, "Identity mappings in deep residual networks", 2016.
"""

from __future__ import annotations

from typing import Any

from axone.applications.application import Application, Network, network
from axone.applications.imagenet_utils import decode_predictions, preprocessor
from axone.applications.resnet import files_of, norm_relu
from axone.core.tensor import KerasTensor
from axone.layers import Add, Conv2D, GlobalAveragePooling2D, MaxPooling2D, ZeroPadding2D
from axone.models import Model

__all__ = ["ResNet50V2", "ResNet101V2", "ResNet152V2", "decode_predictions", "preprocess_input"]


def _block(x: KerasTensor, filters: int, stride: int, first: bool, name: str) -> Any:
    """Figure 1 (b) with a bottleneck; a stage's first block projects, its last may halve the sizes."""
    before = norm_relu(x, f"{name}_preact")
    if first:
        shortcut = Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(before)
    else:
        shortcut = MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    x = Conv2D(filters, 1, strides=1, use_bias=False, name=f"{name}_1_conv")(before)
    x = ZeroPadding2D(1, name=f"{name}_2_pad")(norm_relu(x, f"{name}_1"))
    x = Conv2D(filters, 3, strides=stride, use_bias=False, name=f"{name}_2_conv")(x)
    x = Conv2D(4 * filters, 1, name=f"{name}_3_conv")(norm_relu(x, f"{name}_2"))
    return Add(name=f"{name}_out")([shortcut, x])


def _resnet(title: str, blocks: tuple[int, ...], top_hash: str, no_top_hash: str) -> Network:
    def assemble(application: Application) -> Model:
        image = application.image(size=224)
        x = ZeroPadding2D(3, name="conv1_pad")(image)
        x = Conv2D(64, 7, strides=2, name="conv1_conv")(x)
        x = ZeroPadding2D(1, name="pool1_pad")(x)
        x = MaxPooling2D(3, strides=2, name="pool1_pool")(x)
        for stage, (filters, count) in enumerate(zip((64, 128, 256, 512), blocks, strict=True), 2):
            for i in range(1, count + 1):
                stride = 2 if i == count and stage < 5 else 1
                x = _block(x, filters, stride, i == 1, f"conv{stage}_block{i}")
        x = norm_relu(x, "post")
        if application.include_top:
            x = application.predictions(GlobalAveragePooling2D(name="avg_pool")(x))
        else:
            x = application.pooled(x, named=True)
        return application.model(image, x, files_of(title.lower(), top_hash, no_top_hash))

    about = f"{title}: stages of {', '.join(map(str, blocks))} residual blocks (He et al., 2016)."
    return network(title, title.lower(), assemble, about)


ResNet50V2 = _resnet(
    "ResNet50V2", (3, 4, 6, 3), "3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"
)
ResNet101V2 = _resnet(
    "ResNet101V2", (3, 4, 23, 3), "6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"
)
ResNet152V2 = _resnet(
    "ResNet152V2", (3, 8, 36, 3), "a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"
)
preprocess_input = preprocessor("tf", __name__)
