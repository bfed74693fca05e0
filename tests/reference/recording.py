"""What the recorded cases share: the registry, seeded inputs, and numbers as JSON holds them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
Case = Callable[[Any], Any]


class Cases(dict[str, Case]):
    """The cases of one file by name; used as a decorator.

    Attributes:
        tolerance: allowed relative difference. Float32 results after some training steps: sums are taken in
            another order than in Keras.
    """

    tolerance = 2e-5

    def __call__(self, fn: Case) -> Case:
        self[fn.__name__] = fn
        return fn


def areas() -> dict[str, Cases]:
    """Returns the cases of every `cases_<area>.py` here."""
    names = sorted(p.stem for p in HERE.glob("cases_*.py"))
    return {name.removeprefix("cases_"): importlib.import_module(name).case for name in names}


def rows(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def probabilities(seed: int, n: int, classes: int) -> np.ndarray:
    e = np.exp(rows(seed, n, classes))
    return (e / e.sum(-1, keepdims=True)).astype("float32")


def numbers(value: Any) -> Any:
    """Returns an array as nested lists of Python floats."""
    return np.asarray(value, "float64").tolist()


def compact(value: Any) -> Any:
    """Returns a small array's shape and elements; of a larger one four random sums of its elements."""
    array = np.asarray(value, "float64")
    if array.size > 24:
        signs = np.random.default_rng(array.size).normal(size=(4, array.size)) / np.sqrt(array.size)
        shown = signs @ array.ravel()
    else:
        shown = array.ravel()
    return [list(array.shape), [float(f"{v:.7g}") for v in shown]]
