"""What the tests share: fresh interpreters."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import axone


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Starts every test from the same random numbers: what passed once passes again."""
    axone.utils.set_random_seed(1)


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Python in a process of its own: python("-c", code, AXONE_ISA="avx2"), python("-m", "axone").

    Keyword arguments are environment variables; None removes one. The folder is an empty one, so that what is
    imported is the installed package.
    """

    def run(
        *arguments: str, timeout: float = 120, **environment: str | None
    ) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, **{k: v for k, v in environment.items() if v is not None}}
        for name, value in environment.items():
            if value is None:
                variables.pop(name, None)
        return subprocess.run(
            [sys.executable, *arguments],
            env=variables,
            cwd=tmp_path,
            timeout=timeout,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    return run
