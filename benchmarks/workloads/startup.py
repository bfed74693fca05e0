"""What a user waits for before the first result: importing, and the first `fit`. Fresh processes."""

from __future__ import annotations

import importlib
import statistics
import time

from workloads.base import NETWORK_PEERS, Bound, Case, Run, Sample, Settings, Workload
from workloads.dense import MLP
from workloads.libraries import module_name
from workloads.networks import data, trainer

FIT_STEPS = 100
LATER_FITS = 5


def _prepare_first_fit(settings: Settings) -> Run:
    inputs, labels = data(MLP, FIT_STEPS * MLP.batch)

    def run(case: str) -> Sample:
        model = trainer(settings, MLP)
        times = []
        for _ in range(1 + LATER_FITS):
            start = time.perf_counter()
            model.fit(inputs, labels)
            times.append((time.perf_counter() - start) * 1e3)
        later = statistics.median(times[1:])
        return {"value": times[0] - later, "first": times[0], "later": later}

    return run


def _prepare_import(settings: Settings) -> Run:
    importlib.import_module("numpy")

    def run(case: str) -> Sample:
        start = time.perf_counter()
        importlib.import_module(module_name(settings.library))
        if case == "import and build":
            trainer(settings, MLP)
        return {"value": (time.perf_counter() - start) * 1e3}

    return run


WORKLOADS = (
    Workload(
        "first_fit",
        f"first fit of {FIT_STEPS} steps less the median of {LATER_FITS} later ones, 784-128-10",
        NETWORK_PEERS,
        (Case("first fit", "ms", bound=Bound("value", 30.0, "<=")),),
        _prepare_first_fit,
        fresh=True,
    ),
    Workload(
        "import_time",
        "import on top of numpy; and, as lazy imports only put it off, import with a model built",
        NETWORK_PEERS,
        (
            Case("import", "ms", bound=Bound("value", 100.0, "<=")),
            Case("import and build", "ms"),
        ),
        _prepare_import,
        fresh=True,
    ),
)
