"""Keras's `keras.mixed_precision`: dtype policies by their older names."""

import importlib
from typing import Any

from axone.dtype_policies import DTypePolicy, dtype_policy, set_dtype_policy

__all__ = [
    "DTypePolicy",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy


def __getattr__(name: str) -> Any:
    if name == "LossScaleOptimizer":
        return getattr(importlib.import_module("axone.optimizers"), name)
    raise AttributeError(f"module 'axone.mixed_precision' has no attribute '{name}'")
