"""Writes HDF5 files of weights with h5py, in the form that every version of libhdf5 reads."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

__all__ = ["NewGroup", "write_hdf5"]

# Attributes end at 64 KB; longer lists are cut into several.
_ATTRIBUTE_BYTES = 60_000


class Stream(Protocol):
    """What the file is written to."""

    def write(self, data: Any, /) -> Any: ...


class NewDataset:
    """An array to be written.

    Args:
        values: the array; it is read when the file is written.
        attrs: attributes.
    """

    def __init__(self, values: np.ndarray, attrs: dict[str, Any] | None = None) -> None:
        self.values = values
        self.attrs = dict(attrs or {})


class NewGroup:
    """A group to be written.

    Attributes:
        attrs: attributes: numbers, strings, lists of strings.
        members: groups and datasets by name.
    """

    def __init__(self) -> None:
        self.attrs: dict[str, Any] = {}
        self.members: dict[str, NewGroup | NewDataset] = {}

    def group(self, path: str) -> NewGroup:
        """Return the group at a path of names joined by slashes, made where it is missing."""
        node = self
        for name in filter(None, path.split("/")):
            inner = node.members.setdefault(name, NewGroup())
            if not isinstance(inner, NewGroup):
                raise ValueError(f"'{path}' cannot be a group: '{name}' is an array.")
            node = inner
        return node

    def put(self, path: str, values: np.ndarray, attrs: dict[str, Any] | None = None) -> None:
        """Add an array at a path; it is not copied."""
        folder, _, name = path.rpartition("/")
        group = self.group(folder)
        if name in group.members:
            raise ValueError(f"'{path}' stands in the file already: two weights have one name.")
        group.members[name] = NewDataset(values, attrs)


def write_hdf5(root: NewGroup, out: Stream, folder: Any = None) -> None:
    """Write a file.

    Args:
        root: its root group.
        out: what is written to: an empty file that can be read too, or anything with `write`. HDF5 is not
            written from first byte to last, so that the latter gets a copy of a temporary file.
        folder: where that one lies; None lets the system choose.

    Raises:
        ValueError: a dtype that files do not know.
        OSError: the disk is full.
    """
    if isinstance(out, io.BufferedRandom):
        _write(root, out)
        return
    with tempfile.TemporaryFile(dir=folder) as scratch:
        _write(root, scratch)
        scratch.seek(0)
        shutil.copyfileobj(scratch, out, 1 << 22)


def _write(root: NewGroup, out: Any) -> None:
    import h5py

    with h5py.File(out, "w") as file:
        _write_group(file, root)


def _write_group(item: Any, group: NewGroup) -> None:
    _write_attributes(item, group.attrs)
    for name, member in group.members.items():
        if isinstance(member, NewGroup):
            _write_group(item.create_group(name), member)
            continue
        if member.values.dtype.kind not in "fiub" or member.values.dtype.itemsize > 8:
            raise ValueError(f"Arrays of dtype {member.values.dtype} cannot be written to a file of weights.")
        _write_attributes(item.create_dataset(name, data=member.values), member.attrs)


def _write_attributes(item: Any, attrs: dict[str, Any]) -> None:
    for name, value in _split(attrs):
        if isinstance(value, list):
            item.attrs[name] = np.array([text.encode() for text in value], dtype="S" if value else "S1")
        else:
            item.attrs[name] = value


def _split(attrs: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Lists too long for one attribute as `name0`, `name1`, ..., which is what Keras does."""
    for name, value in attrs.items():
        if isinstance(value, list):
            width = max((len(text.encode()) for text in value), default=1)
            each = max(1, _ATTRIBUTE_BYTES // max(1, width))
            if len(value) > each:
                parts = [value[i : i + each] for i in range(0, len(value), each)]
                yield from ((f"{name}{i}", part) for i, part in enumerate(parts))
                continue
        yield name, value
