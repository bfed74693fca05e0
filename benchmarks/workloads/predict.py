"""Prediction: one image at a time, and a whole test set.

The targets count the Keras backends. PyTorch has no `predict` to compare: its bare forward pass stands in
the table for information, without the callbacks and the checks of a `predict`.
"""

from __future__ import annotations

import statistics
import time

from workloads.base import KERAS_PEERS, NETWORK_PEERS, Case, Run, Sample, Settings, Workload
from workloads.dense import MLP
from workloads.networks import data, trainer

ONE_CALLS = 2000
WARM_CALLS = 100
PREDICTIONS = 3
ROWS = 10_000


def _prepare_one(settings: Settings) -> Run:
    inputs, _ = data(MLP, 1)
    model = trainer(settings, MLP)

    def run(case: str) -> Sample:
        for _ in range(WARM_CALLS):
            model.predict_on_batch(inputs)
        start = time.perf_counter()
        for _ in range(ONE_CALLS):
            model.predict_on_batch(inputs)
        return {"value": (time.perf_counter() - start) / ONE_CALLS * 1e6}

    return run


def _prepare_many(settings: Settings) -> Run:
    inputs, _ = data(MLP, ROWS)
    model = trainer(settings, MLP)

    def run(case: str) -> Sample:
        times = []
        for _ in range(PREDICTIONS):
            start = time.perf_counter()
            model.predict(inputs)
            times.append((time.perf_counter() - start) * 1e3)
        return {"value": statistics.median(times)}

    return run


WORKLOADS = (
    Workload(
        "predict_one",
        "predict_on_batch of one image, 784-128-10",
        NETWORK_PEERS,
        (Case("predict_on_batch", "us", ahead=5.0, counted=KERAS_PEERS),),
        _prepare_one,
    ),
    Workload(
        "predict_10000",
        "predict of 10,000 images, batch 32, 784-128-10",
        NETWORK_PEERS,
        (Case("predict", "ms", ahead=3.0, counted=KERAS_PEERS),),
        _prepare_many,
    ),
)
