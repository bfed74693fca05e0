"""Dtype policies: a name that stands for a compute dtype and a variable dtype."""

from __future__ import annotations

import warnings
from typing import Any

from axone.core.dtypes import floatx, standardize_dtype
from axone.core.serialization import serialize_keras_object

_global_policy: DTypePolicy | None = None
_MIXED = ("mixed_float16", "mixed_bfloat16")
_warned: set[str] = set()


def _warn_once(name: str) -> None:
    if name not in _warned:
        _warned.add(name)
        warnings.warn(
            f"Dtype policy '{name}': axone computes in float32; half precision would not be faster on a CPU. "
            "Results are those of float32.",
            stacklevel=4,
        )


class DTypePolicy:
    """Dtypes of a layer.

    Args:
        name: "float32", "float64", ... : variables and computation both have that dtype. The names of mixed
            precision, "mixed_float16" and "mixed_bfloat16", are taken too; computation stays in float32.

    Raises:
        ValueError: if the name is not a dtype that axone computes in.

    Example: `Dense(4, dtype=DTypePolicy("float64"))`, for which `dtype="float64"` is short.
    """

    def __init__(self, name: str | None = None) -> None:
        name = floatx() if name is None else name
        if not isinstance(name, str):
            raise TypeError(f"DTypePolicy: expected a name such as 'float32', got {name!r}.")
        if name in _MIXED:
            _warn_once(name)
        self._dtype = "float32" if name in _MIXED else standardize_dtype(name)
        self.name = name

    @property
    def compute_dtype(self) -> str:
        """Dtype of the computation."""
        return self._dtype

    @property
    def variable_dtype(self) -> str:
        """Dtype of the weights."""
        return self._dtype

    def for_path(self, path: str) -> DTypePolicy:
        """Return the policy of the layer with that path: this one."""
        return self

    @property
    def quantization_mode(self) -> str | None:
        """None: there are no quantized layers."""
        return None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild this policy."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        return cls(**{key: value for key, value in config.items() if key == "name"})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


FloatDTypePolicy = DTypePolicy


def dtype_policy() -> DTypePolicy:
    """Return the policy of layers that are given none: the one set, else that of `floatx()`."""
    return _global_policy or DTypePolicy(floatx())


def set_dtype_policy(policy: str | DTypePolicy | None) -> None:
    """Set the policy of layers made from now on; None goes back to `floatx()`."""
    global _global_policy
    _global_policy = None if policy is None else get(policy)


def get(identifier: Any) -> DTypePolicy:
    """Return a policy from None (the global one), a policy, a dtype name, a numpy dtype or a config."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    return DTypePolicy(standardize_dtype(identifier))


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """Return the policy as a plain dict."""
    config: dict[str, Any] = serialize_keras_object(dtype_policy)
    return config


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> DTypePolicy:
    """Build a policy from its dict; `custom_objects` are accepted for Keras's sake."""
    del custom_objects
    from axone.dtype_policies.policy_map import DTypePolicyMap

    kind = DTypePolicyMap if config.get("class_name") == "DTypePolicyMap" else DTypePolicy
    return kind.from_config(config["config"])
