"""Which parts of a model have state, and the paths under which Keras's files hold it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from axone.core.operation import snake_case
from axone.layers.layer import Layer
from axone.models import Functional, Model, Sequential
from axone.optimizers.optimizer import Optimizer
from axone.training.trainer import Trainer

__all__ = ["saveables"]

# What these hold of layers is a second way to the same ones.
_INNER = {"_stack", "_made", "_chain", "_graph", "_inputs_struct", "_outputs_struct", "_compile_arguments"}
# Classes that Keras shows under other names than their own.
_CLASS_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}
_BASES = (Layer, Model, Functional, Sequential, Trainer)


def saveables(model: Any, skip: Any = ()) -> Iterator[tuple[str, Any]]:
    """Yield paths and layers (and the optimizer) of a model, itself first, each once.

    Keras names a part after the attribute that holds it, in alphabetical order with private names last, and
    after its class within a list: "layers/dense_1", "encoder/blocks/conv2d". The layers of a Sequential or
    functional model come first, whatever else holds them.

    Args:
        model: a layer or model.
        skip: objects that are left out, with what is inside them.
    """
    seen = {id(item) for item in skip}
    yield from _visit(model, "", seen)


def _visit(part: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(part) in seen:
        return
    seen.add(id(part))
    yield path, part
    for name, child in _children(part):
        inner = f"{path}/{name}" if path else name
        if _has_state(child):
            yield from _visit(child, inner, seen)
        elif isinstance(child, (list, tuple, dict)):
            yield from _visit_container(child, inner, seen, set())


def _visit_container(items: Any, path: str, seen: set[int], open_: set[int]) -> Iterator[tuple[str, Any]]:
    if id(items) in open_:
        return
    open_.add(id(items))
    used: dict[str, int] = {}
    for item in items.values() if isinstance(items, dict) else items:
        if _has_state(item):
            yield from _visit(item, f"{path}/{_numbered(_file_name(item), used)}", seen)
        elif isinstance(item, (list, tuple, dict)):
            yield from _visit_container(item, f"{path}/{_numbered('container', used)}", seen, open_)


def _file_name(item: Any) -> str:
    name = type(item).__name__
    return snake_case(_CLASS_NAMES.get(name, name))


def _numbered(name: str, used: dict[str, int]) -> str:
    used[name] = used.get(name, -1) + 1
    return f"{name}_{used[name]}" if used[name] else name


def _has_state(item: Any) -> bool:
    return isinstance(item, (Layer, Optimizer))


def _children(part: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(part, (Functional, Sequential)):
        yield "layers", part.layers
    names = (set(vars(part)) | _own_properties(_class_of(part))) - _common()
    if isinstance(part, Model):
        names -= _INNER | part._untracked
        names |= {"optimizer", "layers"}
    for name in sorted(names, key=lambda name: "~" + name if name.startswith("_") else name):
        if name.startswith("__"):
            continue
        try:
            child = getattr(part, name)
        except Exception:  # a property that has no value yet
            continue
        yield name, child


def _class_of(part: Any) -> Any:
    return type(part)


@functools.cache
def _common() -> frozenset[str]:
    """Attributes that every layer has."""
    return frozenset(dir(Layer(name="layer"))) | {"_variables", "_trainable_variables"}


@functools.cache
def _own_properties(cls: Any) -> frozenset[str]:
    """Public properties that a class adds to those of the base classes of layers."""
    known = {name for base in _BASES for name in dir(base)}
    found = {name for name in dir(cls) if isinstance(getattr(cls, name, None), property)}
    return frozenset(name for name in found - known if not name.startswith("_"))
