"""Training steps of dense networks, through `fit`."""

from __future__ import annotations

import time

from workloads.base import NETWORK_PEERS, Case, Run, Sample, Settings, Workload
from workloads.networks import Dense, Network, data, trainer

# Enough that what a call of fit costs once hardly shows.
STEPS = 600
# Not counted: a worker that was stopped gets its threads and caches back first.
WARM_STEPS = 100

MLP = Dense((128, 10), batch=32, optimizer="adam")
DEEP = Dense((512, 256, 128, 64, 10), batch=32, optimizer="adam")
LOGISTIC = Dense((10,), batch=300, optimizer="sgd")


def fit_workload(name: str, summary: str, network: Network, ahead: float, epochs: int = 1) -> Workload:
    """A workload that times `fit`, quietly, and reports milliseconds a step.

    Args:
        name: the workload's name.
        summary: what the network is.
        network: what is trained.
        ahead: how many times axone has to be ahead of the fastest peer.
        epochs: over how many epochs the steps are spread.
    """

    def prepare(settings: Settings) -> Run:
        inputs, labels = data(network, STEPS // epochs * network.batch)
        warm = WARM_STEPS * network.batch
        model = trainer(settings, network)

        def run(case: str) -> Sample:
            model.fit(inputs[:warm], labels[:warm])
            start = time.perf_counter()
            model.fit(inputs, labels, epochs=epochs)
            return {"value": (time.perf_counter() - start) / STEPS * 1e3}

        return run

    return Workload(name, summary, NETWORK_PEERS, (Case("fit", "ms/step", ahead=ahead),), prepare)


WORKLOADS = (
    fit_workload("mlp_128", "784-128-10, batch 32, Adam", MLP, ahead=3.0),
    fit_workload("mlp_deep", "784-512-256-128-64-10, batch 32, Adam", DEEP, ahead=2.5),
    fit_workload("logistic", "784-10 softmax, batch 300, SGD", LOGISTIC, ahead=4.0, epochs=3),
)
