"""Reads HDF5 files of weights: bounded in memory and time, whatever the bytes.

Written anew rather than through libhdf5, which crashes and hangs on damaged files. Values go from the file
straight into the array that is to hold them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from axone.saving.hdf5_objects import Chunk, Message, Structure
from axone.saving.hdf5_types import DataType, Space, parse_space, parse_type
from axone.saving.source import FileError, Source

__all__ = ["Dataset", "Group", "open_hdf5"]

_SPACE, _TYPE, _LINK, _FILES, _LAYOUT, _FILTERS, _ATTRIBUTE, _TABLE = 1, 3, 6, 7, 8, 11, 12, 17
_LINK_INFO, _ATTRIBUTE_INFO = 2, 21
_UNDEFINED = (1 << 64) - 1
_DEFLATE, _SHUFFLE, _CHECKSUM = 1, 2, 3
# Deflate shrinks by 1032 at most; what claims more is made up. Small datasets may be all fill value.
_MAX_EXPANSION = 1100
_FREE_BYTES = 64 << 20


def open_hdf5(source: Source) -> Group:
    """Return the root group of a file.

    Args:
        source: its bytes.

    Raises:
        FileError: it is no HDF5 file, or uses what files of weights do not.
    """
    structure = Structure(source)
    return Group(structure, structure.root, "")


class _Node:
    """A group or a dataset."""

    def __init__(self, structure: Structure, address: int, path: str) -> None:
        self._structure = structure
        self.path = path
        self._messages = structure.messages(address)
        self._attributes: dict[str, Any] | None = None

    def error(self, what: str, offset: int | None = None) -> FileError:
        """Return an error that names file and object."""
        return self._structure.error(f"'{self.path or '/'}': {what}", offset)

    @property
    def attrs(self) -> dict[str, Any]:
        """Attributes: numbers, strings, arrays of numbers, lists of strings."""
        if self._attributes is None:
            found = {}
            for message in self._messages:
                if message.kind == _ATTRIBUTE:
                    name, value = self._attribute(message)
                    found[name] = value
                elif message.kind == _ATTRIBUTE_INFO and not _is_absent(message.data, 2, 8):
                    raise self.error("attributes in HDF5's dense form are not read", message.offset)
            self._attributes = found
        return self._attributes

    def _first(self, kind: int) -> Message | None:
        return next((message for message in self._messages if message.kind == kind), None)

    def _attribute(self, message: Message) -> tuple[str, Any]:
        data, at = message.data, message.offset
        if len(data) < 8 or data[0] not in (1, 2, 3) or (data[0] > 1 and data[1] & 3):
            raise self.error("an attribute is damaged, or of an unknown form", at)
        sizes = struct.unpack_from("<HHH", data, 2)
        places, start = [], 9 if data[0] == 3 else 8
        for size in sizes:
            places.append((start, start + size))
            start += (size + 7) // 8 * 8 if data[0] == 1 else size
        if start > len(data) + 7:
            raise self.error("an attribute is cut off", at)
        name, kind, space = (data[a:b] for a, b in places)
        label = Structure.text(name.split(b"\0")[0])

        def fail(what: str) -> FileError:
            return self.error(f"attribute '{label}': {what}", at)

        return label, self._value(parse_type(kind, fail), parse_space(space, fail), data[start:], at)

    def _value(self, kind: DataType, space: Space, data: bytes, at: int) -> Any:
        if space.empty:
            return None
        if space.count * kind.size > len(data) or (kind.kind == "text" and kind.size != 16):
            raise self.error("an attribute is cut off", at)
        if kind.kind == "text":
            parts = [data[i * 16 : i * 16 + 16] for i in range(space.count)]
            texts = [Structure.text(self._structure.heap_text(part, at)) for part in parts]
            return texts if space.shape else texts[0]
        values = np.frombuffer(data, kind.dtype, space.count).reshape(space.shape)
        if kind.kind == "string":
            decoded = [Structure.text(v.split(b"\0")[0]) for v in values.reshape(-1).tolist()]
            return decoded if space.shape else decoded[0]
        return _plain(values, kind) if space.shape else _plain(values, kind)[()]


class Group(_Node):
    """A group: a mapping from names to groups and datasets."""

    def __init__(self, structure: Structure, address: int, path: str) -> None:
        super().__init__(structure, address, path)
        self._entries: dict[str, int] = {}
        for message in self._messages:
            if message.kind == _TABLE:
                self._entries.update(structure.table_entries(message))
            elif message.kind == _LINK:
                name, header = structure.link_entry(message)
                self._entries[name] = header
            elif message.kind == _LINK_INFO:
                data = message.data
                if not _is_absent(data, 2 + (8 if len(data) > 1 and data[1] & 1 else 0), 8):
                    raise self.error("groups in HDF5's dense form are not read", message.offset)

    def keys(self) -> list[str]:
        """Names of the members."""
        return list(self._entries)

    def __contains__(self, path: str) -> bool:
        return self.get(path) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def get(self, path: str) -> Group | Dataset | None:
        """Return a member, by names joined by slashes; None where there is none."""
        node: Group | Dataset | None = self
        for name in path.split("/"):
            if not name:
                continue
            node = node._member(name) if isinstance(node, Group) else None
            if node is None:
                return None
        return node

    def _member(self, name: str) -> Group | Dataset | None:
        address = self._entries.get(name)
        if address is None:
            return None
        path = f"{self.path}/{name}"
        if path.count("/") > 64:
            raise self.error("groups are nested too deeply: the file is damaged")
        kind = Dataset if self._is_dataset(address) else Group
        return kind(self._structure, address, path)

    def _is_dataset(self, address: int) -> bool:
        return any(message.kind == _LAYOUT for message in self._structure.messages(address))

    def group(self, path: str) -> Group:
        """Return a group that must be there."""
        node = self.get(path)
        if not isinstance(node, Group):
            raise self.error(f"there is no group '{path}'; there are {sorted(self._entries)[:20]}")
        return node

    def dataset(self, path: str) -> Dataset:
        """Return a dataset that must be there."""
        node = self.get(path)
        if not isinstance(node, Dataset):
            raise self.error(f"there is no dataset '{path}'; there are {sorted(self._entries)[:20]}")
        return node

    def datasets(self) -> Iterator[Dataset]:
        """Yield all datasets below."""
        for name in self._entries:
            node = self._member(name)
            if isinstance(node, Dataset):
                yield node
            elif node is not None:
                yield from node.datasets()


class Dataset(_Node):
    """An array in the file.

    Attributes:
        shape: its shape.
        dtype: NumPy dtype of what `read` gives.
    """

    def __init__(self, structure: Structure, address: int, path: str) -> None:
        super().__init__(structure, address, path)
        kind, space, layout = self._first(_TYPE), self._first(_SPACE), self._first(_LAYOUT)
        if kind is None or space is None or layout is None:
            raise self.error("it has no type, shape or place: the file is damaged")
        if self._first(_FILES) is not None:
            raise self.error("its values lie in another file, which is not read")
        self._kind = parse_type(kind.data, lambda what: self.error(what, kind.offset))
        self._space = parse_space(space.data, lambda what: self.error(what, space.offset))
        self._layout = layout
        if self._kind.dtype is None:
            raise self.error("it holds texts, not numbers")
        self._stored: np.dtype[Any] = self._kind.dtype
        self.shape = self._space.shape
        self.dtype = _native(self._kind)

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        return self._space.count * self.dtype.itemsize

    def read(self) -> np.ndarray:
        """Return the values as a new array."""
        self._check_claim()
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
        self._check_claim()
        if target.dtype == self._stored and self._kind.kind != "bfloat16":
            self._fill(target)
        else:
            stored = np.empty(self.shape, self._stored)
            self._fill(stored)
            target[...] = _plain(stored, self._kind)

    def _check_claim(self) -> None:
        limit = max(_FREE_BYTES, self._structure.source.size * _MAX_EXPANSION)
        if self._space.count * self._stored.itemsize > limit:
            raise self.error(f"it claims the shape {self.shape}, far more than the file can hold")

    def _fill(self, target: np.ndarray) -> None:
        data, at = self._layout.data, self._layout.offset
        if len(data) < 4 or data[0] not in (3, 4):
            raise self.error(f"version {data[0] if data else '?'} of its layout is not known", at)
        need, raw = target.nbytes, target.reshape(-1).view(np.uint8)
        if need == 0:
            return
        if data[1] == 0:
            (size,) = struct.unpack_from("<H", data, 2)
            if size < need or len(data) < 4 + need:
                raise self.error("its values are cut off", at)
            raw[:] = np.frombuffer(data, np.uint8, need, 4)
        elif data[1] == 1 and len(data) >= 18:
            address, size = struct.unpack_from("<QQ", data, 2)
            if address == _UNDEFINED:
                raw[:] = 0
                return
            if size < need:
                raise self.error(f"its values take {need} bytes, the file has room for {size}", at)
            structure = self._structure
            structure.source.read_into(structure._base + address, memoryview(raw.data), f"'{self.path}'")
        elif data[1] == 2 and data[0] == 3:
            self._fill_chunks(target)
        else:
            raise self.error("the layout of its values is not read", at)

    # -- pieces --------------------------------------------------------------------------------------------

    def _fill_chunks(self, target: np.ndarray) -> None:
        data, at, rank = self._layout.data, self._layout.offset, len(self.shape)
        if data[2] != rank + 1 or len(data) < 11 + 4 * (rank + 1):
            raise self.error("its layout is damaged", at)
        (tree,) = struct.unpack_from("<Q", data, 3)
        piece = struct.unpack_from(f"<{rank}I", data, 11)
        size = int(np.prod(piece, dtype=object)) * self._stored.itemsize
        if 0 in piece or size > max(_FREE_BYTES, target.nbytes * 64):
            raise self.error(f"its pieces claim the shape {piece}", at)
        target[...] = 0
        if tree == _UNDEFINED:
            return
        filters = self._filters()
        for chunk in self._structure.chunks(tree, rank):
            if any(p % s or p >= n for p, s, n in zip(chunk.place, piece, self.shape, strict=True)):
                raise self.error(f"a piece lies at {chunk.place}, outside of its shape", at)
            values = self._piece(chunk, filters, size).reshape(piece)
            places = tuple(
                slice(p, min(p + s, n)) for p, s, n in zip(chunk.place, piece, self.shape, strict=True)
            )
            target[places] = values[tuple(slice(0, s.stop - s.start) for s in places)]

    def _piece(self, chunk: Chunk, filters: list[int], size: int) -> np.ndarray:
        data = self._structure.read(chunk.offset, chunk.size, f"a piece of '{self.path}'")
        for i, kind in reversed(list(enumerate(filters))):
            if chunk.skipped_filters >> i & 1:
                continue
            if kind == _DEFLATE:
                data = self._inflated(data, size, chunk.offset)
            elif kind == _CHECKSUM:
                data = data[:-4]
            else:
                width = self._stored.itemsize
                whole = len(data) // width * width
                moved = np.frombuffer(data[:whole], np.uint8).reshape(width, -1).T.tobytes()
                data = moved + data[whole:]
        if len(data) != size:
            raise self.error(f"a piece holds {len(data)} bytes instead of {size}", chunk.offset)
        return np.frombuffer(data, self._stored)

    def _inflated(self, data: bytes, size: int, offset: int) -> bytes:
        try:
            return zlib.decompressobj().decompress(data, size + 64)
        except zlib.error as error:
            raise self.error(f"a compressed piece is damaged ({error})", offset) from None

    def _filters(self) -> list[int]:
        message = self._first(_FILTERS)
        if message is None:
            return []
        data, found, at = message.data, [], 8 if message.data[:1] == b"\1" else 2
        for _ in range(data[1] if len(data) > 1 else 0):
            if len(data) < at + 8:
                raise self.error("its filters are damaged", message.offset)
            old = data[0] == 1
            (kind,) = struct.unpack_from("<H", data, at)
            if kind not in (_DEFLATE, _SHUFFLE, _CHECKSUM):
                raise self.error(f"filter {kind} of HDF5 is not known", message.offset)
            name = struct.unpack_from("<H", data, at + 2)[0] if old else 0
            at += 8 if old else 6
            (values,) = struct.unpack_from("<H", data, at - 2)
            at += (name + 7) // 8 * 8 + 4 * (values + (values % 2 if old else 0))
            found.append(kind)
        return found


def _native(kind: DataType) -> np.dtype[Any]:
    if kind.kind == "bfloat16":
        return np.dtype("float32")
    if kind.kind == "bool":
        return np.dtype("bool")
    return np.dtype("uint8") if kind.dtype is None else np.dtype(kind.dtype.newbyteorder("="))


def _plain(values: np.ndarray, kind: DataType) -> np.ndarray:
    """Values in a dtype that NumPy has."""
    if kind.kind == "bfloat16":  # the upper half of a float32
        return (values.astype("uint32") << 16).view("float32")
    return values.astype(_native(kind), copy=False)


def _is_absent(data: bytes, at: int, width: int) -> bool:
    return len(data) < at + width or data[at : at + width] == b"\xff" * width
