"""Convolutional networks: train steps through `fit`, prediction of a batch, memory and waiting."""

from __future__ import annotations

import importlib
import io
import time
from typing import Any

from workloads.base import NETWORK_PEERS, Bound, Case, Run, Sample, Settings, Workload
from workloads.convnets import Application, SmallConvNet
from workloads.libraries import load, module_name
from workloads.memory import peak_rss
from workloads.networks import Network, data, trainer

REPORT = SmallConvNet(kernel=5, padding="same", activation="sigmoid", hidden=100, batch=300)
COURSE = SmallConvNet(kernel=3, padding="valid", activation="relu", hidden=0, batch=128)
VGG16 = Application("VGG16", "vgg16", batch=4)
RESNET50 = Application("ResNet50", "resnet50", batch=8)
MOBILENET_V2 = Application("MobileNetV2", "mobilenet_v2", batch=8)
PREDICT_PEERS = (*NETWORK_PEERS, "onnxruntime")


def _train(name: str, summary: str, network: Network, steps: int, ahead: float) -> Workload:
    images = network.batch if isinstance(network, Application) else 1

    def prepare(settings: Settings) -> Run:
        inputs, labels = data(network, steps * network.batch)
        model = trainer(settings, network)

        def run(case: str) -> Sample:
            model.fit(inputs[: network.batch], labels[: network.batch])
            start = time.perf_counter()
            model.fit(inputs, labels)
            return {"value": (time.perf_counter() - start) / steps / images * 1e3}

        return run

    unit = "ms/image" if images > 1 else "ms/step"
    return Workload(name, summary, NETWORK_PEERS, (Case("fit", unit, ahead=ahead),), prepare)


class OnnxPredictor:
    """ONNX Runtime on the PyTorch module's export: prediction only."""

    def __init__(self, torch: Any, threads: int, network: Network, inputs: Any) -> None:
        ort = importlib.import_module("onnxruntime")
        file = io.BytesIO()
        module = network.torch_module(torch).eval()
        torch.onnx.export(module, (torch.from_numpy(inputs),), file, dynamo=False)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = ort.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
        self._name = self._session.get_inputs()[0].name

    def predict_on_batch(self, inputs: Any) -> Any:
        return self._session.run(None, {self._name: inputs})[0]


def _predict(name: str, summary: str, network: Network, batch: int, calls: int, ahead: float) -> Workload:
    def prepare(settings: Settings) -> Run:
        inputs, _ = data(network, batch)
        model: Any
        if settings.library == "onnxruntime":
            model = OnnxPredictor(load("torch", settings.threads), settings.threads, network, inputs)
        else:
            model = trainer(settings, network)

        def run(case: str) -> Sample:
            model.predict_on_batch(inputs)
            start = time.perf_counter()
            for _ in range(calls):
                model.predict_on_batch(inputs)
            return {"value": (time.perf_counter() - start) / calls / batch * 1e3}

        return run

    return Workload(
        name, summary, PREDICT_PEERS, (Case("predict_on_batch", "ms/image", ahead=ahead),), prepare
    )


def _prepare_waiting(settings: Settings) -> Run:
    # Importing is not part of building; the threads are set by the trainer, which torch allows once.
    importlib.import_module(module_name(settings.library))
    inputs, labels = data(RESNET50, RESNET50.batch)

    def run(case: str) -> Sample:
        start = time.perf_counter()
        model = trainer(settings, RESNET50)
        built = time.perf_counter()
        if case == "build":
            return {"value": built - start}
        times = []
        for _ in range(3):
            start = time.perf_counter()
            model.fit(inputs, labels)
            times.append(time.perf_counter() - start)
        return {"value": peak_rss()} if case == "peak memory" else {"value": times[0] - min(times[1:])}

    return run


WORKLOADS = (
    _train("conv_report", "sigmoid ConvNet 32-64 5x5, 100, 10; batch 300", REPORT, 6, ahead=2.0),
    _train("conv_course", "ReLU ConvNet 32-64 3x3, dropout; batch 128", COURSE, 20, ahead=3.0),
    _train("vgg16_train", "VGG16, batch 4, SGD", VGG16, 2, ahead=1.6),
    _train("resnet50_train", "ResNet50, batch 8, SGD", RESNET50, 2, ahead=1.4),
    _train("mobilenetv2_train", "MobileNetV2, batch 8, SGD", MOBILENET_V2, 3, ahead=2.0),
    _predict("vgg16_predict", "VGG16, batch 4", VGG16, 4, 4, ahead=1.7),
    _predict("resnet50_predict", "ResNet50, batch 8", RESNET50, 8, 5, ahead=1.2),
    _predict("resnet50_one", "ResNet50, one image", RESNET50, 1, 20, ahead=1.2),
    _predict("mobilenetv2_predict", "MobileNetV2, batch 8", MOBILENET_V2, 8, 10, ahead=1.4),
    Workload(
        "resnet50_waiting",
        "ResNet50, batch 8: building; the first fit of one step less later ones; peak memory of three",
        NETWORK_PEERS,
        (
            Case("build", "s", bound=Bound("value", 0.3, "<=")),
            Case("first step", "s", bound=Bound("value", 0.5, "<=")),
            Case("peak memory", "MB", ahead=1 / 0.7),
        ),
        _prepare_waiting,
        fresh=True,
    ),
)
