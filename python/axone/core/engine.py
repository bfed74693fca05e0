"""What the compiled engine is and how it runs: version, build, instruction set, threads."""

from __future__ import annotations

from axone import _engine

__all__ = ["build_flags", "instruction_set", "instruction_sets", "num_threads", "set_num_threads", "version"]


def version() -> str:
    """Returns the version that the engine was built as."""
    return str(_engine.__version__)


def build_flags() -> str:
    """Returns compiler, its version and the build type."""
    return str(_engine.build_flags)


def instruction_set() -> str:
    """Returns the instruction set in use."""
    return str(_engine.instruction_set())


def instruction_sets() -> list[str]:
    """Returns the instruction sets that this build holds and this machine runs, best first."""
    return list(_engine.supported_instruction_sets())


def num_threads() -> int:
    """Returns how many threads a computation may use."""
    return int(_engine.num_threads())


def set_num_threads(count: int) -> None:
    """Sets how many threads a computation may use; ValueError unless from 1 to 4096."""
    _engine.set_num_threads(count)
