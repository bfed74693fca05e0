"""The `.keras` format: an archive (or a folder) of configuration, weights and vocabularies."""

from __future__ import annotations

import datetime
import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from axone.core.serialization import serialize_keras_object
from axone.saving.archive import Archive
from axone.saving.hdf5 import Group, open_hdf5
from axone.saving.hdf5_write import write_hdf5
from axone.saving.source import FileError, FileSource, Source
from axone.saving.state import gather_state
from axone.utils.atomic import atomic_file

__all__ = ["FORMAT_VERSION", "KerasFile", "read_json", "write_keras_file", "write_weights_file"]

# The version of Keras whose layout is written.
FORMAT_VERSION = "3.15.0"
_CONFIG, _METADATA, _WEIGHTS, _ASSETS = "config.json", "metadata.json", "model.weights.h5", "assets/"
_ARRAYS = "model.weights.npz"
# A configuration of the largest models takes a few megabytes.
_MAX_JSON = 256 << 20


def write_keras_file(model: Any, path: Any) -> None:
    """Write a model to a `.keras` file, which takes the place of an old one only when it is whole.

    Args:
        model: the model.
        path: the file.
    """
    config = json.dumps(serialize_keras_object(model)).encode()
    metadata = {
        "keras_version": FORMAT_VERSION,
        "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
        "writer": "axone",
    }
    with tempfile.TemporaryDirectory() as folder, atomic_file(path) as file:
        state = gather_state(model, Path(folder))
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(_METADATA, json.dumps(metadata))
            archive.writestr(_CONFIG, config)
            with archive.open(_WEIGHTS, "w", force_zip64=True) as member:
                write_hdf5(state, member, Path(file.name).parent)
            for asset in sorted(Path(folder).rglob("*")):
                if asset.is_file():
                    archive.write(asset, _ASSETS + asset.relative_to(folder).as_posix())


def write_weights_file(model: Any, path: Any) -> None:
    """Write the weights, and the optimizer's state, to a `.weights.h5` file."""
    with atomic_file(path) as file:
        write_hdf5(gather_state(model), file)


def read_json(data: bytes, source: Source, what: str) -> Any:
    """Return what a JSON text says.

    Raises:
        FileError: it is damaged or too large.
    """
    if len(data) > _MAX_JSON:
        raise source.error(f"{what} takes {len(data)} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise source.error(f"{what} is damaged: {error}") from None


class KerasFile:
    """A `.keras` file, or a folder with the same files, opened for reading.

    Args:
        path: its path.

    Raises:
        FileError: it is damaged, or something else.
    """

    def __init__(self, path: Any) -> None:
        self.path = Path(path)
        self._archive: Archive | None = None
        self._source: Source | None = None
        if not self.path.is_dir():
            self._source = FileSource(self.path)
            self._archive = Archive(self._source)

    def close(self) -> None:
        """Give the file back."""
        if self._source is not None:
            self._source.close()

    def __enter__(self) -> KerasFile:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _open(self, name: str) -> Source:
        if self._archive is not None:
            return self._archive.open(name)
        return FileSource(self.path / name)

    def _has(self, name: str) -> bool:
        return name in self._archive if self._archive is not None else (self.path / name).is_file()

    def _json(self, name: str) -> dict[str, Any]:
        with self._open(name) as source:
            if source.size > _MAX_JSON:
                raise source.error(f"it takes {source.size} bytes")
            value = read_json(source.read(0, source.size, name), source, name)
            if not isinstance(value, dict):
                raise source.error(f"{name} holds no object")
            return value

    def config(self) -> dict[str, Any]:
        """Return the configuration of the model."""
        return self._json(_CONFIG)

    def metadata(self) -> Mapping[str, Any]:
        """Return version and date, as far as they are there."""
        return self._json(_METADATA) if self._has(_METADATA) else {}

    def weights(self) -> tuple[Group, Source]:
        """Return the root of the weights, and the source that errors should name."""
        if self._has(_ARRAYS) and not self._has(_WEIGHTS):
            raise FileError(
                f"'{self.path}': its weights are in NumPy's form, which holds pickles and is not read. "
                "Save the model with weights_format='h5'."
            )
        source = self._open(_WEIGHTS)
        return open_hdf5(source), source

    def assets(self, folder: Path) -> Path | None:
        """Return a folder with the vocabularies; those of an archive are written to `folder`."""
        if self._archive is None:
            return self.path / "assets" if (self.path / "assets").is_dir() else None
        self._archive.extract(_ASSETS, folder)
        return folder
