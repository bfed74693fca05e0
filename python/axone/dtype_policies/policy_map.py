"""Dtype policies by the paths of layers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from axone.dtype_policies.policy import DTypePolicy, deserialize, get, serialize


class DTypePolicyMap(DTypePolicy, MutableMapping[str, DTypePolicy]):
    """A policy for each path of a layer, and one for all others.

    Args:
        default_policy: for paths that are not in the map; None: the global policy.
        policy_map: policies by path, or by regular expression of the whole path.

    Raises:
        TypeError: the map is no dict.
        ValueError: the default is itself a map.

    Example:
        >>> policies = DTypePolicyMap("float32", {"encoder/.*": DTypePolicy("float64")})
        >>> policies["encoder/dense"].compute_dtype
        'float64'
    """

    def __init__(self, default_policy: Any = None, policy_map: Mapping[str, Any] | None = None) -> None:
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("DTypePolicyMap: the default policy cannot be a map itself.")
        if policy_map is not None and not isinstance(policy_map, Mapping):
            raise TypeError(f"DTypePolicyMap: `policy_map` must be a dict, got {type(policy_map).__name__}.")
        self.default_policy = get(default_policy)
        self._default_given = default_policy is not None
        self._policies = {path: get(policy) for path, policy in (policy_map or {}).items()}
        super().__init__(self.default_policy.name)
        self.name = f"map_{self.default_policy.name}"

    def __getitem__(self, path: str) -> DTypePolicy:
        """Return the policy of a path: of an exact key, else of the one matching pattern, else the default.

        Raises:
            ValueError: several patterns match.
        """
        if path in self._policies:
            return self._policies[path]
        matching = [pattern for pattern in self._policies if re.fullmatch(pattern, path)]
        if len(matching) > 1:
            raise ValueError(
                f"DTypePolicyMap: path '{path}' matches several patterns: {', '.join(matching)}."
            )
        return self._policies[matching[0]] if matching else self.default_policy

    def for_path(self, path: str) -> DTypePolicy:
        """Return the policy of the layer with that path."""
        return self[path]

    def __setitem__(self, path: str, policy: Any) -> None:
        if path in self._policies:
            raise ValueError(f"DTypePolicyMap: '{path}' has a policy already; delete it first.")
        if not isinstance(policy, DTypePolicy) or isinstance(policy, DTypePolicyMap):
            raise ValueError(f"DTypePolicyMap: expected a DTypePolicy for '{path}', got {policy!r}.")
        self._policies[path] = policy

    def __delitem__(self, path: str) -> None:
        del self._policies[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._policies)

    def __len__(self) -> int:
        return len(self._policies)

    def __contains__(self, path: object) -> bool:
        return path in self._policies

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, DTypePolicyMap)
            and other.default_policy == self.default_policy
            and other._policies == self._policies
        )

    def __hash__(self) -> int:
        return hash((self.name, *self._policies))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild this map."""
        return {
            "default_policy": serialize(self.default_policy) if self._default_given else None,
            "policy_map": {path: serialize(policy) for path, policy in self._policies.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicyMap:
        default = config.get("default_policy")
        policies = {path: deserialize(policy) for path, policy in config.get("policy_map", {}).items()}
        return cls(None if default is None else deserialize(default), policies)

    def __repr__(self) -> str:
        return f"<DTypePolicyMap {self._policies}, default {self.default_policy!r}>"
