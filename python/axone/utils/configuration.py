"""A dict whose entries are attributes too."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from axone.core.suggest import did_you_mean

__all__ = ["Config"]


class Config:
    """Named values, by attribute or by key; `freeze` protects them.

    Args:
        **kwargs: first values.

    Example:
        >>> config = axone.utils.Config(learning_rate=0.1)
        >>> config.seed = 1
        >>> config["seed"], config.learning_rate
        (1, 0.1)
    """

    _values: dict[str, Any]
    _frozen: bool

    def __init__(self, **kwargs: Any) -> None:
        self.__dict__.update(_values=dict(kwargs), _frozen=False)

    @property
    def frozen(self) -> bool:
        """Whether values can be changed."""
        return self._frozen

    def freeze(self) -> None:
        """Make every later change an error."""
        self.__dict__["_frozen"] = True

    def unfreeze(self) -> None:
        """Allow changes again."""
        self.__dict__["_frozen"] = False

    def _writable(self) -> dict[str, Any]:
        if self._frozen:
            raise ValueError("Config: it is frozen and cannot be changed; call unfreeze() first.")
        return self._values

    def as_dict(self) -> dict[str, Any]:
        """Return a copy as a plain dict."""
        return dict(self._values)

    def to_json(self) -> str:
        """Return the values as JSON."""
        return json.dumps(self._values)

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._values.keys()

    def values(self) -> ValuesView[Any]:
        """Return the values."""
        return self._values.values()

    def items(self) -> ItemsView[str, Any]:
        """Return pairs of name and value."""
        return self._values.items()

    def get(self, keyname: str, value: Any = None) -> Any:
        """Return a value, or `value` where there is none of that name."""
        return self._values.get(keyname, value)

    def pop(self, *args: Any) -> Any:
        """Remove and return a value, as of a dict."""
        return self._writable().pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several values, as of a dict."""
        self._writable().update(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        values = self.__dict__.get("_values", {})
        if name in values:
            return values[name]
        raise AttributeError(f"Config: no value '{name}'.{did_you_mean(name, values)}")

    def __setattr__(self, name: str, value: Any) -> None:
        self._writable()[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self._writable():
            raise AttributeError(f"Config: no value '{name}'.")
        del self._values[name]

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._writable()[name] = value

    def __delitem__(self, name: str) -> None:
        del self._writable()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and other._values == self._values

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Config {self._values}>"
