"""First values of variables: Keras's `keras.initializers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone.core.operation import snake_case
from axone.core.registration import known_names
from axone.core.serialization import deserialize_keras_object, serialize_keras_object
from axone.initializers.constant import Constant, Identity, Ones, Zeros
from axone.initializers.initializer import Initializer
from axone.initializers.random import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomInitializer,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)
from axone.utils import identifiers

_CLASSES = (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Identity,
    LecunNormal,
    LecunUniform,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
)
_TABLE: dict[str, Any] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{snake_case(cls.__name__): cls for cls in _CLASSES},
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
    "normal": RandomNormal,
    "uniform": RandomUniform,
    "one": Ones,
    "zero": Zeros,
}

constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = IdentityInitializer = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = OrthogonalInitializer = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]


def get(identifier: Any) -> Any:
    """Return the initializer that an identifier names.

    Args:
        identifier: name ("he_normal"), config dict, class, object, function `(shape, dtype)`, or None.

    Returns:
        A callable `(shape, dtype)`, or None for None.

    Raises:
        ValueError: if the name is unknown; near ones are suggested.
    """
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if isinstance(identifier, Initializer):
        return identifier
    return identifiers.resolve(identifier, known_names(_TABLE), "initializer")


def serialize(initializer: Any) -> Any:
    """Return the initializer as a plain dict."""
    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Build an initializer from a plain dict or a name."""
    if isinstance(config, str):
        return get(config)
    return deserialize_keras_object({"module": "keras.initializers", **config}, custom_objects)
