"""Readers of the files that MNIST-like sets come in: IDX (.gz or plain) and Keras's mnist.npz."""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Split: TypeAlias = tuple[Bytes, Bytes]

# One file per array. IDX is big-endian: two zero bytes, type code (8: uint8), rank, the sizes, the data.
IDX_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_UINT8 = 8
_CLASSES = 10
_SIDE = 28


def idx_path(folder: Path, name: str) -> Path | None:
    """The IDX file `name` in `folder`, packed or plain; None where there is none."""
    for candidate in (folder / f"{name}.gz", folder / name):
        if candidate.is_file():
            return candidate
    return None


def read_idx(path: Path, shape: tuple[int, ...]) -> Bytes:
    """Reads one uint8 IDX file.

    Args:
        path: the file; packed with gzip where its name ends in `.gz`.
        shape: the array's shape that the set is known to have.

    Returns:
        A writable uint8 array of that shape.

    Raises:
        ValueError: the file is damaged, no uint8 IDX file, or of another shape.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: damaged gzip file ({error}). Delete it and fetch it again.") from error
    header = 4 + 4 * len(shape)
    if len(data) < header or data[:4] != bytes([0, 0, _UINT8, len(shape)]):
        raise ValueError(
            f"{path}: expected an IDX file of uint8 with {len(shape)} axes, "
            f"got a file that begins with {data[:4].hex(' ') or 'nothing'}."
        )
    sizes = struct.unpack(f">{len(shape)}I", data[4:header])
    if sizes != shape:
        raise ValueError(f"{path}: expected shape {shape}, its header says {sizes}.")
    if len(data) - header != int(np.prod(shape)):
        raise ValueError(f"{path}: expected {int(np.prod(shape))} bytes of data, got {len(data) - header}.")
    array: Bytes = np.frombuffer(data, np.uint8, offset=header).reshape(shape).copy()
    return array


def read_folder(folder: Path, train: int, test: int) -> tuple[Split, Split]:
    """Reads the four IDX files of a folder.

    Args:
        folder: holds the files named in `IDX_NAMES`.
        train: number of training images.
        test: number of test images.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, all uint8; images `(n, 28, 28)`, labels `(n,)`.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is damaged or of another size.
    """
    shapes = ((train, _SIDE, _SIDE), (train,), (test, _SIDE, _SIDE), (test,))
    arrays = []
    for name, shape in zip(IDX_NAMES, shapes, strict=True):
        path = idx_path(folder, name)
        if path is None:
            raise FileNotFoundError(f"{folder / name}.gz: no such file.")
        arrays.append(read_idx(path, shape))
        if len(shape) == 1:
            check_labels(arrays[-1], str(path))
    return (arrays[0], arrays[1]), (arrays[2], arrays[3])


def read_npz(path: Path, train: int, test: int) -> tuple[Split, Split]:
    """Reads Keras's `mnist.npz`: arrays x_train, y_train, x_test, y_test.

    Args:
        path: the file.
        train: number of training images.
        test: number of test images.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, all uint8.

    Raises:
        ValueError: the file is damaged, or an array is missing or of another shape or dtype.
    """
    shapes = {
        "x_train": (train, _SIDE, _SIDE),
        "y_train": (train,),
        "x_test": (test, _SIDE, _SIDE),
        "y_test": (test,),
    }
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in shapes}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(
            f"{path}: damaged or not Keras's mnist.npz ({error}). Delete it and fetch it again."
        ) from error
    for name, shape in shapes.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != np.uint8:
            raise ValueError(
                f"{path}: expected {name} of shape {shape}, uint8; got {array.shape}, {array.dtype}."
            )
    check_labels(arrays["y_train"], str(path))
    check_labels(arrays["y_test"], str(path))
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def check_labels(labels: Bytes, origin: str) -> None:
    """Raises ValueError where a label is no class number."""
    if labels.size and int(labels.max()) >= _CLASSES:
        raise ValueError(f"{origin}: expected labels from 0 to {_CLASSES - 1}, got {int(labels.max())}.")
