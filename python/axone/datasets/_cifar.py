"""CIFAR's archives of Python pickles, read as they are or unpacked."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from axone import config
from axone.datasets._pickles import unpickle
from axone.datasets._remote import RemoteFile, get, locate

Array: TypeAlias = np.ndarray[Any, Any]


def read_batches(file: RemoteFile, folder: str, names: list[str], key: str) -> list[tuple[Array, Array]]:
    """Read some files of the archive, found unpacked or packed, else downloaded.

    Args:
        file: the archive.
        folder: the folder in it.
        names: the files in that folder.
        key: under which a file holds the labels.

    Returns:
        For each file images (n, 32, 32, 3), or (n, 3, 32, 32) if so configured, and labels (n, 1), uint8.

    Raises:
        ConnectionError, ValueError: see `get`; a file is missing or damaged.
    """
    target = f"{folder}-target"
    place = locate(folder, f"{target}/{folder}", file.name, f"{folder}.tar.gz", f"{target}_archive")
    place = get(file) if place is None else place
    if place.is_dir():
        return [_batch(_read(place / name), place / name, key) for name in names]
    try:
        with tarfile.open(place) as archive:
            return [_batch(_member(archive, f"{folder}/{name}"), place, key) for name in names]
    except (tarfile.TarError, EOFError, OSError, KeyError) as error:
        raise ValueError(f"{place}: damaged archive ({error}). Delete it and fetch it again.") from error


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise ValueError(f"{path}: no such file; the folder is incomplete. Delete it and fetch it again.")
    return path.read_bytes()


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()


def _batch(data: bytes, path: Path, key: str) -> tuple[Array, Array]:
    content = unpickle(io.BytesIO(data), path)
    if not isinstance(content, dict) or b"data" not in content or key.encode() not in content:
        raise ValueError(f"{path}: expected images and {key}; another file. Delete it and fetch it again.")
    images, labels = np.asarray(content[b"data"]), np.asarray(content[key.encode()])
    if images.dtype != np.uint8 or images.shape != (len(labels), 3072):
        raise ValueError(f"{path}: expected rows of 3072 bytes, got {images.dtype}, {images.shape}.")
    images = images.reshape(-1, 3, 32, 32)
    if config.image_data_format() == "channels_last":
        images = images.transpose(0, 2, 3, 1)
    return images, labels.astype("uint8").reshape(-1, 1)
