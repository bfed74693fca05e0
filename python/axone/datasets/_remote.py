"""Files of Keras's data sets: found in the data folders, or downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from axone.datasets._find import roots
from axone.utils.fetching import fetch

KERAS_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@dataclass(frozen=True)
class RemoteFile:
    """A file: its name, its address, its hash (MD5 or SHA-256), and where else it may lie."""

    name: str
    url: str
    digest: str
    instead: str = ""  # what a user may have instead, for the message


def locate(*names: str) -> Path | None:
    """The first of some files (or folders) in the data folders; None where there is none."""
    for name in names:
        path = Path(name).expanduser()
        if path.is_absolute():
            if path.exists():
                return path
            continue
        for root in roots():
            if (root / path).exists():
                return root / path
    return None


def get(file: RemoteFile, path: str | None = None) -> Path:
    """The file on this disk, downloaded where it is not.

    Args:
        file: which one.
        path: another name for it, or an absolute path.

    Raises:
        ConnectionError: it is not on this disk and could not be downloaded; says where to put it.
        ValueError: another file was downloaded.
    """
    found = locate(path or file.name)
    if found is not None:
        return found
    target = Path.home() / ".axone" / "datasets" / Path(path or file.name).expanduser()
    try:
        fetch(file.url, target, file.digest)
    except (OSError, HTTPException) as error:
        instead = f" ({file.instead} serves too)" if file.instead else ""
        raise ConnectionError(
            f"{file.name}: not found on this disk, and the download of {file.url} failed ({error}).\n"
            f"Without a network, put the file there yourself as {target}, or into a folder DIR{instead} "
            f"and set the environment variable AXONE_DATA=DIR."
        ) from error
    return target
