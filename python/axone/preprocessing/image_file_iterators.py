"""What `ImageDataGenerator` returns for files: batches without end, from folders or a table."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from axone.ops._images import one_of
from axone.preprocessing.image_iterators import AugmentedIterator
from axone.preprocessing.images import MODES, img_to_array, load_img
from axone.utils.io import print_msg

if TYPE_CHECKING:
    from axone.preprocessing.image_generator import ImageDataGenerator

__all__ = ["DataFrameIterator", "DirectoryIterator"]

Array = np.ndarray[Any, Any]
FORMATS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff")


class _Files(AugmentedIterator):
    """What iterators over files share: pictures are decoded by threads."""

    class_mode: str | None
    classes: Any
    class_indices: dict[str, int]
    filenames: list[str]
    _filepaths: list[str]
    sample_weight: Any = None
    _modes: tuple[str | None, ...] = ("categorical", "binary", "sparse", "input", None)

    def _options(
        self,
        generator: ImageDataGenerator,
        target_size: Sequence[int],
        color_mode: str,
        class_mode: str | None,
        interpolation: str,
        keep_aspect_ratio: bool,
        subset: str | None,
    ) -> None:
        name = type(self).__name__
        if class_mode not in self._modes:
            raise ValueError(f"{name}: class_mode must be one of {self._modes}, got {class_mode!r}.")
        one_of(name, "color_mode", color_mode, tuple(MODES))
        if subset is not None:
            one_of(name, "subset", subset, ("training", "validation"))
        self.image_data_generator, self.data_format = generator, generator.data_format
        self.target_size, self.color_mode = (int(target_size[0]), int(target_size[1])), color_mode
        self.class_mode, self.interpolation = class_mode, interpolation
        self.keep_aspect_ratio, self.subset = keep_aspect_ratio, subset
        channels = {"rgb": 3, "rgba": 4, "grayscale": 1}[color_mode]
        first = self.data_format == "channels_first"
        self.image_shape = (channels, *self.target_size) if first else (*self.target_size, channels)

    def _part(self, count: int) -> slice:
        """The files of the subset, of so many."""
        cut = int(self.image_data_generator.validation_split * count)
        return {None: slice(None), "validation": slice(cut), "training": slice(cut, None)}[self.subset]

    @property
    def filepaths(self) -> list[str]:
        """Paths of the files."""
        return self._filepaths

    @property
    def labels(self) -> Any:
        """Class numbers, or other targets, of the files."""
        return self.classes

    def _read(self, row: int) -> Array:
        picture = load_img(
            self._filepaths[row],
            self.color_mode,
            self.target_size,
            self.interpolation,
            self.keep_aspect_ratio,
        )
        return img_to_array(picture, self.data_format, self.image_data_generator.dtype)

    def _samples(self, rows: Array, rng: Any) -> Any:
        with ThreadPoolExecutor(min(16, 2 * (os.cpu_count() or 1))) as pool:
            x = np.stack(list(pool.map(self._read, rows)))
        batch = self._changed(x, rows, rng)
        if self.class_mode is None:
            return batch
        found = (batch, self._targets(rows, batch))
        return found if self.sample_weight is None else (*found, self.sample_weight[rows])

    def _targets(self, rows: Array, batch: Array) -> Any:
        if self.class_mode == "input":
            return batch.copy()
        if self.class_mode == "categorical":
            return np.eye(len(self.class_indices), dtype=batch.dtype)[self.classes[rows]]
        return self.classes[rows].astype(batch.dtype)


class DirectoryIterator(_Files):
    """Batches of changed images from a folder with one subfolder per class.

    Args:
        directory: the folder.
        image_data_generator: what changes the images.
        target_size: height and width that images are resized to.
        color_mode: "rgb", "rgba" or "grayscale".
        classes: the subfolders to use, in the order of the class numbers; None for all, sorted.
        class_mode: "categorical" (one-hot), "binary" or "sparse" (numbers), "input" (the images themselves)
            or None (no labels).
        batch_size: images of a batch.
        shuffle: whether the images are in a random order.
        seed: of the order and the changes.
        data_format: that of the generator.
        save_to_dir: folder to save changed images to, or None.
        save_prefix: what the files' names begin with.
        save_format: "png" or "jpeg".
        follow_links: whether links to folders are followed.
        subset: "training" or "validation".
        interpolation: see `load_img`.
        keep_aspect_ratio: whether borders are cut off rather than images distorted.
        dtype: that of the generator.

    Attributes:
        class_indices: names of the classes to their numbers.
        classes: class number of each file; filenames: their paths below the folder; samples: how many.

    Raises:
        ValueError: there is no such folder, or an option is unknown.
    """

    def __init__(
        self,
        directory: str | Path,
        image_data_generator: ImageDataGenerator,
        target_size: Sequence[int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
    ) -> None:
        self._options(
            image_data_generator,
            target_size,
            color_mode,
            class_mode,
            interpolation,
            keep_aspect_ratio,
            subset,
        )
        root = Path(directory)
        if not root.is_dir():
            raise ValueError(f"{root}: there is no such folder.")
        self.directory = str(directory)
        names = list(classes) if classes else sorted(entry.name for entry in root.iterdir() if entry.is_dir())
        self.class_indices = {name: number for number, name in enumerate(names)}
        self.num_classes = len(names)
        self.filenames, numbers = [], []
        for number, name in enumerate(names):
            files = _files_below(root / name, follow_links)
            files = files[self._part(len(files))]
            self.filenames += [os.path.join(name, file) for file in files]
            numbers += [number] * len(files)
        self.classes = np.array(numbers, "int32")
        self.samples = len(self.filenames)
        print_msg(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        self._filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        self._saving(save_to_dir, save_prefix, save_format)
        super().__init__(self.samples, batch_size, shuffle, seed)


def _files_below(folder: Path, follow_links: bool) -> list[str]:
    found = []
    for place, _, files in sorted(os.walk(folder, followlinks=follow_links)):
        names = [name for name in sorted(files) if name.lower().endswith(FORMATS)]
        found += [os.path.relpath(os.path.join(place, name), folder) for name in names]
    return found


class DataFrameIterator(_Files):
    """Batches of changed images whose paths and labels stand in a table.

    Args:
        dataframe: the table (pandas).
        directory: folder that the paths are below; None for paths as they are.
        image_data_generator: what changes the images.
        x_col: column of the paths.
        y_col: column of the labels, or a list of columns.
        weight_col: column of the samples' weights, or None.
        target_size, color_mode, classes, batch_size, shuffle, seed, data_format, save_to_dir, save_prefix,
        save_format, subset, interpolation, keep_aspect_ratio, dtype:
            see `DirectoryIterator`.
        class_mode: as there, and "raw" (the column's values) or "multi_output" (a list of the columns'
            values).
        validate_filenames: whether rows without such a file are left out.

    Raises:
        ValueError: a column is missing, or an option is unknown.
    """

    _modes = ("categorical", "binary", "sparse", "input", "raw", "multi_output", None)

    def __init__(
        self,
        dataframe: Any,
        directory: str | Path | None,
        image_data_generator: ImageDataGenerator,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        target_size: Sequence[int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
        validate_filenames: bool = True,
    ) -> None:
        self._options(
            image_data_generator,
            target_size,
            color_mode,
            class_mode,
            interpolation,
            keep_aspect_ratio,
            subset,
        )
        self.directory = str(directory or "")
        columns = y_col if isinstance(y_col, (list, tuple)) else [y_col]
        labelled = class_mode not in ("input", None)
        needed = [x_col, *(columns if labelled else []), *([weight_col] if weight_col else [])]
        missing = [c for c in needed if c not in dataframe.columns]
        if missing:
            raise ValueError(f"the table has no column {missing}; it has {list(dataframe.columns)}.")
        paths = [os.path.join(self.directory, str(name)) for name in dataframe[x_col]]
        keep = np.array([not validate_filenames or _is_picture(path) for path in paths], bool)
        if not keep.all():
            warnings.warn(f"{int((~keep).sum())} rows are left out: no such image file.", stacklevel=3)
        rows = np.flatnonzero(keep)
        numbered = class_mode in ("categorical", "binary", "sparse")
        if numbered:
            labels = [str(v) for v in dataframe[columns[0]]]
            names = list(classes) if classes else sorted({labels[i] for i in rows})
            self.class_indices = {name: number for number, name in enumerate(names)}
            rows = np.array([i for i in rows if labels[i] in self.class_indices], "int64")
        rows = rows[self._part(len(rows))]
        self.filenames = [str(dataframe[x_col].iloc[i]) for i in rows]
        self._filepaths = [paths[i] for i in rows]
        if numbered:
            self.classes = np.array([self.class_indices[labels[i]] for i in rows], "int32")
        else:
            self.classes = [np.asarray(dataframe[c])[rows] for c in columns] if labelled else None
        self.sample_weight = np.asarray(dataframe[weight_col])[rows] if weight_col else None
        self.samples = len(rows)
        belonging = f" belonging to {len(self.class_indices)} classes" if numbered else ""
        print_msg(f"Found {self.samples} image files{belonging}.")
        self._saving(save_to_dir, save_prefix, save_format)
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _targets(self, rows: Array, batch: Array) -> Any:
        if self.class_mode == "multi_output":
            return [column[rows] for column in self.classes]
        if self.class_mode == "raw":
            values = [column[rows] for column in self.classes]
            return values[0] if len(values) == 1 else np.stack(values, axis=1)
        return super()._targets(rows, batch)


def _is_picture(path: str) -> bool:
    return path.lower().endswith(FORMATS) and os.path.isfile(path)
