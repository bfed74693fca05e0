"""Networks written once for every library, and the same few verbs over each. Used inside workers only."""

from __future__ import annotations

import importlib
import itertools
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from workloads.base import Settings
from workloads.libraries import load

SEED = 1
CLASSES = 10


class Network(Protocol):
    """A network that both ways of writing can build; later families (convolution, recurrence) add their own.

    Attributes:
        shape: shape of one input.
        batch: batch size of `fit`.
        optimizer: which optimizer, with Keras's default learning rate for it.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def batch(self) -> int: ...
    @property
    def optimizer(self) -> Literal["adam", "sgd"]: ...

    def keras_model(self, keras: Any) -> Any:
        """The uncompiled model, ending in a softmax over the classes."""

    def torch_module(self, torch: Any) -> Any:
        """The same as nn.Module, ending in logits, as PyTorch's cross-entropy wants."""


@dataclass(frozen=True)
class Dense:
    """Dense layers with ReLU between them: 784, then `widths`, the last of which counts the classes."""

    widths: tuple[int, ...]
    batch: int
    optimizer: Literal["adam", "sgd"]
    shape: tuple[int, ...] = (784,)

    def keras_model(self, keras: Any) -> Any:
        layers = [keras.layers.Dense(width, activation="relu") for width in self.widths[:-1]]
        last = keras.layers.Dense(self.widths[-1], activation="softmax")
        return keras.Sequential([keras.layers.Input(self.shape), *layers, last])

    def torch_module(self, torch: Any) -> Any:
        sizes = (*self.shape, *self.widths)
        modules: list[Any] = []
        for inputs, outputs in itertools.pairwise(sizes):
            modules += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
        return torch.nn.Sequential(*modules[:-1])


class Trainer(Protocol):
    """A network in a library, ready to train."""

    def fit(self, inputs: Any, labels: Any, epochs: int = 1) -> None:
        """Train on shuffled batches; inputs (n, *shape) float32, labels (n,) int64."""

    def predict(self, inputs: Any) -> Any:
        """Class probabilities (n, classes) in batches of 32, Keras's default."""

    def predict_on_batch(self, inputs: Any) -> Any:
        """Class probabilities of one batch, as a numpy array."""


class KerasTrainer:
    """axone and Keras: the same code."""

    def __init__(self, keras: Any, network: Network) -> None:
        keras.utils.set_random_seed(SEED)
        self._batch = network.batch
        self._model = network.keras_model(keras)
        self._model.compile(
            optimizer=network.optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"]
        )

    def fit(self, inputs: Any, labels: Any, epochs: int = 1) -> None:
        self._model.fit(inputs, labels, batch_size=self._batch, epochs=epochs, verbose=0)

    def predict(self, inputs: Any) -> Any:
        return self._model.predict(inputs, verbose=0)

    def predict_on_batch(self, inputs: Any) -> Any:
        return self._model.predict_on_batch(inputs)


class TorchTrainer:
    """Plain PyTorch: the loop that a user would write, without metrics, on its fastest Adam for a CPU."""

    def __init__(self, torch: Any, network: Network) -> None:
        torch.manual_seed(SEED)
        self._torch = torch
        self._batch = network.batch
        self._module = network.torch_module(torch)
        self._loss = torch.nn.CrossEntropyLoss()
        parameters = self._module.parameters()
        # fused=True: 0.45 ms a step where the default took 0.56 (784-128-10, batch 32, 2 threads).
        self._optimizer = (
            torch.optim.Adam(parameters, lr=1e-3, fused=True)
            if network.optimizer == "adam"
            else torch.optim.SGD(parameters, lr=1e-2, fused=True)
        )

    def fit(self, inputs: Any, labels: Any, epochs: int = 1) -> None:
        torch = self._torch
        x, y = torch.from_numpy(inputs), torch.from_numpy(labels)
        self._module.train()
        for _ in range(epochs):
            order = torch.randperm(len(x))
            for start in range(0, len(x), self._batch):
                chosen = order[start : start + self._batch]
                self._optimizer.zero_grad()
                self._loss(self._module(x[chosen]), y[chosen]).backward()
                self._optimizer.step()

    def predict(self, inputs: Any) -> Any:
        torch = self._torch
        self._module.eval()
        with torch.inference_mode():
            parts = torch.from_numpy(inputs).split(32)
            return torch.cat([self._module(part).softmax(-1) for part in parts]).numpy()

    def predict_on_batch(self, inputs: Any) -> Any:
        torch = self._torch
        self._module.eval()
        with torch.inference_mode():
            return self._module(torch.from_numpy(inputs)).softmax(-1).numpy()


def trainer(settings: Settings, network: Network) -> Trainer:
    """Build a network in the library that the settings name."""
    library = load(settings.library, settings.threads)
    return (TorchTrainer if settings.library == "torch" else KerasTrainer)(library, network)


def data(network: Network, rows: int) -> tuple[Any, Any]:
    """Uniform random inputs (rows, *shape) float32 in [0, 1) and labels (rows,) int64, the same for all.

    A step's time does not depend on the values, so that no file is needed.
    """
    numpy = importlib.import_module("numpy")
    generator = numpy.random.default_rng(SEED)
    inputs = generator.random((rows, *network.shape), dtype=numpy.float32)
    return inputs, generator.integers(0, CLASSES, rows)
