"""Python objects as JSON-ready dicts, in the form that Keras 3 writes."""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

import numpy as np

from axone.core.operation import FunctionOperation
from axone.core.registration import CustomObjectScope, get_registered_name, get_registered_object
from axone.core.settings import flags
from axone.core.suggest import did_you_mean
from axone.core.tensor import KerasTensor, Tensor, convert_to_tensor

__all__ = [
    "PendingTensor",
    "deserialize_keras_object",
    "public_module",
    "refuses_code",
    "serialize_keras_object",
]

# Where Keras keeps classes that its public modules do not show, and those it shows at the top.
_KERAS_HOME = {
    "Functional": "keras.src.models.functional",
    "Sequential": "keras",
    "Model": "keras",
    "DTypePolicy": "keras",
    "CustomScaleLayer": "keras.src.applications.inception_resnet_v2",
    "LayerScale": "keras.src.applications.convnext",
    "StochasticDepth": "keras.src.applications.convnext",
}


def serialize_keras_object(obj: Any) -> Any:
    """Return a plain (JSON-ready) form of an object.

    Args:
        obj: number, string, None, NumPy value, container of such, symbolic tensor, function, object
            with `get_config()` (layer, model, initializer, ...).

    Returns:
        Plain data, tuples as lists; an object as a dict of module, class_name, config and registered_name.

    Raises:
        TypeError: if the object has no plain form.
    """
    if obj is None or isinstance(obj, (str, bool, int, float)):
        return obj
    if isinstance(obj, (list, tuple)):
        return [serialize_keras_object(item) for item in obj]
    if isinstance(obj, Mapping) and not hasattr(obj, "get_config"):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, np.dtype):
        return obj.name
    if isinstance(obj, np.ndarray):
        return {"class_name": "__numpy__", "config": {"value": obj.tolist(), "dtype": obj.dtype.name}}
    if isinstance(obj, KerasTensor):
        return _serialize_symbolic(obj)
    if isinstance(obj, Tensor):
        return {"class_name": "__tensor__", "config": {"value": obj.numpy().tolist(), "dtype": obj.dtype}}
    if isinstance(obj, slice):
        return {"class_name": "__slice__", "config": {"start": obj.start, "stop": obj.stop, "step": obj.step}}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, (types.FunctionType, types.BuiltinFunctionType)):
        return _serialize_function(obj)
    if hasattr(obj, "get_config"):
        return _serialize_instance(obj)
    raise TypeError(
        f"{obj!r} (a {type(obj).__name__}) has no plain form: give its class a get_config() method."
    )


def public_module(cls: type) -> str:
    """Return the Keras module that a class belongs to: `axone.losses.regression` gives `keras.losses`."""
    parts = cls.__module__.split(".")
    if parts[0] != "axone" or len(parts) == 1:
        return cls.__module__
    public = parts[1:3] if parts[1:3] == ["optimizers", "schedules"] else parts[1:2]
    return ".".join(["keras", *public])


def _serialize_symbolic(tensor: Any) -> dict[str, Any]:
    config: dict[str, Any] = {"shape": list(tensor.shape), "dtype": tensor.dtype}
    if tensor.record is not None:
        operation, node, index = tensor.record
        config["keras_history"] = [operation.name, node, index]
    return {"class_name": "__keras_tensor__", "config": config}


def _serialize_function(function: Any) -> dict[str, Any]:
    if function.__name__ == "<lambda>":
        raise TypeError("A lambda has no plain form: define a function with a name and register it.")
    return {
        "module": "builtins",
        "class_name": "function",
        "config": get_registered_name(function),
        "registered_name": "function",
    }


def _serialize_instance(obj: Any) -> dict[str, Any]:
    if isinstance(obj, FunctionOperation):
        return _serialize_call(obj)
    cls = type(obj)
    inside = cls.__module__.split(".")[0] == "axone"
    home = _KERAS_HOME.get(cls.__name__) if inside else None
    config = {
        "module": home or public_module(cls),
        "class_name": cls.__name__,
        "config": _plain_config(obj.get_config()),
        "registered_name": None if inside else get_registered_name(cls),
    }
    build_config = obj.get_build_config() if hasattr(obj, "get_build_config") else None
    if build_config is not None:
        config["build_config"] = _plain_config(build_config)
    compile_config = obj.get_compile_config() if hasattr(obj, "get_compile_config") else None
    if compile_config is not None:
        config["compile_config"] = _plain_config(compile_config)
    return config


def _serialize_call(operation: Any) -> dict[str, Any]:
    """A function in a model, as Keras writes it: as a class in the module that defines the function."""
    name = operation.function.__name__
    modules = {home: importlib.import_module(f"axone.ops.{home}") for home in ("nn", "numpy", "linalg")}
    homes = [home for home, module in modules.items() if hasattr(module, name)]
    return {
        "module": f"keras.src.ops.{homes[0] if homes else 'core'}",
        "class_name": operation.class_name,
        "config": _plain_config(operation.get_config()),
        "registered_name": operation.class_name,
    }


def _plain_config(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain_value(value) for key, value in config.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain_value(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain_value(item) for key, item in value.items()}
    return serialize_keras_object(value)


# Whether the outermost call asked for it; None outside of any call.
_safe: ContextVar[bool | None] = ContextVar("safe", default=None)


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """Rebuild what `serialize_keras_object` described.

    Args:
        config: plain data.
        custom_objects: users' classes and functions by name.
        safe_mode: refuse what would run code stored in the data.

    Returns:
        The object.

    Raises:
        ValueError: if a name is unknown or the data is not of the expected form.
    """
    token = _safe.set(safe_mode and _safe.get() is not False and not flags["unsafe_deserialization"])
    try:
        if custom_objects:
            with CustomObjectScope(custom_objects):
                return _rebuilt(config)
        return _rebuilt(config)
    finally:
        _safe.reset(token)


def refuses_code() -> bool:
    """Whether data is being read that must not bring code with it."""
    return _safe.get() is True


def _rebuilt(config: Any) -> Any:
    if isinstance(config, list):
        return [deserialize_keras_object(item) for item in config]
    if not isinstance(config, Mapping):
        return config
    if "class_name" not in config or not ("config" in config or "items" in config):
        return {key: deserialize_keras_object(value) for key, value in config.items()}
    name, inner = config["class_name"], config.get("config")
    if name in _LITERALS:
        return _LITERALS[name](config)
    if name == "__lambda__":
        raise ValueError("The data holds a Python lambda; axone does not run code stored in files.")
    if name == "function":
        return _find_function(config)
    if str(config.get("module")).startswith("keras.src.ops."):
        return FunctionOperation.from_keras(name, deserialize_keras_object(inner))
    return _revive(_find_class(config), inner, config)


def _tuple(config: Mapping[str, Any]) -> tuple[Any, ...]:
    items = config["items"] if "items" in config else config["config"]["value"]
    return tuple(deserialize_keras_object(item) for item in items)


def _symbolic(config: Mapping[str, Any]) -> Any:
    """A free symbolic tensor; `history` says which layer's output the model should put in its place."""
    inner = config["config"]
    tensor = KerasTensor(tuple(inner["shape"]), dtype=inner["dtype"])
    history = inner.get("keras_history")
    return PendingTensor(tensor, tuple(history)) if history is not None else tensor


class PendingTensor:
    """A symbolic tensor read from a configuration, known by the layer that is to make it."""

    def __init__(self, tensor: Any, history: tuple[str, int, int]) -> None:
        self.tensor = tensor
        self.history = history


def _array(config: Mapping[str, Any]) -> np.ndarray:
    return np.array(config["config"]["value"], dtype=config["config"]["dtype"])


def _tensor(config: Mapping[str, Any]) -> Any:
    return convert_to_tensor(_array(config))


_LITERALS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "__tuple__": _tuple,
    "__numpy__": _array,
    "__tensor__": _tensor,
    "__keras_tensor__": _symbolic,
    "__slice__": lambda config: slice(*(config["config"][key] for key in ("start", "stop", "step"))),
    "__ellipsis__": lambda config: Ellipsis,
    "__bytes__": lambda config: str(config["config"]["value"]).encode(),
}


def _find_function(config: Mapping[str, Any]) -> Any:
    name = config["config"]
    found = get_registered_object(str(config.get("registered_name") or name)) or get_registered_object(
        str(name)
    )
    if found is not None:
        return found
    for home in ("activations", "losses", "metrics", "ops"):
        candidate = getattr(importlib.import_module(f"axone.{home}"), str(name), None)
        if callable(candidate):
            return candidate
    raise ValueError(
        f"Unknown function '{name}': pass custom_objects={{'{name}': {name}}} or decorate it with "
        f"@register_keras_serializable()."
    )


def _find_class(config: Mapping[str, Any]) -> Any:
    name, module = config["class_name"], config.get("module") or "keras.layers"
    for key in (config.get("registered_name"), name):
        found = get_registered_object(key) if key else None
        if found is not None:
            return found
    if module.startswith("keras.src.models") or (module == "keras" and name in ("Functional", "Model")):
        module = "axone.models"
    parts = module.split(".")
    if parts[0] in ("keras", "axone", "tf_keras"):
        package = "axone" + "".join(f".{part}" for part in parts[1:] if part != "src")
        found = _public(package, name)
        if found is not None:
            return found
    raise ValueError(
        f"Unknown class '{name}' (module '{module}'): pass custom_objects={{'{name}': {name}}}, or decorate "
        f"it with @register_keras_serializable().{did_you_mean(name, _public_names(parts))}"
    )


def _public_names(parts: list[str]) -> list[str]:
    """What a public module of axone holds; nothing for others' modules."""
    if parts[0] not in ("keras", "axone", "tf_keras"):
        return []
    try:
        module = importlib.import_module(".".join(["axone", *(p for p in parts[1:] if p != "src")]))
    except ImportError:
        return []
    return [name for name in getattr(module, "__all__", ()) if name[0].isupper()]


def _public(package: str, name: str) -> Any:
    while package:
        try:
            found = getattr(importlib.import_module(package), name, None)
        except ImportError:
            found = None
        if isinstance(found, type):
            return found
        package = package.rpartition(".")[0]
    return None


def _revive(cls: Any, inner: Any, config: Mapping[str, Any]) -> Any:
    if not hasattr(cls, "from_config"):
        raise ValueError(f"{cls!r} cannot be rebuilt: it has no from_config() class method.")
    instance = cls.from_config(dict(inner or {}))
    build_config = config.get("build_config")
    if build_config and not getattr(instance, "built", True) and hasattr(instance, "build_from_config"):
        instance.build_from_config(build_config)
    compile_config = config.get("compile_config")
    if compile_config and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(compile_config)
    return instance
