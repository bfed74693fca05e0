"""Single-precision matrix products: c[m, n] = op(a) op(b), with k the inner size.

MKL is measured through `torch.mm`, OpenBLAS through `numpy.matmul`, both into a given output. What a call
from Python costs, measured on a 1x1x1 product, is taken off: axone's native benchmark has no such call, and
shall have no advantage by that.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any

from workloads.base import AXONE, Bound, Case, Run, Sample, Settings, Workload
from workloads.libraries import load

SECONDS = 0.1
SQUARE = ((512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048))
OTHERS = (
    (32, 784, 128),
    (128, 784, 512),
    (256, 256, 256),
    (4096, 64, 4096),
    (64, 4096, 64),
    (32, 25088, 4096),
    (12544, 576, 64),
)
OPS = ("NN", "NT", "TN", "TT")

Product = Callable[[], Any]


def _case(shape: tuple[int, int, int], op: str) -> Case:
    bound = Bound("of_peak", 0.88, ">=") if shape in SQUARE else None
    return Case("x".join(map(str, shape)) + " " + op, "GFLOP/s", better="higher", ahead=1.0, bound=bound)


def _native(settings: Settings) -> Run:
    """axone's own benchmark, which measures the FMA peak in the same run."""
    env = {**os.environ, "AXONE_NUM_THREADS": str(settings.threads)}

    def run(case: str) -> Sample:
        shape, op = case.split()
        command = [settings.bench_gemm, "--shape", shape, "--op", op, "--seconds", str(SECONDS), "--json"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} exited with {done.returncode}: {done.stderr.strip()}")
        (row,) = json.loads(done.stdout)
        return {"value": row["gflops"], "peak": row["peak_gflops"], "of_peak": row["ratio"]}

    return run


def _numpy_product(numpy: Any, left: Any, right: Any, op: str) -> Product:
    """C-ordered operands; a transpose is a view, which numpy hands to BLAS as a flag."""
    a = numpy.ascontiguousarray(left.T).T if op[0] == "T" else left
    b = numpy.ascontiguousarray(right.T).T if op[1] == "T" else right
    out = numpy.empty((a.shape[0], b.shape[1]), numpy.float32)
    return lambda: numpy.matmul(a, b, out=out)


def _torch_product(torch: Any, left: Any, right: Any, op: str) -> Product:
    """Like `_numpy_product`: torch.mm passes the strides of a transposed view on as a flag."""
    a, b = torch.from_numpy(left), torch.from_numpy(right)
    a = a.t().contiguous().t() if op[0] == "T" else a
    b = b.t().contiguous().t() if op[1] == "T" else b
    out = torch.empty((a.shape[0], b.shape[1]))
    return lambda: torch.mm(a, b, out=out)


def _axone_product(axone: Any, left: Any, right: Any, op: str) -> Product:
    """Eager ops; a transposed operand costs its copy, as it would a user."""
    ops = axone.ops
    a = ops.convert_to_tensor(left.T.copy() if op[0] == "T" else left)
    b = ops.convert_to_tensor(right.T.copy() if op[1] == "T" else right)
    return lambda: ops.matmul(
        ops.transpose(a) if op[0] == "T" else a, ops.transpose(b) if op[1] == "T" else b
    )


def _seconds(product: Product, budget: float) -> float:
    """Median time of a call, of at least 3 calls.

    A third of the budget goes before: a worker that was stopped needs some milliseconds until the system has
    its threads on different cores again.
    """
    end = time.perf_counter() + budget / 3
    while True:
        product()
        if time.perf_counter() >= end:
            break
    times: list[float] = []
    end += budget
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        product()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _prepare(settings: Settings) -> Run:
    if settings.library == AXONE and settings.bench_gemm:
        return _native(settings)
    library = load(settings.library, settings.threads)
    numpy = importlib.import_module("numpy")
    make = {AXONE: _axone_product, "mkl": _torch_product, "openblas": _numpy_product}[settings.library]
    generator = numpy.random.default_rng(1)

    def operand(rows: int, columns: int) -> Any:
        return generator.random((rows, columns), dtype=numpy.float32) - numpy.float32(0.5)

    call = _seconds(make(library, operand(1, 1), operand(1, 1), "NN"), 0.01)

    def run(case: str) -> Sample:
        shape, op = case.split()
        m, k, n = map(int, shape.split("x"))
        seconds = _seconds(make(library, operand(m, k), operand(k, n), op), SECONDS) - call
        return {"value": 2e-9 * m * k * n / seconds, "call_us": call * 1e6}

    return run


WORKLOADS = (
    Workload(
        "sgemm",
        "float32 matrix products, m x k x n, every transpose",
        ("mkl", "openblas"),
        tuple(_case(shape, op) for shape in (*SQUARE, *OTHERS) for op in OPS),
        _prepare,
    ),
)
