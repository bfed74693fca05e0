"""Files from the network, kept on disk; archives unpacked."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zipfile
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from axone.utils.fetching import fetch, matches
from axone.utils.io import print_msg

__all__ = ["get_file"]

_SCHEMES = ("http", "https", "file", "ftp")


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Downloads a file unless it is on this disk, checks it, and unpacks it where wanted.

    Args:
        fname: Name that the file gets; None for that in the URL.
        origin: The URL: http, https, ftp or file.
        untar: Old spelling of extract=True for tar archives.
        md5_hash: Old spelling of file_hash.
        file_hash: Hex digest that the file must have.
        cache_subdir: Folder under cache_dir, or an absolute path.
        hash_algorithm: "md5", "sha256", ...; "auto" tells it from the digest's length.
        extract: Whether to unpack a tar or zip archive.
        archive_format: "auto", "tar", "zip", a list of these, or None.
        cache_dir: Where to keep files; None for `~/.keras`, as Keras does (or KERAS_HOME).
        force_download: Whether to download even what is there.

    Returns:
        Path of the file, or of the folder that it was unpacked to.

    Raises:
        ValueError: there is no URL, the hash differs, or the archive reaches outside of its folder.
        ConnectionError: the file could not be had.

    Example:
        path = axone.utils.get_file("flowers.tgz", "https://example.org/flowers.tgz", extract=True)
    """
    if origin is None:
        raise ValueError("get_file: origin, the file's URL, is missing.")
    if urlsplit(origin).scheme not in _SCHEMES:
        raise ValueError(f"get_file: origin must be a URL of {', '.join(_SCHEMES)}, got {origin!r}.")
    given = os.fspath(fname) if fname else ""
    name = given or os.path.basename(urlsplit(origin).path)
    if not name:
        raise ValueError(f"get_file: the URL {origin!r} names no file; give fname.")
    if os.sep in name or name in (".", ".."):
        raise ValueError(f"get_file: fname must be a name, not a path, got {given!r}; use cache_dir.")
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    folder = _folder(cache_dir, cache_subdir)
    unpack = extract or untar
    target, place = folder / name, folder / name
    if unpack:
        if given and "." in name:
            place = folder / f"{name[: name.index('.')]}_extracted"
        else:
            target = folder / f"{name}_archive"
    if force_download or not _is_there(target, file_hash, hash_algorithm):
        try:
            fetch(origin, target, file_hash, hash_algorithm)
        except (OSError, HTTPException) as error:
            raise ConnectionError(
                f"get_file: the download of {origin} failed ({error}). Without a network, put the file there "
                f"yourself as {target}."
            ) from error
    if not unpack:
        return str(target)
    unpack_archive(target, place, "tar" if untar else archive_format)
    return str(place)


def _folder(cache_dir: Any, cache_subdir: str) -> Path:
    base = Path(cache_dir or os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    try:
        base.mkdir(parents=True, exist_ok=True)
        usable = os.access(base, os.W_OK)
    except OSError:
        usable = False
    if not usable:
        base = Path(tempfile.gettempdir()) / ".keras"
    return base / cache_subdir


def _is_there(target: Path, digest: str | None, algorithm: str) -> bool:
    if not target.exists():
        return False
    if digest is None or matches(target, digest, algorithm):
        return True
    print_msg(f"{target} is there, but its hash is not {digest}: it is downloaded again.")
    return False


def unpack_archive(path: Path, place: Path, formats: Any = "auto") -> None:
    """Unpack a tar or zip archive; nothing is written outside of the folder.

    Args:
        path: the archive.
        place: the folder, made where missing.
        formats: "auto", "tar", "zip", a list of these, or None for nothing.

    Raises:
        ValueError: it is no such archive, it is damaged, or a member would lie outside of the folder.
    """
    if formats is None:
        return
    wanted = ("tar", "zip") if formats == "auto" else (formats,) if isinstance(formats, str) else formats
    try:
        if "tar" in wanted and tarfile.is_tarfile(path):
            _untar(path, place)
        elif "zip" in wanted and zipfile.is_zipfile(path):
            _unzip(path, place)
        else:
            raise ValueError(f"{path}: expected an archive of format {' or '.join(wanted)}.")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{path}: damaged archive ({error}).") from error


def _check_inside(archive: Path, name: str) -> None:
    """Raise ValueError for a member's name that leads out of the folder."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or (len(name) > 1 and name[1] == ":"):
        raise ValueError(
            f"{archive}: the member {name!r} lies outside of the archive's folder; not unpacked."
        )


def _untar(path: Path, place: Path) -> None:
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        for member in members:
            _check_inside(path, member.name)
            if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
                raise ValueError(f"{path}: the member {member.name!r} is a device; not unpacked.")
            if member.issym() or member.islnk():
                base = os.path.dirname(member.name) if member.issym() else ""
                if os.path.isabs(member.linkname) or _escapes(base, member.linkname):
                    raise ValueError(f"{path}: the link {member.name!r} leads outside; not unpacked.")
        place.mkdir(parents=True, exist_ok=True)
        if hasattr(tarfile, "data_filter"):
            archive.extractall(place, members, filter="data")
        else:
            archive.extractall(place, members)


def _escapes(base: str, link: str) -> bool:
    return os.path.normpath(os.path.join(base, link)).split(os.sep)[0] == ".."


def _unzip(path: Path, place: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            _check_inside(path, name)
        place.mkdir(parents=True, exist_ok=True)
        for info in archive.infolist():
            target = place / info.filename
            if info.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(info) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
