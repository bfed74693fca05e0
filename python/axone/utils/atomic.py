"""Files that are replaced whole: whenever the process dies, the old one or the new one is there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["atomic_file"]


@contextlib.contextmanager
def atomic_file(path: Any) -> Iterator[BinaryIO]:
    """Give a file to write to, which takes the place of `path` when the block ends without an exception.

    It lies beside the target and can be read, too; it is flushed to the disk, then renamed, and the folder's
    entry is flushed. What a killed process left behind is removed when the same target is written next.

    Args:
        path: the target; missing folders are made. A device or pipe is written to directly.

    Raises:
        OSError: it cannot be written; the target is as it was.

    Example:
        >>> with atomic_file("state.json") as file:
        ...     file.write(b"{}")
    """
    target = Path(os.path.realpath(os.fspath(path)))
    if target.is_dir():
        raise IsADirectoryError(f"'{path}' is a folder; a file's name is needed.")
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        with open(target, "wb") as file:
            yield file
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_over(target)
    part = target.parent / f"{_prefix(target)}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        with open(part, "x+b") as file:
            if target.exists():
                with contextlib.suppress(OSError):
                    os.chmod(part, stat.S_IMODE(target.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    _flush_folder(target.parent)


def _prefix(target: Path) -> str:
    """Beginning of parts' names; the host is in it, since another one's processes are not known here."""
    host = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
    return f".{target.name[:150]}.part-{host}-"


def _remove_left_over(target: Path) -> None:
    for part in target.parent.glob(_escaped(_prefix(target)) + "*"):
        process = part.name.rpartition("-")[0].rpartition("-")[2]
        if process.isdigit() and not _lives(int(process)):
            with contextlib.suppress(OSError):
                part.unlink()


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _flush_folder(folder: Path) -> None:
    """Make the renaming last; not every file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
