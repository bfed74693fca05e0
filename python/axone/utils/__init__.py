"""Helpers of Keras's `keras.utils`, loaded when first used."""

from __future__ import annotations

import importlib
from typing import Any

from axone.core.old_names import old_module

_HOME = {
    "Config": "axone.utils.configuration",
    "CustomObjectScope": "axone.saving",
    "Dataset": "axone.utils.dataset",
    "FeatureSpace": "axone.layers.preprocessing.feature_space",
    "Progbar": "axone.utils.progbar",
    "PyDataset": "axone.utils.py_dataset",
    "Sequence": "axone.utils.py_dataset",
    "array_to_img": "axone.preprocessing.images",
    "clear_session": "axone.utils.session",
    "custom_object_scope": "axone.saving",
    "deserialize_keras_object": "axone.saving",
    "disable_interactive_logging": "axone.utils.io",
    "enable_interactive_logging": "axone.utils.io",
    "get_custom_objects": "axone.saving",
    "get_file": "axone.utils.files",
    "get_registered_name": "axone.saving",
    "get_registered_object": "axone.saving",
    "get_source_inputs": "axone.utils.sources",
    "image_dataset_from_directory": "axone.preprocessing.image_directory",
    "img_to_array": "axone.preprocessing.images",
    "is_interactive_logging_enabled": "axone.utils.io",
    "is_keras_tensor": "axone.core.operation",
    "load_img": "axone.preprocessing.images",
    "model_to_dot": "axone.visualization.model_graph",
    "normalize": "axone.utils.numerical",
    "pack_x_y_sample_weight": "axone.utils.packing",
    "pad_sequences": "axone.utils.sequences",
    "plot_model": "axone.visualization.model_graph",
    "register_keras_serializable": "axone.saving",
    "save_img": "axone.preprocessing.images",
    "serialize_keras_object": "axone.saving",
    "set_random_seed": "axone.utils.session",
    "split_dataset": "axone.utils.splitting",
    "standardize_dtype": "axone.core.dtypes",
    "text_dataset_from_directory": "axone.utils.directories",
    "timeseries_dataset_from_array": "axone.utils.sequences",
    "to_categorical": "axone.utils.numerical",
    "unpack_x_y_sample_weight": "axone.utils.packing",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        old = old_module(f"utils.{name}")
        if old is not None:
            return old
        raise AttributeError(f"module 'axone.utils' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOME[name]), "PyDataset" if name == "Sequence" else name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
