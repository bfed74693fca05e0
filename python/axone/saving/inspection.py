"""What a file of a model holds, told without building or running anything."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axone.saving import legacy_h5
from axone.saving.hdf5 import Dataset, Group, open_hdf5
from axone.saving.keras_file import KerasFile, read_json
from axone.saving.loading import file_kind, is_keras_3
from axone.saving.repair import Changes, repair_model
from axone.saving.safetensors import TensorFile
from axone.saving.source import FileSource

__all__ = ["Report", "WeightInfo", "inspect_file"]

_TITLES = {
    "folder": "unzipped .keras model",
    "h5": "HDF5 (.h5)",
    "json": "configuration (.json)",
    "keras": ".keras model",
    "onnx": "ONNX model",
    "safetensors": "safetensors weights",
}


@dataclass
class WeightInfo:
    """An array in the file."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int

    @property
    def count(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass
class Report:
    """What a file holds.

    Attributes:
        kind: the format.
        size: bytes of the file.
        version: version of Keras that wrote it, "" where it does not say.
        layers: (depth, name, class, main arguments) in order; depth counts the models around a layer.
        weights: arrays of layers, by the layer's name or path.
        state: arrays of the optimizer.
        training: what `compile` got, by name.
        changes: what has to be changed in the configuration to load it.
    """

    path: str
    kind: str
    size: int
    version: str = ""
    model: str = ""
    layers: list[tuple[int, str, str, str]] = field(default_factory=list)
    weights: dict[str, list[WeightInfo]] = field(default_factory=dict)
    state: list[WeightInfo] = field(default_factory=list)
    training: dict[str, str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)

    @property
    def parameters(self) -> int:
        """Number of weights' elements."""
        return sum(weight.count for weights in self.weights.values() for weight in weights)


def inspect_file(path: Any) -> Report:
    """Look into a file.

    Args:
        path: `.keras`, `.h5`, `.weights.h5`, `.safetensors` or `.json` file, or an unzipped `.keras` folder.

    Returns:
        The report.

    Raises:
        ValueError: the file is damaged; the message names file and place.

    Example:
        >>> inspect_file("model.keras").parameters
        101770
    """
    kind = file_kind(path)
    place = Path(path)
    size = sum(p.stat().st_size for p in place.rglob("*")) if place.is_dir() else place.stat().st_size
    report = Report(str(path), _TITLES[kind], size)
    looks = {"keras": _keras, "folder": _keras, "h5": _h5, "safetensors": _safetensors, "json": _json}
    looks.get(kind, _onnx)(path, report)
    return report


def _keras(path: Any, report: Report) -> None:
    with KerasFile(path) as file, ExitStack() as stack:
        report.version = str(file.metadata().get("keras_version") or "")
        _configuration(file.config(), report)
        root, source = file.weights()
        stack.callback(source.close)
        _parts(root, report)


def _h5(path: Any, report: Report) -> None:
    with FileSource(path) as source:
        root = open_hdf5(source)
        if legacy_h5.is_whole_model(root):
            config, report.version = legacy_h5.model_config(root, source)
            training = legacy_h5.training_config(root, source)
            _configuration({**config, "compile_config": training}, report)
        if is_keras_3(root):
            report.kind = "weights (.weights.h5)"
            _parts(root, report)
            return
        group = legacy_h5.weights_group(root)
        report.kind = "Keras 2 model (.h5)" if legacy_h5.is_whole_model(root) else "Keras 2 weights (.h5)"
        report.version = report.version or str(group.attrs.get("keras_version") or "")
        for name in group:
            member = group.get(name)
            if isinstance(member, Group):
                found = [_info(d, member.path) for d in member.datasets()]
                if found:
                    report.weights[name] = found
        state = root.get("optimizer_weights")
        if isinstance(state, Group):
            report.state = [_info(d, state.path) for d in state.datasets()]


def _safetensors(path: Any, report: Report) -> None:
    with FileSource(path) as source:
        for name, (code, shape, _, size) in TensorFile(source).entries.items():
            layer = name.rpartition("/")[0] or name.rpartition(".")[0] or name
            report.weights.setdefault(layer, []).append(WeightInfo(name, shape, code, size))


def _json(path: Any, report: Report) -> None:
    with FileSource(path) as source:
        config = read_json(source.read(0, source.size, "the text"), source, "the text")
        if isinstance(config, dict):
            report.version = str(config.get("keras_version") or "")
        _configuration(config, report)


def _onnx(path: Any, report: Report) -> None:
    from axone.saving.onnx_import import read_onnx

    graph = read_onnx(path).graph
    report.model = graph.name
    report.layers = [(0, node.name or node.output[0], node.op_type, "") for node in graph.node]
    for tensor in graph.initializer:
        shape = tuple(tensor.dims)
        report.weights[tensor.name] = [WeightInfo(tensor.name, shape, "float32", 4 * math.prod(shape))]


# -- parts ---------------------------------------------------------------------------------------------------


def _info(dataset: Dataset, below: str) -> WeightInfo:
    path = dataset.path.removeprefix(below).lstrip("/")
    return WeightInfo(path, dataset.shape, dataset.dtype.name, dataset.nbytes)


def _parts(root: Group, report: Report) -> None:
    """Arrays of a Keras 3 file: those of a part lie in its group `vars`."""
    for group in _groups(root):
        if not group.path.endswith("/vars"):
            continue
        found = [_info(d, group.path) for d in group.datasets()]
        part = group.path[: -len("/vars")].lstrip("/")
        if part.split("/")[0] == "optimizer":
            report.state += found
        elif found:
            report.weights[str(group.attrs.get("name") or part or "model")] = found


def _groups(group: Group) -> Iterator[Group]:
    yield group
    for name in group:
        member = group.get(name)
        if isinstance(member, Group):
            yield from _groups(member)


def _configuration(config: Any, report: Report) -> None:
    changes = Changes()
    repaired = repair_model(config, report.version, changes, f"'{report.path}'")
    report.changes = changes.lines
    report.model = f"{repaired['class_name']} '{(repaired.get('config') or {}).get('name', '')}'"
    report.layers = list(_layers(repaired, 0))
    training = config.get("compile_config")
    if isinstance(training, Mapping):
        named = {"optimizer": training.get("optimizer_config", training.get("optimizer"))}
        named.update(
            {name: training.get(name) for name in ("loss", "loss_weights", "metrics", "weighted_metrics")}
        )
        report.training = {name: _described(value) for name, value in named.items() if value}


_SHOWN = (
    *("units", "filters", "kernel_size", "strides", "padding", "pool_size", "activation", "rate", "axis"),
    *("batch_shape", "input_dim", "output_dim", "target_shape", "return_sequences"),
)


def _layers(config: Mapping[str, Any], depth: int) -> Iterator[tuple[int, str, str, str]]:
    inner = config.get("config") or {}
    for layer in inner.get("layers") or []:
        own = layer.get("config") or {}
        words = [f"{key}={_described(own[key])}" for key in _SHOWN if own.get(key) is not None]
        name = str(layer.get("name") or own.get("name") or "")
        yield depth, name, str(layer.get("class_name")), ", ".join(words)
        yield from _layers(layer, depth + 1)


def _described(value: Any) -> str:
    if isinstance(value, Mapping):
        if "class_name" in value:
            inner = value.get("config")
            if not isinstance(inner, Mapping):
                return str(inner)
            rate = inner.get("learning_rate", inner.get("lr"))
            return str(value["class_name"]) + ("" if rate is None else f" (learning rate {_described(rate)})")
        return ", ".join(f"{key}: {_described(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(_described(item) for item in value) + ")"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
