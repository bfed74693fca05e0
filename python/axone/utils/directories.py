"""Files in folders named after their classes, as data sets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from axone.utils.dataset import Dataset, RowDataset
from axone.utils.io import print_msg

__all__ = ["index_directory", "labelled", "shares", "text_dataset_from_directory"]

Labels = np.ndarray[Any, Any]


def index_directory(
    directory: str | Path,
    labels: Any,
    formats: tuple[str, ...],
    class_names: Sequence[str] | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> tuple[list[str], Labels | None, list[str]]:
    """List the files of a folder and their classes.

    Args:
        directory: the folder.
        labels: "inferred" from the subfolders' names, None, or one class number per file (in their order).
        formats: endings of the files that count, in lower case.
        class_names: the subfolders to use, in the order of the class numbers; None for all, sorted.
        shuffle: whether the files are in a random order.
        seed: of that order.
        follow_links: whether links to folders are followed.
        verbose: whether the numbers of files and classes are printed.

    Returns:
        Paths; class numbers (int32) or None; names of the classes.

    Raises:
        ValueError: there is no such folder or file, or the labels do not fit.
    """
    root = Path(directory)
    if not root.is_dir():
        raise ValueError(f"{root}: there is no such folder.")
    names: list[str] = []
    if isinstance(labels, str) and labels == "inferred":
        found = sorted(entry.name for entry in root.iterdir() if entry.is_dir() and entry.name[0] != ".")
        names = found if class_names is None else list(class_names)
        missing = sorted(set(names) - set(found))
        if missing or not names:
            raise ValueError(f"{root}: expected a subfolder for each class, missing {missing}; has {found}.")
        lists = [_files(root / name, formats, follow_links) for name in names]
        paths = [path for group in lists for path in group]
        numbers: Labels | None = np.repeat(np.arange(len(names)), [len(group) for group in lists]).astype(
            "int32"
        )
    else:
        paths = _files(root, formats, follow_links)
        numbers = None if labels is None else np.asarray(labels)
        if numbers is not None:
            if len(numbers) != len(paths):
                raise ValueError(f"{root}: got {len(numbers)} labels for {len(paths)} files.")
            names = [str(i) for i in range(int(numbers.max(initial=-1)) + 1)]
    if not paths:
        raise ValueError(f"{root}: there are no files ending in {', '.join(formats)}.")
    if verbose:
        print_msg(f"Found {len(paths)} files" + (f" belonging to {len(names)} classes." if names else "."))
    if shuffle:
        order = np.arange(len(paths))
        np.random.RandomState(seed).shuffle(order)
        paths = [paths[i] for i in order]
        numbers = None if numbers is None else numbers[order]
    return paths, numbers, names


def _files(root: Path, formats: tuple[str, ...], follow_links: bool) -> list[str]:
    found = []
    for folder, _, files in sorted(os.walk(root, followlinks=follow_links)):
        found += [os.path.join(folder, name) for name in sorted(files) if name.lower().endswith(formats)]
    return found


def labelled(labels: Labels | None, mode: str | None, classes: int) -> Labels | None:
    """Return class numbers in a label mode: "int", "categorical", "binary" (a column of floats) or None."""
    if labels is None or mode is None:
        return None
    if mode == "categorical":
        return np.eye(classes, dtype="float32")[labels]
    if mode == "binary":
        return labels.astype("float32")[:, None]
    return labels


def check_arguments(
    labels: Any,
    label_mode: str | None,
    class_names: Any,
    validation_split: float | None,
    subset: str | None,
    shuffle: bool,
    seed: int | None,
) -> None:
    """Check what the functions that make data sets of folders share; ValueError says what is wrong."""
    if not (labels is None or isinstance(labels, (list, tuple, np.ndarray)) or str(labels) == "inferred"):
        raise ValueError(f"labels must be 'inferred', None or a list of class numbers, got {labels!r}.")
    if label_mode not in ("int", "categorical", "binary", None):
        raise ValueError(f"label_mode must be 'int', 'categorical', 'binary' or None, got {label_mode!r}.")
    if class_names is not None and not (isinstance(labels, str) and labels == "inferred"):
        raise ValueError("class_names can only be given with labels='inferred'.")
    if (validation_split is None) != (subset is None):
        raise ValueError(
            f"validation_split and subset must be given together, got {validation_split!r} and {subset!r}."
        )
    if validation_split is None:
        return
    if not 0 < validation_split < 1:
        raise ValueError(f"validation_split must lie in (0, 1), got {validation_split!r}.")
    if subset not in ("training", "validation", "both"):
        raise ValueError(f"subset must be 'training', 'validation' or 'both', got {subset!r}.")
    if shuffle and seed is None:
        raise ValueError(
            "give a seed with validation_split, or set shuffle=False: else training and validation overlap."
        )


def shares(count: int, validation_split: float | None, subset: str | None) -> list[slice]:
    """Return which of so many samples the data sets hold: one slice, or two for subset "both"."""
    if validation_split is None:
        return [slice(None)]
    cut = count - int(validation_split * count)
    parts = {"training": [slice(0, cut)], "validation": [slice(cut, None)]}
    return parts.get(str(subset), parts["training"] + parts["validation"])


def text_dataset_from_directory(
    directory: str | Path,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Makes a data set of the .txt files of a folder with one subfolder per class.

    Args:
        directory: The folder.
        labels: "inferred" from the subfolders' names, None, or one class number per file (in their order).
        label_mode: "int", "categorical" (one-hot), "binary" (a column of 0 and 1) or None (texts alone).
        class_names: The subfolders to use, in the order of the class numbers; None for all, sorted.
        batch_size: Texts of a batch; None for texts one by one.
        max_length: Texts are cut to so many bytes; None for whole texts.
        shuffle: Whether the texts are in a random order, another one in each pass.
        seed: Of that order.
        validation_split: Fraction of the files held out.
        subset: "training", "validation" or "both" (a pair), with validation_split.
        follow_links: Whether links to folders are followed.
        format: Accepted for Keras's sake.
        verbose: Whether the numbers of files and classes are printed.

    Returns:
        `Dataset` of batches of texts (NumPy arrays of str objects), or of pairs (texts, labels).

    Raises:
        ValueError: there is no such folder, or the arguments contradict each other.
    """
    check_arguments(labels, label_mode, class_names, validation_split, subset, shuffle, seed)
    labels = labels if label_mode is not None else None
    if seed is None and shuffle:
        seed = int(np.random.randint(1_000_000))
    paths, numbers, names = index_directory(
        directory, labels, (".txt",), class_names, shuffle, seed, follow_links, verbose
    )
    if label_mode == "binary" and numbers is not None and len(names) != 2:
        raise ValueError(f"label_mode='binary' needs 2 classes, found {len(names)}: {names}.")
    wanted = labelled(numbers, label_mode, len(names))
    made = []
    for share in shares(len(paths), validation_split, subset):
        dataset = _texts(paths[share], None if wanted is None else wanted[share], max_length)
        dataset.class_names, dataset.file_paths = names, paths[share]
        ready: Dataset = dataset.shuffle(seed=seed) if shuffle else dataset
        made.append(ready if batch_size is None else ready.batch(batch_size))
    return made[0] if len(made) == 1 else tuple(made)


def _texts(paths: list[str], labels: Labels | None, max_length: int | None) -> RowDataset:
    def fetch(rows: np.ndarray[Any, Any]) -> Any:
        texts = np.empty(len(rows), object)
        texts[:] = [_read(paths[row], max_length) for row in rows]
        return texts if labels is None else (texts, labels[rows])

    return RowDataset(fetch, len(paths))


def _read(path: str, max_length: int | None) -> str:
    return Path(path).read_bytes()[:max_length].decode("utf-8", "replace")
