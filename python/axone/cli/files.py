"""`axone inspect`, `axone summary`, `axone convert` and `axone predict`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["convert", "inspect", "predict", "summary"]

_WEIGHTS_ONLY = (".weights.h5", ".safetensors")
_IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")


def guarded(command: Callable[..., int]) -> Callable[..., int]:
    """Errors of files as one line on standard error and status 1."""

    def run(*args: Any, **kwargs: Any) -> int:
        try:
            return command(*args, **kwargs)
        except (OSError, ValueError, ImportError) as error:
            print(f"axone {command.__name__}: {error}", file=sys.stderr)
            return 1

    return run


@guarded
def inspect(path: str) -> int:
    """Print what a file holds, without building anything."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from axone.models.summary import readable_size
    from axone.saving.inspection import inspect_file

    report = inspect_file(path)
    console = Console(highlight=False)
    head = Table(show_header=False, box=None)
    head.add_row("file", escape(report.path))
    head.add_row("format", report.kind + (f", written by Keras {report.version}" if report.version else ""))
    if report.model:
        head.add_row("model", escape(report.model))
    head.add_row("size", f"{readable_size(report.size)}, {report.parameters:,} parameters")
    for name, value in report.training.items():
        head.add_row(name, escape(value))
    if report.state:
        head.add_row("optimizer state", f"{len(report.state)} arrays")
    console.print(head)
    shown: set[str] = set()
    if report.layers:
        table = Table("Layer", "Class", "Arguments", "Weights", title="Layers", title_justify="left")
        for depth, name, kind, words in report.layers:
            weights = report.weights.get(name, [])
            shown.add(name)
            shapes = " ".join(str(tuple(w.shape)) for w in weights)
            table.add_row("  " * depth + escape(name), kind, escape(words), shapes)
        console.print(table)
    rest = {name: weights for name, weights in report.weights.items() if name not in shown}
    if rest:
        table = Table("Part", "Array", "Shape", "Type", title="Arrays", title_justify="left")
        for name, weights in rest.items():
            for weight in weights:
                table.add_row(escape(name), escape(weight.path), str(tuple(weight.shape)), weight.dtype)
        console.print(table)
    for line in report.changes:
        console.print(f"  changed on loading: {escape(line)}")
    return 0


@guarded
def summary(path: str, trust: bool = False) -> int:
    """Print the table of a model's layers."""
    _load(path, trust).summary()
    return 0


def _load(path: str, trust: bool, compile: bool = False) -> Any:
    from axone.saving.loading import file_kind, load_model
    from axone.saving.model_json import load_json

    if file_kind(path) == "json":
        return load_json(path, safe_mode=not trust)
    return load_model(path, compile=compile, safe_mode=not trust)


@guarded
def convert(source: str, target: str, model: str | None = None, trust: bool = False) -> int:
    """Write a model, or weights, in another format.

    Args:
        source: what is read.
        target: what is written; the format follows from its ending.
        model: file with the model that weights in `source` are for.
        trust: whether code in the files may run.
    """
    from axone.saving.loading import load_model

    if model is not None:
        network = _load(model, trust)
        network.load_weights(source)
    elif _holds_weights_only(source):
        return _convert_weights(source, target)
    else:
        network = load_model(source, safe_mode=not trust, verbose=1)
    if target.endswith(_WEIGHTS_ONLY):
        network.save_weights(target)
    elif target.endswith(".onnx"):
        network.export(target)
    elif target.endswith(".json"):
        Path(target).write_text(network.to_json(indent=2))
    else:
        network.save(target)
    print(f"{target}: written")
    return 0


def _holds_weights_only(path: str) -> bool:
    from axone.saving import legacy_h5
    from axone.saving.hdf5 import open_hdf5
    from axone.saving.loading import file_kind
    from axone.saving.source import FileSource

    kind = file_kind(path)
    if kind == "h5":
        with FileSource(path) as source:
            return not legacy_h5.is_whole_model(open_hdf5(source))
    return kind == "safetensors"


def _convert_weights(source: str, target: str) -> int:
    """Arrays by their paths, where no model is at hand."""
    from axone.saving.hdf5 import open_hdf5
    from axone.saving.safetensors import write_safetensors
    from axone.saving.source import FileSource

    if not target.endswith(".safetensors") or source.endswith(".safetensors"):
        raise ValueError(
            f"{source} holds weights without a model: give the model with --model FILE, or convert to "
            ".safetensors"
        )
    with FileSource(source) as file:
        arrays = {dataset.path.lstrip("/"): dataset.read() for dataset in open_hdf5(file).datasets()}
    write_safetensors(arrays, target, {"format": "axone"})
    print(f"{target}: {len(arrays)} arrays written")
    return 0


# -- predictions ---------------------------------------------------------------------------------------------


@guarded
def predict(
    model: str,
    data: str,
    output: str | None = None,
    labels: str | None = None,
    scale: float = 1.0,
    offset: float = 0.0,
    batch_size: int = 32,
    top: int = 5,
    trust: bool = False,
) -> int:
    """Apply a model to an array or an image.

    Args:
        model: file of the model.
        data: `.npy` file with samples along the first axis, `.npz` with one array an input, or an image.
        output: `.npy` file for the outputs.
        labels: text file with the classes' names, one a line.
        scale, offset: pixels or numbers x enter as scale * x + offset.
        batch_size: samples a step.
        top: classes shown for each sample.
        trust: whether code in the file may run.
    """
    network = _load(model, trust)
    inputs = _inputs(data, network, scale, offset)
    outputs = network.predict(inputs, batch_size=batch_size, verbose=0)
    found = list(outputs.values()) if isinstance(outputs, dict) else outputs
    found = found if isinstance(found, list) else [found]
    if output is not None:
        np.save(output, found[0]) if len(found) == 1 else np.savez(output, *found)
        print(f"{output}: {', '.join(str(a.shape) for a in found)} written")
        return 0
    for array in found:
        _show(array, labels, top)
    return 0


def _inputs(data: str, network: Any, scale: float, offset: float) -> Any:
    if data.lower().endswith(_IMAGES):
        from axone.utils import img_to_array, load_img

        _, height, width, channels = network.input_shape
        mode = "grayscale" if channels == 1 else "rgb"
        image = load_img(data, color_mode=mode, target_size=None if height is None else (height, width))
        arrays = [np.asarray(img_to_array(image))[None]]
    else:
        loaded = np.load(data, allow_pickle=False)
        arrays = [loaded] if isinstance(loaded, np.ndarray) else [loaded[name] for name in loaded.files]
    if (scale, offset) != (1.0, 0.0):
        arrays = [scale * array + offset for array in arrays]
    return arrays[0] if len(arrays) == 1 else arrays


def _show(array: np.ndarray, labels: str | None, top: int) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(f"output of shape {array.shape}, from {array.min():.6g} to {array.max():.6g}")
    if array.ndim != 2:
        return
    names = Path(labels).read_text().splitlines() if labels else [str(i) for i in range(array.shape[1])]
    if len(names) != array.shape[1]:
        raise ValueError(f"{labels}: {len(names)} names for {array.shape[1]} outputs")
    top = min(top, array.shape[1])
    table = Table("sample", *(f"{i + 1}." for i in range(top)))
    for i, row in enumerate(array[:20]):
        best = np.argsort(-row, kind="stable")[:top]
        table.add_row(str(i), *(f"{names[k]}  {row[k]:.4g}" for k in best))
    console.print(table)
    if len(array) > 20:
        console.print(f"... {len(array) - 20} more; --output FILE.npy keeps all")
