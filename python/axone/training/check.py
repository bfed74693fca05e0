"""The pre-flight check: mistakes that would train without an error, found before the first step."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from axone.core import tree
from axone.training.check_view import View, make_view

# Rows that `fit` looks at, and those that `model.check` does.
_FEW_ROWS = 256
_MANY_ROWS = 100_000


class CheckWarning(UserWarning):
    """A finding of the pre-flight check that `fit` makes; `warnings.simplefilter("ignore", CheckWarning)`."""


class Finding(NamedTuple):
    """Something that is probably a mistake.

    Attributes:
        name: Name of the check, such as "softmax_and_logits".
        where: The argument or layer.
        what: What was found.
        mend: What to do about it.
    """

    name: str
    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.mend}"


class Check(NamedTuple):
    """A function from a view of model and data to `(where, what, mend)` triples."""

    name: str
    run: Callable[[View], Iterator[tuple[str, str, str]]]
    in_fit: bool


CHECKS: list[Check] = []


def check(in_fit: bool = True) -> Callable[[Any], Any]:
    """Puts a function into the list of checks; `in_fit=False` for what only `model.check` shall say."""

    def register(function: Any) -> Any:
        CHECKS.append(Check(function.__name__, function, in_fit))
        return function

    return register


def find(view: View, in_fit: bool) -> list[Finding]:
    """Runs the checks on a view."""
    from axone.training import check_data, check_network, check_outputs  # they fill the list

    del check_data, check_network, check_outputs
    found = []
    with np.errstate(all="ignore"):
        for item in CHECKS:
            if item.in_fit or not in_fit:
                found += [Finding(item.name, *triple) for triple in item.run(view)]
    return found


def check_model(model: Any, x: Any, y: Any, validation_data: Any, verbose: bool) -> list[Finding]:
    """The work of `model.check`; see there."""
    found = find(make_view(model, x, y, validation_data, _MANY_ROWS), in_fit=False)
    if verbose:
        _print(found)
    return found


def warn_before_fit(model: Any, x: Any, y: Any, validation_data: Any) -> None:
    """Warns of what a look at a few rows shows. Arrays only: a generator's batches are not taken from it."""
    leaves = [leaf for leaf in tree.flatten([x, y]) if leaf is not None]
    if not leaves or not all(isinstance(leaf, np.ndarray) for leaf in leaves):
        return
    try:
        found = find(make_view(model, x, y, validation_data, _FEW_ROWS), in_fit=True)
    except Exception:
        # Data that do not fit the model: fit itself says so, in better words.
        return
    for finding in found:
        warnings.warn(str(finding), CheckWarning, stacklevel=4)


def _print(found: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not found:
        print("Nothing found.")
        return
    table = Table("Where", "What", "How to mend it", title="Pre-flight check", show_lines=True)
    for finding in found:
        table.add_row(finding.where, finding.what, finding.mend)
    Console().print(table)
