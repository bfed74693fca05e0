"""Process-wide state: random seeds and automatic names."""

from __future__ import annotations

from axone.core import random as _random
from axone.core.operation import reset_names


def set_random_seed(seed: int) -> None:
    """Seeds Python's `random`, NumPy and axone: same seed, same initial weights, order and dropout.

    Args:
        seed: Integer in [0, 2**32).

    Raises:
        ValueError: `seed` is no such integer.
    """
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= int(seed) < 2**32:
        raise ValueError(f"set_random_seed: expected an integer in [0, 2**32), got {seed!r}.")
    _random.set_random_seed(int(seed))


def clear_session(free_memory: bool = True) -> None:
    """Starts automatic names afresh: the next Dense layer is called `dense` again.

    Args:
        free_memory: Whether to collect unreachable objects at once.
    """
    reset_names()
    if free_memory:
        import gc

        gc.collect()
