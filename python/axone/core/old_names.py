"""Names of Keras 1 and 2 that slides and books use: taken, with a warning that names today's."""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from axone.core.suggest import did_you_mean

__all__ = ["OldModule", "old_arguments", "old_module", "warn_old"]

F = TypeVar("F", bound=Callable[..., Any])

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

_LAYERS = (
    *(
        "advanced_activations",
        "convolutional",
        "convolutional_recurrent",
        "core",
        "embeddings",
        "experimental",
    ),
    *(
        "experimental.preprocessing",
        "local",
        "merge",
        "noise",
        "normalization",
        "normalization_v2",
        "pooling",
    ),
    *("recurrent", "recurrent_v2", "regularization", "reshaping", "rnn", "wrappers", "attention"),
    *("core.dense", "core.embedding", "normalization.batch_normalization"),
)
_OPTIMIZERS = (
    *("adadelta", "adagrad", "adam", "adamax", "ftrl", "gradient_descent", "nadam", "rmsprop"),
    *("legacy", "experimental", "optimizer", "sgd"),
)
# Old module -> today's modules that hold its names.
MODULES: dict[str, tuple[str, ...]] = {
    **{f"layers.{name}": ("layers",) for name in _LAYERS},
    **{f"optimizers.{name}": ("optimizers",) for name in _OPTIMIZERS},
    **{f"optimizers.{name}_v2": ("optimizers",) for name in (*_OPTIMIZERS, "optimizer")},
    **{f"optimizers.{name}_experimental": ("optimizers",) for name in ("optimizer",)},
    "optimizer_v1": ("optimizers",),
    "optimizer_v2": ("optimizers",),
    **{f"optimizer_v2.{name}": ("optimizers",) for name in _OPTIMIZERS},
    "optimizers.optimizer_v2.learning_rate_schedule": ("optimizers.schedules",),
    "optimizers.learning_rate_schedule": ("optimizers.schedules",),
    "utils.all_utils": ("utils",),
    "utils.data_utils": ("utils",),
    "utils.generic_utils": ("utils",),
    "utils.io_utils": ("utils",),
    "utils.layer_utils": ("utils",),
    "utils.np_utils": ("utils",),
    "utils.training_utils": ("utils",),
    "utils.vis_utils": ("utils",),
    "engine": ("layers", "models"),
    "engine.base_layer": ("layers",),
    "engine.input_layer": ("layers",),
    "engine.functional": ("models",),
    "engine.network": ("models",),
    "engine.sequential": ("models",),
    "engine.topology": ("layers", "models"),
    "engine.training": ("models",),
    "legacy.interfaces": ("layers",),
    "initializations": ("initializers",),
    "objectives": ("losses",),
}
# Old names in such modules that are spelt otherwise today.
_RENAMED = {
    "Deconvolution2D": "Conv2DTranspose",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "Container": "Model",
    "Network": "Model",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "Merge": "Concatenate",
}


def warn_old(message: str) -> None:
    """Warn of an old spelling, at the user's line.

    Args:
        message: names the old spelling and today's.
    """
    depth, frame = 1, sys._getframe()
    while frame.f_back is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_ROOT) and "importlib" not in name:
            break
        depth, frame = depth + 1, frame.f_back
    warnings.warn(message, DeprecationWarning, stacklevel=depth)


class OldModule(types.ModuleType):
    """A module that is gone: its names are looked up in today's modules, with a warning.

    Args:
        name: as it was, under axone.
        homes: today's modules, under axone.
    """

    def __init__(self, name: str, homes: tuple[str, ...]) -> None:
        super().__init__(f"axone.{name}", f"An old name of {' and '.join(f'axone.{h}' for h in homes)}.")
        self.__dict__["_old"] = (name, homes)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        old, homes = self.__dict__["_old"]
        if name.startswith("__"):
            raise AttributeError(name)
        inner = old_module(f"{old}.{name}")
        if inner is not None:
            return inner
        known: list[str] = []
        for home in homes:
            module = importlib.import_module(f"axone.{home}")
            value = getattr(module, _RENAMED.get(name, name), None)
            if value is not None:
                # `from ... import name` asks twice, the first time through importlib.
                if "importlib" not in sys._getframe(1).f_code.co_filename:
                    warn_old(f"keras.{old}.{name} is now keras.{home}.{_RENAMED.get(name, name)}.")
                return value
            known += dir(module)
        raise AttributeError(
            f"axone.{old}, an old name of axone.{homes[0]}, has no attribute {name!r}."
            f"{did_you_mean(name, known)}"
        )

    def __dir__(self) -> list[str]:
        homes = self.__dict__["_old"][1]
        return sorted({n for home in homes for n in dir(importlib.import_module(f"axone.{home}"))})


@functools.cache
def old_module(name: str) -> OldModule | None:
    """Return the stand-in for a module that is gone; None where there never was one.

    Args:
        name: under axone, such as "utils.np_utils".
    """
    homes = MODULES.get(name)
    return None if homes is None else OldModule(name, homes)


def old_arguments(**names: str) -> Callable[[F], F]:
    """Let a function take old names of its arguments, with a warning; errors suggest near names.

    Args:
        **names: old name to today's.
    """

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for old, new in names.items():
                if old in kwargs:
                    warn_old(f"{function.__name__}: `{old}` is now `{new}`.")
                    kwargs.setdefault(new, kwargs.pop(old))
                    kwargs.pop(old, None)
            for name in kwargs:
                if name not in signature.parameters and not takes_any:
                    hint = did_you_mean(name, signature.parameters)
                    raise TypeError(f"{function.__name__}: unknown argument {name!r}.{hint}")
            return function(*args, **kwargs)

        wrapper.__signature__ = signature  # type: ignore[attr-defined]
        return wrapper  # type: ignore[return-value]

    return decorate
