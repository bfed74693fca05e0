"""What `compile` got, as Keras 2 wrote it into `training_config`, in today's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axone import losses, metrics, optimizers
from axone.saving.repair import Changes

__all__ = ["compile_arguments", "optimizer_from_config"]

_DROPPED = ("is_legacy_optimizer", "jit_compile", "schedule_decay", "fused", "quantization_config")
_WRAPPERS = ("MeanMetricWrapper", "SumOverBatchSizeMetricWrapper")
_STRINGS = ("accuracy", "acc", "crossentropy", "ce")
_REDUCTIONS = {"auto": "sum_over_batch_size"}


def compile_arguments(config: Any, changes: Changes, custom_objects: Any = None) -> dict[str, Any]:
    """Return the arguments for `compile`.

    Args:
        config: the decoded `training_config` of an HDF5 file, or `compile_config` of a `.keras` file.
        changes: takes note of what was changed.
        custom_objects: users' classes and functions by name.

    Raises:
        ValueError: a name is unknown.
    """
    config = dict(config)
    optimizer = config.get("optimizer_config", config.get("optimizer"))
    arguments: dict[str, Any] = {
        "loss": _nested(config.get("loss"), lambda item: _loss(item, changes, custom_objects)),
        "loss_weights": config.get("loss_weights"),
        "metrics": _metrics(config.get("metrics"), changes, custom_objects),
        "weighted_metrics": _metrics(config.get("weighted_metrics"), changes, custom_objects),
    }
    if optimizer is not None:
        arguments["optimizer"] = optimizer_from_config(optimizer, changes, custom_objects)
    for name in ("run_eagerly", "steps_per_execution", "jit_compile"):
        if config.get(name) is not None:
            arguments[name] = config[name]
    if config.get("sample_weight_mode") is not None:
        changes.note("compile", "sample_weight_mode is gone")
    return {name: value for name, value in arguments.items() if value is not None}


def optimizer_from_config(config: Any, changes: Changes, custom_objects: Any = None) -> Any:
    """Return an optimizer from what any version of Keras wrote.

    Raises:
        ValueError: its class is unknown.
    """
    if not isinstance(config, Mapping) or not isinstance(config.get("config"), Mapping):
        return optimizers.get(config)
    kind = str(config.get("class_name")).rpartition(">")[2]
    inner = dict(config["config"])
    where = f"optimizer {kind}"
    if "lr" in inner:
        inner.setdefault("learning_rate", inner.pop("lr"))
        changes.note(where, "lr is learning_rate")
    for name in _DROPPED:
        if name in inner:
            del inner[name]
            changes.note(where, f"{name} is gone")
    if not inner.get("decay", True):
        del inner["decay"]
        changes.note(where, "decay is gone")
    if kind == "LossScaleOptimizer" and isinstance(inner.get("inner_optimizer"), Mapping):
        inner["inner_optimizer"] = {
            **inner["inner_optimizer"],
            "config": _without(dict(inner["inner_optimizer"].get("config") or {})),
        }
    names = {"TFOptimizer": "SGD", "MomentumOptimizer": "SGD", "OptimizerV2": "SGD"}
    description = {**config, "class_name": names.get(kind, config["class_name"]), "config": inner}
    if "module" not in description:
        description["class_name"] = names.get(kind, kind)
    return optimizers.deserialize(description, custom_objects)


def _without(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in _DROPPED}


def _nested(config: Any, make: Any) -> Any:
    """Apply `make` to the descriptions in lists and dicts."""
    if config is None or isinstance(config, str) or (isinstance(config, Mapping) and "class_name" in config):
        return make(config)
    if isinstance(config, Mapping):
        return {key: _nested(value, make) for key, value in config.items()}
    return [_nested(value, make) for value in config]


def _loss(config: Any, changes: Changes, custom_objects: Any) -> Any:
    if isinstance(config, Mapping) and isinstance(config.get("config"), Mapping):
        inner = dict(config["config"])
        reduction = inner.get("reduction")
        if reduction in _REDUCTIONS:
            inner["reduction"] = _REDUCTIONS[reduction]
            changes.note(f"loss {config['class_name']}", f"reduction {reduction} is {inner['reduction']}")
        if config["class_name"] != "LossFunctionWrapper":
            inner.pop("fn", None)
        config = {**config, "config": inner}
    if isinstance(config, str):
        config = config.rpartition(">")[2] if config not in (custom_objects or {}) else config
        return losses.deserialize(config, custom_objects) if config in (custom_objects or {}) else config
    return None if config is None else losses.deserialize(config, custom_objects)


def _metrics(config: Any, changes: Changes, custom_objects: Any) -> Any:
    return _nested(config, lambda item: _metric(item, changes, custom_objects))


def _metric(config: Any, changes: Changes, custom_objects: Any) -> Any:
    if config is None or (isinstance(config, str) and config not in (custom_objects or {})):
        return config if config is None or config in _STRINGS else config.rpartition(">")[2]
    wrapped = isinstance(config, Mapping) and config.get("class_name") in (
        "MeanMetricWrapper",
        "SumOverBatchSizeMetricWrapper",
    )
    if wrapped:
        inner = dict(config.get("config") or {})
        function, name = inner.get("fn"), inner.get("name")
        if isinstance(function, str):
            changes.note(f"metric {name}", f"MeanMetricWrapper of {function}")
            found = metrics.deserialize({"class_name": "function", "config": function}, custom_objects)
            return metrics.MeanMetricWrapper(found, name=name or function)
    return metrics.deserialize(config, custom_objects)
