"""axone and its peers side by side: the same work, the same threads, in turn.

    python benchmarks/peers.py        # once: the peers' virtual environments
    python benchmarks/compare.py      # everything, or --workload NAME ...

README.md in this folder says what is measured and how.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import report
from harness import Participant, Results, available_cpus, measure
from peers import PEERS, default_directory, python_of
from workloads import WORKLOADS
from workloads.base import AXONE, Settings, Workload


def participants(workload: Workload, args: argparse.Namespace) -> dict[str, Participant]:
    """The libraries that take part in a workload, axone first, as the command line has it."""
    chosen: dict[str, Participant] = {}
    if args.axone:
        # The peers' workers run without PYTHONPATH; axone's may need it to be found.
        path = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        chosen[AXONE] = Participant(args.axone_python, Settings(AXONE, args.threads, args.bench_gemm), path)
    for name in workload.peers:
        if name in args.peers:
            python = python_of(PEERS[name], args.dir)
            chosen[name] = Participant(python, Settings(name, args.threads), PEERS[name].env)
    return chosen


def cpu_model() -> str:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def machine(threads: int) -> dict[str, Any]:
    """What the figures depend on besides the libraries. A load far from 0 means that others were running."""
    return {
        "cpu": cpu_model(),
        "cpus": len(available_cpus()),
        "threads": threads,
        "system": f"{platform.system()} {platform.machine()}",
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "started": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def as_json(about: dict[str, Any], rounds: int, all_results: list[Results]) -> dict[str, Any]:
    """All samples and verdicts, for keeping."""
    workloads: dict[str, Any] = {}
    for results in all_results:
        cases: dict[str, Any] = {}
        for case in results.workload.cases:
            row = report.summarize(results, case)
            cases[case.name] = {
                "unit": case.unit,
                "medians": row.medians,
                "best_peer": row.best[0] if row.best else None,
                "ahead": row.best[1] if row.best else None,
                "target": {"ahead": case.ahead, "bound": str(case.bound) if case.bound else None},
                "met": row.met if row.has_target else None,
                "samples": {
                    library: results.samples.get((case.name, library), []) for library in results.libraries
                },
            }
        workloads[results.workload.name] = {
            "summary": results.workload.summary,
            "versions": results.versions,
            "failures": results.failures,
            "cases": cases,
        }
    return {"machine": about, "rounds": rounds, "workloads": workloads}


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(description="Compare axone with its peers.")
    parser.add_argument("--workload", nargs="+", metavar="NAME", help=f"of {', '.join(WORKLOADS)} (all)")
    parser.add_argument("--case", default="", metavar="TEXT", help="only cases whose name contains this")
    parser.add_argument("--peers", nargs="*", metavar="NAME", help=f"of {', '.join(PEERS)} (all)")
    parser.add_argument("--no-axone", dest="axone", action="store_false", help="measure the peers only")
    parser.add_argument("--threads", type=int, default=2, help="threads for everyone (default: 2)")
    parser.add_argument("--rounds", type=int, default=7, help="counted rounds (default: 7)")
    parser.add_argument("--dir", type=Path, default=default_directory(), help="the peers' environments")
    parser.add_argument("--axone-python", type=Path, default=Path(sys.executable), help="where axone is")
    parser.add_argument("--bench-gemm", default="", metavar="PATH", help="axone's native matmul benchmark")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    parser.add_argument("--check", action="store_true", help="exit with 1 unless every target is met")
    args = parser.parse_args(argv)
    for option, names, known in (("workload", args.workload, WORKLOADS), ("peers", args.peers, PEERS)):
        unknown = sorted(set(names or ()) - set(known))
        if unknown:
            parser.error(f"--{option}: unknown {', '.join(unknown)}; expected some of {', '.join(known)}")
    if not 1 <= args.threads <= len(available_cpus()):
        parser.error(f"--threads: expected 1 to {len(available_cpus())}, the CPUs here; got {args.threads}")
    if args.rounds < 1:
        parser.error(f"--rounds: expected at least 1, got {args.rounds}")
    args.workload = args.workload or list(WORKLOADS)
    args.peers = list(PEERS) if args.peers is None else args.peers
    if args.bench_gemm:
        args.bench_gemm = str(Path(args.bench_gemm).resolve())
    return args


def main() -> int:
    """Measure and print.

    Returns:
        0; or 1 if a worker failed or, with `--check`, a target was missed or could not be decided.
    """
    args = parse()
    about = machine(args.threads)
    load = "" if about["load"] is None else f", load {about['load']:.2f}"
    print(f"{about['cpu']}, {about['cpus']} CPUs, {args.threads} threads for everyone{load}")
    print(f"medians of {args.rounds} rounds, libraries in turn; in brackets how many times axone is ahead\n")
    all_results = []
    for name in args.workload:
        workload = WORKLOADS[name]
        cases = tuple(case for case in workload.cases if args.case in case.name)
        chosen = participants(workload, args)
        if chosen and cases:
            all_results.append(measure(replace(workload, cases=cases), chosen, args.rounds))
    if not all_results:
        print("nothing to measure: no workload has such a case and a library that was asked for")
        return 1
    print(report.table(all_results))
    for results in all_results:
        for library, reason in results.failures.items():
            print(f"\nFAILED {results.workload.name} in {library}: {reason}")
    if args.json:
        args.json.write_text(json.dumps(as_json(about, args.rounds, all_results), indent=1) + "\n")
    failed = any(results.failures for results in all_results)
    rows = [report.summarize(results, case) for results in all_results for case in results.workload.cases]
    missed = any(row.has_target and not row.met for row in rows)
    return int(failed or (args.check and missed))


if __name__ == "__main__":
    sys.exit(main())
