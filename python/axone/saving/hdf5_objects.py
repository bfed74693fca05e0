"""The structures that HDF5 files are made of: object headers, groups' trees, heaps, chunks.

After "HDF5 File Format Specification Version 3.0", The HDF Group. Only what files of weights use is read; all
else, and all that points outside of the file, is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from axone.saving.source import FileError, Source

__all__ = ["Chunk", "Message", "Structure"]

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_UNDEFINED = (1 << 64) - 1
_CONTINUATION = 0x10
# Files of the largest models have some thousand objects; a file that makes more work than this is hostile.
_MAX_BLOCKS = 2_000_000
_MAX_DEPTH = 32


class Message(NamedTuple):
    """A message of an object header."""

    kind: int
    data: bytes
    offset: int


class Chunk(NamedTuple):
    """A piece of a dataset: where it stands in the dataset and in the file."""

    place: tuple[int, ...]
    offset: int
    size: int
    skipped_filters: int


class Structure:
    """Reads the structures of a file.

    Args:
        source: the file.

    Raises:
        FileError: it is no HDF5 file.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._blocks = 0
        self._heaps: dict[int, dict[int, bytes]] = {}
        self._base = 0
        start = self._find_signature()
        self.root = self._superblock(start)

    def error(self, what: str, offset: int | None = None) -> FileError:
        return self.source.error(what, offset)

    # -- blocks --------------------------------------------------------------------------------------------

    def read(self, offset: int, count: int, what: str) -> bytes:
        """Return bytes at an address of the file."""
        self._blocks += 1
        if self._blocks > _MAX_BLOCKS:
            raise self.error("the file's structure is endless: it is damaged", offset)
        if offset == _UNDEFINED:
            raise self.error(f"{what} is missing: the file is damaged")
        return self.source.read(self._base + offset, count, what)

    def _find_signature(self) -> int:
        start = 0
        while start + 48 <= self.source.size:
            if self.source.read(start, 8, "the signature") == _SIGNATURE:
                return start
            start = max(512, start * 2)
        raise self.error("this is no HDF5 file, or its beginning is damaged", 0)

    def _superblock(self, start: int) -> int:
        """Check the sizes of addresses; returns the address of the root group's header."""
        version = self.source.read(start + 8, 1, "the version")[0]
        sizes_at, addresses_at, width = {0: (13, 24, 0), 1: (13, 28, 0), 2: (9, 12, 1), 3: (9, 12, 1)}.get(
            version, (0, 0, 0)
        )
        if not sizes_at:
            raise self.error(f"version {version} of HDF5's superblock is not known", start + 8)
        sizes = self.source.read(start + sizes_at, 2, "the sizes")
        if sizes != b"\x08\x08":
            raise self.error(f"addresses of {sizes[0]} and lengths of {sizes[1]} bytes are not read", start)
        # base, free space (extension), end, then driver and the root's entry (name, header) or the header
        fields = struct.unpack("<6Q", self.source.read(start + addresses_at, 48, "the superblock"))
        self._base = fields[0]
        return int(fields[3] if width else fields[5])

    # -- object headers ------------------------------------------------------------------------------------

    def messages(self, address: int) -> list[Message]:
        """Return the messages of the object header at an address."""
        first = self.read(address, 16, "an object's header")
        if first[:4] == b"OHDR":
            runs, parse = self._header_2(address, first)
        elif first[0] == 1:
            (size,) = struct.unpack_from("<I", first, 8)
            runs, parse = [(address + 16, size)], partial(self._messages_of, "<HHB", 8)
        else:
            raise self.error("an object's header is damaged", address)
        found: list[Message] = []
        seen: set[int] = set()
        while runs:
            offset, size = runs.pop(0)
            if offset in seen:
                raise self.error("an object's header runs in a circle", offset)
            seen.add(offset)
            for message in parse(offset, size):
                if message.kind == _CONTINUATION:
                    if len(message.data) < 16:
                        raise self.error("an object's header is damaged", message.offset)
                    at, length = struct.unpack_from("<QQ", message.data)
                    runs.append((at + 4, length - 8) if first[:4] == b"OHDR" else (at, length))
                else:
                    found.append(message)
        return found

    def _header_2(
        self, address: int, first: bytes
    ) -> tuple[list[tuple[int, int]], Callable[[int, int], Iterator[Message]]]:
        version, flags = first[4], first[5]
        if version != 2:
            raise self.error(f"version {version} of an object's header is not known", address)
        start = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        size = int.from_bytes(self.read(address + start, width, "an object's header"), "little")
        parse = partial(self._messages_of, "<BHB", 6 if flags & 4 else 4)
        return [(address + start + width, size)], parse

    def _messages_of(self, form: str, head: int, offset: int, size: int) -> Iterator[Message]:
        """Yield the messages of a block; `form` and `head` are those of the words before each."""
        block = self.read(offset, size, "an object's header")
        at = 0
        while at + head <= len(block):
            kind, length, flags = struct.unpack_from(form, block, at)
            at += head
            yield self._message(kind, block, at, length, flags, offset)
            at += length

    def _message(self, kind: int, block: bytes, at: int, length: int, flags: int, offset: int) -> Message:
        if at + length > len(block):
            raise self.error("an object's header is damaged", offset + at)
        if flags & 2 and kind:
            raise self.error("objects that share a header's message are not read", offset + at)
        return Message(kind, block[at : at + length], offset + at)

    # -- groups --------------------------------------------------------------------------------------------

    def table_entries(self, message: Message) -> dict[str, int]:
        """Return names and header addresses of a group in the old style."""
        if len(message.data) < 16:
            raise self.error("a group is damaged", message.offset)
        tree, heap = struct.unpack_from("<QQ", message.data)
        head = self.read(heap, 32, "a group's names")
        if head[:4] != b"HEAP":
            raise self.error("a group's names are damaged", heap)
        size, _, data_at = struct.unpack_from("<QQQ", head, 8)
        names = self.read(data_at, size, "a group's names")
        found: dict[str, int] = {}
        for _, node in self._leaves(tree, 0, 8):
            self._symbols(node, names, found)
        return found

    def _symbols(self, address: int, names: bytes, found: dict[str, int]) -> None:
        head = self.read(address, 8, "a group's entries")
        if head[:4] != b"SNOD":
            raise self.error("a group's entries are damaged", address)
        (count,) = struct.unpack_from("<H", head, 6)
        block = self.read(address + 8, 40 * count, "a group's entries")
        for i in range(count):
            name_at, header, cache = struct.unpack_from("<QQI", block, 40 * i)
            if name_at >= len(names):
                raise self.error("a group's entries are damaged", address)
            name = self.text(names[name_at : max(names.find(b"\0", name_at), name_at)])
            if cache == 2:
                raise self.error(f"'{name}' is a link to another place, which is not followed", address)
            found[name] = header

    def link_entry(self, message: Message) -> tuple[str, int]:
        """Return name and header address of a link message."""
        data, flags = message.data, message.data[1] if len(message.data) > 1 else 0
        at = 2 + (1 if flags & 8 else 0) + (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
        width = 1 << (flags & 3)
        length = int.from_bytes(data[at : at + width], "little")
        at += width
        if len(data) < at + length:
            raise self.error("a group's entry is damaged", message.offset)
        name = self.text(data[at : at + length])
        if flags & 8 and data[2] != 0:
            raise self.error(f"'{name}' is a link to another place, which is not followed", message.offset)
        if len(data) < at + length + 8:
            raise self.error("a group's entry is damaged", message.offset)
        return name, struct.unpack_from("<Q", data, at + length)[0]

    @staticmethod
    def text(data: bytes) -> str:
        return data.decode("utf-8", "replace")

    def _leaves(self, address: int, kind: int, key: int) -> Iterator[tuple[bytes, int]]:
        """Yield key and child of every leaf of a version 1 tree, in order."""
        pending, seen = [(address, _MAX_DEPTH)], set()
        while pending:
            at, depth = pending.pop()
            head = self.read(at, 24, "a tree")
            if head[:4] != b"TREE" or head[4] != kind or at in seen or depth == 0:
                raise self.error("a tree is damaged", at)
            seen.add(at)
            level, used = head[5], struct.unpack_from("<H", head, 6)[0]
            block = self.read(at + 24, used * (key + 8), "a tree")
            children = [
                (block[i : i + key], struct.unpack_from("<Q", block, i + key)[0])
                for i in range(0, len(block), key + 8)
            ]
            if level == 0:
                yield from children
            else:
                pending.extend((child, depth - 1) for _, child in reversed(children))

    # -- contents ------------------------------------------------------------------------------------------

    def chunks(self, address: int, rank: int) -> Iterator[Chunk]:
        """Yield the pieces of a dataset of that rank."""
        for key, child in self._leaves(address, 1, 8 + 8 * (rank + 1)):
            size, skipped = struct.unpack_from("<II", key)
            yield Chunk(struct.unpack_from(f"<{rank}Q", key, 8), child, size, skipped)

    def heap_text(self, reference: bytes, offset: int) -> bytes:
        """Return the text that a reference of 16 bytes (length, collection, index) stands for."""
        length, address, index = struct.unpack("<IQI", reference)
        if length == 0:
            return b""
        if address not in self._heaps:
            self._heaps[address] = dict(self._collection(address))
        data = self._heaps[address].get(index)
        if data is None or length > len(data):
            raise self.error("a text is not where it should be", offset)
        return data[:length]

    def _collection(self, address: int) -> Iterator[tuple[int, bytes]]:
        head = self.read(address, 16, "a heap of texts")
        (size,) = struct.unpack_from("<Q", head, 8)
        if head[:4] != b"GCOL" or size < 16:
            raise self.error("a heap of texts is damaged", address)
        block = self.read(address, size, "a heap of texts")
        at = 16
        while at + 16 <= len(block):
            index, _, _, length = struct.unpack_from("<HHIQ", block, at)
            if index == 0:
                return
            if at + 16 + length > len(block):
                raise self.error("a heap of texts is damaged", address + at)
            yield index, block[at + 16 : at + 16 + length]
            at += 16 + (length + 7) // 8 * 8
