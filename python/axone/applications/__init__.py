"""Networks known from papers, with Keras's layer names and public weights: `keras.applications`.

The networks are functions that return a `Model`. Most take:

    include_top: whether the classifier stands at the end.
    weights: None (random), "imagenet" (Keras's public file, downloaded once), or the path of a file.
    input_tensor: a symbolic tensor to use as the image, instead of a new `Input`.
    input_shape: shape of an image, without the batch; sizes may be None where `include_top` is False.
    pooling: without top: None (feature maps), "avg" or "max" (one number per channel).
    classes: number of classes of the classifier.
    classifier_activation: its activation; None for logits.
    name: name of the model.

Each network's module has `preprocess_input`, which scales pictures as its weights expect, and
`decode_predictions`, which names the classes of ImageNet. Modules are loaded when first used.

Example:
    base = axone.applications.MobileNetV2(include_top=False, weights=None, pooling="avg")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from axone.core.suggest import did_you_mean

if TYPE_CHECKING:
    from axone.applications import (
        convnext,
        densenet,
        efficientnet,
        efficientnet_v2,
        imagenet_utils,
        inception_resnet_v2,
        inception_v3,
        mobilenet,
        mobilenet_v2,
        mobilenet_v3,
        nasnet,
        resnet,
        resnet50,
        resnet_v2,
        vgg16,
        vgg19,
        xception,
    )
    from axone.applications.convnext import (
        ConvNeXtBase,
        ConvNeXtLarge,
        ConvNeXtSmall,
        ConvNeXtTiny,
        ConvNeXtXLarge,
    )
    from axone.applications.densenet import DenseNet121, DenseNet169, DenseNet201
    from axone.applications.efficientnet import (
        EfficientNetB0,
        EfficientNetB1,
        EfficientNetB2,
        EfficientNetB3,
        EfficientNetB4,
        EfficientNetB5,
        EfficientNetB6,
        EfficientNetB7,
    )
    from axone.applications.efficientnet_v2 import (
        EfficientNetV2B0,
        EfficientNetV2B1,
        EfficientNetV2B2,
        EfficientNetV2B3,
        EfficientNetV2L,
        EfficientNetV2M,
        EfficientNetV2S,
    )
    from axone.applications.inception_resnet_v2 import InceptionResNetV2
    from axone.applications.inception_v3 import InceptionV3
    from axone.applications.mobilenet import MobileNet
    from axone.applications.mobilenet_v2 import MobileNetV2
    from axone.applications.mobilenet_v3 import MobileNetV3Large, MobileNetV3Small
    from axone.applications.nasnet import NASNetLarge, NASNetMobile
    from axone.applications.resnet import ResNet50, ResNet101, ResNet152
    from axone.applications.resnet_v2 import ResNet50V2, ResNet101V2, ResNet152V2
    from axone.applications.vgg16 import VGG16
    from axone.applications.vgg19 import VGG19
    from axone.applications.xception import Xception

_HOME = {
    "ConvNeXtBase": "convnext",
    "ConvNeXtLarge": "convnext",
    "ConvNeXtSmall": "convnext",
    "ConvNeXtTiny": "convnext",
    "ConvNeXtXLarge": "convnext",
    "DenseNet121": "densenet",
    "DenseNet169": "densenet",
    "DenseNet201": "densenet",
    **{f"EfficientNetB{i}": "efficientnet" for i in range(8)},
    **{f"EfficientNetV2{v}": "efficientnet_v2" for v in ("B0", "B1", "B2", "B3", "L", "M", "S")},
    "InceptionResNetV2": "inception_resnet_v2",
    "InceptionV3": "inception_v3",
    "MobileNet": "mobilenet",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3Large": "mobilenet_v3",
    "MobileNetV3Small": "mobilenet_v3",
    "NASNetLarge": "nasnet",
    "NASNetMobile": "nasnet",
    "ResNet50": "resnet",
    "ResNet101": "resnet",
    "ResNet152": "resnet",
    "ResNet50V2": "resnet_v2",
    "ResNet101V2": "resnet_v2",
    "ResNet152V2": "resnet_v2",
    "VGG16": "vgg16",
    "VGG19": "vgg19",
    "Xception": "xception",
}
_MODULES = frozenset((*_HOME.values(), "imagenet_utils", "resnet50"))

__all__ = [
    "VGG16",
    "VGG19",
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "NASNetLarge",
    "NASNetMobile",
    "ResNet50",
    "ResNet50V2",
    "ResNet101",
    "ResNet101V2",
    "ResNet152",
    "ResNet152V2",
    "Xception",
    "convnext",
    "densenet",
    "efficientnet",
    "efficientnet_v2",
    "imagenet_utils",
    "inception_resnet_v2",
    "inception_v3",
    "mobilenet",
    "mobilenet_v2",
    "mobilenet_v3",
    "nasnet",
    "resnet",
    "resnet50",
    "resnet_v2",
    "vgg16",
    "vgg19",
    "xception",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"axone.applications.{name}")
    if name not in _HOME:
        raise AttributeError(
            f"module 'axone.applications' has no attribute '{name}'.{did_you_mean(name, _HOME)}"
        )
    value = getattr(importlib.import_module(f"axone.applications.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
