"""Single layers of convolutional networks against oneDNN, through PyTorch with channels last in memory."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workloads.base import Case, Run, Sample, Settings, Workload
from workloads.libraries import load

PEERS = ("torch",)
SECONDS = 0.25
Call = Callable[[], Any]


@dataclass(frozen=True)
class Layer:
    """A square convolution of stride 1 with "same" padding, a max pooling or a batch normalisation.

    Args:
        kind: "conv", "pool" (2 x 2) or "norm".
        batch, size, channels, filters, kernel, groups: its sizes.
    """

    kind: str
    batch: int
    size: int
    channels: int
    filters: int = 0
    kernel: int = 3
    groups: int = 1

    @property
    def name(self) -> str:
        shape = f"{self.batch}x{self.size}x{self.size}x{self.channels}"
        if self.kind != "conv":
            return f"{self.kind} {shape}"
        return f"depthwise {shape}" if self.groups > 1 else f"conv {shape}-{self.filters}"

    @property
    def passes(self) -> tuple[str, ...]:
        return ("forward", "input_grad", "weight_grad") if self.kind == "conv" else ("forward", "backward")

    @property
    def out(self) -> tuple[int, ...]:
        """Shape of the output."""
        size = self.size // 2 if self.kind == "pool" else self.size
        return (self.batch, size, size, self.filters or self.channels)

    def arrays(self) -> tuple[Any, Any, Any]:
        """Input, kernel (h, w, channels, filters) and the output's gradient, float32."""
        numpy = importlib.import_module("numpy")
        rng = numpy.random.default_rng(1)
        x = rng.random((self.batch, self.size, self.size, self.channels), dtype=numpy.float32)
        w = rng.random(
            (self.kernel, self.kernel, self.channels // self.groups, self.filters), dtype=numpy.float32
        )
        return x, w - 0.5, rng.random(self.out, dtype=numpy.float32) - 0.5


def axone_calls(axone: Any, layer: Layer) -> dict[str, Call]:
    """Each pass as a call on tensors that are there."""
    emit = importlib.import_module("axone.core.trace").emit
    x, w, dy = (axone.ops.convert_to_tensor(a) for a in layer.arrays())
    if layer.kind == "conv":
        pad = [(layer.kernel - 1) // 2] * 2
        attrs = {"strides": [1, 1], "dilation": [1, 1], "pad_lo": pad, "pad_hi": pad, "groups": layer.groups}
        shape, window = list(x.shape), list(w.shape[:2])
        return {
            "forward": lambda: emit("conv", [x, w], **attrs),
            "input_grad": lambda: emit("conv_input_grad", [dy, w], input_shape=shape, **attrs),
            "weight_grad": lambda: emit("conv_weight_grad", [x, dy], kernel=window, **attrs),
        }
    if layer.kind == "pool":
        attrs = {"window": [2, 2], "strides": [2, 2], "pad_lo": [0, 0], "pad_hi": [0, 0]}
        _, index = emit("max_pool_indexed", [x], **attrs)
        shape = list(x.shape)
        return {
            "forward": lambda: emit("max_pool_indexed", [x], **attrs),
            "backward": lambda: emit("max_pool_grad", [dy, index], input_shape=shape, **attrs),
        }
    ops = axone.ops
    gamma, beta = ops.ones(layer.channels), ops.zeros(layer.channels)

    def forward(x: Any, gamma: Any, beta: Any) -> Any:
        mean, variance = ops.moments(x, axes=(0, 1, 2))
        return ops.batch_normalization(x, mean, variance, -1, offset=beta, scale=gamma)

    def backward(x: Any, gamma: Any, dy: Any, mean: Any, scale: Any) -> Any:
        # From the saved statistics, as the peer's: all three gradients, by their formula.
        centred, count = x - mean, layer.batch * layer.size**2
        d_beta = ops.sum(dy, axis=(0, 1, 2))
        d_gamma = ops.sum(dy * centred, axis=(0, 1, 2)) * scale
        slope = gamma * scale
        d_x = dy * slope - (centred * (slope * scale * d_gamma / count) + slope * d_beta / count)
        return d_x, d_gamma, d_beta

    mean, variance = ops.moments(x, axes=(0, 1, 2))
    scale = ops.rsqrt(variance + 1e-3)
    forwards, backwards = axone.function(forward), axone.function(backward)
    return {
        "forward": lambda: forwards(x, gamma, beta),
        "backward": lambda: backwards(x, gamma, dy, mean, scale),
    }


def torch_calls(torch: Any, layer: Layer) -> dict[str, Call]:
    """The same through ATen, which hands convolutions to oneDNN."""
    x, w, dy = (torch.from_numpy(a) for a in layer.arrays())
    x, dy = x.permute(0, 3, 1, 2), dy.permute(0, 3, 1, 2)
    aten = torch.ops.aten
    if layer.kind == "conv":
        w = w.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
        one, pad = [1, 1], [(layer.kernel - 1) // 2] * 2

        def grad(mask: list[bool]) -> Call:
            return lambda: aten.convolution_backward(
                dy, x, w, None, one, pad, one, False, [0, 0], layer.groups, mask
            )

        return {
            "forward": lambda: torch.conv2d(x, w, None, 1, pad, 1, layer.groups),
            "input_grad": grad([True, False, False]),
            "weight_grad": grad([False, True, False]),
        }
    if layer.kind == "pool":
        _, index = aten.max_pool2d_with_indices(x, [2, 2], [2, 2])
        pool = ([2, 2], [2, 2], [0, 0], [1, 1], False)
        return {
            "forward": lambda: aten.max_pool2d_with_indices(x, [2, 2], [2, 2]),
            "backward": lambda: aten.max_pool2d_with_indices_backward(dy, x, *pool, index),
        }
    gamma, beta = torch.ones(layer.channels), torch.zeros(layer.channels)
    _, mean, scale = aten.native_batch_norm(x, gamma, beta, None, None, True, 0.1, 1e-3)
    return {
        "forward": lambda: aten.native_batch_norm(x, gamma, beta, None, None, True, 0.1, 1e-3),
        "backward": lambda: aten.native_batch_norm_backward(
            dy, x, gamma, None, None, mean, scale, True, 1e-3, [True, True, True]
        ),
    }


def _workload(name: str, summary: str, layers: tuple[Layer, ...], ahead: float) -> Workload:
    by_name = {layer.name: layer for layer in layers}
    cases = tuple(Case(f"{layer.name} {p}", "ms", ahead=ahead) for layer in layers for p in layer.passes)

    def prepare(settings: Settings) -> Run:
        library = load(settings.library, settings.threads)
        calls_of = axone_calls if settings.library == "axone" else torch_calls

        def run(case: str) -> Sample:
            layer, _, which = case.rpartition(" ")
            call = calls_of(library, by_name[layer])[which]
            call()
            times = []
            end = time.perf_counter() + SECONDS
            while time.perf_counter() < end or len(times) < 3:
                start = time.perf_counter()
                call()
                times.append(time.perf_counter() - start)
            return {"value": sorted(times)[len(times) // 2] * 1e3}

        return run

    return Workload(name, summary, PEERS, cases, prepare)


VGG = (
    Layer("conv", 4, 224, 64, 64),
    Layer("conv", 4, 112, 64, 128),
    Layer("conv", 4, 112, 128, 128),
    Layer("conv", 4, 56, 128, 256),
    Layer("conv", 4, 56, 256, 256),
    Layer("conv", 4, 28, 256, 512),
    Layer("conv", 4, 28, 512, 512),
    Layer("conv", 4, 14, 512, 512),
)
DEPTHWISE = (
    Layer("conv", 8, 112, 32, 32, groups=32),
    Layer("conv", 8, 56, 144, 144, groups=144),
    Layer("conv", 8, 14, 384, 384, groups=384),
)
PASSES = (
    Layer("pool", 8, 112, 64),
    Layer("pool", 32, 56, 128),
    Layer("norm", 8, 56, 256),
    Layer("norm", 8, 112, 64),
)

WORKLOADS = (
    _workload("conv_layers", "the 3x3 layers of VGG16, batch 4", VGG, ahead=1.6),
    _workload("depthwise_layers", "depthwise 3x3 layers of MobileNetV2, batch 8", DEPTHWISE, ahead=4.0),
    _workload("pool_and_norm", "2x2 max pooling and batch normalisation, training", PASSES, ahead=1.5),
)
