"""Names under which users' classes and functions are known when a model is rebuilt."""

from __future__ import annotations

import threading
from collections import ChainMap
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")

_registered: dict[str, Any] = {}
_names: dict[Any, str] = {}
_scopes = threading.local()


def _scoped() -> list[dict[str, Any]]:
    if not hasattr(_scopes, "stack"):
        _scopes.stack = []
    stack: list[dict[str, Any]] = _scopes.stack
    return stack


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Decorate a class or function so that saved models that use it can be loaded.

    Args:
        package: put before the name, so that two packages may use the same name.
        name: name of the object; its own when None.

    Raises:
        ValueError: if a class to be registered has no `get_config`.

    Example:
        @register_keras_serializable(package="mine")
        class Linear(Layer): ...
    """

    def decorate(thing: T) -> T:
        registered = f"{package}>{name or thing.__name__}"  # type: ignore[attr-defined]
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ValueError(f"{thing.__name__} cannot be registered: it has no get_config() method.")
        _registered[registered] = thing
        _names[thing] = registered
        return thing

    return decorate


def get_custom_objects() -> dict[str, Any]:
    """Return the dict of objects known everywhere; change it to add some."""
    return _registered


def get_registered_name(obj: Any) -> str:
    """Return the name that an object was registered under, else its own."""
    try:
        return _names.get(obj) or str(obj.__name__)
    except TypeError:  # not hashable
        return str(obj.__name__)


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Return what a name stands for, or None.

    Looked up in the open `CustomObjectScope`s, `custom_objects`, what is registered, then `module_objects`.
    """
    for table in (*reversed(_scoped()), custom_objects or {}, _registered, module_objects or {}):
        if name in table:
            return table[name]
    return None


def known_names(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `table` with the users' objects added; theirs come first."""
    stack = [scope for scope in reversed(_scoped()) if scope]
    if not stack and not _registered:
        return table
    plain = {name.rpartition(">")[2]: thing for name, thing in _registered.items()}
    return ChainMap(*stack, _registered, plain, dict(table))


class CustomObjectScope:
    """Within this context the names of `custom_objects` are known.

    Example:
        with CustomObjectScope({"Linear": Linear}):
            model = Sequential.from_config(config)
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> CustomObjectScope:
        _scoped().append(self.custom_objects)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _scoped().pop()


custom_object_scope = CustomObjectScope
