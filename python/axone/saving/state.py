"""The state of a model to files and back, part by part."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from axone.core.tensor import Tensor
from axone.core.variable import Variable
from axone.layers.state import LayerState
from axone.optimizers.optimizer import Optimizer
from axone.saving.hdf5 import Dataset, Group
from axone.saving.hdf5_write import NewGroup
from axone.saving.saveables import saveables
from axone.saving.source import FileError, Source

__all__ = ["gather_state", "restore_state"]


def as_array(value: Any) -> np.ndarray:
    """Return a value as an array that can be written; a variable's is its own memory."""
    if isinstance(value, Variable):
        return value.view()
    return value.numpy() if isinstance(value, Tensor) else np.asarray(value)


class _NewStore:
    """What `save_own_variables` writes to."""

    def __init__(self, root: NewGroup, path: str) -> None:
        self._root, self._path = root, path

    def __setitem__(self, name: str, value: Any) -> None:
        self._root.put(f"{self._path}/{name}", as_array(value))


class _Store:
    """What `load_own_variables` reads from: a mapping of names to arrays."""

    def __init__(self, group: Group | None) -> None:
        self._group = group

    def keys(self) -> list[str]:
        return self._group.keys() if self._group is not None else []

    def __len__(self) -> int:
        return len(self.keys())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: str) -> bool:
        return name in self.keys()

    def dataset(self, name: str) -> Dataset:
        if self._group is None:
            raise KeyError(name)
        return self._group.dataset(name)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self:
            raise KeyError(name)
        return self.dataset(name).read()


def gather_state(model: Any, assets: Path | None = None, skip: Any = ()) -> NewGroup:
    """Return the weights, and the optimizer's state, as the contents of a file.

    Args:
        model: the model; its arrays are read when the file is written.
        assets: folder for what is no array, such as vocabularies; None leaves it out.
        skip: parts that are left out.
    """
    root = NewGroup()
    for path, part in saveables(model, skip):
        place = f"{path}/vars" if path else "vars"
        group = root.group(place)
        if isinstance(getattr(part, "name", None), str):
            group.attrs["name"] = part.name
        part.save_own_variables(_NewStore(root, place))
        if assets is not None and hasattr(part, "save_assets"):
            folder = assets / path
            folder.mkdir(parents=True, exist_ok=True)
            part.save_assets(str(folder))
    return root


def restore_state(
    model: Any,
    root: Group,
    source: Source,
    assets: Path | None = None,
    skip_mismatch: bool = False,
    skip: Any = (),
) -> None:
    """Read the weights, and the optimizer's state, into a model.

    Args:
        model: the model, built.
        root: root group of the file.
        source: the file, for messages.
        assets: folder that `gather_state` filled, if any.
        skip_mismatch: warn of parts that do not fit, and leave them as they are.
        skip: parts that are left out.

    Raises:
        FileError: a part does not fit what the file holds for it.
    """
    find = _finder(root)
    failures: list[tuple[Any, str]] = []
    for path, part in saveables(model, skip):
        try:
            _restore_part(part, _Store(find(path)))
            if assets is not None and hasattr(part, "load_assets") and (assets / path).is_dir():
                part.load_assets(str(assets / path))
        except FileError:
            raise
        except (ValueError, KeyError, TypeError, IndexError, OSError) as error:
            reason = f"no entry {error}" if isinstance(error, KeyError) else str(error)
            failures.append((part, f"'{path or 'the model'}': {reason}"))
    if failures:
        names = ", ".join(f"'{getattr(part, 'name', part)}'" for part, _ in failures[:10])
        message = f"{source.name}: {len(failures)} part(s) of the model do not fit the file: {names}. "
        message += f"The first: {failures[0][1]}"
        if not skip_mismatch:
            raise FileError(message)
        warnings.warn(f"{message} They keep their values.", stacklevel=4)


def _restore_part(part: Any, store: _Store) -> None:
    if isinstance(part, Optimizer) and not (part.built and len(store)):
        return
    if type(part).load_own_variables is not LayerState.load_own_variables:
        if len(store) or part.variables:
            part.load_own_variables(store)
    else:
        own = part._own_weights()
        if [place for place in store if not place.isdigit()] or len(store) != len(own):
            part.load_own_variables(store)  # says what is wrong
        for place, variable in enumerate(own):
            read_variable(variable, store.dataset(str(place)))
    if hasattr(part, "finalize_state") and len(store):
        part.finalize_state()


def read_variable(variable: Variable, dataset: Dataset) -> None:
    """Read a dataset straight into a variable's memory.

    Raises:
        ValueError: the shapes differ.
    """
    if tuple(variable.shape) != dataset.shape:
        raise ValueError(
            f"weight '{variable.path}' has shape {tuple(variable.shape)}, in the file it has {dataset.shape}"
        )
    with variable.memory() as memory:
        dataset.read_into(memory)


def _finder(root: Group) -> Any:
    """A function from a part's path to the group of its arrays, in Keras's present and older layouts."""
    old = "_layer_checkpoint_dependencies" in root

    def find(path: str) -> Group | None:
        candidates = [path]
        if old:
            candidates.append(path.replace("layers", "_layer_checkpoint_dependencies"))
        names = path.split("/")
        for i, name in enumerate(names):  # Keras 3.0 to 3.2: _query_dense, and so on
            if i == len(names) - 1 and not name.startswith("_"):
                candidates.append("/".join([*names[:i], f"_{name}"]))
        for candidate in candidates:
            found = root.get(f"{candidate}/vars" if candidate else "vars")
            if isinstance(found, Group):
                return found
        return None

    return find
