"""Process-wide state: random seeds and automatic names."""

from __future__ import annotations

from axone.core.operation import reset_names
from axone.core.random import set_random_seed

__all__ = ["clear_session", "set_random_seed"]


def clear_session(free_memory: bool = True) -> None:
    """Starts automatic names afresh: the next Dense layer is called `dense` again.

    Args:
        free_memory: Whether to collect unreachable objects at once.
    """
    reset_names()
    if free_memory:
        import gc

        gc.collect()
