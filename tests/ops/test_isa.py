"""The numeric tests once more under every instruction set that this CPU has, each in a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = ("test_values.py", "test_gradients.py", "test_matmul.py", "test_convolution.py")
CHOSEN = "import axone; print(axone.config.instruction_set())"


def instruction_sets() -> list[str]:
    """The instruction sets of this build that this CPU can run."""
    from axone.core import engine

    return engine.instruction_sets()


@pytest.mark.parametrize("name", instruction_sets())
def test_the_forced_set_runs(name: str, python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = python("-c", CHOSEN, AXONE_ISA=name)
    assert done.stdout.split() == [name], done.stderr


# The first one is what every other test of this run has used already.
@pytest.mark.parametrize("name", instruction_sets()[1:])
def test_values_and_gradients(name: str, python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    check = (
        f"import sys, pytest, axone; assert axone.config.instruction_set() == {name!r}; "
        f"sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-x', '--tb=short', "
        f"*{[str(HERE / f) for f in FILES]!r}]))"
    )
    done = python("-c", check, timeout=570, AXONE_ISA=name)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
