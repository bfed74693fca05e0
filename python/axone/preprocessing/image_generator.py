"""Keras 2's generator of augmented images. Whole batches are transformed in the engine."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from axone import config
from axone.core import dtypes
from axone.core.old_names import warn_old
from axone.ops._common import to_tensor
from axone.ops._images import one_of
from axone.ops.sampling import transformed
from axone.preprocessing.image_file_iterators import DataFrameIterator, DirectoryIterator
from axone.preprocessing.image_iterators import NumpyArrayIterator

__all__ = ["ImageDataGenerator"]

Array = np.ndarray[Any, Any]


class ImageDataGenerator:
    """Batches of randomly changed images (old; today's way are the layers RandomFlip, RandomRotation, ... and
    `utils.image_dataset_from_directory`).

    Args:
        featurewise_center: Whether the channels' means over the data of `fit` are subtracted.
        samplewise_center: Whether each image's mean is subtracted.
        featurewise_std_normalization: Whether images are divided by the channels' deviations in that data.
        samplewise_std_normalization: Whether each image is divided by its deviation.
        zca_whitening: Whether pixels are decorrelated by ZCA.
        zca_epsilon: Keeps that from dividing by 0.
        rotation_range: Largest angle in degrees.
        width_shift_range: Largest shift to the side: a fraction of the width below 1, else pixels; or a
            sequence of shifts to choose from.
        height_shift_range: Largest shift up or down, likewise.
        brightness_range: Pair that a factor is drawn from.
        shear_range: Largest angle of slant in degrees.
        zoom_range: Pair that factors are drawn from, or f for (1 - f, 1 + f).
        channel_shift_range: Largest number added to all channels.
        fill_mode: What lies outside of an image: "nearest", "constant", "reflect" or "wrap".
        cval: Value for "constant".
        horizontal_flip: Whether half of the images are mirrored left to right.
        vertical_flip: Whether half of them are mirrored top to bottom.
        rescale: Factor of all values; None or 0 for none.
        preprocessing_function: Called with each changed image, before the scaling.
        data_format: "channels_last" or "channels_first"; None for the configured one.
        validation_split: Fraction of the data that is subset "validation".
        interpolation_order: 0 for the nearest pixel, 1 for bilinear interpolation.
        dtype: Of the batches; None for `floatx()`.

    Raises:
        ValueError: An argument is out of range.

    Example:

    >>> generator = ImageDataGenerator(rotation_range=20, horizontal_flip=True, rescale=1 / 255)
    >>> model.fit(generator.flow(x_train, y_train, batch_size=32), epochs=5)
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Sequence[float] | None = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[Array], Any] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        warn_old(
            "keras.preprocessing.image.ImageDataGenerator is old: use utils.image_dataset_from_directory and "
            "layers such as RandomFlip and RandomRotation."
        )
        name = "ImageDataGenerator"
        # Each of these needs the one before it.
        self.featurewise_center = featurewise_center or featurewise_std_normalization or zca_whitening
        self.featurewise_std_normalization = featurewise_std_normalization and not zca_whitening
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.zoom_range = _pair(name, "zoom_range", zoom_range)
        self.brightness_range = None
        if brightness_range is not None:
            self.brightness_range = _pair(name, "brightness_range", brightness_range, single=False)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = one_of(name, "fill_mode", fill_mode, ("nearest", "constant", "reflect", "wrap"))
        self.cval = cval
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        formats = ("channels_last", "channels_first")
        self.data_format = one_of(name, "data_format", data_format or config.image_data_format(), formats)
        if not 0 <= validation_split < 1:
            raise ValueError(f"{name}: validation_split must lie in [0, 1), got {validation_split!r}.")
        self.validation_split = validation_split
        if interpolation_order not in (0, 1):
            raise ValueError(f"{name}: interpolation_order must be 0 or 1, got {interpolation_order!r}.")
        self.interpolation_order = interpolation_order
        self.dtype = dtypes.floatx() if dtype is None else dtypes.standardize_dtype(dtype)
        self.mean: Array | None = None
        self.std: Array | None = None
        self.zca_whitening_matrix: Array | None = None

    # -- batches -------------------------------------------------------------------------------------------

    def flow(self, x: Any, y: Any = None, batch_size: int = 32, shuffle: bool = True, **options: Any) -> Any:
        """Return endless batches of changed images from arrays; see `NumpyArrayIterator` for more options."""
        return NumpyArrayIterator(x, y, self, batch_size, shuffle, **options)

    def flow_from_directory(self, directory: Any, *args: Any, **options: Any) -> Any:
        """Return endless batches of changed images from folders; options as of `DirectoryIterator`."""
        return DirectoryIterator(directory, self, *args, **options)

    def flow_from_dataframe(self, dataframe: Any, directory: Any = None, *args: Any, **options: Any) -> Any:
        """Return endless batches of changed images from a table's paths; see `DataFrameIterator`."""
        return DataFrameIterator(dataframe, directory, self, *args, **options)

    # -- what is drawn -------------------------------------------------------------------------------------

    def get_random_transform(
        self, img_shape: Sequence[int], seed: int | None = None, generator: Any = None
    ) -> dict[str, Any]:
        """Return random parameters for one image.

        Args:
            img_shape: Its shape.
            seed: Of the draws; None goes on with NumPy's global ones.
            generator: A `numpy.random.RandomState` to draw from instead.
        """
        rng = generator or (np.random if seed is None else np.random.RandomState(seed))
        first = self.data_format == "channels_first"
        height, width = img_shape[1:] if first else img_shape[:2]
        low, high = self.zoom_range
        zoom = (1.0, 1.0) if low == high == 1 else rng.uniform(low, high, 2)
        shift, brightness = self.channel_shift_range, self.brightness_range
        return {
            "theta": rng.uniform(-self.rotation_range, self.rotation_range) if self.rotation_range else 0.0,
            "tx": _shift(self.height_shift_range, height, rng),
            "ty": _shift(self.width_shift_range, width, rng),
            "shear": rng.uniform(-self.shear_range, self.shear_range) if self.shear_range else 0.0,
            "zx": zoom[0],
            "zy": zoom[1],
            "flip_horizontal": bool(rng.random_sample() < 0.5) and self.horizontal_flip,
            "flip_vertical": bool(rng.random_sample() < 0.5) and self.vertical_flip,
            "channel_shift_intensity": rng.uniform(-shift, shift) if shift else None,
            "brightness": None if brightness is None else rng.uniform(*brightness),
        }

    def random_transform(self, x: Any, seed: int | None = None) -> Array:
        """Return one image, randomly changed."""
        return self.apply_transform(x, self.get_random_transform(np.shape(x), seed))

    # -- what becomes of images ----------------------------------------------------------------------------

    def apply_transform(self, x: Any, transform_parameters: Mapping[str, Any]) -> Array:
        """Return one image, changed as `get_random_transform` says.

        Args:
            x: The image.
            transform_parameters: "theta" (degrees), "tx", "ty" (pixels that the picture moves up and to the
                left), "shear" (degrees), "zx", "zy" (factors of the visible height and width),
                "flip_horizontal", "flip_vertical", "channel_shift_intensity", "brightness"; what is missing
                changes nothing.
        """
        changed: Array = self.apply_transforms(np.asarray(x, self.dtype)[None], [transform_parameters])[0]
        return changed

    def apply_transforms(self, x: Array, parameters: Sequence[Mapping[str, Any]]) -> Array:
        """Return a batch of images, each changed by its own parameters."""
        first = self.data_format == "channels_first"
        images = np.moveaxis(x, 1, -1) if first else x
        maps = np.stack([_map(p, *images.shape[1:3]) for p in parameters])
        if (maps != np.array([1, 0, 0, 0, 1, 0, 0, 0])).any():
            way = "bilinear" if self.interpolation_order else "nearest"
            source = to_tensor(np.ascontiguousarray(images))
            images = transformed(source, maps, way, self.fill_mode, self.cval, projective=False).numpy()
        images = np.array(images)
        for i, p in enumerate(parameters):
            _recolour(images, i, p)
        return np.ascontiguousarray(np.moveaxis(images, -1, 1)) if first else images

    def standardize(self, x: Any) -> Any:
        """Return an image, or a batch of them, preprocessed, scaled and normalized as the options say."""
        x = self._preprocessed(np.array(x, self.dtype))
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= x.mean((-3, -2, -1), keepdims=True)
        if self.samplewise_std_normalization:
            x /= x.std((-3, -2, -1), keepdims=True) + 1e-6
        wanted = (
            ("featurewise_center", self.featurewise_center, self.mean),
            ("featurewise_std_normalization", self.featurewise_std_normalization, self.std),
            ("zca_whitening", self.zca_whitening, self.zca_whitening_matrix),
        )
        for name, used, value in wanted:
            if used and value is None:
                warnings.warn(f"{name} needs statistics: call fit(x) of the generator first.", stacklevel=2)
        if self.featurewise_center and self.mean is not None:
            x -= self.mean
        if self.featurewise_std_normalization and self.std is not None:
            x /= self.std + 1e-6
        if self.zca_whitening and self.zca_whitening_matrix is not None:
            x[...] = (x.reshape(-1, math.prod(x.shape[-3:])) @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    def _preprocessed(self, x: Array) -> Array:
        call = self.preprocessing_function
        if call is None:
            return x
        changed = call(x) if x.ndim == 3 else np.stack([np.asarray(call(image)) for image in x])
        return np.array(changed, self.dtype)

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Learn the statistics that `featurewise_...` and `zca_whitening` need.

        Args:
            x: Images (samples, height, width, channels), or with the channels first.
            augment: Whether they are taken from randomly changed images.
            rounds: How often each image is changed for that.
            seed: Of the changes.

        Raises:
            ValueError: The shape is another one.
        """
        x = np.array(x, self.dtype)
        if x.ndim != 4:
            raise ValueError(f"ImageDataGenerator.fit: expected images of 4 axes, got shape {x.shape}.")
        if self.rescale:
            x *= self.rescale
        if augment:
            rng = np.random if seed is None else np.random.RandomState(seed)
            x = np.concatenate([x] * rounds)
            drawn = [self.get_random_transform(x.shape[1:], generator=rng) for _ in x]
            x = self.apply_transforms(x, drawn)
        channel = 1 if self.data_format == "channels_first" else 3
        axes = tuple(axis for axis in range(4) if axis != channel)
        if self.featurewise_center:
            self.mean = x.mean(axes, keepdims=True)[0]
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = x.std(axes, keepdims=True)[0]
            x /= self.std + 1e-6
        if self.zca_whitening:
            u, s, _ = np.linalg.svd(x.reshape(len(x), -1).T, full_matrices=False)
            self.zca_whitening_matrix = (u * (np.sqrt(len(x)) / (s + self.zca_epsilon))) @ u.T


def _pair(owner: str, name: str, value: Any, single: bool = True) -> tuple[float, float]:
    """A pair of numbers; one number f is (1 - f, 1 + f)."""
    if single and isinstance(value, (int, float)):
        return 1 - value, 1 + value
    if isinstance(value, (tuple, list, np.ndarray)) and len(value) == 2:
        return float(value[0]), float(value[1])
    raise ValueError(f"{owner}: {name} must be a pair of numbers{' or a number' * single}, got {value!r}.")


def _shift(amount: Any, size: int, rng: Any) -> float:
    """A shift in pixels: below a fraction of the size, below a number of pixels, or one of a sequence."""
    if not np.any(amount):
        return 0.0
    if np.ndim(amount) or isinstance(amount, (int, np.integer)):
        steps = np.arange(amount) if np.ndim(amount) == 0 else np.asarray(amount)
        drawn = float(rng.choice(steps)) * float(rng.choice([-1, 1]))
    else:
        drawn = float(rng.uniform(-amount, amount))
    return drawn * size if np.max(amount) < 1 else drawn


def _map(p: Mapping[str, Any], height: int, width: int) -> Array:
    """The 8 coefficients of `ops.image.affine_transform` for the parameters of an image."""
    angle, slant = math.radians(p.get("theta", 0.0)), math.radians(p.get("shear", 0.0))
    zoom_y, zoom_x = p.get("zx", 1.0), p.get("zy", 1.0)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shear = np.array([[1.0, -math.sin(slant)], [0.0, math.cos(slant)]])
    matrix = turn @ shear @ np.diag([zoom_x, zoom_y])
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    offset = middle - matrix @ middle + turn @ np.array([p.get("ty", 0.0), p.get("tx", 0.0)])
    return np.array([*matrix[0], offset[0], *matrix[1], offset[1], 0.0, 0.0])


def _recolour(images: Array, i: int, p: Mapping[str, Any]) -> None:
    """Shift, mirror and light image i of a batch, in place."""
    x = images[i]
    if p.get("channel_shift_intensity") is not None:
        x = np.clip(x + p["channel_shift_intensity"], x.min(), x.max())
    if p.get("flip_horizontal"):
        x = x[:, ::-1]
    if p.get("flip_vertical"):
        x = x[::-1]
    if p.get("brightness") is not None:
        low, high = float(x.min()), float(x.max())
        if low < 0 or high > 255:  # no usual pixels: stretched to 0 ... 255 and back
            span = (high - low) or 1.0
            x = np.clip((x - low) / span * p["brightness"], 0, 1) * span + low
        else:
            x = np.clip(x * p["brightness"], 0, 255)
    images[i] = x
