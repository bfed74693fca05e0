"""Where MNIST-like sets lie: the folder AXONE_DATA names, then ~/.axone/datasets, then ~/.keras/datasets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from axone.datasets._idx import IDX_NAMES, Split, idx_path, read_folder, read_npz
from axone.utils.fetching import fetch

_BASE_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@dataclass(frozen=True)
class Source:
    """One data set: its folder's name, its sizes, its files on Keras's server and their SHA-256."""

    name: str
    train: int
    test: int
    files: Mapping[str, str]


def roots() -> list[Path]:
    """Folders to look in, first one first.

    Raises:
        ValueError: AXONE_DATA names something that is no folder.
    """
    folders = [Path.home() / ".axone" / "datasets", Path.home() / ".keras" / "datasets"]
    named = os.environ.get("AXONE_DATA")
    if named:
        if not Path(named).expanduser().is_dir():
            raise ValueError(f"AXONE_DATA: expected the path of a folder of data sets, got {named!r}.")
        folders.insert(0, Path(named).expanduser())
    return folders


def find(source: Source, npz: str | None = None) -> Path | None:
    """The place of the set on this disk: an .npz file or a folder with all four IDX files; or None.

    Args:
        source: the set.
        npz: name (or absolute path) of an .npz file that may stand for the folder.
    """
    if npz and Path(npz).expanduser().is_absolute():
        path = Path(npz).expanduser()
        return path if path.is_file() else None
    for root in roots():
        if npz and (root / npz).is_file():
            return root / npz
        folder = root / source.name
        if all(idx_path(folder, name) for name in IDX_NAMES):
            return folder
    return None


def read(source: Source, place: Path) -> tuple[Split, Split]:
    """The arrays of the set at `place`, as `find` gave it; ValueError where a file is damaged."""
    reader = read_folder if place.is_dir() else read_npz
    return reader(place, source.train, source.test)


def load(source: Source, npz: str | None = None) -> tuple[Split, Split]:
    """The arrays of the set, which is downloaded where this disk has none.

    Raises:
        ConnectionError: it is not on this disk and could not be downloaded.
        ValueError: a file is damaged.
    """
    place = find(source, npz)
    if place is None:
        place = _download(source, npz)
    return read(source, place)


def _download(source: Source, npz: str | None) -> Path:
    folder = Path.home() / ".axone" / "datasets"
    if npz:
        # Joining an absolute path gives that path.
        place = folder / Path(npz).expanduser()
        targets = dict.fromkeys(source.files, place)
    else:
        place = folder / source.name
        targets = {name: place / name for name in source.files}
    for name, target in targets.items():
        if target.is_file():
            continue
        try:
            fetch(_BASE_URL + name, target, source.files[name])
        except (OSError, HTTPException) as error:
            raise ConnectionError(
                f"{source.name}: not found on this disk, and the download of {_BASE_URL + name} "
                f"failed ({error}).\nWithout a network, put the file there yourself as {target}, or put "
                f"{', '.join(f'{n}.gz' for n in IDX_NAMES)} into a folder DIR/{source.name} and set the "
                f"environment variable AXONE_DATA=DIR."
            ) from error
    return place
