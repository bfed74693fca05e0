"""Data for `fit`, `evaluate` and `predict`: arrays taken by rows, or batches as they come."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from axone.core import dtypes, tree
from axone.core.host_value import HostInputs, is_host
from axone.core.random import global_seed_generator
from axone.core.tensor import is_tensor
from axone.training.arguments import class_weights
from axone.utils.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from axone.utils.py_dataset import PyDataset, batches_of

# The engine computes in these types; others are cast as the rows are gathered.
_NARROW = {"int8": "int32", "int16": "int32", "uint16": "int32", "uint32": "int64", "uint64": "int64"}


def engine_dtype(dtype: np.dtype) -> str:
    """Returns the type in which data of a NumPy type enters a program: floats become `floatx()`."""
    if dtype.kind in "USTO":
        return "string"
    if dtype.kind == "f":
        return dtypes.floatx()
    return _NARROW.get(dtype.name, str(dtype.name))


def to_array(value: Any, what: str) -> np.ndarray:
    """Returns data as an array that the engine can read.

    Args:
        value: Array, tensor, pandas object, list of numbers.
        what: "x", "y" or "sample_weight", for errors.

    Raises:
        ValueError: it holds no numbers, or is a single number.
    """
    if isinstance(value, str) or (callable(value) and not hasattr(value, "__array__")):
        hint = "" if isinstance(value, str) else " Call the function, and give what it returns."
        raise ValueError(
            f"`{what}` must be an array, a generator or another iterable of batches, got {value!r} of type "
            f"{type(value).__name__}.{hint}"
        )
    if what == "x" and is_text(value):
        return np.asarray(value, object if isinstance(value, list) else None)
    if type(value) is not np.ndarray:
        value = value.numpy() if is_tensor(value) else _as_numbers(value, what)
    if value.dtype.kind == "O":
        value = _as_numbers(value, what)
    if value.dtype.kind not in "biuf":
        raise ValueError(f"`{what}` must hold numbers, got an array of dtype {value.dtype}.")
    if value.ndim == 0:
        raise ValueError(f"`{what}` must have samples along its first axis, got the single number {value}.")
    return np.asarray(value)


def is_text(value: Any) -> bool:
    """Returns whether data is of strings, which layers such as TextVectorization take."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(leaf, (str, bytes)) for leaf in tree.flatten(value))
    return hasattr(value, "__array__") and not is_tensor(value) and is_host(np.asarray(value))


def _as_numbers(value: Any, what: str) -> np.ndarray:
    try:
        array = np.asarray(value)
        if array.dtype.kind != "O":
            return array
        if any(item is None for item in array.flat):
            raise TypeError("it holds None")
        return array.astype(dtypes.floatx())
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"`{what}` of type {type(value).__name__} could not be read as numbers: {error}. Rows must have "
            "equal lengths, and text must be turned into numbers first."
        ) from None


def _to_arrays(structure: Any, what: str) -> Any:
    """Turns the leaves into arrays; a (nested) list of plain numbers is one leaf."""
    if isinstance(structure, (list, tuple)) and all(
        isinstance(leaf, (int, float, str, bytes, np.generic)) for leaf in tree.flatten(structure)
    ):
        return to_array(structure, what)
    if isinstance(structure, Mapping) and not isinstance(structure, dict):
        structure = dict(structure)
    return tree.map_structure(lambda leaf: to_array(leaf, what), structure)


class ArrayBatch:
    """Inputs, targets and weights as a flat list of arrays with a common number of rows.

    Args:
        x: Inputs: an array, or a list, tuple or dict of arrays.
        y: Targets, or None.
        sample_weight: Weights, or None.

    Raises:
        ValueError: there is nothing, the numbers of rows differ, or something is not numeric.
    """

    def __init__(self, x: Any, y: Any = None, sample_weight: Any = None) -> None:
        parts = {"x": x, "y": y, "sample_weight": sample_weight}
        self._parts = {name: _to_arrays(part, name) for name, part in parts.items() if part is not None}
        if "x" not in self._parts:
            raise ValueError("`x` is missing: there is no data.")
        self.arrays: list[np.ndarray] = tree.flatten(list(self._parts.values()))
        sizes = {name: [len(a) for a in tree.flatten(part)] for name, part in self._parts.items()}
        if len({size for part in sizes.values() for size in part}) > 1:
            listed = ", ".join(f"{name}: {', '.join(map(str, part))}" for name, part in sizes.items())
            raise ValueError(f"All arrays must have the same number of samples; got {listed}.")
        self.rows = len(self.arrays[0]) if self.arrays else 0
        if self.rows == 0:
            raise ValueError(f"`x` holds no samples (shape {self.arrays[0].shape if self.arrays else '()'}).")
        self._host = [a for a in self.arrays if engine_dtype(a.dtype) == "string"]
        self._made: dict[Any, np.ndarray] = {}
        self.structure = repr(tree.map_structure(lambda _: 0, self._parts))

    @property
    def inputs(self) -> Any:
        """The inputs as arrays, nested as they were given."""
        return self._parts["x"]

    @property
    def targets(self) -> Any:
        """The targets as arrays, None where there are none."""
        return self._parts.get("y")

    def sources(self, host: HostInputs) -> list[np.ndarray]:
        """Returns the arrays that a program reads: those of numbers, then those made of strings."""
        if not self._host:
            return self.arrays
        numbers = [a for a in self.arrays if engine_dtype(a.dtype) != "string"]
        return numbers + host.prepare(self._host, self._made)

    def pack(self, leaves: list[Any]) -> Any:
        """Returns `x`, `(x, y)` or `(x, y, sample_weight)` with the leaves in place of the arrays."""
        rest = iter(leaves)
        parts = {name: tree.map_structure(lambda _: next(rest), part) for name, part in self._parts.items()}
        return pack_x_y_sample_weight(parts["x"], parts.get("y"), parts.get("sample_weight"))

    def signature(self, rows: int) -> tuple[Any, ...]:
        """Returns what a program for so many rows depends on: structure, shapes and types."""
        return self.structure, *(((rows, *a.shape[1:]), engine_dtype(a.dtype)) for a in self.arrays)


class ArrayData(ArrayBatch):
    """Arrays that are taken batch by batch, in order or shuffled.

    Args:
        x: See `ArrayBatch`.
        y: See `ArrayBatch`.
        sample_weight: See `ArrayBatch`.
        batch_size: Rows of a batch; None stands for 32.
        shuffle: True for a new order every epoch, "batch" to mix the rows within each batch only.
        class_weight: From class number to weight; makes the sample weights.
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        shuffle: bool | str = False,
        class_weight: Mapping[int, float] | None = None,
    ) -> None:
        if class_weight is not None:
            sample_weight = weights_of_classes(y, sample_weight, class_weight)
        super().__init__(x, y, sample_weight)
        self.batch_size = 32 if batch_size is None else batch_size
        if (
            isinstance(self.batch_size, bool)
            or not hasattr(self.batch_size, "__index__")
            or self.batch_size < 1
        ):
            raise ValueError(f"batch_size must be a positive integer, got {batch_size!r}.")
        self.batch_size = int(self.batch_size)
        if shuffle not in (True, False, "batch"):
            raise ValueError(f"shuffle must be True, False or 'batch', got {shuffle!r}.")
        self.shuffle = shuffle
        self.num_batches = math.ceil(self.rows / self.batch_size)

    def epoch_order(self) -> np.ndarray | None:
        """Returns the order of the rows for one epoch (int64), None for the order of the arrays.

        It comes from axone's global seed: the same `set_random_seed` gives the same orders.
        """
        if not self.shuffle:
            return None
        generator = _epoch_generator()
        if self.shuffle != "batch":
            return generator.permutation(self.rows)
        order = np.arange(self.rows)
        for first in range(0, self.rows, self.batch_size):
            generator.shuffle(order[first : first + self.batch_size])
        return order


class BatchData:
    """Batches from a generator, or from anything that can be iterated.

    Args:
        batches: Yields `x`, `(x, y)` or `(x, y, sample_weight)`.
        class_weight: From class number to weight.
        shuffle: Whether a `PyDataset` gives its batches in a new order every epoch.
    """

    def __init__(
        self, batches: Any, class_weight: Mapping[int, float] | None = None, shuffle: bool | str = False
    ) -> None:
        self._batches = batches
        self._class_weight = class_weight
        self._shuffle = bool(shuffle)
        if isinstance(batches, PyDataset):
            self.num_batches = batches.num_batches
        else:
            self.num_batches = len(batches) if hasattr(batches, "__len__") else None

    def epoch_batches(self) -> Iterator[ArrayBatch]:
        """Yields the batches of one epoch (of what is left, for a generator)."""
        for batch in self._epoch():
            x, y, sample_weight = unpack_x_y_sample_weight(batch)
            if self._class_weight is not None:
                sample_weight = weights_of_classes(y, sample_weight, self._class_weight)
            yield ArrayBatch(x, y, sample_weight)

    def _epoch(self) -> Any:
        if not isinstance(self._batches, PyDataset):
            return self._batches
        shuffled = self._shuffle and self.num_batches is not None
        return batches_of(self._batches, _permutation(self.num_batches or 0) if shuffled else None)


def _permutation(count: int) -> np.ndarray:
    """A random order from axone's global seed."""
    return _epoch_generator().permutation(count)


def _epoch_generator() -> np.random.Generator:
    seed = np.asarray(global_seed_generator().next()).astype("int64")
    return np.random.Generator(np.random.Philox(seed=[int(s) & 0xFFFFFFFF for s in seed]))


def make_data(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[int, float] | None = None,
) -> ArrayData | BatchData:
    """Chooses between arrays and batches; see `ArrayData` and `BatchData`.

    Raises:
        ValueError: `x` yields batches and targets or weights are given beside it.
    """
    if not _yields_batches(x):
        return ArrayData(x, y, sample_weight, batch_size, shuffle, class_weight)
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"`x` yields batches, so `{name}` must come with them: yield (x, y, sample_weight)."
            )
    return BatchData(x, class_weight, shuffle)


def _yields_batches(x: Any) -> bool:
    if isinstance(x, (np.ndarray, list, tuple, Mapping, str)) or is_tensor(x) or hasattr(x, "__array__"):
        return False
    return isinstance(x, PyDataset) or hasattr(x, "__iter__")


def weights_of_classes(y: Any, sample_weight: Any, class_weight: Mapping[int, float]) -> np.ndarray:
    """Returns sample weights: the weight of each sample's class, 1 for classes that are not named.

    Args:
        y: Class numbers, shape (n,) or (n, 1), or one-hot rows (n, classes).
        sample_weight: Must be None.
        class_weight: From class number to weight.

    Raises:
        ValueError: there are no targets, several outputs, or sample weights too.
    """
    class_weight = class_weights(class_weight)
    if sample_weight is not None:
        raise ValueError("Give either `class_weight` or `sample_weight`, not both.")
    if y is None or isinstance(y, dict) or (isinstance(y, (list, tuple)) and hasattr(y[0], "shape")):
        raise ValueError("`class_weight` needs targets of a single output.")
    labels = to_array(y, "y")
    if labels.ndim > 1:
        labels = labels.argmax(-1) if labels.shape[-1] != 1 else labels[..., 0]
    classes, inverse = np.unique(np.round(labels).astype("int64"), return_inverse=True)
    weights = np.array([float(class_weight.get(int(c), 1.0)) for c in classes], dtypes.floatx())
    return weights[inverse.reshape(labels.shape)]


def train_validation_split(parts: tuple[Any, ...], validation_split: float) -> tuple[Any, Any]:
    """Cuts the last fraction of the samples off as validation data; no row is copied.

    Args:
        parts: `(x, y, sample_weight)`, each an array, a nest of arrays or None.
        validation_split: Fraction in (0, 1).

    Returns:
        Two tuples like `parts`.

    Raises:
        ValueError: the fraction is out of range, the data is no array, or one side would be empty.
    """
    if not isinstance(validation_split, (int, float, np.number)) or not 0 < validation_split < 1:
        raise ValueError(f"validation_split must be a fraction in (0, 1), got {validation_split!r}.")
    if _yields_batches(parts[0]):
        raise ValueError("validation_split needs arrays; give validation_data beside a generator.")
    named = zip(("x", "y", "sample_weight"), parts, strict=True)
    arrays = [None if part is None else _to_arrays(part, name) for name, part in named]
    rows = ArrayBatch(*arrays).rows  # which also checks that all parts have as many
    cut = math.floor(rows * (1.0 - validation_split))
    if cut == 0 or cut == rows:
        raise ValueError(
            f"validation_split={validation_split} leaves no samples on one side: there are {rows} in all."
        )
    return _cut(arrays, lambda a: a[:cut]), _cut(arrays, lambda a: a[cut:])


def _cut(parts: list[Any], take: Callable[[np.ndarray], np.ndarray]) -> tuple[Any, ...]:
    return tuple(None if part is None else tree.map_structure(take, part) for part in parts)
