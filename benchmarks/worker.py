"""One library, one workload, in its own process. compare.py starts it; a line in gives a line of JSON out.

    worker.py WORKLOAD SETTINGS_JSON CPUS_JSON

Answers `{"ready": versions}` once, then each `run CASE` with a sample and its `peak_rss` (MB),
or with `{"error": ...}`.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any, TextIO


def _own_channel() -> TextIO:
    """The real stdout, kept for answers; whatever a library prints goes to stderr instead."""
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return channel


def _answer(channel: TextIO, message: dict[str, Any]) -> None:
    channel.write(json.dumps(message) + "\n")
    channel.flush()


def _error() -> dict[str, Any]:
    return {"error": traceback.format_exc(limit=-4)[-3000:]}


def main() -> None:
    """Prepare, then measure on demand until stdin ends."""
    channel = _own_channel()
    workload_name, settings_json, cpus_json = sys.argv[1:4]
    # Before any library is loaded: several of them size their pools by the affinity, once.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, json.loads(cpus_json))

    from workloads import WORKLOADS
    from workloads.base import Settings
    from workloads.libraries import versions
    from workloads.memory import peak_rss

    settings = Settings(**json.loads(settings_json))
    try:
        run = WORKLOADS[workload_name].prepare(settings)
    except Exception:
        _answer(channel, _error())
        return
    _answer(channel, {"ready": versions(settings.library)})
    for line in sys.stdin:
        case = line.removeprefix("run ").rstrip("\n")
        try:
            sample = dict(run(case))
            _answer(channel, {**sample, "peak_rss": peak_rss()})
        except Exception:
            _answer(channel, _error())


if __name__ == "__main__":
    main()
