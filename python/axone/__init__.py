"""axone: deep learning for Python. Keras's public API in front, an engine of its own behind it.

Example:
    import axone
    from axone import layers

    model = axone.Sequential([axone.Input((784,)), layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

Modules are loaded when they are first used, so that `import axone` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from axone import (
        activations,
        applications,
        backend,
        callbacks,
        config,
        constraints,
        datasets,
        dtype_policies,
        initializers,
        layers,
        losses,
        metrics,
        mixed_precision,
        models,
        ops,
        optimizers,
        preprocessing,
        random,
        regularizers,
        saving,
        tree,
        utils,
        visualization,
        wrappers,
    )
    from axone.core.function import function, grad, value_and_grad
    from axone.core.operation import Operation
    from axone.core.scopes import device, name_scope
    from axone.core.stateless import StatelessScope
    from axone.core.tape import GradientTape
    from axone.core.tensor import KerasTensor, Tensor
    from axone.core.variable import Variable
    from axone.dtype_policies import DTypePolicy, FloatDTypePolicy
    from axone.initializers import Initializer
    from axone.layers import Input, InputSpec, Layer
    from axone.losses import Loss
    from axone.metrics import Metric
    from axone.models import Model, Sequential
    from axone.models.function import Function
    from axone.optimizers import Optimizer
    from axone.regularizers import Regularizer

__version__ = "0.1.0"

_MODULES = frozenset(
    (
        "activations",
        "applications",
        "backend",
        "callbacks",
        "config",
        "constraints",
        "datasets",
        "dtype_policies",
        "initializers",
        "layers",
        "losses",
        "metrics",
        "mixed_precision",
        "models",
        "ops",
        "optimizers",
        "preprocessing",
        "random",
        "regularizers",
        "saving",
        "tree",
        "utils",
        "visualization",
        "wrappers",
    )
)
_HOME = {
    "DTypePolicy": "dtype_policies",
    "FloatDTypePolicy": "dtype_policies",
    "Function": "models.function",
    "GradientTape": "core.tape",
    "Initializer": "initializers",
    "Input": "layers",
    "InputSpec": "layers",
    "KerasTensor": "core.tensor",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Operation": "core.operation",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "Sequential": "models",
    "StatelessScope": "core.stateless",
    "Tensor": "core.tensor",
    "Variable": "core.variable",
    "device": "core.scopes",
    "function": "core.function",
    "grad": "core.function",
    "name_scope": "core.scopes",
    "value_and_grad": "core.function",
}

__all__ = [
    "DTypePolicy",
    "FloatDTypePolicy",
    "Function",
    "GradientTape",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Operation",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "StatelessScope",
    "Tensor",
    "Variable",
    "__version__",
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "device",
    "dtype_policies",
    "function",
    "grad",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "name_scope",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "tree",
    "utils",
    "value_and_grad",
    "version",
    "visualization",
    "wrappers",
]


def version() -> str:
    """Return the version of axone."""
    return __version__


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"axone.{name}")
    if name not in _HOME:
        from axone.core.old_names import old_module

        old = old_module(name)
        if old is not None:
            return old
        from axone.core.suggest import did_you_mean

        raise AttributeError(f"module 'axone' has no attribute '{name}'.{did_you_mean(name, __all__)}")
    value = getattr(importlib.import_module(f"axone.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
