"""Checks of constructor arguments that several layers share."""

from __future__ import annotations

import operator
from typing import Any

from axone import config


def positive_integer(owner: str, name: str, value: Any) -> int:
    """Return `value` as an int.

    Raises:
        ValueError: naming the layer, if it is not an integer of at least 1.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise ValueError(f"{owner}: {name} must be a positive integer, got {value!r}.")
    return number


def fraction(owner: str, name: str, value: Any) -> float:
    """Return `value` as a float in [0, 1].

    Raises:
        ValueError: naming the layer, if it is not a number from 0 to 1.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"{owner}: {name} must be a number from 0 to 1, got {value!r}.")
    return number


def data_format(owner: str, value: str | None) -> str:
    """Return "channels_last" or "channels_first"; the configured one for None.

    Raises:
        ValueError: naming the layer, if it is neither.
    """
    if value is None:
        return config.image_data_format()
    name = str(value).lower()
    if name not in ("channels_last", "channels_first"):
        raise ValueError(f"{owner}: data_format must be 'channels_last' or 'channels_first', got {value!r}.")
    return name
