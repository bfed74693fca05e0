"""Turning names and configurations into objects, and back: `get`, `serialize`, `deserialize` of all kinds."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from axone.core.operation import snake_case
from axone.core.registration import get_registered_object, known_names
from axone.core.serialization import deserialize_keras_object, serialize_keras_object
from axone.core.suggest import did_you_mean


def resolve(identifier: Any, table: Mapping[str, Any], kind: str) -> Any:
    """Returns the object that a user's identifier names.

    Args:
        identifier: Name, configuration dictionary, class, object or function; None stays None.
        table: Known names and the classes or functions they stand for.
        kind: What is looked for, as used in the error: "loss", "metric", "optimizer".

    Returns:
        A function, or an instance (classes are instantiated without arguments).

    Raises:
        ValueError: the name is unknown, or the identifier is of no usable type.
    """
    if identifier is None:
        return None
    if isinstance(identifier, Mapping):
        return deserialize(identifier, table, kind)
    found = lookup(identifier, table, kind) if isinstance(identifier, str) else identifier
    if inspect.isclass(found):
        return found()
    if not callable(found):
        raise ValueError(
            f"Could not interpret {kind} {identifier!r} of type {type(identifier).__name__}: "
            f"expected a name, a function, a configuration or a {kind} object."
        )
    return found


def lookup(name: str, table: Mapping[str, Any], kind: str) -> Any:
    """Returns what a name stands for; an unknown one raises a ValueError that suggests near ones.

    Open scopes and full registered names come first, then the table, then registered names without package.
    """
    for place in (None, table, known_names(table)):
        found = get_registered_object(name) if place is None else place.get(name)
        if found is not None:
            return found
    raise ValueError(f"Unknown {kind} {name!r}.{did_you_mean(name, table)}")


def serialize(thing: Any) -> Any:
    """Returns the JSON-ready description that Keras writes of a function or an object with `get_config`."""
    return serialize_keras_object(thing)


def deserialize(
    config: Any, table: Mapping[str, Any], kind: str, custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """Rebuilds what `serialize` described.

    Args:
        config: The description, or a bare name.
        table: Known names.
        kind: What is looked for, as used in errors.
        custom_objects: The user's own names, which come first.

    Returns:
        The function or a new object.

    Raises:
        ValueError: the name is unknown, or the description lacks a part.
    """
    names = {**table, **(custom_objects or {})}
    if not isinstance(config, Mapping):
        return resolve(config, names, kind)
    if "class_name" not in config:
        raise ValueError(
            f"The configuration of a {kind} needs 'class_name' and 'config', got the keys {sorted(config)}."
        )
    is_function = config["class_name"] == "function"
    found: Any = names.get(config["config"] if is_function else config["class_name"])
    if found is None:
        if config.get("module") is None and get_registered_object(config["class_name"]) is None:
            lookup(str(config["config"] if is_function else config["class_name"]), names, kind)
        return deserialize_keras_object(config, custom_objects)
    return found if is_function else found.from_config(dict(config.get("config") or {}))


def object_name(thing: Any) -> str:
    """Returns the name under which a loss or metric appears in the logs."""
    name = getattr(thing, "name", None) or getattr(thing, "__name__", None)
    return str(name) if name else snake_case(type(thing).__name__)


Identifier = str | Mapping[str, Any] | Callable[..., Any]
