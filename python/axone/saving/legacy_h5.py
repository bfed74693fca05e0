"""Whole models, and weights, in Keras 1's and 2's HDF5 layout, which Keras 3 still writes as `.h5`."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from axone.core.serialization import serialize_keras_object
from axone.core.variable import Variable
from axone.saving.hdf5 import Dataset, Group
from axone.saving.hdf5_write import NewGroup, write_hdf5
from axone.saving.keras_file import FORMAT_VERSION, read_json
from axone.saving.source import Source
from axone.saving.state import read_variable
from axone.utils.atomic import atomic_file

__all__ = [
    "is_whole_model",
    "load_layer_weights",
    "load_optimizer_weights",
    "model_config",
    "training_config",
    "weights_group",
    "write_legacy_h5",
    "write_legacy_weights",
]

_TOP_LEVEL = "top_level_model_weights"


# -- what a file says ----------------------------------------------------------------------------------------


def is_whole_model(root: Group) -> bool:
    """Whether a file holds a configuration beside the weights."""
    return "model_config" in root.attrs


def weights_group(root: Group) -> Group:
    """Return the group of the layers' weights: that of a whole model, or the root of a file of weights."""
    if "layer_names" in root.attrs or "layer_names0" in root.attrs:
        return root
    return root.group("model_weights")


def model_config(root: Group, source: Source) -> tuple[dict[str, Any], str]:
    """Return the model's configuration and the version of Keras that wrote it, "1" where none is named."""
    config = read_json(_text(root, "model_config").encode(), source, "attribute 'model_config'")
    if not isinstance(config, dict):
        raise source.error("attribute 'model_config' holds no object")
    return config, _version(root)


def training_config(root: Group, source: Source) -> dict[str, Any] | None:
    """Return the arguments of `compile` as they were written; None where the model was not compiled."""
    if root.attrs.get("training_config") is None:
        return None
    config = read_json(_text(root, "training_config").encode(), source, "attribute 'training_config'")
    return config if isinstance(config, dict) else None


def _version(root: Group) -> str:
    value = root.attrs.get("keras_version")
    if value is None and isinstance(root.get("model_weights"), Group):
        value = root.group("model_weights").attrs.get("keras_version")
    return str(value or "1")


def _text(root: Group, name: str) -> str:
    value = root.attrs.get(name)
    if not isinstance(value, str):
        raise root.error(f"attribute '{name}' is no text")
    return value


def _names(group: Group, name: str) -> list[str]:
    """A list of names, which long lists have cut into `name0`, `name1`, ..."""
    if name in group.attrs:
        found = group.attrs[name]
    else:
        found, i = [], 0
        while f"{name}{i}" in group.attrs:
            found = found + list(group.attrs[f"{name}{i}"])
            i += 1
    values = np.asarray(found).reshape(-1).tolist() if not isinstance(found, list) else found
    if not all(isinstance(value, str) for value in values):
        raise group.error(f"attribute '{name}' holds no names")
    return values


# -- reading -------------------------------------------------------------------------------------------------


def _ordered(layer: Any) -> list[Variable]:
    """Weights in the order of these files: those that are trained now, then the others."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _stored(group: Group) -> list[Dataset]:
    return [group.dataset(name) for name in _names(group, "weight_names")]


def load_layer_weights(model: Any, group: Group, by_name: bool = False, skip_mismatch: bool = False) -> None:
    """Read weights, matching layers by their order among those with weights, or by name.

    Args:
        model: the model, built.
        group: group with "layer_names".
        by_name: match layers of equal names; the others keep their weights.
        skip_mismatch: warn of layers whose weights have other numbers or shapes, and leave them as they are.

    Raises:
        FileError: numbers or shapes do not fit.
    """
    stored = {name: _stored(group.group(name)) for name in _names(group, "layer_names")}
    if by_name:
        pairs = [(layer, stored[layer.name]) for layer in model.layers if layer.name in stored]
    else:
        pairs = _by_order(model, stored, group)
    for layer, datasets in pairs:
        _load(layer.name, _ordered(layer), datasets, group, skip_mismatch)
        if hasattr(layer, "finalize_state") and datasets:
            layer.finalize_state()
    top = group.get(_TOP_LEVEL)
    if isinstance(top, Group) and _names(top, "weight_names"):
        _load(model.name, model._own_weights(), _stored(top), group, skip_mismatch)


def _by_order(model: Any, stored: dict[str, list[Dataset]], group: Group) -> list[tuple[Any, list[Dataset]]]:
    layers = [layer for layer in model.layers if layer.weights]
    kept = {name: datasets for name, datasets in stored.items() if datasets}
    if len(layers) != len(kept):
        raise group.error(
            f"the model has {len(layers)} layers with weights ({_some([x.name for x in layers])}), the file "
            f"{len(kept)} ({_some(list(kept))}). Load by_name=True to take those of equal names"
        )
    return list(zip(layers, kept.values(), strict=True))


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def _load(name: str, own: list[Variable], datasets: list[Dataset], group: Group, skip: bool) -> None:
    arrays: list[Any] = _adapted(own, datasets)
    wrong = None
    if len(own) != len(arrays):
        wrong = f"it has {len(own)} weights, the file {len(arrays)}"
    else:
        pairs = zip(own, arrays, strict=True)
        wrong = next(
            (
                f"weight '{v.path}' has shape {tuple(v.shape)}, in the file {tuple(a.shape)}"
                for v, a in pairs
                if tuple(v.shape) != tuple(a.shape)
            ),
            None,
        )
    if wrong is not None:
        if not skip:
            raise group.error(f"layer '{name}': {wrong}. skip_mismatch=True leaves such layers as they are")
        warnings.warn(f"{group.error(f'layer {name!r}: {wrong}')}; it keeps its weights.", stacklevel=5)
        return
    for variable, array in zip(own, arrays, strict=True):
        if isinstance(array, Dataset):
            read_variable(variable, array)
        else:
            variable.assign(array)


def _adapted(own: list[Variable], datasets: list[Dataset]) -> list[Any]:
    """What the file holds, in the shapes of the model where only cuDNN's layout differs.

    cuDNN's recurrent layers have two biases, one for the input and one for the state: an LSTM's are added up,
    a GRU's are two rows.
    """
    if len(own) != 3 or len(datasets) != 3 or datasets[2].shape == tuple(own[2].shape):
        return list(datasets)
    kernel, recurrent, bias = datasets
    wanted, size = tuple(own[2].shape), int(np.prod(bias.shape))
    units = own[1].shape[0]
    if len(bias.shape) == 1 and wanted == (4 * units,) and size == 8 * units:
        values = bias.read()
        return [kernel, recurrent, values[: 4 * units] + values[4 * units :]]
    if len(bias.shape) == 1 and wanted == (2, 3 * units) and size == 6 * units:
        return [kernel, recurrent, bias.read().reshape(wanted)]
    return list(datasets)


def load_optimizer_weights(optimizer: Any, root: Group) -> str | None:
    """Read the state of an optimizer that is built.

    Returns:
        None, or what did not fit: then the optimizer begins afresh.
    """
    group = root.get("optimizer_weights")
    if not isinstance(group, Group):
        return None
    names = _names(group, "weight_names")
    datasets = [group.dataset(name) for name in names]
    own = list(optimizer.variables)
    # Keras 2 did not write the learning rate among the state.
    if len(datasets) == len(own) - 1 and not any("learning_rate" in name for name in names):
        own = [v for v in own if v.name != "learning_rate"]
        datasets = _interleaved(own, datasets, names)
    if [tuple(v.shape) for v in own] != [d.shape for d in datasets]:
        return f"it has {len(own)} variables, the file {len(datasets)}, or their shapes differ"
    for variable, dataset in zip(own, datasets, strict=True):
        read_variable(variable, dataset)
    return None


def _interleaved(own: list[Variable], datasets: list[Dataset], names: list[str]) -> list[Dataset]:
    """Old optimizers wrote all first moments, then all second ones; today's alternate."""
    alternates = [v.name.rsplit("_", 1)[-1] for v in own[1:3]]
    count = (len(datasets) - 1) // 2
    grouped = names[1 : 1 + count] and len({_kind(name) for name in names[1 : 1 + count]}) == 1
    if len(set(alternates)) == 2 and grouped and count > 0 and len(datasets) == 2 * count + 1:
        first, second = datasets[1 : 1 + count], datasets[1 + count :]
        return [datasets[0], *(d for pair in zip(first, second, strict=True) for d in pair)]
    return datasets


def _kind(name: str) -> str:
    """The state's name: "m" of "training/Adam/dense/kernel/m:0", "v" of "Adam/v/dense/kernel:0"."""
    parts = name.split(":")[0].split("/")
    return next((part for part in parts if part in ("m", "v")), parts[-1])


# -- writing -------------------------------------------------------------------------------------------------


def write_legacy_h5(model: Any, path: Any, include_optimizer: bool = True) -> None:
    """Write a whole model: configuration, weights, and what `compile` got with the optimizer's state."""
    root = NewGroup()
    root.attrs.update(keras_version=FORMAT_VERSION, backend="axone")
    config = {"class_name": type(model).__name__, "config": model.get_config()}
    root.attrs["model_config"] = json.dumps(serialize_keras_object(config))
    _put_weights(root.group("model_weights"), model)
    optimizer = getattr(model, "optimizer", None)
    if include_optimizer and optimizer is not None and model.compiled:
        root.attrs["training_config"] = json.dumps(_training(model))
        if optimizer.built:
            group = root.group("optimizer_weights")
            _put(group, [(v.path, v) for v in optimizer.variables])
    with atomic_file(path) as file:
        write_hdf5(root, file)


def write_legacy_weights(model: Any, path: Any) -> None:
    """Write the weights alone."""
    root = NewGroup()
    _put_weights(root, model)
    with atomic_file(path) as file:
        write_hdf5(root, file)


def _put_weights(root: NewGroup, model: Any) -> None:
    root.attrs["layer_names"] = [layer.name for layer in model.layers]
    root.attrs.update(backend="axone", keras_version=FORMAT_VERSION)
    for layer in sorted(model.layers, key=lambda x: x.name):
        _put(root.group(layer.name.replace("/", "_")), [(v.path, v) for v in _ordered(layer)])
    _put(root.group(_TOP_LEVEL), [(v.path, v) for v in model._own_weights()])


def _put(group: NewGroup, weights: list[tuple[str, Variable]]) -> None:
    group.attrs["weight_names"] = names = list(_distinct([name for name, _ in weights]))
    for name, (_, variable) in zip(names, weights, strict=True):
        group.put(name, variable.view())


def _distinct(names: list[str]) -> Iterator[str]:
    used: dict[str, int] = {}
    for name in names:
        used[name] = used.get(name, -1) + 1
        yield f"{name}_{used[name]}" if used[name] else name


def _training(model: Any) -> dict[str, Any]:
    config: dict[str, Any] = dict(model.get_compile_config())
    optimizer = config.pop("optimizer", None)
    config["loss"] = _readable(config.get("loss"), lambda name, full: full)
    for name in ("metrics", "weighted_metrics"):
        config[name] = _readable(config.get(name), _metric)
    config["optimizer_config"] = {"class_name": optimizer["class_name"], "config": optimizer["config"]}
    return config


# Short names that Keras 3 writes into these files, but cannot read back.
_FULL_NAMES = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}


def _metric(name: str, full: str) -> dict[str, Any]:
    """An object that keeps the short name, which logs and callbacks use."""
    names = {"kl_divergence": "KLDivergence"}
    kind = names.get(full, "".join(word.capitalize() for word in full.split("_")))
    return {"class_name": kind, "config": {"name": name, "dtype": "float32"}}


def _readable(value: Any, make: Callable[[str, str], Any]) -> Any:
    if isinstance(value, str):
        full = _FULL_NAMES.get(value.lower())
        return value if full is None else make(value, full)
    if isinstance(value, list):
        return [_readable(item, make) for item in value]
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _readable(item, make) for key, item in value.items()}
    return value
