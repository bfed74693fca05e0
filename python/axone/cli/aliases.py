"""Import hook: `keras` and `tensorflow.keras` are axone, the very same module objects under more names."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Sequence
from typing import Any

import axone
from axone.core.old_names import old_module

# What `import tensorflow as tf` offers beside tf.keras: what training loops of one's own need.
_TENSORFLOW_NAMES = ("GradientTape", "Variable", "function")


# Under which names scripts find Keras.
_KERAS = ("keras", "tensorflow.keras", "tensorflow.python.keras")


def axone_name(name: str) -> str | None:
    """The axone module that `name` stands for: "keras.layers" -> "axone.layers"; None: not ours."""
    for alias in _KERAS:
        if name == alias or name.startswith(alias + "."):
            return "axone" + name[len(alias) :]
    return None


class _AliasLoader(importlib.abc.Loader):
    """Hands out the axone module itself. The import system gives it a new spec: the true one is put back."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._spec: importlib.machinery.ModuleSpec | None = None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        old = old_module(self._target.removeprefix("axone."))
        if old is not None and importlib.util.find_spec(self._target) is None:
            sys.modules.setdefault(self._target, old)
        try:
            module = importlib.import_module(self._target)
        except ModuleNotFoundError as error:
            if error.name is None or not self._target.startswith(error.name):
                raise
            raise ModuleNotFoundError(
                f"axone has no module {error.name!r}, which {spec.name!r} stands for under `axone run`",
                name=spec.name,
            ) from None
        self._spec = module.__spec__
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        module.__spec__ = self._spec


class _TensorFlow(types.ModuleType):
    """The module `tensorflow`: keras and a few names; whatever else is asked for is an error that says so."""

    def __getattr__(self, name: str) -> Any:
        if name == "keras":
            return axone
        if name in _TENSORFLOW_NAMES:
            return getattr(axone, name)
        if name == "__version__":
            return axone.__version__
        raise AttributeError(
            f"axone has no tensorflow.{name}: under `axone run`, tensorflow has keras, "
            f"{', '.join(_TENSORFLOW_NAMES)} and random.set_seed only"
        )


class _TensorFlowRandom(types.ModuleType):
    """The module `tensorflow.random`: set_seed."""

    @staticmethod
    def set_seed(seed: int) -> None:
        """Seeds every generator, as `keras.utils.set_random_seed` does."""
        axone.utils.set_random_seed(seed)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"axone has no tensorflow.random.{name}: tensorflow.random has set_seed only")


class _TensorFlowLoader(importlib.abc.Loader):
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        if spec.name != "tensorflow.random":
            return _TensorFlow(spec.name, _TensorFlow.__doc__)
        return _TensorFlowRandom(spec.name, _TensorFlowRandom.__doc__)

    def exec_module(self, module: types.ModuleType) -> None:
        if module.__name__ == "tensorflow":
            importlib.import_module("tensorflow.random")


class _AliasFinder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in ("tensorflow", "tensorflow.random", "tensorflow.python"):
            return importlib.machinery.ModuleSpec(
                fullname, _TensorFlowLoader(), is_package=fullname != "tensorflow.random"
            )
        name = axone_name(fullname)
        if name is not None:
            return importlib.machinery.ModuleSpec(fullname, _AliasLoader(name), origin=name)
        if fullname.startswith("tensorflow."):
            raise ModuleNotFoundError(
                f"axone has no {fullname!r}: under `axone run`, tensorflow has keras, "
                f"{', '.join(_TENSORFLOW_NAMES)} and random.set_seed only",
                name=fullname,
            )
        return None


def install() -> None:
    """Makes `keras`, `keras.x.y`, `tensorflow.keras` and `from tensorflow import keras` mean axone.

    Raises:
        ImportError: the true keras or tensorflow has been imported already.
    """
    if any(isinstance(finder, _AliasFinder) for finder in sys.meta_path):
        return
    for name in ("keras", "tensorflow"):
        if name in sys.modules:
            raise ImportError(
                f"{name} was imported before axone's aliases were installed; they cannot be mixed"
            )
    sys.meta_path.insert(0, _AliasFinder())
