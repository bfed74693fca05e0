"""Penalties added to the loss: Keras's `keras.regularizers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone.regularizers.regularizer import L1, L1L2, L2, OrthogonalRegularizer, Regularizer
from axone.utils import identifiers

l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

_TABLE: dict[str, Any] = {
    "L1": L1,
    "L2": L2,
    "L1L2": L1L2,
    "OrthogonalRegularizer": OrthogonalRegularizer,
    "l1": L1,
    "l2": L2,
    "l1_l2": L1L2,
    "l1l2": L1L2,
    "orthogonal_regularizer": OrthogonalRegularizer,
}

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]


def get(identifier: Any) -> Any:
    """Return the regularizer that an identifier names.

    Args:
        identifier: name ("l2"), config dict, class, object, function of a tensor, or None.

    Returns:
        A callable, or None for None.

    Raises:
        ValueError: if the name is unknown; near ones are suggested.
    """
    return identifiers.resolve(identifier, _TABLE, "regularizer")


def serialize(regularizer: Any) -> Any:
    """Return the regularizer as a plain dict."""
    return identifiers.serialize(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Build a regularizer from a plain dict or a name."""
    return identifiers.deserialize(config, _TABLE, "regularizer", custom_objects)
