"""Facts about the compiled engine, and its few switches."""

from __future__ import annotations

from axone import _engine

__all__ = [
    "allocations",
    "build_flags",
    "instruction_set",
    "instruction_sets",
    "num_threads",
    "set_instruction_set",
    "set_num_threads",
    "version",
]


def version() -> str:
    """Return the version that the engine was built as."""
    return _engine.__version__


def build_flags() -> str:
    """Return compiler, its version and the build type."""
    return _engine.build_flags


def instruction_set() -> str:
    """Return the instruction set in use: "avx512", "avx2", "baseline" or "neon"."""
    return _engine.instruction_set()


def instruction_sets() -> list[str]:
    """Return the instruction sets that this build holds and this machine can run, best first."""
    return _engine.supported_instruction_sets()


def set_instruction_set(name: str) -> None:
    """Compile all programs from now on for another instruction set.

    Raises:
        ValueError: unknown to this build, or not to be had on this machine.
    """
    _engine.set_instruction_set(name)


def num_threads() -> int:
    """Return how many threads a program may use."""
    return _engine.num_threads()


def set_num_threads(count: int) -> None:
    """Set how many threads a program may use; results do not depend on it.

    Raises:
        ValueError: `count` is less than 1.
    """
    _engine.set_num_threads(count)


def allocations() -> int:
    """Return how many blocks of memory the engine has taken so far: a train step takes none."""
    return _engine.allocations()
