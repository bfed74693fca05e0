"""What a small training step costs more with metrics, penalties, weights, clipping, and code of one's own."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workloads.base import Bound, Case, Run, Sample, Settings, Workload
from workloads.libraries import load
from workloads.networks import CLASSES, SEED

BATCH = 32
INPUTS = 784
STEPS = 600
# Plain and other steps take turns, so that what the machine does meanwhile hits both.
TURNS = 5


@dataclass(frozen=True)
class Variant:
    """A training step that differs from the plain one: 784-128-10, Adam, cross-entropy, no metrics.

    Attributes:
        name: name of the case.
        layer: arguments of the dense layers.
        own_layer: whether a layer of ten operations stands for the activation.
        step: arguments of `compile`, made from the library.
        weighted: whether the samples have weights.
    """

    name: str
    layer: dict[str, Any] | None = None
    own_layer: bool = False
    step: Callable[[Any], dict[str, Any]] = lambda keras: {}
    weighted: bool = False


def own_layer(keras: Any) -> Any:
    """A layer of ten elementwise operations."""
    ops = keras.ops

    class Bend(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            a = ops.tanh(x * 1.5) + x
            b = ops.maximum(a, 0.0) * 0.5
            c = ops.square(b) + a
            return ops.maximum(c - b * 0.1, 0.0)

    return Bend()


def own_loss(keras: Any) -> Callable[[Any, Any], Any]:
    """A loss of about ten operations: the Huber loss of the probabilities plus a share of their errors."""
    ops = keras.ops

    def loss(y_true: Any, y_pred: Any) -> Any:
        labels = ops.reshape(ops.cast(y_true, "int32"), (-1,))
        error = ops.abs(ops.one_hot(labels, CLASSES) - y_pred)
        near = ops.minimum(error, 1.0)
        return ops.mean(0.5 * near * near + (error - near) + 0.1 * error, axis=-1)

    return loss


def adam(**options: Any) -> Callable[[Any], dict[str, Any]]:
    return lambda keras: {"optimizer": keras.optimizers.Adam(**options)}


def scheduled(keras: Any) -> dict[str, Any]:
    return {"optimizer": keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, 10000))}


def two_metrics(keras: Any) -> dict[str, Any]:
    return {"metrics": ["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(3)]}


PLAIN = Variant("plain")
EXTRAS = (
    Variant("accuracy", step=lambda keras: {"metrics": ["accuracy"]}),
    Variant("two metrics", step=two_metrics),
    Variant("l2", layer={"kernel_regularizer": "l2"}),
    Variant("sample weights", weighted=True),
    Variant("schedule", step=scheduled),
    Variant("clipvalue", step=adam(clipvalue=0.5)),
    Variant("clipnorm", step=adam(clipnorm=1.0)),
    Variant("global_clipnorm", step=adam(global_clipnorm=1.0)),
)
CUSTOM = (
    Variant("own layer", own_layer=True),
    Variant("own loss", step=lambda keras: {"loss": own_loss(keras)}),
)


class Step:
    """A variant in a library, ready to be timed."""

    def __init__(self, keras: Any, variant: Variant) -> None:
        import numpy

        draw = numpy.random.default_rng(SEED)
        self._x = draw.random((STEPS * BATCH, INPUTS), dtype=numpy.float32)
        self._y = draw.integers(0, CLASSES, STEPS * BATCH)
        weights = draw.random(STEPS * BATCH).astype("float32")
        self._options = {"sample_weight": weights} if variant.weighted else {}
        keras.utils.set_random_seed(SEED)
        options = variant.layer or {}
        bend = own_layer(keras) if variant.own_layer else keras.layers.Activation("relu")
        first = keras.layers.Dense(128, **options)
        last = keras.layers.Dense(CLASSES, activation="softmax", **options)
        self._model = keras.Sequential([keras.layers.Input((INPUTS,)), first, bend, last])
        plain = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy"}
        self._model.compile(**{**plain, **variant.step(keras)})
        self.seconds()

    def seconds(self) -> float:
        """Seconds of a step, in one call of `fit`."""
        start = time.perf_counter()
        self._model.fit(self._x, self._y, batch_size=BATCH, verbose=0, **self._options)
        return (time.perf_counter() - start) / STEPS


def workload(name: str, summary: str, variants: tuple[Variant, ...], limit: float) -> Workload:
    """A workload that reports how many times as long as the plain step each variant takes."""

    def prepare(settings: Settings) -> Run:
        keras = load(settings.library, settings.threads)
        plain = Step(keras, PLAIN)
        steps = {variant.name: Step(keras, variant) for variant in variants}

        def run(case: str) -> Sample:
            pairs = [(plain.seconds(), steps[case].seconds()) for _ in range(TURNS)]
            base, other = (statistics.median(column) for column in zip(*pairs, strict=True))
            return {"value": other / base, "ms": other * 1e3}

        return run

    cases = tuple(Case(v.name, "x plain", bound=Bound("value", limit, "<=")) for v in variants)
    return Workload(name, summary, (), cases, prepare)


WORKLOADS = (
    workload("step_extras", "784-128-10, batch 32, Adam, with one thing more", EXTRAS, 1.10),
    workload(
        "step_custom", "784-128-10, batch 32, Adam, with a layer or loss of ten operations", CUSTOM, 1.5
    ),
)
