"""Activation functions: Keras's `keras.activations`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone.activations import functions
from axone.activations.functions import (
    celu,
    elu,
    exponential,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    linear,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    step,
    tanh,
    tanh_shrink,
    threshold,
)
from axone.utils import identifiers

swish = silu
hard_swish = hard_silu

_TABLE: dict[str, Any] = {
    **{name: getattr(functions, name) for name in functions.__all__},
    "swish": silu,
    "hard_swish": hard_silu,
}

__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "step",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]


def get(identifier: Any) -> Any:
    """Return the activation that an identifier names.

    Args:
        identifier: name ("relu"), function, layer, config dict, or None for `linear`.

    Returns:
        A callable.

    Raises:
        ValueError: if the name is unknown; near ones are suggested.
    """
    if identifier is None:
        return linear
    return identifiers.resolve(identifier, _TABLE, "activation")


def serialize(activation: Any) -> Any:
    """Return the name of a known activation, else the plain form of the function or layer."""
    name = getattr(activation, "__name__", None)
    if name is not None and getattr(functions, name, None) is activation:
        return name
    return identifiers.serialize(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the activation that a name or a plain form stands for."""
    return identifiers.deserialize(config, _TABLE, "activation", custom_objects)
