"""Formulas that Keras has changed since, for the files that were trained with them."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.core.registration import register_keras_serializable

__all__ = ["hard_sigmoid_keras2"]


@register_keras_serializable(package="axone", name="hard_sigmoid_keras2")
def hard_sigmoid_keras2(x: Any) -> Any:
    """Returns clip(0.2 x + 0.5, 0, 1), which Keras 1 and 2 call hard_sigmoid; Keras 3 divides by 6.

    Courbariaux, Bengio, David, "BinaryConnect", 2015.
    """
    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)
