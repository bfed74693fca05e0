"""What `ImageDataGenerator` returns: batches without end, made from arrays."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from axone.ops._images import one_of
from axone.preprocessing.images import array_to_img
from axone.utils.py_dataset import PyDataset

if TYPE_CHECKING:
    from axone.preprocessing.image_generator import ImageDataGenerator

__all__ = ["AugmentedIterator", "Iterator", "NumpyArrayIterator"]

Array = np.ndarray[Any, Any]


class Iterator(PyDataset):
    """Base of the generators: a data set for `fit`, and an iterator without end.

    Args:
        n: number of samples.
        batch_size: samples of a batch.
        shuffle: whether the samples are in a random order, another one in each epoch.
        seed: of that order and of the changes; None goes on with NumPy's global draws.
        **kwargs: see `PyDataset`.
    """

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if batch_size < 1:
            raise ValueError(f"{type(self).__name__}: batch_size must be at least 1, got {batch_size!r}.")
        self.n, self.batch_size, self.shuffle, self.seed = n, batch_size, shuffle, seed
        self.batch_index = self.total_batches_seen = 0
        self.index_array: Array | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        """Return batch `index`."""
        if not 0 <= index < len(self):
            raise IndexError(f"{type(self).__name__} has {len(self)} batches, asked for number {index}.")
        with self._lock:
            rng = self._generator()
            if self.index_array is None:
                self._reorder(rng)
            order = self.index_array
            assert order is not None
            rows = order[index * self.batch_size : (index + 1) * self.batch_size]
        return self._samples(rows, rng)

    def on_epoch_end(self) -> None:
        """Take another order."""
        with self._lock:
            self._reorder(self._generator())

    def reset(self) -> None:
        """Begin again with the first batch."""
        self.batch_index = 0

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        with self._lock:
            rng = self._generator()
            if self.batch_index == 0:
                self._reorder(rng)
            order = self.index_array
            assert order is not None
            rows = order[self.batch_index * self.batch_size : (self.batch_index + 1) * self.batch_size]
            self.batch_index = (self.batch_index + 1) % max(len(self), 1)
        return self._samples(rows, rng)

    next = __next__

    def _generator(self) -> Any:
        """Where the draws of the next batch come from."""
        self.total_batches_seen += 1
        return np.random if self.seed is None else np.random.RandomState(self.seed + self.total_batches_seen)

    def _reorder(self, rng: Any) -> None:
        self.index_array = rng.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _samples(self, rows: Array, rng: Any) -> Any:
        """The batch of some samples; every subclass defines it."""
        raise TypeError(f"{type(self).__name__} must define _samples.")


class AugmentedIterator(Iterator):
    """What the iterators share: images are changed, normalized and, where wanted, saved."""

    image_data_generator: ImageDataGenerator

    def _saving(self, save_to_dir: Any, save_prefix: str, save_format: str) -> None:
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format

    def _changed(self, x: Array, rows: Array, rng: Any) -> Array:
        generator = self.image_data_generator
        drawn = [generator.get_random_transform(x.shape[1:], generator=rng) for _ in x]
        batch: Array = generator.standardize(generator.apply_transforms(x, drawn))
        if self.save_to_dir:
            for row, image in zip(rows, batch, strict=True):
                name = f"{self.save_prefix}_{row}_{rng.randint(10**7)}.{self.save_format}"
                array_to_img(image, generator.data_format).save(os.path.join(self.save_to_dir, name))
        return batch


class NumpyArrayIterator(AugmentedIterator):
    """Batches of changed images from arrays.

    Args:
        x: images of 4 axes; or a pair of them and of further arrays with as many rows, which stay as
            they are.
        y: labels, or None.
        image_data_generator: what changes the images.
        batch_size: images of a batch.
        shuffle: whether the images are in a random order.
        sample_weight: one number for each image, or None.
        seed: of the order and the changes.
        data_format: that of the generator.
        save_to_dir: folder to save changed images to, or None.
        save_prefix: what the files' names begin with.
        save_format: "png" or "jpeg".
        subset: "training" or "validation", the last or first part by the generator's `validation_split`.
        ignore_class_split: whether the parts may hold different classes.
        dtype: that of the generator.

    Raises:
        ValueError: the arrays do not fit each other.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: ImageDataGenerator,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
        dtype: Any = None,
    ) -> None:
        others: list[Any] = []
        if isinstance(x, (tuple, list)):
            others = x[1] if isinstance(x[1], list) else [x[1]]
            x = x[0]
        arrays = [np.asarray(x), *map(np.asarray, others)]
        named = {"y": y, "sample_weight": sample_weight}
        kept = {name: np.asarray(value) for name, value in named.items() if value is not None}
        sizes = [len(a) for a in (*arrays, *kept.values())]
        if len(set(sizes)) != 1 or arrays[0].ndim != 4:
            shapes = ", ".join(str(a.shape) for a in (*arrays, *kept.values()))
            raise ValueError(
                f"expected images of 4 axes and as many rows of everything, got shapes {shapes}."
            )
        if subset is not None:
            one_of("flow", "subset", subset, ("training", "validation"))
            cut = int(sizes[0] * image_data_generator.validation_split)
            part = slice(cut) if subset == "validation" else slice(cut, None)
            if "y" in kept and not ignore_class_split:
                held, rest = np.unique(kept["y"][:cut]), np.unique(kept["y"][cut:])
                if not np.array_equal(held, rest):
                    raise ValueError(
                        "training and validation part hold different classes: the arrays seem to be sorted "
                        "by class. Shuffle them, or pass ignore_class_split=True."
                    )
            arrays = [a[part] for a in arrays]
            kept = {name: a[part] for name, a in kept.items()}
        self.x, self.x_misc = arrays[0], arrays[1:]
        self.y, self.sample_weight = kept.get("y"), kept.get("sample_weight")
        self.image_data_generator = image_data_generator
        self.data_format = data_format or image_data_generator.data_format
        self._saving(save_to_dir, save_prefix, save_format)
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _samples(self, rows: Array, rng: Any) -> Any:
        images = self._changed(self.x[rows].astype(self.image_data_generator.dtype), rows, rng)
        batch = [images, *(a[rows] for a in self.x_misc)] if self.x_misc else images
        if self.y is None:
            return batch
        found = (batch, self.y[rows])
        return found if self.sample_weight is None else (*found, self.sample_weight[rows])
