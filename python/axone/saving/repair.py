"""Configurations of older Keras versions, brought up to date; every change is noted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axone.saving.repair_functions import function_as_operation
from axone.saving.repair_layers import LAYER_NAMES, Repair, is_operation, repair_arguments, repair_call
from axone.saving.repair_nodes import nodes_as_calls
from axone.saving.source import FileError

__all__ = ["Changes", "repair_model"]

_MAX_DEPTH = 400
_MODELS = ("Functional", "Sequential")


class Changes:
    """What was changed in a configuration: layers' names and what was done, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, where: str, what: str) -> None:
        """Add a change; equal ones are noted once."""
        line = f"{where}: {what}"
        if line not in self.lines:
            self.lines.append(line)


def check_depth(value: Any, fail: Callable[[str], Exception]) -> None:
    """Refuse a configuration nested too deeply to be walked, or with numbers beyond all sizes."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
            elif isinstance(item, int) and abs(item) > 1 << 62:
                raise fail(f"the configuration holds the number {item}")
        if not inner:
            return
        level = inner
    raise fail("the configuration is nested too deeply")


def repair_model(config: Any, version: str, changes: Changes, name: str) -> dict[str, Any]:
    """Return a model's configuration in today's form.

    Args:
        config: {"class_name", "config", ...} as the file holds it.
        version: version of Keras that wrote it, "" where it is not known.
        changes: takes note of what was changed.
        name: the file, for errors.

    Raises:
        FileError: it describes no model.
    """

    def fail(what: str) -> FileError:
        return FileError(f"{name}: {what}")

    check_depth(config, fail)
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise fail("the configuration describes no model: it has no 'class_name'")
    repair = Repair(version, changes.note, fail)
    try:
        return _object(config, repair)
    except FileError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise fail(f"the configuration is damaged ({type(error).__name__}: {error})") from None


def _object(config: dict[str, Any], repair: Repair) -> dict[str, Any]:
    """A layer or model, and what is inside it."""
    config = dict(config)
    kind = config["class_name"]
    inner = config.get("config")
    config["class_name"] = kind = _class_name(kind, inner, repair)
    if kind == "Sequential" and isinstance(inner, list):  # Keras 1 and early 2
        inner = {"name": "sequential", "layers": inner}
    if not isinstance(inner, dict):
        return config
    inner = dict(inner)
    where = f"{kind} '{inner.get('name', '?')}'"
    if kind in _MODELS or ("layers" in inner and "input_layers" in inner):
        _layers(kind, inner, repair)
    else:
        kind = repair_arguments(kind, inner, where, repair)
        config["class_name"] = kind
        for key, value in inner.items():
            inner[key] = _value(value, repair)
    config["config"] = inner
    module = str(config.get("module") or "keras")
    if kind == "OnnxGraph":
        config["module"] = "axone.saving.onnx_import"
    if kind in _MODELS and module.split(".")[0] in ("keras", "tf_keras", "tensorflow"):
        config["module"] = "keras"
    return config


def _class_name(kind: str, inner: Any, repair: Repair) -> str:
    if kind in ("Model", "Network", "Container") and isinstance(inner, dict) and "input_layers" in inner:
        repair.note(f"'{inner.get('name')}'", f"{kind} is Functional")
        return "Functional"
    return LAYER_NAMES.get(kind, kind)


def _value(value: Any, repair: Repair) -> Any:
    """What an argument holds: layers are repaired wherever they are."""
    if isinstance(value, list):
        return [_value(item, repair) for item in value]
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str) and isinstance(value.get("config"), (dict, list)):
            return _object(value, repair)
        return {key: _value(item, repair) for key, item in value.items()}
    return value


def _layers(kind: str, inner: dict[str, Any], repair: Repair) -> None:
    layers = inner.get("layers")
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        raise repair.fail(f"{kind} '{inner.get('name', '?')}' has no list of layers")
    own_input = layers and layers[0].get("class_name") == "InputLayer"
    shape = _first_shape(layers)
    repaired = []
    starts = {}  # models inside count their calls from 1 in Keras 2, and in Keras 3 where they are functional
    for layer in layers:
        if layer.get("inbound_nodes") and "build_config" in layer:
            # It is built by its first call, with all of its inputs' shapes.
            layer = {key: value for key, value in layer.items() if key != "build_config"}
        layer = function_as_operation(layer, repair)
        if is_operation(layer):
            layer = {**layer, "module": "keras.src.ops.numpy"}
        repaired.append(_object(repair_call(layer, repair), repair))
        starts[_layer_name(layer)] = _counts_from_one(layer)
    if kind == "Sequential" and not own_input and shape is not None:
        repair.note(
            f"'{inner.get('name', 'sequential')}'", "batch_input_shape of its first layer is an Input"
        )
        dtype = _first_dtype(layers)
        entry = {"batch_shape": shape, "dtype": dtype, "name": f"{_layer_name(layers[0])}_input"}
        repaired.insert(0, {"class_name": "InputLayer", "module": "keras.layers", "config": entry})
    if kind != "Sequential":
        nodes_as_calls(inner, repaired, starts, repair)
    inner["layers"] = repaired


def _layer_name(layer: dict[str, Any]) -> str:
    inner = layer.get("config")
    name = layer.get("name") or (inner.get("name") if isinstance(inner, dict) else None)
    return str(name)


def _first_shape(layers: list[dict[str, Any]]) -> Any:
    """Shape that the first layer, or the first one inside it, wants."""
    inner: Any = layers[0].get("config") if layers else None
    if isinstance(inner, dict) and "layers" in inner:
        return None
    if isinstance(inner, list) or not isinstance(inner, dict):
        return None
    return inner.get("batch_input_shape")


def _first_dtype(layers: list[dict[str, Any]]) -> str:
    dtype = layers[0]["config"].get("dtype")
    if layers[0].get("class_name") == "Embedding":
        return "int32" if dtype is None else "float32"
    return dtype if isinstance(dtype, str) and not dtype.startswith("mixed") else "float32"


def _counts_from_one(layer: dict[str, Any]) -> tuple[bool, bool]:
    """Whether a layer is a model that is called once in the making: functional, or Sequential with input."""
    inner = layer.get("config")
    kind = layer.get("class_name")
    if kind in ("Functional", "Model", "Network", "Container") and isinstance(inner, dict):
        return "input_layers" in inner, False
    if kind != "Sequential":
        return False, False
    layers = inner if isinstance(inner, list) else (inner or {}).get("layers") or []
    known = bool(layers) and (layers[0].get("class_name") == "InputLayer" or _first_shape(layers) is not None)
    return False, known
