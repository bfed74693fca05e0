"""The pre-flight check: mistakes that would train without an error, found before the first step."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from axone.training.check_view import View, make_view
from axone.training.data import ArrayBatch
from axone.utils.packing import unpack_x_y_sample_weight

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
    view.in_fit = in_fit
    found = []
    with np.errstate(all="ignore"):
        for item in CHECKS:
            if item.in_fit or not in_fit:
                found += [Finding(item.name, *triple) for triple in item.run(view)]
    return found


def check_model(model: Any, x: Any, y: Any, validation_data: Any, verbose: bool) -> list[Finding]:
    """The work of `model.check`; see there."""
    batch, held_out = ArrayBatch(x, y), None
    if isinstance(validation_data, (tuple, list)):
        held_out = ArrayBatch(unpack_x_y_sample_weight(validation_data)[0])
    _build(model, batch)
    found = find(make_view(model, batch, held_out, _MANY_ROWS), in_fit=False)
    if verbose:
        _print(found)
    return found


def warn_before_fit(model: Any, data: Any, held_out: Any) -> None:
    """Warns of what a look at a few rows shows. Arrays only: a generator's batches are not taken from it.

    Data that do not fit the model are left to `fit`, which says so in better words. Should a check itself
    fail, that is a warning too, and training goes on.

    Args:
        model: The model, compiled.
        data: The data of `fit`.
        held_out: Those of the validation, or None.
    """
    if not isinstance(data, ArrayBatch):
        return
    try:
        _build(model, data)
        view = make_view(model, data, held_out if isinstance(held_out, ArrayBatch) else None, _FEW_ROWS)
        found = find(view, in_fit=True)
    except (ValueError, TypeError, IndexError):
        return
    except Exception as error:
        warnings.warn(f"The pre-flight check failed: {error!r}.", CheckWarning, stacklevel=4)
        return
    for finding in found:
        warnings.warn(str(finding), CheckWarning, stacklevel=4)


def _build(model: Any, batch: ArrayBatch) -> None:
    """Builds a stack of layers that waits for its first data, as the first step would."""
    array = batch.inputs
    waits = not model.built and hasattr(model, "_functional")
    if waits and isinstance(array, np.ndarray) and array.dtype.kind in "biuf":
        model.build((None, *array.shape[1:]))


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
