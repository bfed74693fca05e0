"""The zip archives that `.keras` files are, read within bounds."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from axone.saving.source import BytesSource, FileError, Reader, Source

__all__ = ["Archive"]

# Keras stores members as they are. Recompressed ones may grow by this, and small ones as they like.
_MAX_EXPANSION = 20
_FREE_BYTES = 64 << 20
_MAX_MEMBERS = 100_000
_LOCAL_HEADER = 30


class Archive:
    """A zip archive.

    Args:
        source: its bytes.

    Raises:
        FileError: it is no zip archive, is damaged, or claims to hold more than it can.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        try:
            with zipfile.ZipFile(Reader(source)) as archive:
                infos = archive.infolist()
        except FileError:
            raise
        except Exception as error:  # zipfile raises what its parser stumbles over
            raise source.error(f"this is no zip archive, or it is damaged ({error})") from None
        if len(infos) > _MAX_MEMBERS:
            raise source.error(f"the archive claims {len(infos)} members")
        self._infos = {info.filename: info for info in infos}
        if len(self._infos) != len(infos):
            raise source.error("two members of the archive have one name")

    def names(self) -> list[str]:
        """Names of the members."""
        return list(self._infos)

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def read(self, name: str) -> bytes:
        """Return the contents of a member.

        Raises:
            FileError: there is no such member, its checksum differs, or it claims too much.
        """
        info = self._info(name)
        raw = self._raw(info)
        data = raw if info.compress_type == zipfile.ZIP_STORED else self._inflated(info, raw)
        if zlib.crc32(data) != info.CRC:
            raise self.source.error(f"member '{name}': the checksum differs: the file is damaged")
        return data

    def open(self, name: str) -> Source:
        """Return a member as a source; a stored one is read where it lies, its checksum not looked at."""
        info = self._info(name)
        if info.compress_type != zipfile.ZIP_STORED:
            return BytesSource(self.read(name), f"{self.source.name}, member '{name}'")
        start = self._start(info)
        return self.source.part(start, info.file_size, f"member '{name}'")

    def extract(self, prefix: str, folder: Path) -> None:
        """Write the members below a folder of the archive into a folder on disk.

        Raises:
            FileError: a name would leave the folder.
        """
        for name in self._below(prefix):
            parts = name[len(prefix) :].replace("\\", "/").split("/")
            if any(part in ("", ".", "..") or ":" in part or "\0" in part for part in parts):
                raise self.source.error(f"member '{name}' has a path that leaves the archive")
            target = folder.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.read(name))

    def _below(self, prefix: str) -> Iterator[str]:
        return (name for name in self._infos if name.startswith(prefix) and not name.endswith("/"))

    def _info(self, name: str) -> zipfile.ZipInfo:
        info = self._infos.get(name)
        if info is None:
            raise self.source.error(f"it has no member '{name}'; there are {sorted(self._infos)[:20]}")
        if info.flag_bits & 1:
            raise self.source.error(f"member '{name}' is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self.source.error(f"member '{name}' is compressed by method {info.compress_type}")
        if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
            raise self.source.error(f"member '{name}': its two sizes differ: the file is damaged")
        if info.file_size > max(_FREE_BYTES, _MAX_EXPANSION * info.compress_size):
            raise self.source.error(
                f"member '{name}' claims to grow from {info.compress_size} to {info.file_size} bytes"
            )
        return info

    def _start(self, info: zipfile.ZipInfo) -> int:
        head = self.source.read(info.header_offset, _LOCAL_HEADER, f"the header of member '{info.filename}'")
        if head[:4] != b"PK\x03\x04":
            raise self.source.error(f"the header of member '{info.filename}' is damaged", info.header_offset)
        name, extra = struct.unpack_from("<HH", head, 26)
        return info.header_offset + _LOCAL_HEADER + int(name) + int(extra)

    def _raw(self, info: zipfile.ZipInfo) -> bytes:
        return self.source.read(self._start(info), info.compress_size, f"member '{info.filename}'")

    def _inflated(self, info: zipfile.ZipInfo, raw: bytes) -> bytes:
        try:
            data = zlib.decompressobj(-15).decompress(raw, info.file_size + 1)
        except zlib.error as error:
            raise self.source.error(f"member '{info.filename}' is damaged ({error})") from None
        if len(data) != info.file_size:
            raise self.source.error(f"member '{info.filename}' has not the size that it claims")
        return data
