"""Limits on weights: Keras's `keras.constraints`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone.constraints.constraint import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from axone.core.operation import snake_case
from axone.utils import identifiers

max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

_CLASSES = (MaxNorm, MinMaxNorm, NonNeg, UnitNorm)
_TABLE: dict[str, Any] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{snake_case(cls.__name__): cls for cls in _CLASSES},
}

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]


def get(identifier: Any) -> Any:
    """Return the constraint that an identifier names.

    Args:
        identifier: name ("non_neg"), config dict, class, object, function of a tensor, or None.

    Returns:
        A callable, or None for None.

    Raises:
        ValueError: if the name is unknown; near ones are suggested.
    """
    return identifiers.resolve(identifier, _TABLE, "constraint")


def serialize(constraint: Any) -> Any:
    """Return the constraint as a plain dict."""
    return identifiers.serialize(constraint)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Build a constraint from a plain dict or a name."""
    return identifiers.deserialize(config, _TABLE, "constraint", custom_objects)
