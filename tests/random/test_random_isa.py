"""Every instruction set and thread count draws the same bits."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

DIGEST = """
import hashlib, numpy as np, axone
from axone import random
parts = [random.uniform((1003,), seed=1), random.normal((40001,), seed=2),
         random.normal((77,), seed=3, dtype="float64"),
         random.truncated_normal((1003,), seed=4), random.randint((333,), 0, 10**6, seed=5),
         random.shuffle(np.arange(999), seed=6),
         random.dropout(np.ones((70001,), "float32"), 0.3, seed=7), random.gamma((5003,), 0.7, seed=8),
         random.beta((5003,), 2.0, 0.5, seed=9), random.binomial((5003,), 40, 0.3, seed=10)]
digest = hashlib.sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts))
print(axone.config.instruction_set(), digest.hexdigest())
"""


def instruction_sets() -> list[str]:
    """The instruction sets of this build that this CPU can run."""
    from axone.core import engine

    return engine.instruction_sets()


def test_the_same_bits_everywhere(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    digests = set()
    for name in instruction_sets():
        for threads in ("1", "2", "4"):
            done = python("-c", DIGEST, AXONE_ISA=name, AXONE_NUM_THREADS=threads)
            assert done.returncode == 0, done.stderr
            used, digest = done.stdout.split()
            assert used == name
            digests.add(digest)
    assert len(digests) == 1
