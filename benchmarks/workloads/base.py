"""What a workload is.

compare.py imports this package too, so no file of it imports a library at its top.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

AXONE = "axone"
NETWORK_PEERS = ("keras-jax", "torch", "keras-tensorflow", "keras-torch")
KERAS_PEERS = ("keras-jax", "keras-tensorflow", "keras-torch")

Sample = Mapping[str, float]
"""One measurement: `value`, in the case's unit, and whatever else was seen on the way."""

Run = Callable[[str], Sample]
"""Measures the case of that name once, in a worker that is ready."""


@dataclass(frozen=True)
class Settings:
    """What a worker is told.

    Args:
        library: `axone` or the name of a peer.
        threads: how many threads everyone gets.
        bench_gemm: path of axone's native matmul benchmark, or "" to go through Python.
    """

    library: str
    threads: int
    bench_gemm: str = ""


@dataclass(frozen=True)
class Bound:
    """A bound on axone's own median, whatever the peers do.

    Args:
        key: which number of the sample.
        limit: the bound, in the sample's unit.
        side: `"<="` or `">="`.
    """

    key: str
    limit: float
    side: Literal["<=", ">="]

    def holds(self, value: float) -> bool:
        """Whether a median is within the bound."""
        return value <= self.limit if self.side == "<=" else value >= self.limit

    def __str__(self) -> str:
        name = "" if self.key == "value" else f"{self.key} "
        return f"{name}{self.side} {self.limit:g}"


@dataclass(frozen=True)
class Case:
    """One row of the table: something measured in every library of its workload.

    Args:
        name: unique within the workload.
        unit: unit of the sample's `value`.
        better: which way is better.
        ahead: how many times axone has to be ahead of the best counted peer; None asks nothing.
        bound: a bound on axone's own median.
        counted: the peers that `ahead` is about; None counts all that are measured.
    """

    name: str
    unit: str
    better: Literal["lower", "higher"] = "lower"
    ahead: float | None = None
    bound: Bound | None = None
    counted: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Workload:
    """Cases that share a set-up.

    Args:
        name: the name on the command line.
        summary: one line of what is measured.
        peers: the peers that take part.
        cases: its rows, measured one after the other.
        prepare: builds what is measured in a worker and returns the function that measures.
        fresh: every measurement gets a new process, which is then the thing measured.
    """

    name: str
    summary: str
    peers: tuple[str, ...]
    cases: tuple[Case, ...]
    prepare: Callable[[Settings], Run]
    fresh: bool = False
