"""Every workload that the benchmarks know, by name. A new one is a new file and a line here."""

from __future__ import annotations

from workloads import convolution, dense, extras, layers, memory, predict, sequences, sgemm, startup
from workloads.base import Workload

WORKLOADS: dict[str, Workload] = {
    workload.name: workload
    for workload in (
        *sgemm.WORKLOADS,
        *dense.WORKLOADS,
        *extras.WORKLOADS,
        *predict.WORKLOADS,
        *startup.WORKLOADS,
        *memory.WORKLOADS,
        *convolution.WORKLOADS,
        *layers.WORKLOADS,
        *sequences.WORKLOADS,
    )
}
