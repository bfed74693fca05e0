"""Bytes of a file, read at given places and never past its end."""

from __future__ import annotations

import io
import os
from types import TracebackType
from typing import Any

__all__ = ["BytesSource", "FileError", "FileSource", "Reader", "Source"]


class FileError(ValueError):
    """A file that cannot be read as what it claims to be; the message names the file and the place."""


class Source:
    """A run of bytes with a name for messages.

    Args:
        name: the file, as messages call it.
        size: number of bytes.
    """

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size

    def error(self, what: str, offset: int | None = None) -> FileError:
        """Return the error that says what is wrong, and where."""
        place = "" if offset is None else f", byte {offset}"
        return FileError(f"{self.name}{place}: {what}")

    def read(self, offset: int, count: int, what: str) -> bytes:
        """Return `count` bytes from `offset` on.

        Args:
            offset: the first byte.
            count: how many.
            what: what they are, for the error.

        Raises:
            FileError: they are not all there.
        """
        self._check(offset, count, what)
        return self._read(offset, count)

    def read_into(self, offset: int, target: memoryview, what: str) -> None:
        """Fill `target` (bytes) with what stands from `offset` on; errors as in `read`."""
        self._check(offset, len(target), what)
        self._read_into(offset, target)

    def part(self, offset: int, count: int, name: str) -> Source:
        """Return a part as a source of its own."""
        self._check(offset, count, name)
        return _Part(self, offset, count, f"{self.name}: {name}")

    def _check(self, offset: int, count: int, what: str) -> None:
        if offset < 0 or count < 0 or offset + count > self.size:
            raise self.error(
                f"{what} should take {count} bytes here, but the file ends after {self.size}: it is "
                "cut off or damaged",
                offset,
            )

    def _read(self, offset: int, count: int) -> bytes:
        raise NotImplementedError

    def _read_into(self, offset: int, target: memoryview) -> None:
        target[:] = self._read(offset, len(target))

    def close(self) -> None:
        """Give the file back."""

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class BytesSource(Source):
    """Bytes in memory."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(name, len(data))
        self._data = memoryview(data)

    def _read(self, offset: int, count: int) -> bytes:
        return bytes(self._data[offset : offset + count])

    def _read_into(self, offset: int, target: memoryview) -> None:
        target[:] = self._data[offset : offset + len(target)]


class FileSource(Source):
    """A file on disk.

    Args:
        path: its path.
        name: what messages call it; the path when None.

    Raises:
        FileNotFoundError, OSError: it is not there, or may not be read.
    """

    def __init__(self, path: Any, name: str | None = None) -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115
        super().__init__(name or f"'{os.fspath(path)}'", os.fstat(self._file.fileno()).st_size)

    def _read(self, offset: int, count: int) -> bytes:
        data = bytearray(count)
        self._read_into(offset, memoryview(data))
        return bytes(data)

    def _read_into(self, offset: int, target: memoryview) -> None:
        done = 0
        while done < len(target):
            self._file.seek(offset + done)
            count = self._file.readinto(target[done:])
            if not count:
                raise self.error("the file became shorter while it was read", offset + done)
            done += count

    def close(self) -> None:
        self._file.close()


class _Part(Source):
    """A part of another source."""

    def __init__(self, whole: Source, offset: int, count: int, name: str) -> None:
        super().__init__(name, count)
        self._whole, self._offset = whole, offset

    def _read(self, offset: int, count: int) -> bytes:
        return self._whole.read(self._offset + offset, count, self.name)

    def _read_into(self, offset: int, target: memoryview) -> None:
        self._whole.read_into(self._offset + offset, target, self.name)


class Reader(io.RawIOBase):
    """A source as the file object that libraries want."""

    def __init__(self, source: Source) -> None:
        self._source, self._at = source, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        if base + offset < 0:
            raise OSError("before the beginning")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._source.size - self._at))
        if count:
            self._source.read_into(self._at, view[:count], "the file")
            self._at += count
        return count
