"""Convolutional networks written once for every library. Inputs are channels last everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

IMAGE = (224, 224, 3)


def channels_last(torch: Any, *modules: Any) -> Any:
    """The modules one after another, behind a permutation of (n, h, w, c) inputs that moves no memory."""

    class Permute(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x.permute(0, 3, 1, 2)

    return torch.nn.Sequential(Permute(), *modules).to(memory_format=torch.channels_last)


@dataclass(frozen=True)
class SmallConvNet:
    """Two convolutions, each with a pool, then dense layers: what courses train on MNIST.

    Args:
        kernel: side of the kernels.
        padding: "same" or "valid".
        activation: of all hidden layers.
        hidden: units of the hidden dense layer; 0 for none, and dropout in its place.
    """

    kernel: int
    padding: Literal["same", "valid"]
    activation: Literal["sigmoid", "relu"]
    hidden: int
    batch: int
    optimizer: Literal["adam", "sgd"] = "adam"
    shape: tuple[int, ...] = (28, 28, 1)

    def keras_model(self, keras: Any) -> Any:
        layers = keras.layers
        options = {"padding": self.padding, "activation": self.activation}
        end = (
            [layers.Dense(self.hidden, activation=self.activation)] if self.hidden else [layers.Dropout(0.5)]
        )
        return keras.Sequential(
            [
                layers.Input(self.shape),
                layers.Conv2D(32, self.kernel, **options),
                layers.MaxPooling2D(2),
                layers.Conv2D(64, self.kernel, **options),
                layers.MaxPooling2D(2),
                layers.Flatten(),
                *end,
                layers.Dense(10, activation="softmax"),
            ]
        )

    def torch_module(self, torch: Any) -> Any:
        nn = torch.nn
        activation = nn.Sigmoid if self.activation == "sigmoid" else nn.ReLU
        side = 7 if self.padding == "same" else ((28 - self.kernel + 1) // 2 - self.kernel + 1) // 2
        flat = 64 * side * side
        end = [nn.Linear(flat, self.hidden), activation()] if self.hidden else [nn.Dropout(0.5)]
        return channels_last(
            torch,
            *[nn.Conv2d(1, 32, self.kernel, padding=self.padding), activation(), nn.MaxPool2d(2)],
            *[nn.Conv2d(32, 64, self.kernel, padding=self.padding), activation(), nn.MaxPool2d(2)],
            *[nn.Flatten(), *end, nn.Linear(self.hidden or flat, 10)],
        )


def vgg16(torch: Any) -> Any:
    """VGG16 with 1,000 classes (Simonyan and Zisserman, 2015)."""
    nn = torch.nn
    modules: list[Any] = []
    channels = 3
    for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            modules += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        modules.append(nn.MaxPool2d(2))
    dense = [nn.Linear(25088, 4096), nn.ReLU(inplace=True), nn.Linear(4096, 4096), nn.ReLU(inplace=True)]
    return channels_last(torch, *modules, nn.Flatten(), *dense, nn.Linear(4096, 1000))


def _residual(torch: Any) -> Any:
    class Residual(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, body: Any, shortcut: Any, end: Any) -> None:
            super().__init__()
            self.body, self.shortcut, self.end = body, shortcut, end

        def forward(self, x: Any) -> Any:
            return self.end(self.body(x) + self.shortcut(x))

    return Residual


def resnet50(torch: Any) -> Any:
    """ResNet50 with 1,000 classes; strides where Keras has them (He et al., 2016)."""
    nn, Residual = torch.nn, _residual(torch)

    def conv(inputs: int, outputs: int, size: int, stride: int = 1) -> list[Any]:
        return [nn.Conv2d(inputs, outputs, size, stride, size // 2), nn.BatchNorm2d(outputs)]

    modules = [*conv(3, 64, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for width, blocks, first in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(blocks):
            stride = first if block == 0 else 1
            body = [*conv(channels, width, 1, stride), nn.ReLU(inplace=True)]
            body += [*conv(width, width, 3), nn.ReLU(inplace=True), *conv(width, 4 * width, 1)]
            shortcut = conv(channels, 4 * width, 1, stride) if block == 0 else [nn.Identity()]
            modules.append(Residual(nn.Sequential(*body), nn.Sequential(*shortcut), nn.ReLU(inplace=True)))
            channels = 4 * width
    return channels_last(torch, *modules, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


def mobilenet_v2(torch: Any) -> Any:
    """MobileNetV2 with 1,000 classes (Sandler et al., 2018)."""
    nn, Residual = torch.nn, _residual(torch)

    def conv(inputs: int, outputs: int, size: int = 1, stride: int = 1, groups: int = 1) -> list[Any]:
        layer = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
        return [layer, nn.BatchNorm2d(outputs)]

    modules = [*conv(3, 32, 3, 2), nn.ReLU6(inplace=True)]
    channels = 32
    table = (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    )
    for expansion, width, blocks, first in table:
        for block in range(blocks):
            stride, inner = (first if block == 0 else 1), channels * expansion
            body = [*conv(channels, inner), nn.ReLU6(inplace=True)] if expansion > 1 else []
            body += [*conv(inner, inner, 3, stride, inner), nn.ReLU6(inplace=True), *conv(inner, width)]
            alike = stride == 1 and channels == width
            layer = nn.Sequential(*body)
            modules.append(Residual(layer, nn.Identity(), nn.Identity()) if alike else layer)
            channels = width
    modules += [*conv(320, 1280), nn.ReLU6(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return channels_last(torch, *modules, nn.Linear(1280, 1000))


@dataclass(frozen=True)
class Application:
    """A network of keras.applications, with random weights.

    Args:
        name: its class.
        torch_name: the function above that builds it for PyTorch.
    """

    name: str
    torch_name: str
    batch: int
    optimizer: Literal["adam", "sgd"] = "sgd"
    shape: tuple[int, ...] = IMAGE

    def keras_model(self, keras: Any) -> Any:
        return getattr(keras.applications, self.name)(weights=None)

    def torch_module(self, torch: Any) -> Any:
        return globals()[self.torch_name](torch)
