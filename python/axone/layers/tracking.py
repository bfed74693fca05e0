"""Finds the variables, sublayers, metrics and seed generators that a layer holds in its attributes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, SupportsIndex

from axone.core.random import SeedGenerator
from axone.core.variable import Variable


def _is_metric(value: Any) -> bool:
    # No metric can exist before its module is imported; looking it up keeps layers free of that import.
    module = sys.modules.get("axone.metrics.metric")
    return module is not None and isinstance(value, module.Metric)


def _append_once(store: list[Any], value: Any) -> None:
    if not any(item is value for item in store):
        store.append(value)


def _remove(store: list[Any], value: Any) -> None:
    store[:] = [item for item in store if item is not value]


class Tracker:
    """Lists of what a layer owns, in the order in which it was attached.

    Variables are split by whether they were trainable when attached; freezing them later does not move them,
    so that the order of a layer's weights never changes.
    """

    def __init__(self) -> None:
        self.trainable_variables: list[Variable] = []
        self.non_trainable_variables: list[Variable] = []
        self.layers: list[Any] = []
        self.metrics: list[Any] = []
        self.seed_generators: list[SeedGenerator] = []
        self._paused = 0

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Within this context attributes are stored as they are and nothing is tracked."""
        self._paused += 1
        try:
            yield
        finally:
            self._paused -= 1

    def _store_of(self, value: Any) -> list[Any] | None:
        if isinstance(value, Variable):
            for store in (self.trainable_variables, self.non_trainable_variables):
                if any(item is value for item in store):
                    return store
            return self.trainable_variables if value.trainable else self.non_trainable_variables
        if getattr(value, "_is_axone_layer", False) and not isinstance(value, type):
            return self.layers
        if isinstance(value, SeedGenerator):
            return self.seed_generators
        return self.metrics if _is_metric(value) else None

    def track(self, value: Any) -> Any:
        """Take note of `value`, and of what it contains; returns what the attribute should hold."""
        if self._paused:
            return value
        if isinstance(value, (TrackedList, TrackedDict)):
            return value if value.tracker is self else type(value)(value, self)
        if type(value) is list:
            return TrackedList(value, self)
        if type(value) is dict:
            return TrackedDict(value, self)
        if isinstance(value, tuple):
            for item in value:
                self.track(item)
            return value
        store = self._store_of(value)
        if store is not None:
            _append_once(store, value)
        return value

    def untrack(self, value: Any) -> None:
        """Forget `value`, and what it contains."""
        if isinstance(value, dict):
            value = tuple(value.values())
        if isinstance(value, (list, tuple)):
            for item in value:
                self.untrack(item)
            return
        store = self._store_of(value)
        if store is not None:
            _remove(store, value)


class TrackedList(list[Any]):
    """A list in a layer's attribute; what is put in is tracked."""

    def __init__(self, values: Iterable[Any] = (), tracker: Tracker | None = None) -> None:
        self.tracker = tracker or Tracker()
        super().__init__(self.tracker.track(value) for value in values)

    def append(self, value: Any) -> None:
        super().append(self.tracker.track(value))

    def insert(self, index: SupportsIndex, value: Any) -> None:
        super().insert(index, self.tracker.track(value))

    def extend(self, values: Iterable[Any]) -> None:
        super().extend(self.tracker.track(value) for value in values)

    def __iadd__(self, values: Iterable[Any]) -> TrackedList:  # type: ignore[misc]
        self.extend(values)
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        self.tracker.untrack(self[index])
        if isinstance(index, slice):
            value = [self.tracker.track(item) for item in value]
        else:
            value = self.tracker.track(value)
        super().__setitem__(index, value)
        self._retrack()

    def __delitem__(self, index: Any) -> None:
        self.tracker.untrack(self[index])
        super().__delitem__(index)
        self._retrack()

    def pop(self, index: SupportsIndex = -1) -> Any:
        value = super().pop(index)
        self.tracker.untrack(value)
        self._retrack()
        return value

    def remove(self, value: Any) -> None:
        super().remove(value)
        self.tracker.untrack(value)
        self._retrack()

    def clear(self) -> None:
        self.tracker.untrack(list(self))
        super().clear()

    def _retrack(self) -> None:
        # The same layer may stand in the list twice.
        for value in self:
            self.tracker.track(value)

    def __reduce__(self) -> Any:
        return (type(self), (list(self), self.tracker))


class TrackedDict(dict[Any, Any]):
    """A dict in a layer's attribute; what is put in is tracked."""

    def __init__(self, values: Any = (), tracker: Tracker | None = None) -> None:
        self.tracker = tracker or Tracker()
        super().__init__({key: self.tracker.track(value) for key, value in dict(values).items()})

    def __setitem__(self, key: Any, value: Any) -> None:
        if key in self:
            self.tracker.untrack(self[key])
        super().__setitem__(key, self.tracker.track(value))

    def __delitem__(self, key: Any) -> None:
        self.tracker.untrack(self[key])
        super().__delitem__(key)

    def update(self, *args: Any, **kwargs: Any) -> None:
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: Any, *default: Any) -> Any:
        value = super().pop(key, *default)
        self.tracker.untrack(value)
        return value

    def popitem(self) -> tuple[Any, Any]:
        key, value = super().popitem()
        self.tracker.untrack(value)
        return key, value

    def clear(self) -> None:
        self.tracker.untrack(list(self.values()))
        super().clear()

    def __reduce__(self) -> Any:
        return (type(self), (dict(self), self.tracker))
