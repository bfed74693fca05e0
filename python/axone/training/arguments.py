"""What `compile` and `fit` refuse before anything is changed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from axone.core import tree
from axone.utils import identifiers


def whole_number(name: str, value: Any, least: int = 0) -> int:
    """Returns an argument as an int.

    Args:
        name: The argument, for the error.
        value: What the user gave.
        least: The smallest number allowed.

    Raises:
        ValueError: it is no whole number, or too small.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        kind = "a positive integer" if least == 1 else f"an integer of at least {least}"
        raise ValueError(f"{name} must be {kind}, got {value!r}.")
    return number


def epochs_with_validation(validation_freq: Any) -> Callable[[int], bool]:
    """Returns a function that says whether epoch number `n` (from 0) ends with a validation.

    Args:
        validation_freq: Every so many epochs, or the epochs (from 1).

    Raises:
        ValueError: it is neither.
    """
    if isinstance(validation_freq, Iterable) and not isinstance(validation_freq, (str, Mapping)):
        due = {whole_number("validation_freq", epoch, 1) for epoch in validation_freq}
        return lambda epoch: epoch + 1 in due
    if not hasattr(validation_freq, "__index__") or isinstance(validation_freq, bool) or validation_freq < 1:
        raise ValueError(
            "validation_freq must be a positive integer or a list of epochs (from 1), got "
            f"{validation_freq!r}."
        )
    return lambda epoch: (epoch + 1) % int(validation_freq) == 0


def check_verbose(verbose: Any) -> None:
    """Refuses what says nothing about how much is printed.

    Raises:
        ValueError: it is neither "auto" nor a number.
    """
    if verbose != "auto" and not hasattr(verbose, "__index__"):
        raise ValueError(
            f"verbose must be 0 (silent), 1 (a progress bar), 2 (a line per epoch) or 'auto', got "
            f"{verbose!r}."
        )


def check_names(what: str, value: Any, table: Mapping[str, Any], chosen_by_shape: Iterable[str]) -> None:
    """Looks names of losses or metrics up, so that `compile` says what is wrong, not the first step.

    Args:
        what: "loss" or "metric".
        value: An identifier, or a nest of them.
        table: Known names.
        chosen_by_shape: Names whose meaning depends on the targets.

    Raises:
        ValueError: a name is unknown, or something is no identifier.
    """
    if isinstance(value, Mapping) and "class_name" in value:
        return
    for leaf in tree.flatten(value):
        if isinstance(leaf, str):
            if leaf.lower() not in chosen_by_shape:
                identifiers.lookup(leaf, table, what)
        elif leaf is not None and not callable(leaf):
            raise ValueError(
                f"Could not interpret {what} {leaf!r} of type {type(leaf).__name__}: expected a name, a "
                f"function or a {what} object."
            )


def class_weights(value: Any) -> dict[int, float]:
    """Returns `class_weight` with checked classes and weights.

    Raises:
        ValueError: it is no dict from class number to weight.
    """
    if not isinstance(value, Mapping):
        raise ValueError(
            "class_weight must be a dict from class number to weight, such as {0: 1.0, 1: 5.0}, got "
            f"{value!r} of type {type(value).__name__}."
        )
    found: dict[int, float] = {}
    for number, weight in value.items():
        try:
            key, factor = int(number), float(weight)
        except (TypeError, ValueError):
            key, factor = -1, float("nan")
        if isinstance(number, str) or key != number or not np.isfinite(factor):
            raise ValueError(
                f"class_weight must map class numbers to weights, got {number!r}: {weight!r}."
                + (" Number the classes as the targets do." if isinstance(number, str) else "")
            )
        found[key] = factor
    return found


def check_targets(targets: Any, losses: Any) -> None:
    """Refuses NaN among the targets of axone's own losses: one would turn every weight into NaN.

    Args:
        targets: Array, or a nest of them, or None.
        losses: What `compile` took; with a function of the user's own, which may know what to do, nothing is
            refused.

    Raises:
        ValueError: a target is NaN.
    """
    if losses is None or any(not _is_built_in(loss) for loss in tree.flatten(losses)):
        return
    for y in tree.flatten(targets):
        # The sum of all is NaN when one of them is: a pass without temporaries.
        if y is None or y.dtype.kind != "f" or not np.isnan(y.sum(dtype="float64")):
            continue
        missing = np.isnan(y)
        if missing.any():
            rows = missing.reshape(len(y), -1).any(axis=1)
            raise ValueError(
                f"`y` holds NaN in {int(rows.sum())} of {len(y)} rows, first in row {int(rows.argmax())}: "
                "the loss and all weights would become NaN. Drop them (keep = ~np.isnan(y)), or fill them."
            )


def _is_built_in(loss: Any) -> bool:
    if loss is None or isinstance(loss, str):
        return True
    function = getattr(loss, "fn", loss)
    home = getattr(function, "__module__", None) or type(function).__module__
    return home.startswith("axone.losses")
