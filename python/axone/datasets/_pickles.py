"""Pickles of arrays, read without running anything else: CIFAR's batches, and object arrays in .npz files."""

from __future__ import annotations

import io
import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

# What pickles of NumPy arrays of old and new versions call.
_ALLOWED = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("_codecs", "encode"),
}


class ArrayUnpickler(pickle.Unpickler):
    """Unpickles plain Python data and NumPy arrays, and refuses whatever else a pickle may call."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it calls {module}.{name}, which data has no need of")
        return super().find_class(module.replace("numpy.core", "numpy._core") if _NEW else module, name)


_NEW = int(np.__version__.split(".")[0]) >= 2


def unpickle(file: Any, path: Path) -> Any:
    """Read a pickle of plain data and arrays from an open file; ValueError, naming `path`, for any other."""
    try:
        return ArrayUnpickler(file, encoding="bytes").load()
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
    ) as e:
        raise ValueError(f"{path}: damaged, or no file of arrays ({e}). Delete it and fetch it again.") from e


def load_npz(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read an .npz file whose arrays may be of objects (lists, as Keras's text data sets have).

    Args:
        path: the file.

    Raises:
        ValueError: it is damaged, or an array holds something else than plain data.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            return {name[:-4]: _npy(archive.read(name), path) for name in names}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"{path}: damaged .npz file ({error}). Delete it and fetch it again.") from error


def _npy(data: bytes, path: Path) -> np.ndarray[Any, Any]:
    file = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        one, two = np.lib.format.read_array_header_1_0, np.lib.format.read_array_header_2_0
        shape, _, dtype = (one if version == (1, 0) else two)(file)
        if not dtype.hasobject:
            return np.asarray(np.load(io.BytesIO(data), allow_pickle=False))
    except ValueError as error:
        raise ValueError(f"{path}: damaged .npz file ({error}). Delete it and fetch it again.") from error
    array = unpickle(file, path)
    if not isinstance(array, np.ndarray) or array.shape != shape:
        raise ValueError(f"{path}: expected an array of shape {shape} in it. Delete it and fetch it again.")
    return array
