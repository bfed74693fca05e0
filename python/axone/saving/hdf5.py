"""Reads HDF5 files of weights with h5py: hard links, numbers and texts only, nothing outside of the file.

Files are looked through in a child process first (`hdf5_guard`), because libhdf5 may crash or hang on damaged
ones. Values go from the file straight into the array that is to hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from axone.saving.hdf5_guard import guarded
from axone.saving.source import FileError, Reader, Source

__all__ = ["Dataset", "Group", "open_hdf5"]

# What compression shrinks more than this is made up. Small datasets may be all fill value.
_MAX_EXPANSION = 1100
_FREE_BYTES = 64 << 20
_MAX_DEPTH, _MAX_OBJECTS = 64, 200_000
_FILTERS = {"gzip", "lzf", None}


def open_hdf5(source: Source) -> Group:
    """Return the root group of a file.

    Args:
        source: its bytes.

    Raises:
        FileError: it is no HDF5 file, is damaged, or uses what files of weights do not.
    """
    guarded(source, lambda: _look_through(_open(source)))
    return _open(source)


def _open(source: Source) -> Group:
    import h5py

    try:
        file = h5py.File(Reader(source), "r")
    except Exception as error:  # libhdf5's errors come as several kinds
        raise source.error(f"this is no HDF5 file, or it is damaged ({error})") from None
    return Group(source, file, "")


def _look_through(root: Group) -> None:
    """Read all there is but values that lie in one piece: those cannot be damaged but in their place."""
    count = 0
    pending: list[Group | Dataset] = [root]
    while pending:
        node = pending.pop()
        count += 1
        if count > _MAX_OBJECTS:
            raise node.error(f"it holds more than {_MAX_OBJECTS} objects")
        _ = node.attrs
        if isinstance(node, Dataset):
            node.check_pieces()
        else:
            pending += node.members()
    root.close()


class _Node:
    """A group or a dataset."""

    def __init__(self, source: Source, item: Any, path: str) -> None:
        self.source, self.path = source, path
        self._item = item
        self._attributes: dict[str, Any] | None = None

    def error(self, what: str) -> FileError:
        """Return an error that names file and object."""
        return self.source.error(f"'{self.path or '/'}': {what}")

    def _try(self, what: str, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except FileError:
            raise
        except Exception as error:  # libhdf5's errors come as several kinds
            raise self.error(f"{what} cannot be read: the file is damaged ({error})") from None

    @property
    def attrs(self) -> dict[str, Any]:
        """Attributes: numbers, strings, arrays of numbers, lists of strings."""
        if self._attributes is None:
            self._attributes = self._try(
                "its attributes",
                lambda: {_text(name): _plain(value) for name, value in self._item.attrs.items()},
            )
        return self._attributes


class Group(_Node):
    """A group: a mapping from names to groups and datasets."""

    def __init__(self, source: Source, item: Any, path: str) -> None:
        super().__init__(source, item, path)
        self._names: list[str] = self._try("its members", lambda: list(item))
        if any(name != _text(name) for name in self._names):
            raise self.error("the name of a member is no text: the file is damaged")

    def keys(self) -> list[str]:
        """Names of the members."""
        return list(self._names)

    def __contains__(self, path: str) -> bool:
        return self.get(path) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def get(self, path: str) -> Group | Dataset | None:
        """Return a member, by names joined by slashes; None where there is none."""
        node: Group | Dataset | None = self
        for name in filter(None, path.split("/")):
            node = node._member(name) if isinstance(node, Group) else None
            if node is None:
                return None
        return node

    def _member(self, name: str) -> Group | Dataset | None:
        import h5py

        if name not in self._names:
            return None
        path = f"{self.path}/{name}"
        if path.count("/") > _MAX_DEPTH:
            raise self.error("groups are nested too deeply: the file is damaged")
        link = self._try(f"member '{name}'", lambda: self._item.get(name, getlink=True))
        if not isinstance(link, h5py.HardLink):
            raise self.error(f"member '{name}' is a link to elsewhere, which is not followed")
        item = self._try(f"member '{name}'", lambda: self._item[name])
        if isinstance(item, h5py.Dataset):
            return Dataset(self.source, item, path)
        if not isinstance(item, h5py.Group):
            raise self.error(f"member '{name}' is neither a group nor an array")
        return Group(self.source, item, path)

    def members(self) -> list[Group | Dataset]:
        """Return all members."""
        return [node for name in self._names if (node := self._member(name)) is not None]

    def group(self, path: str) -> Group:
        """Return a group that must be there."""
        node = self.get(path)
        if not isinstance(node, Group):
            raise self.error(f"there is no group '{path}'; there are {sorted(self._names)[:20]}")
        return node

    def dataset(self, path: str) -> Dataset:
        """Return a dataset that must be there."""
        node = self.get(path)
        if not isinstance(node, Dataset):
            raise self.error(f"there is no dataset '{path}'; there are {sorted(self._names)[:20]}")
        return node

    def datasets(self) -> Iterator[Dataset]:
        """Yield all datasets below."""
        for node in self.members():
            if isinstance(node, Dataset):
                yield node
            else:
                yield from node.datasets()

    def close(self) -> None:
        """Close the file; of its root group only."""
        self._item.close()


class Dataset(_Node):
    """An array in the file.

    Attributes:
        shape: its shape.
        dtype: NumPy dtype of what `read` gives.
    """

    def __init__(self, source: Source, item: Any, path: str) -> None:
        super().__init__(source, item, path)
        shape = self._try("its shape", lambda: item.shape)
        if shape is None:
            raise self.error("it holds no values")
        self.shape: tuple[int, ...] = shape
        dtype = self._try("its type", lambda: item.dtype)
        # Keras writes bfloat16, the upper half of a float32, as two bytes without a meaning.
        self._halves = dtype == np.dtype("V2")
        if self._halves:
            dtype = np.dtype("float32")
        if dtype.kind not in "fiub" or dtype.itemsize > 8:
            raise self.error(f"it holds {'texts' if dtype.kind in 'OS' else dtype}, not numbers")
        self.dtype: np.dtype[Any] = dtype.newbyteorder("=")
        self._check_place()

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize

    def _check_place(self) -> None:
        """Values lie in this file, and are not more than it can hold."""
        item = self._item
        if self._try("its place", lambda: bool(item.external)):
            raise self.error("its values lie in another file, which is not read")
        if self._try("its place", lambda: bool(item.is_virtual)):
            raise self.error("its values are put together from others, which is not read")
        if self.nbytes > max(_FREE_BYTES, self.source.size * _MAX_EXPANSION):
            raise self.error(f"it claims the shape {self.shape}, far more than the file can hold")
        chunks = self._try("its layout", lambda: item.chunks)
        if chunks is None:
            offset = self._try("its place", lambda: item.id.get_offset())
            if offset is not None and offset + self._stored() > self.source.size:
                raise self.error(f"its {self._stored()} bytes do not all lie in the file: it is cut off")
        elif int(np.prod(chunks, dtype=object)) * self.dtype.itemsize > max(_FREE_BYTES, 64 * self.nbytes):
            raise self.error(f"its pieces claim the shape {chunks}")
        if self._try("its compression", lambda: item.compression) not in _FILTERS:
            raise self.error(f"its compression '{item.compression}' is not known")

    def _stored(self) -> int:
        """Bytes that the values take in the file."""
        return int(np.prod(self.shape, dtype=object)) * int(self._item.id.get_type().get_size())

    def check_pieces(self) -> None:
        """Read values that lie in pieces, piece by piece."""
        if self._item.chunks is not None and self.nbytes:
            self._try("its pieces", lambda: [self._item[place].size for place in self._item.iter_chunks()])

    def read(self) -> np.ndarray:
        """Return the values as a new array."""
        values = np.empty(self.shape, self.dtype)
        self.read_into(values)
        return values

    def read_into(self, target: np.ndarray) -> None:
        """Write the values into an array, cast to its dtype.

        Args:
            target: array of this shape, contiguous in C order.

        Raises:
            FileError: the values are not all there.
        """
        if target.shape != self.shape or not target.flags.c_contiguous:
            raise self.error(f"its shape is {self.shape}, that of the target {target.shape}")
        if target.size == 0:
            return
        if self._halves:
            halves = np.asarray(self._try("its values", lambda: self._item[()])).view("uint16")
            target[...] = (halves.astype("uint32") << 16).view("float32")
        elif target.dtype == self.dtype and target.ndim:
            self._try("its values", lambda: self._item.read_direct(target))
        else:
            target[...] = self._try("its values", lambda: self._item[()])


def _text(value: Any) -> Any:
    if isinstance(value, str):  # what is no UTF-8 arrives as surrogates, which nothing else takes
        value = value.encode("utf-8", "surrogateescape")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _plain(value: Any) -> Any:
    """An attribute's value: texts as `str`, empty ones as None."""
    import h5py

    if isinstance(value, h5py.Empty):
        return None
    if isinstance(value, np.ndarray) and value.dtype.kind in "SO":
        return [_text(v) for v in value.reshape(-1).tolist()]
    return _text(value)
