"""Recurrent networks and attention: train steps through `fit`, and prediction of one sequence."""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass
from typing import Any, Literal

from workloads.base import NETWORK_PEERS, Case, Run, Sample, Settings, Workload
from workloads.networks import CLASSES, Network, data, trainer


@dataclass(frozen=True)
class Recurrent:
    """A recurrent layer over sequences of features, and a softmax of its last output."""

    kind: Literal["LSTM", "GRU"]
    units: int
    shape: tuple[int, ...]
    batch: int
    optimizer: Literal["adam", "sgd"] = "adam"

    def keras_model(self, keras: Any) -> Any:
        layer = getattr(keras.layers, self.kind)(self.units)
        last = keras.layers.Dense(CLASSES, activation="softmax")
        return keras.Sequential([keras.layers.Input(self.shape), layer, last])

    def torch_module(self, torch: Any) -> Any:
        network = self

        class Module(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                kind = getattr(torch.nn, network.kind)
                self.layer = kind(network.shape[-1], network.units, batch_first=True)
                self.last = torch.nn.Linear(network.units, CLASSES)

            def forward(self, x: Any) -> Any:
                return self.last(self.layer(x)[0][:, -1])

        return Module()


@dataclass(frozen=True)
class Reader:
    """Words, embedded and read in both directions by an LSTM."""

    words: int
    width: int
    units: int
    shape: tuple[int, ...]
    batch: int
    optimizer: Literal["adam", "sgd"] = "adam"

    def keras_model(self, keras: Any) -> Any:
        layers = keras.layers
        return keras.Sequential(
            [
                layers.Input(self.shape, dtype="int32"),
                layers.Embedding(self.words, self.width),
                layers.Bidirectional(layers.LSTM(self.units)),
                layers.Dense(CLASSES, activation="softmax"),
            ]
        )

    def torch_module(self, torch: Any) -> Any:
        network = self

        class Module(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.table = torch.nn.Embedding(network.words, network.width)
                self.layer = torch.nn.LSTM(network.width, network.units, batch_first=True, bidirectional=True)
                self.last = torch.nn.Linear(2 * network.units, CLASSES)

            def forward(self, x: Any) -> Any:
                _, (h, _) = self.layer(self.table(x))
                return self.last(torch.cat([h[0], h[1]], dim=1))

        return Module()


@dataclass(frozen=True)
class Transformer:
    """One block: attention, a network of two layers, a sum and a normalisation behind each; then the mean."""

    heads: int
    shape: tuple[int, ...]
    batch: int
    optimizer: Literal["adam", "sgd"] = "adam"

    def keras_model(self, keras: Any) -> Any:
        layers, width = keras.layers, self.shape[-1]
        x = keras.Input(self.shape)
        y = layers.MultiHeadAttention(self.heads, width // self.heads)(x, x)
        y = layers.LayerNormalization()(layers.Add()([x, y]))
        z = layers.Dense(width)(layers.Dense(4 * width, activation="relu")(y))
        z = layers.LayerNormalization()(layers.Add()([y, z]))
        return keras.Model(x, layers.Dense(CLASSES, activation="softmax")(layers.GlobalAveragePooling1D()(z)))

    def torch_module(self, torch: Any) -> Any:
        network = self

        class Module(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                width = network.shape[-1]
                self.block = torch.nn.TransformerEncoderLayer(
                    width, network.heads, 4 * width, dropout=0.0, batch_first=True
                )
                self.last = torch.nn.Linear(width, CLASSES)

            def forward(self, x: Any) -> Any:
                return self.last(self.block(x).mean(1))

        return Module()


def _inputs(network: Network, rows: int) -> tuple[Any, Any]:
    """Random features, or words where the network reads words."""
    if not isinstance(network, Reader):
        return data(network, rows)
    numpy = importlib.import_module("numpy")
    generator = numpy.random.default_rng(1)
    return generator.integers(0, network.words, (rows, *network.shape)), generator.integers(0, CLASSES, rows)


def _train(name: str, summary: str, network: Network, steps: int, ahead: float) -> Workload:
    def prepare(settings: Settings) -> Run:
        inputs, labels = _inputs(network, steps * network.batch)
        model = trainer(settings, network)

        def run(case: str) -> Sample:
            model.fit(inputs[: network.batch], labels[: network.batch])
            start = time.perf_counter()
            model.fit(inputs, labels)
            return {"value": (time.perf_counter() - start) / steps * 1e3}

        return run

    return Workload(name, summary, NETWORK_PEERS, (Case("fit", "ms/step", ahead=ahead),), prepare)


LSTM = Recurrent("LSTM", 128, (28, 28), 64)
GRU = Recurrent("GRU", 128, (28, 28), 64)
WIDE = Recurrent("LSTM", 512, (100, 64), 32)


def _prepare_one(settings: Settings) -> Run:
    calls = 200
    inputs, _ = data(LSTM, 1)
    model = trainer(settings, LSTM)

    def run(case: str) -> Sample:
        for _ in range(20):
            model.predict_on_batch(inputs)
        start = time.perf_counter()
        for _ in range(calls):
            model.predict_on_batch(inputs)
        return {"value": (time.perf_counter() - start) / calls * 1e6}

    return run


WORKLOADS = (
    _train("lstm_train", "LSTM(128), 28 steps of 28, batch 64, Adam", LSTM, 30, ahead=1.8),
    _train("gru_train", "GRU(128), 28 steps of 28, batch 64, Adam", GRU, 30, ahead=1.8),
    _train(
        "lstm_wide",
        "LSTM(512), 100 steps of 64, batch 32, Adam",
        Recurrent("LSTM", 512, (100, 64), 32),
        4,
        1.3,
    ),
    _train(
        "reader_train",
        "20,000 words in 128 numbers, 200 steps, LSTM(64) both ways, batch 32, Adam",
        Reader(20_000, 128, 64, (200,), 32),
        6,
        ahead=2.0,
    ),
    _train(
        "transformer_train",
        "a block of width 256, 8 heads, 256 steps, batch 16, Adam",
        Transformer(8, (256, 256), 16),
        3,
        ahead=1.3,
    ),
    Workload(
        "lstm_one",
        "LSTM(128), one sequence of 28 steps",
        NETWORK_PEERS,
        (Case("predict_on_batch", "us", ahead=3.0),),
        _prepare_one,
    ),
)
