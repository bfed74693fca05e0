"""Runs workers in turn, so that all libraries see the same machine, and collects what they measure."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workloads.base import Case, Sample, Settings, Workload

WORKER = Path(__file__).resolve().parent / "worker.py"
# TensorFlow's first compilation on a busy machine takes tens of seconds; a hung worker must still end.
TIMEOUT_S = 600.0


class WorkerError(Exception):
    """A worker reported an error, ended, or did not answer in time."""


def available_cpus() -> list[int]:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def thread_environment(threads: int) -> dict[str, str]:
    """Environment variables that give every library the same number of threads."""
    names = (
        "AXONE_NUM_THREADS",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
        "NPROC",
        "PJRT_NPROC",  # the size of XLA's thread pool on a CPU
    )
    xla = {} if threads > 1 else {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
    return {name: str(threads) for name in names} | {"CUDA_VISIBLE_DEVICES": ""} | xla


class Worker:
    """A worker process. Between measurements it is stopped (SIGSTOP), so that no idle pool of threads spins.

    Args:
        python: interpreter of the library's environment.
        workload: which workload it prepares.
        settings: library and thread count.
        env: the library's own environment variables.

    Raises:
        WorkerError: it could not be started or prepared.
    """

    def __init__(self, python: Path, workload: str, settings: Settings, env: Mapping[str, str]) -> None:
        # Open as long as the worker lives.
        self._stderr = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        cpus = available_cpus()[: settings.threads]
        command = [str(python), str(WORKER), workload, json.dumps(asdict(settings)), json.dumps(cpus)]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        try:
            self._process = subprocess.Popen(
                command,
                env={**environment, **thread_environment(settings.threads), **env},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                text=True,
            )
        except OSError as error:
            self._stderr.close()
            raise WorkerError(f"cannot start {python}: {error}") from error
        try:
            self.versions: dict[str, str] = self._receive()["ready"]
        except BaseException:
            self.close()
            raise
        self._pause()

    def _pause(self) -> None:
        if hasattr(signal, "SIGSTOP"):
            self._process.send_signal(signal.SIGSTOP)

    def _resume(self) -> None:
        if hasattr(signal, "SIGCONT"):
            self._process.send_signal(signal.SIGCONT)

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], TIMEOUT_S)
        if not ready:
            raise WorkerError(f"no answer within {TIMEOUT_S:g} s")
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._stderr.seek(0)
            raise WorkerError(f"ended with exit code {code}\n{self._stderr.read()[-2000:].strip()}")
        message: dict[str, Any] = json.loads(line)
        if "error" in message:
            raise WorkerError(message["error"].strip())
        return message

    def run(self, case: str) -> Sample:
        """Measure a case once.

        Raises:
            WorkerError: it failed, ended, or did not answer in time.
        """
        assert self._process.stdin is not None
        self._resume()
        with suppress(BrokenPipeError):  # _receive finds the exit code and says why
            self._process.stdin.write(f"run {case}\n")
            self._process.stdin.flush()
        sample = self._receive()
        self._pause()
        return sample

    def close(self) -> None:
        """End the process; it has nothing to save."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._stderr):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()


@dataclass
class Results:
    """What was measured for one workload.

    Attributes:
        workload: the workload.
        libraries: who took part, axone first.
        samples: by case and library, one entry per round.
        failures: by library, why it gave no figures (for all cases, from then on).
        versions: by library, the installed packages.
    """

    workload: Workload
    libraries: list[str]
    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Participant:
    """A library on this machine: where its interpreter is and what environment it needs."""

    python: Path
    settings: Settings
    env: Mapping[str, str]


def measure(workload: Workload, participants: Mapping[str, Participant], rounds: int) -> Results:
    """Measure a workload, libraries in turn, round after round, after one round that does not count.

    Args:
        workload: what to measure.
        participants: the libraries, axone first.
        rounds: measurements per case and library.

    Returns:
        All samples; a library that fails is out from then on and its reason kept.
    """
    results = Results(workload, list(participants))
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}

        def start(library: str) -> Worker:
            participant = participants[library]
            worker = Worker(participant.python, workload.name, participant.settings, participant.env)
            results.versions[library] = worker.versions
            return worker

        def sample(library: str, case: Case) -> Sample:
            if workload.fresh:
                worker = start(library)
                try:
                    return worker.run(case.name)
                finally:
                    worker.close()
            if library not in workers:
                workers[library] = start(library)
                stack.callback(workers[library].close)
            return workers[library].run(case.name)

        for number in range(rounds + 1):
            _progress(f"{workload.name}: {f'round {number} of {rounds}' if number else 'warming up'}")
            turn = number % len(participants)
            order = [*participants][turn:] + [*participants][:turn]
            for case in workload.cases:
                for library in order:
                    if library in results.failures:
                        continue
                    try:
                        measured = sample(library, case)
                    except WorkerError as error:
                        results.failures[library] = f"{case.name}: {error}"
                        continue
                    if number:
                        results.samples.setdefault((case.name, library), []).append(measured)
    _progress("")
    return results


def _progress(text: str) -> None:
    """A line on a terminal that the next one overwrites; nothing elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
