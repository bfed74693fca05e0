"""The networks of `applications`: names, shapes, options and counts of their layers, and outputs of some."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from recording import Cases, numbers

case = Cases()
# Sums of up to 25 million products in float32, in another order.
case.tolerance = 1e-4

NETWORKS = (
    *("VGG16", "VGG19", "Xception", "InceptionV3", "InceptionResNetV2"),
    *(f"ResNet{n}{v}" for v in ("", "V2") for n in (50, 101, 152)),
    *("MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large"),
    *("DenseNet121", "DenseNet169", "DenseNet201", "NASNetMobile", "NASNetLarge"),
    *(f"EfficientNetB{n}" for n in range(8)),
    *(f"EfficientNetV2{v}" for v in ("B0", "B1", "B2", "B3", "S", "M", "L")),
    *(f"ConvNeXt{v}" for v in ("Tiny", "Small", "Base", "Large", "XLarge")),
)

BARE = {"include_top": False}

VARIANTS: dict[str, list[dict[str, Any]]] = {
    "VGG16": [
        {"classes": 3, "input_shape": (48, 40, 3), "classifier_activation": "sigmoid", "name": "mine"},
        {**BARE, "pooling": "avg"},
        {**BARE, "pooling": "max", "input_shape": (32, None, 3)},
        {**BARE, "input_shape": (40, 32, 1)},
    ],
    "ResNet50": [
        {"classes": 5, "classifier_activation": None, "input_shape": (33, 47, 1)},
        {**BARE, "pooling": "max"},
    ],
    "ResNet50V2": [{**BARE, "pooling": "avg", "input_shape": (65, 64, 3)}],
    "DenseNet121": [{**BARE, "pooling": "max", "input_shape": (32, 33, 3)}],
    "InceptionV3": [{**BARE, "input_shape": (75, 99, 3), "pooling": "avg"}],
    "InceptionResNetV2": [{**BARE, "input_shape": (99, 75, 3), "pooling": "max"}],
    "Xception": [{**BARE, "input_shape": (71, 80, 3), "pooling": "avg"}],
    "MobileNet": [
        {"alpha": 0.5, "depth_multiplier": 2, "input_shape": (128, 128, 3), "dropout": 0.5},
        {**BARE, "alpha": 0.25, "pooling": "avg", "input_shape": (100, 90, 3)},
    ],
    "MobileNetV2": [
        {"alpha": 0.35, "input_shape": (96, 96, 3), "classes": 7},
        {"alpha": 1.4},
        {**BARE, "alpha": 0.75, "pooling": "max", "input_shape": (101, 90, 3)},
    ],
    "MobileNetV3Small": [
        {"minimalistic": True, "input_shape": (64, 61, 3)},
        {"alpha": 0.75, "include_preprocessing": False, "dropout_rate": 0.0},
        {**BARE, "pooling": "max"},
    ],
    "MobileNetV3Large": [{"alpha": 1.25, "classes": 4}, {**BARE, "minimalistic": True, "pooling": "avg"}],
    "EfficientNetB0": [
        {"input_shape": (64, 49, 1), "classes": 7, "classifier_activation": None},
        {**BARE, "pooling": "max"},
    ],
    "EfficientNetV2B0": [
        {"include_preprocessing": False, "input_shape": (64, 49, 3)},
        {**BARE, "input_shape": (64, 49, 1), "pooling": "avg"},
    ],
    "NASNetMobile": [{**BARE, "input_shape": (75, 64, 3), "pooling": "max"}],
    "ConvNeXtTiny": [
        {"include_preprocessing": False, "input_shape": (64, 32, 3), "name": "convnext_mine"},
        {**BARE, "pooling": "max", "input_shape": (None, None, 1)},
    ],
}

# Options that say nothing about the computation, or are written by one of the two alone.
UNIMPORTANT = {"dtype", "trainable", "build_config", "rms_scaling", "layers", "batch_shape"}


@contextlib.contextmanager
def without_values(package: Any) -> Iterator[None]:
    """Weights need no values where only their shapes are looked at; drawing them takes longer than that."""
    if package.__name__ != "axone":
        yield
        return
    from axone.core.variable import unfilled_variables

    with unfilled_variables():
        yield


def plain(value: Any) -> Any:
    """An option in a form that does not depend on who wrote it."""
    if isinstance(value, dict):
        if "class_name" in value:
            return [value["class_name"], plain(value.get("config"))]
        return {k: plain(v) for k, v in value.items() if k not in UNIMPORTANT and v is not None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return round(value, 9) if isinstance(value, float) else value


def options(layer: Any) -> Any:
    config = plain(dict(layer.get_config()))
    if type(layer).__name__ == "BatchNormalization":
        config["axis"] %= 4
    return config


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def description(package: Any, network: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Counts, and digests of what the layers are: names and classes, shapes, options."""
    package.utils.clear_session()
    with without_values(package):
        model = getattr(package.applications, network)(weights=None, **arguments)
    layers = [
        inner
        for layer in model.layers
        for inner in (layer, *(layer.layers if type(layer).__name__ == "Sequential" else ()))
    ]
    return {
        "name": model.name,
        "parameters": int(model.count_params()),
        "trainable": sum(math.prod(w.shape) for w in model.trainable_weights),
        "operations": digest([operation.name for operation in model.operations]),
        "layers": len(layers),
        "names": digest([[type(layer).__name__, layer.name] for layer in layers]),
        "shapes": digest([list(layer.output.shape) for layer in layers]),
        "weights": digest([list(w.shape) for w in model.weights]),
        "options": digest([options(layer) for layer in layers]),
        "ends": [list(tensor.shape) for tensor in (*model.inputs, *model.outputs)],
    }


def structure(network: str, package: Any) -> dict[str, Any]:
    variants = [{}, BARE, *VARIANTS.get(network, [])]
    return {json.dumps(arguments): description(package, network, arguments) for arguments in variants}


for network in NETWORKS:
    case[network] = functools.partial(structure, network)


def spread(shape: tuple[int, ...], key: int) -> np.ndarray:
    """Numbers spread over [-0.5, 0.5) by a hash of their index."""
    x = np.arange(math.prod(shape), dtype="uint32") + np.uint32(key * 1000003 % 2**32)
    for factor, shift in ((2246822519, 15), (3266489917, 13)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    return ((x ^ (x >> np.uint32(16))).astype("float32") * np.float32(2**-32) - np.float32(0.5)).reshape(
        shape
    )


def set_weights(model: Any) -> None:
    """Weights by a formula, of sizes that keep the numbers near 1 through the layers."""
    values = []
    for key, weight in enumerate(model.weights):
        shape, name = tuple(weight.shape), weight.name
        value = spread(shape, key)
        factor = name == "gamma" or name.startswith("variable")  # so Keras names the factors of LayerScale
        if factor or "variance" in name:
            value = 1 + 0.5 * value
        elif len(shape) > 1:
            inputs = math.prod(shape[:2]) if name == "depthwise_kernel" else math.prod(shape[:-1])
            value = value * math.sqrt(20 / inputs)
        elif name == "count":
            value = np.zeros(shape)
        else:
            value = 0.2 * value
        values.append(np.asarray(value, "float32"))
    model.set_weights(values)


def outputs(name: str, size: int, scale: float, package: Any) -> dict[str, Any]:
    """Some of the features of two images."""
    package.utils.clear_session()
    with without_values(package):
        model = getattr(package.applications, name)(
            weights=None, include_top=False, input_shape=(size, size, 3), pooling="avg"
        )
    set_weights(model)
    images = (scale * (spread((2, size, size, 3), 77) + (0.5 if scale > 2 else 0))).astype("float32")
    features = np.asarray(model.predict(images, verbose=0), "float64")
    unit = features.std()
    return {
        "deviation": float(unit),
        "features": numbers(features[:, :: features.shape[1] // 12] / unit),
        "sums": numbers(features.sum(1) / unit),
    }


for network, size, scale in (
    ("VGG16", 32, 2.0),
    ("ResNet50", 32, 2.0),
    ("MobileNetV2", 32, 2.0),
    ("MobileNetV3Small", 32, 255.0),
    ("DenseNet121", 32, 2.0),
    ("EfficientNetB0", 32, 255.0),
    ("NASNetMobile", 32, 2.0),
    ("Xception", 71, 2.0),
    ("ConvNeXtTiny", 32, 255.0),
):
    case[f"{network}_outputs"] = functools.partial(outputs, network, size, scale)


@case
def training(package: Any) -> list[float]:
    """Losses of steps through convolutions, depthwise ones, normalisations, gates and shortcuts."""
    package.utils.clear_session()
    base = package.applications.MobileNetV3Small(
        weights=None, include_top=False, pooling="avg", input_shape=(64, 64, 3)
    )
    set_weights(base)
    scores = package.layers.Dense(3, activation="softmax", kernel_initializer="zeros")
    model = package.Model(base.inputs, scores(package.layers.LayerNormalization()(base.output)))
    model.compile(package.optimizers.SGD(0.003), "sparse_categorical_crossentropy")
    images = 255 * (spread((8, 64, 64, 3), 7) + np.float32(0.5))
    return [float(model.train_on_batch(images, np.arange(8) % 3)) for _ in range(4)]


PIXELS = 255 * (spread((2, 3, 4, 3), 5) + 0.5)


@case
def preprocess_input(package: Any) -> dict[str, Any]:
    utils = package.applications.imagenet_utils
    first = np.moveaxis(PIXELS, -1, 1)
    rows: dict[str, Any] = {}
    for mode in ("caffe", "tf", "torch"):
        rows[mode] = numbers(utils.preprocess_input(PIXELS.copy(), mode=mode))
        rows[f"{mode}_first"] = numbers(utils.preprocess_input(first.copy(), "channels_first", mode=mode))
        rows[f"{mode}_one"] = numbers(utils.preprocess_input(PIXELS[0].copy(), mode=mode))
        rows[f"{mode}_whole"] = numbers(utils.preprocess_input(PIXELS.astype("uint8"), mode=mode))
        tensor = package.ops.convert_to_tensor(PIXELS)
        rows[f"{mode}_tensor"] = numbers(utils.preprocess_input(tensor, mode=mode))
    for module in (
        *("vgg16", "vgg19", "resnet", "resnet50", "resnet_v2", "inception_v3", "inception_resnet_v2"),
        *("xception", "mobilenet", "mobilenet_v2", "mobilenet_v3", "densenet", "nasnet", "convnext"),
        *("efficientnet", "efficientnet_v2"),
    ):
        scaled = getattr(package.applications, module).preprocess_input(PIXELS[:1, :1, :1].copy())
        rows[module] = numbers(scaled)
    return rows
