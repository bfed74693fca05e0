"""DenseNet: every layer of a block sees the outputs of all layers before it.

Huang, Liu, van der Maaten, Weinberger, "Densely connected convolutional networks", 2016.
"""

from __future__ import annotations

from typing import Any

from axone.applications.application import STORE, Application, Files, Network, network
from axone.applications.imagenet_utils import decode_predictions, preprocessor
from axone.applications.resnet import norm_relu
from axone.core.tensor import KerasTensor
from axone.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)
from axone.models import Model

__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]

GROWTH = 32  # channels that each layer adds


def _layer(x: KerasTensor, name: str) -> Any:
    new = Conv2D(4 * GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(norm_relu(x, f"{name}_0"))
    new = norm_relu(new, f"{name}_1")
    new = Conv2D(GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(new)
    return Concatenate(axis=3, name=f"{name}_concat")([x, new])


def _transition(x: KerasTensor, name: str) -> Any:
    """Half the channels, rows and columns."""
    x = Conv2D(x.shape[3] // 2, 1, use_bias=False, name=f"{name}_conv")(norm_relu(x, name))
    return AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _densenet(title: str, blocks: tuple[int, ...], top_hash: str, no_top_hash: str) -> Network:
    """Table 1: a stem and four dense blocks with transitions between them."""
    file = f"{title.lower()}_weights_tf_dim_ordering_tf_kernels"
    files = Files(f"{STORE}densenet/", (f"{file}.h5", top_hash), (f"{file}_notop.h5", no_top_hash))

    def assemble(application: Application) -> Model:
        application.channels_last_only()
        image = application.image(size=224)
        x = ZeroPadding2D(3)(image)
        x = norm_relu(Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x), "conv1")
        x = MaxPooling2D(3, strides=2, name="pool1")(ZeroPadding2D(1)(x))
        for block, count in enumerate(blocks, 2):
            for i in range(1, count + 1):
                x = _layer(x, f"conv{block}_block{i}")
            if block < 5:
                x = _transition(x, f"pool{block}")
        x = BatchNormalization(axis=3, epsilon=1.001e-5, name="bn")(x)
        x = Activation("relu", name="relu")(x)
        if application.include_top:
            x = application.predictions(GlobalAveragePooling2D(name="avg_pool")(x))
        else:
            x = application.pooled(x, named=True)
        return application.model(image, x, files)

    about = f"{title}: dense blocks of {', '.join(map(str, blocks))} layers (Huang et al., 2016)."
    return network(title, title.lower(), assemble, about)


DenseNet121 = _densenet(
    "DenseNet121", (6, 12, 24, 16), "9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"
)
DenseNet169 = _densenet(
    "DenseNet169", (6, 12, 32, 32), "d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"
)
DenseNet201 = _densenet(
    "DenseNet201", (6, 12, 48, 32), "1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"
)
preprocess_input = preprocessor("torch", __name__)
