"""Pictures in folders named after their classes, as data sets: decoded by threads ahead of the step."""

from __future__ import annotations

import collections
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from axone.core import dtypes, tree
from axone.ops._images import one_of
from axone.ops._spatial import format_of, sizes_of
from axone.ops.interpolation import area_matrix, nearest_places, resampling_matrix
from axone.preprocessing.images import MODES, decode, in_mode
from axone.utils.dataset import Dataset, HostArray, RowDataset
from axone.utils.directories import check_arguments, index_directory, labelled, shares

__all__ = ["image_dataset_from_directory"]

Array = np.ndarray[Any, Any]

FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
INTERPOLATIONS = (
    "bilinear",
    "nearest",
    "bicubic",
    "area",
    "lanczos3",
    "lanczos5",
    "gaussian",
    "mitchellcubic",
)

# Batches that are decoded while the network works on one.
_AHEAD = 2


class FileDataset(RowDataset):
    """Samples read from files by threads, some batches ahead of the one that is used.

    Args:
        read: returns the sample of a number.
        size: number of samples.
        order: numbers of the samples in the order of a pass; None for all of them as they are.
    """

    def __init__(
        self, read: Callable[[int], Any], size: int, order: Callable[[], Array] | None = None
    ) -> None:
        self._read = read
        super().__init__(lambda rows: _stacked([read(int(row)) for row in rows]), size, order)

    def _with(self, order: Callable[[], Array], size: int) -> RowDataset:
        made = FileDataset(self._read, size, order)
        made.class_names, made.file_paths = self.class_names, self.file_paths
        return made

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        plain = super().batch(batch_size, drop_remainder)
        made = Dataset(lambda: self._batches(int(batch_size), drop_remainder), len(plain))
        made.class_names, made.file_paths = self.class_names, self.file_paths
        return made

    def _batches(self, size: int, drop: bool) -> Iterator[Any]:
        rows = self._order()
        stop = len(rows) - len(rows) % size if drop else len(rows)
        waiting: collections.deque[list[Future[Any]]] = collections.deque()
        pool = ThreadPoolExecutor(_workers(), thread_name_prefix="axone-images")
        try:
            for first in range(0, stop, size):
                waiting.append([pool.submit(self._read, int(row)) for row in rows[first : first + size]])
                if len(waiting) > _AHEAD:
                    yield _stacked([sample.result() for sample in waiting.popleft()])
            while waiting:
                yield _stacked([sample.result() for sample in waiting.popleft()])
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _workers() -> int:
    known = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, min(known, 16))


def _stacked(samples: list[Any]) -> Any:
    return tree.map_structure(lambda *parts: np.stack(parts).view(HostArray), *samples)


def image_dataset_from_directory(
    directory: str | Path,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: int | Sequence[int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Makes a data set of the pictures of a folder with one subfolder per class.

    Args:
        directory: The folder; files ending in .bmp, .gif, .jpeg, .jpg, .png or .webp count.
        labels: "inferred" from the subfolders' names, None, or one class number per file (in their order).
        label_mode: "int", "categorical" (one-hot), "binary" (a column of 0 and 1) or None (images alone).
        class_names: The subfolders to use, in the order of the class numbers; None for all, sorted.
        color_mode: "rgb", "rgba" or "grayscale".
        batch_size: Images of a batch; None for images one by one.
        image_size: Height and width that images are resized to.
        shuffle: Whether the images are in a random order, another one in each pass.
        seed: Of that order.
        validation_split: Fraction of the files held out.
        subset: "training", "validation" or "both" (a pair), with validation_split.
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian" or
            "mitchellcubic".
        follow_links: Whether links to folders are followed.
        crop_to_aspect_ratio: Whether borders are cut off rather than the image distorted.
        pad_to_aspect_ratio: Whether black borders are added rather than the image distorted.
        data_format: "channels_last" or "channels_first"; None for the configured one.
        format: Accepted for Keras's sake.
        verbose: Whether the numbers of files and classes are printed.

    Returns:
        `Dataset` of batches of images (batch, height, width, channels), floating point from 0 to 255, or of
        pairs (images, labels). Files are decoded by threads ahead of the step that needs them.

    Raises:
        ValueError: There is no such folder, the arguments contradict each other, or (while it is read) a file
            cannot be decoded.
        ImportError: Pillow is not installed.

    Example:

    >>> train, test = image_dataset_from_directory(
    ...     "photos", image_size=(128, 128), validation_split=0.2, subset="both", seed=1)
    >>> model.fit(train, validation_data=test)
    """
    name = "image_dataset_from_directory"
    check_arguments(labels, label_mode, class_names, validation_split, subset, shuffle, seed)
    one_of(name, "color_mode", color_mode, tuple(MODES))
    method = one_of(name, "interpolation", str(interpolation).lower(), INTERPOLATIONS)
    layout = format_of(name, data_format)
    size = sizes_of(name, "image_size", image_size, 2)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(f"{name}: only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be True.")
    labels = labels if label_mode is not None else None
    if seed is None and shuffle:
        seed = int(np.random.randint(1_000_000))
    paths, numbers, names = index_directory(
        directory, labels, FORMATS, class_names, shuffle, seed, follow_links, verbose
    )
    if label_mode == "binary" and numbers is not None and len(names) != 2:
        raise ValueError(f"{name}: label_mode='binary' needs 2 classes, found {len(names)}: {names}.")
    wanted = labelled(numbers, label_mode, len(names))
    fit = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else "stretch"
    read = functools.partial(_read, color_mode=color_mode, size=size, method=method, fit=fit, layout=layout)
    made = []
    for part, share in enumerate(shares(len(paths), validation_split, subset)):
        if not paths[share]:
            raise ValueError(f"{directory}: validation_split={validation_split} leaves no file for a part.")
        dataset: RowDataset = _samples(paths[share], None if wanted is None else wanted[share], read)
        dataset.class_names, dataset.file_paths = names, paths[share]
        if shuffle and not (subset == "both" and part == 1):
            dataset = dataset.shuffle(seed=seed)
        made.append(dataset if batch_size is None else dataset.batch(batch_size))
    return made[0] if len(made) == 1 else tuple(made)


def _samples(paths: list[str], labels: Array | None, read: Callable[[str], Array]) -> FileDataset:
    def sample(row: int) -> Any:
        image = read(paths[row])
        return image if labels is None else (image, labels[row])

    return FileDataset(sample, len(paths))


def _read(path: str, color_mode: str, size: Sequence[int], method: str, fit: str, layout: str) -> Array:
    """The picture in a file as an array of a size."""
    with open(path, "rb") as file:
        picture = decode(file, path)
    if picture.mode in ("I;16", "I;16B", "I") and color_mode != "grayscale":
        picture = picture.point(lambda value: value / 256).convert("L")
    x = np.asarray(in_mode(picture, color_mode))
    if x.dtype != np.uint8:
        x = (x / 256).astype("float32")  # 16 bits deep
    x = x[:, :, None] if x.ndim == 2 else x
    x = _fitted(x, size, fit)
    for axis in (0, 1):
        x = _resized(x, axis, size[axis], method)
    x = x.astype(dtypes.floatx(), copy=False)
    return np.ascontiguousarray(x.transpose(2, 0, 1)) if layout == "channels_first" else x


def _fitted(x: Array, size: Sequence[int], fit: str) -> Array:
    """Cropped or padded to the aspect ratio of a size."""
    height, width = x.shape[:2]
    h, w = int(width * size[0] / size[1]), int(height * size[1] / size[0])
    if fit == "crop":
        h, w = max(min(height, h), 1), max(min(width, w), 1)
        top, left = (height - h) // 2, (width - w) // 2
        return x[top : top + h, left : left + w]
    if fit == "pad":
        rows, columns = max(h - height, 0) // 2, max(w - width, 0) // 2
        return np.pad(x, ((rows, rows), (columns, columns), (0, 0)))
    return x


def _resized(x: Array, axis: int, count: int, method: str) -> Array:
    """One axis in another size, by the few positions that each output is made of."""
    size = x.shape[axis]
    if size == count:
        return x
    if method == "nearest":
        return np.asarray(x.take(nearest_places(size, count), axis=axis))
    places, weights = _taps(size, count, method)
    shape = [-1 if a == axis else 1 for a in range(3)]
    total: Any = 0.0
    for k in range(places.shape[1]):
        total = total + x.take(places[:, k], axis=axis) * weights[:, k].reshape(shape)
    return np.asarray(total)


@functools.lru_cache(maxsize=256)
def _taps(size: int, count: int, method: str) -> tuple[Array, Array]:
    """Positions and weights (count, taps) of the rows of a resampling matrix that are not zero."""
    if method == "area":
        matrix = area_matrix(size, count)
    else:
        matrix = resampling_matrix(size, count, count / size, 0.0, method, False)
    found = matrix != 0
    first = found.argmax(1)
    last = size - 1 - found[:, ::-1].argmax(1)
    places = np.minimum(first[:, None] + np.arange((last - first).max() + 1), size - 1)
    weights = np.take_along_axis(matrix, places, 1)
    weights[first[:, None] + np.arange(places.shape[1]) > last[:, None]] = 0.0
    return places, weights.astype("float32")
