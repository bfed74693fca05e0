"""All that `fit` depends on, in one file, so that another process can go on to the same bits."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np

from axone.core.random import global_seed_generator
from axone.core.variable import Variable
from axone.saving.hdf5 import Group, open_hdf5
from axone.saving.hdf5_write import write_hdf5
from axone.saving.keras_file import read_json
from axone.saving.source import FileError, FileSource
from axone.saving.state import gather_state, read_variable, restore_state
from axone.utils.atomic import atomic_file

__all__ = ["Restored", "load_training_state", "memories", "save_training_state"]

_GROUP = "training_state"
# What a callback is told anew by every fit.
_NOT_KEPT = {"_model", "params", "companions"}


def save_training_state(
    model: Any, path: Path, callbacks: list[Any], before: list[Any], epoch: int, steps: int
) -> None:
    """Write the state between two steps.

    Args:
        model: the model, while `fit` runs.
        path: the file; weights and optimizer lie in it as in any `.weights.h5` file.
        callbacks: those whose memory is kept.
        before: `memories` of them when training began: what has not changed since is not kept.
        epoch: epoch to go on with.
        steps: steps of it that are done.
    """
    root = gather_state(model)
    group = root.group(_GROUP)
    arrays: dict[str, np.ndarray] = {}
    remembered = [
        {"class": type(callback).__name__, "attributes": _changed(_memory(callback, f"{i}", arrays), old)}
        for i, (callback, old) in enumerate(zip(callbacks, before, strict=True))
    ]
    drawn: Any = np.random.get_state(legacy=True)
    group.attrs["state"] = json.dumps(
        {
            "epoch": epoch,
            "steps": steps,
            "stopped": bool(model.stop_training),
            "position": model._train_feed.position() if model._train_feed is not None else {},
            "python": random.getstate(),
            "numpy": [drawn[0], drawn[1].tolist(), *drawn[2:]],
            "callbacks": remembered,
        }
    )
    for i, variable in enumerate(_unsaved(model)):
        group.put(f"variables/{i}", variable.view())
    for i, variable in enumerate(_metric_variables(model)):
        group.put(f"metrics/{i}", variable.view())
    for name, array in arrays.items():
        group.put(f"arrays/{name}", array)
    with atomic_file(path) as file:
        write_hdf5(root, file)


def _unsaved(model: Any) -> list[Variable]:
    """Variables that files of weights leave out: the global seed, and those of layers."""
    weights = {id(v) for v in model.weights}
    return [global_seed_generator().state, *(v for v in model.variables if id(v) not in weights)]


def _metric_variables(model: Any) -> list[Variable]:
    return [v for metric in model.metrics for v in metric.variables]


# -- callbacks -----------------------------------------------------------------------------------------------


def memories(callbacks: list[Any]) -> list[dict[str, Any]]:
    """Return what callbacks remember, so that a later look can tell what has changed."""
    return [_memory(callback, "", None) for callback in callbacks]


def _memory(callback: Any, name: str, arrays: dict[str, np.ndarray] | None) -> dict[str, Any]:
    """Attributes of a callback that are plain values; arrays go to a table of their own, if there is one."""
    kept = {}
    for key, value in vars(callback).items():
        found = _OPAQUE if key in _NOT_KEPT else _plain(value, f"{name}_{key}", arrays)
        if found is not _OPAQUE:
            kept[key] = found
    return kept


def _changed(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in now.items() if key not in before or before[key] != value}


_OPAQUE = object()


def _plain(value: Any, name: str, arrays: dict[str, np.ndarray] | None) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        if arrays is None:
            return {"array": None}
        arrays[name] = value
        return {"array": name}
    if isinstance(value, (list, tuple)):
        items = [_plain(item, f"{name}_{i}", arrays) for i, item in enumerate(value)]
        return _OPAQUE if any(item is _OPAQUE for item in items) else items
    if isinstance(value, dict) and all(isinstance(key, str) for key in value) and "array" not in value:
        found = {key: _plain(item, f"{name}_{key.replace('/', '_')}", arrays) for key, item in value.items()}
        return _OPAQUE if any(item is _OPAQUE for item in found.values()) else found
    return _OPAQUE


def _revived(value: Any, group: Group) -> Any:
    if isinstance(value, list):
        return [_revived(item, group) for item in value]
    if isinstance(value, dict):
        if set(value) == {"array"}:
            return group.dataset(f"arrays/{value['array']}").read()
        return {key: _revived(item, group) for key, item in value.items()}
    return value


# -- reading -------------------------------------------------------------------------------------------------


class Restored:
    """What was read.

    Attributes:
        epoch: epoch to go on with; beyond all epochs where training had been stopped.
    """

    def __init__(self, model: Any, epoch: int, metrics: list[np.ndarray]) -> None:
        self.epoch = epoch
        self._model, self._metrics = model, metrics

    def restore_metrics(self) -> None:
        """Set the metrics to what they were within the epoch, after `fit` has reset them."""
        own = _metric_variables(self._model)
        if self._metrics and [tuple(v.shape) for v in own] == [m.shape for m in self._metrics]:
            for variable, value in zip(own, self._metrics, strict=True):
                variable.assign(value)


def load_training_state(model: Any, path: Path, callbacks: list[Any]) -> Restored:
    """Read the state into a model, at the beginning of `fit`.

    Args:
        model: the same model as it was made and compiled before.
        path: the file.
        callbacks: the same callbacks as then.

    Raises:
        FileError: the file is damaged, or does not go with the model or the callbacks.
    """
    feed = model._train_feed
    with FileSource(path) as source:
        root = open_hdf5(source)
        group = root.group(_GROUP)
        text = group.attrs.get("state")
        if not isinstance(text, str):
            raise source.error("it holds no state of a training")
        state = read_json(text.encode(), source, "the state of the training")
        if hasattr(feed, "prepare"):
            feed.prepare()  # makes weights, optimizer and metrics, whose values are then read
        if model.optimizer is not None and model.built and not model.optimizer.built:
            model.optimizer.build(model.trainable_weights)
        restore_state(model, root, source)
        try:
            _restore_rest(model, group, state, callbacks, source.name)
            metrics = _metrics(group) if state["steps"] else []
            epoch = 1 << 30 if state["stopped"] else int(state["epoch"])
            if feed is not None and not state["stopped"]:
                feed.resume(state["position"], int(state["steps"]))
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise source.error(f"the state of the training is damaged ({error!r})") from None
    return Restored(model, epoch, metrics)


def _metrics(group: Group) -> list[np.ndarray]:
    inner = group.get("metrics")
    if not isinstance(inner, Group):
        return []
    return [inner.dataset(str(i)).read() for i in range(len(inner.keys()))]


def _restore_rest(model: Any, group: Group, state: Any, callbacks: list[Any], name: str) -> None:
    own = _unsaved(model)
    stored = group.group("variables")
    if len(stored.keys()) != len(own):
        raise FileError(f"{name}: the model has {len(own)} random generators, the file {len(stored.keys())}.")
    for i, variable in enumerate(own):
        read_variable(variable, stored.dataset(str(i)))
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, "uint32"), *rest))
    kinds = [type(callback).__name__ for callback in callbacks]
    if kinds != [memory["class"] for memory in state["callbacks"]]:
        raise FileError(
            f"{name}: the training that it continues had the callbacks "
            f"{[memory['class'] for memory in state['callbacks']]}, this one has {kinds}."
        )
    for callback, memory in zip(callbacks, state["callbacks"], strict=True):
        vars(callback).update(_revived(memory["attributes"], group))
