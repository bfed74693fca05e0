"""Memory: the peak of a training run, and whether it grows with the epochs. Fresh processes."""

from __future__ import annotations

import os
from pathlib import Path

from workloads.base import NETWORK_PEERS, Bound, Case, Run, Sample, Settings, Workload
from workloads.dense import MLP
from workloads.networks import data, trainer

ROWS = 60_000
SHORT_ROWS = 640
EPOCHS = 50
MB = 1e6


def peak_rss() -> float:
    """Peak resident memory of this process and of its finished children in MB.

    Linux's `VmHWM` is asked first: `ru_maxrss` also remembers the process that this one was forked from.
    """
    import resource

    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / MB
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        # macOS counts bytes here, Linux kibibytes; only macOS comes this way.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return max(int(line.split()[1]) * 1024 / MB, children)


def current_rss() -> float:
    """Resident memory of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MB


def _prepare(settings: Settings) -> Run:
    def peak() -> Sample:
        inputs, labels = data(MLP, ROWS)
        trainer(settings, MLP).fit(inputs, labels)
        return {"value": peak_rss(), "data": inputs.nbytes / MB}

    def growth() -> Sample:
        inputs, labels = data(MLP, SHORT_ROWS)
        model = trainer(settings, MLP)
        model.fit(inputs, labels, epochs=2)
        before = current_rss()
        model.fit(inputs, labels, epochs=EPOCHS)
        return {"value": current_rss() - before, "before": before}

    return lambda case: peak() if case == "peak" else growth()


WORKLOADS = (
    Workload(
        "peak_memory",
        f"784-128-10, batch 32: peak of an epoch of {ROWS} rows (188 MB); growth over {EPOCHS} epochs",
        NETWORK_PEERS,
        (
            Case("peak", "MB", ahead=2.0),
            # Flat: less than what the interpreter itself may take for a History of 50 epochs and its arenas.
            Case("rss_growth", "MB", bound=Bound("value", 2.0, "<=")),
        ),
        _prepare,
        fresh=True,
    ),
)
