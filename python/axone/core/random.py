"""Seeds of the counter-based random numbers."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from axone.core.tensor import Tensor, convert_to_tensor
from axone.core.variable import Variable

__all__ = ["SeedGenerator", "global_seed_generator", "make_default_seed", "set_random_seed"]


def make_default_seed() -> int:
    """Return a seed from Python's `random`, which `set_random_seed` makes repeatable."""
    return python_random.randint(1, int(1e9))


class SeedGenerator:
    """Gives a new seed with each call: random layers own one.

    Args:
        seed: whole number; None draws one.

    Attributes:
        state: int64 variable [seed, number of seeds given].

    Example:
        >>> generator = axone.random.SeedGenerator(1)
        >>> generator.next().numpy()
        array([1, 0])
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **_: Any) -> None:
        if seed is None:
            seed = make_default_seed()
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise ValueError(f"SeedGenerator: expected a whole number as seed, got {seed!r}.")
        self.seed = int(seed)
        self._initial_seed = self.seed
        self.name = name or "seed_generator"
        self.state = Variable(
            np.array([self.seed, 0], "int64"), dtype="int64", trainable=False, name="seed_generator_state"
        )

    def next(self, ordered: bool = True) -> Tensor:
        """Return the next seed, an int64 tensor (2,), and advance (in a trace: as part of the program)."""
        current = self.state.value
        self.state.assign(current + convert_to_tensor(np.array([0, 1], "int64")))
        return current

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild this generator at its start."""
        return {"seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Build a generator from `get_config`'s result."""
        return cls(**config)


_global: SeedGenerator | None = None


def global_seed_generator() -> SeedGenerator:
    """Return the generator behind random functions that are given no seed."""
    global _global
    if _global is None:
        _global = SeedGenerator()
    return _global


def set_random_seed(seed: int) -> None:
    """Seed Python's `random`, NumPy's and axone's generators: the same script then gives the same bits.

    Args:
        seed: whole number in [0, 2**32).

    Raises:
        ValueError: out of that range.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(f"set_random_seed: expected a whole number in [0, 2**32), got {seed!r}.")
    # First: where the generator does not exist yet, making it draws from Python's `random`.
    generator = global_seed_generator()
    python_random.seed(int(seed))
    np.random.seed(int(seed))
    generator.state.assign(np.array([int(seed), 0], "int64"))
