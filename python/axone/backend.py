"""Keras's `keras.backend`: the old home of settings, dtypes and names."""

from axone.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from axone.core.dtypes import is_float_dtype, is_int_dtype, result_type, standardize_dtype
from axone.core.operation import get_uid, is_keras_tensor
from axone.utils.session import clear_session

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]
