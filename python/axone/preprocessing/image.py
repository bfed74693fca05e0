"""Keras's `keras.preprocessing.image`: pictures as arrays, and the old generator of augmented batches."""

from axone.preprocessing.image_directory import image_dataset_from_directory
from axone.preprocessing.image_file_iterators import DataFrameIterator, DirectoryIterator
from axone.preprocessing.image_generator import ImageDataGenerator
from axone.preprocessing.image_iterators import Iterator, NumpyArrayIterator
from axone.preprocessing.images import array_to_img, img_to_array, load_img, save_img, smart_resize

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "array_to_img",
    "image_dataset_from_directory",
    "img_to_array",
    "load_img",
    "save_img",
    "smart_resize",
]
