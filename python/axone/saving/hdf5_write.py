"""Writes HDF5 files of weights, from first byte to last: in the form that every version of libhdf5 reads.

After "HDF5 File Format Specification Version 3.0", The HDF Group: superblock 0, groups as symbol tables,
contiguous values. All sizes are known before, so that the file is one stream, which may go into an archive,
and values go out from where they lie in memory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

__all__ = ["NewGroup", "write_hdf5"]

_UNDEFINED = (1 << 64) - 1
_LEAF_ENTRIES = 8  # twice the leaf rank 4 of the superblock
_VARIABLE_TEXT = bytes.fromhex("19010100 10000000 10000000 01000000 00000800".replace(" ", "")) + bytes(4)
# Texts in attributes up to this size stand in the header, longer ones in a heap: a message ends at 64 KB.
_INLINE = 60_000


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


class _Block:
    """Bytes with a place in the file; they are made when all places are known."""

    def __init__(self, size: int, data: bytes | np.ndarray | None = None) -> None:
        self.size = size
        self.data = data
        self.address = 0


class _Layout:
    """Gives every block its place."""

    def __init__(self, root: NewGroup) -> None:
        self.blocks: list[_Block] = []
        self.end = 0
        largest = max((len(group.members) for group in _groups(root)), default=0)
        self.rank = max(16, -(-largest // (2 * _LEAF_ENTRIES)))
        superblock = self.add(96)
        header, tree, heap = self.group(root)
        superblock.data = self._superblock(header, tree, heap)

    def add(self, size: int, data: bytes | np.ndarray | None = None) -> _Block:
        block = _Block(size, data)
        block.address = self.end
        self.end += (size + 7) // 8 * 8
        self.blocks.append(block)
        return block

    def _superblock(self, header: _Block, tree: _Block, heap: _Block) -> bytes:
        head = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0])
        head += struct.pack("<HHI", _LEAF_ENTRIES // 2, self.rank, 0)
        head += struct.pack("<4Q", 0, _UNDEFINED, self.end, _UNDEFINED)
        return head + struct.pack("<QQII2Q", 0, header.address, 1, 0, tree.address, heap.address)

    def group(self, group: NewGroup) -> tuple[_Block, _Block, _Block]:
        names = sorted(group.members, key=lambda name: name.encode())
        offsets, texts = _name_heap(names)
        tree = self.add(24 + 8 * (2 * self.rank + 1) + 8 * 2 * self.rank)
        heap = self.add(32)
        segment = self.add(len(texts), texts)
        heap.data = b"HEAP" + bytes(4) + struct.pack("<3Q", len(texts), 1, segment.address)
        symbols = struct.pack("<2Q", tree.address, heap.address)
        header = self._header([(0x11, symbols), *self._attributes(group.attrs)])
        leaves = [names[i : i + _LEAF_ENTRIES] for i in range(0, len(names), _LEAF_ENTRIES)]
        nodes = [self.add(8 + 40 * _LEAF_ENTRIES) for _ in leaves]
        for leaf, node in zip(leaves, nodes, strict=True):
            node.data = b"SNOD" + struct.pack("<BBH", 1, 0, len(leaf))
            for name in leaf:
                member = group.members[name]
                inner = self.group(member)[0] if isinstance(member, NewGroup) else self.dataset(member)
                node.data += struct.pack("<QQII16x", offsets[name], inner.address, 0, 0)
        keys = b"TREE" + struct.pack("<BBHQQQ", 0, 0, len(nodes), _UNDEFINED, _UNDEFINED, 0)
        for leaf, node in zip(leaves, nodes, strict=True):
            keys += struct.pack("<QQ", node.address, offsets[leaf[-1]])
        tree.data = keys
        return header, tree, heap

    def dataset(self, dataset: NewDataset) -> _Block:
        values = dataset.values
        place = self.add(values.nbytes, values)
        address = place.address if values.nbytes else _UNDEFINED
        return self._header(
            [
                (0x1, _space(values.shape)),
                (0x3, _type(values.dtype)),
                (0x5, bytes([2, 2, 2, 0, 0, 0, 0, 0])),
                (0x8, struct.pack("<BBQQ", 3, 1, address, values.nbytes)),
                *self._attributes(dataset.attrs),
            ]
        )

    def _header(self, messages: list[tuple[int, bytes]]) -> _Block:
        body = b""
        for kind, data in messages:
            data = _padded(data)
            body += struct.pack("<HHB3x", kind, len(data), 0) + data
        head = struct.pack("<BBHII4x", 1, 0, len(messages), 1, len(body))
        return self.add(len(head) + len(body), head + body)

    # -- attributes ----------------------------------------------------------------------------------------

    def _attributes(self, attrs: dict[str, Any]) -> list[tuple[int, bytes]]:
        return [(0xC, self._attribute(name, value)) for name, value in _split(attrs)]

    def _attribute(self, name: str, value: Any) -> bytes:
        label = name.encode() + b"\0"
        if isinstance(value, str):
            kind, space, data = _VARIABLE_TEXT[:20], _space(()), self._text(value.encode())
        elif isinstance(value, list):
            array = np.array([text.encode() for text in value], dtype="S" if value else "S1")
            kind, space, data = _type(array.dtype), _space(array.shape), array.tobytes()
        else:
            array = np.asarray(value)
            kind, space, data = _type(array.dtype), _space(array.shape), array.tobytes()
        head = struct.pack("<BBHHH", 1, 0, len(label), len(kind), len(space))
        return head + _padded(label) + _padded(kind) + _padded(space) + data

    def _text(self, data: bytes) -> bytes:
        """Put a text into a heap of its own; returns the reference."""
        used = 16 + 16 + (len(data) + 7) // 8 * 8
        size = max(4096, used + 16)
        heap = b"GCOL" + bytes([1, 0, 0, 0]) + struct.pack("<Q", size)
        heap += struct.pack("<HHIQ", 1, 1, 0, len(data)) + _padded(data)
        heap += struct.pack("<HHIQ", 0, 0, 0, size - used)
        block = self.add(size, heap)
        return struct.pack("<IQI", len(data), block.address, 1)


def _groups(group: NewGroup) -> Iterator[NewGroup]:
    yield group
    for member in group.members.values():
        if isinstance(member, NewGroup):
            yield from _groups(member)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)


def _name_heap(names: list[str]) -> tuple[dict[str, int], bytes]:
    """Names behind each other, each at a multiple of 8; the empty name comes first."""
    offsets, texts = {}, bytearray(8)
    for name in names:
        offsets[name] = len(texts)
        texts += _padded(name.encode() + b"\0")
    return offsets, bytes(texts)


def _split(attrs: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Lists too long for one attribute as `name0`, `name1`, ..., which is what Keras does."""
    for name, value in attrs.items():
        if isinstance(value, list):
            width = max((len(text.encode()) for text in value), default=1)
            each = max(1, _INLINE // max(1, width))
            if len(value) > each:
                parts = [value[i : i + each] for i in range(0, len(value), each)]
                yield from ((f"{name}{i}", part) for i, part in enumerate(parts))
                continue
        yield name, value


def _space(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f"<BBB5x{len(shape)}Q", 1, len(shape), 0, *shape)


def _type(dtype: np.dtype[Any]) -> bytes:
    if dtype.kind == "S":
        return struct.pack("<BBBBI", 0x13, 1, 0, 0, max(1, dtype.itemsize))
    bits = 8 * dtype.itemsize
    if dtype.kind in "iu":
        return struct.pack("<BBBBIHH", 0x10, 8 if dtype.kind == "i" else 0, 0, 0, dtype.itemsize, 0, bits)
    if dtype.kind == "f" and bits <= 64:
        exponent = {16: 5, 32: 8, 64: 11}[bits]
        mantissa, bias = bits - exponent - 1, (1 << (exponent - 1)) - 1
        head = struct.pack("<BBBBI", 0x11, 0x20, bits - 1, 0, dtype.itemsize)
        return head + struct.pack("<HHBBBBI", 0, bits, mantissa, exponent, 0, mantissa, bias)
    if dtype.kind == "b":  # as h5py writes it
        head = struct.pack("<BBBBI", 0x18, 2, 0, 0, 1)
        return head + _type(np.dtype("int8")) + _padded(b"FALSE\0") + _padded(b"TRUE\0") + b"\0\1"
    raise ValueError(f"Arrays of dtype {dtype} cannot be written to a file of weights.")


def write_hdf5(root: NewGroup, out: Stream) -> int:
    """Write a file.

    Args:
        root: its root group.
        out: what is written to, from the first byte to the last.

    Returns:
        The number of bytes.

    Raises:
        ValueError: a dtype that files do not know.
    """
    layout = _Layout(root)
    for block in layout.blocks:
        data: Any = block.data
        if isinstance(data, np.ndarray):
            if data.dtype.byteorder == ">" or not data.flags.c_contiguous:
                data = np.ascontiguousarray(data, data.dtype.newbyteorder("<"))
            data = memoryview(data.reshape(-1).view(np.uint8)) if data.nbytes else b""
        out.write(data)
        missing = (block.size + 7) // 8 * 8 - len(data)
        if missing:
            out.write(bytes(missing))
    return layout.end
