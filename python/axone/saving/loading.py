"""`load_model`, `save_model`, `load_weights`, `save_weights`: which format, and what is done with it."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from axone.core.registration import CustomObjectScope
from axone.core.serialization import deserialize_keras_object
from axone.core.variable import Unfilled, unfilled_variables
from axone.saving import keras_file, legacy_h5, old_functions
from axone.saving.hdf5 import Group, open_hdf5
from axone.saving.keras_file import KerasFile
from axone.saving.repair import Changes, repair_model
from axone.saving.source import FileError, FileSource, Source
from axone.saving.state import restore_state
from axone.saving.training_config import compile_arguments
from axone.utils.io import ask_to_proceed_with_overwrite, print_msg

__all__ = [
    "OLD_FUNCTIONS",
    "compile_model",
    "draw_rest",
    "file_kind",
    "load_model",
    "load_weights",
    "model_of",
    "save_model",
    "save_weights",
]

_H5 = (".h5", ".hdf5")
# Functions that have another formula today, by the names that `repair` gives them.
OLD_FUNCTIONS = {"hard_sigmoid_keras2": old_functions.hard_sigmoid_keras2}


def file_kind(path: Any) -> str:
    """Return what a file is by its first bytes: "keras", "h5", "safetensors", "onnx", "json", "folder".

    Raises:
        FileNotFoundError: it is not there.
        FileError: it is none of these.
    """
    place = Path(os.fspath(path))
    if not place.exists():
        raise FileNotFoundError(f"There is no file '{path}'.")
    if place.is_dir():
        if (place / "config.json").is_file():
            return "folder"
        raise FileError(f"'{path}' is a folder without a config.json: no model is saved there.")
    with FileSource(place) as source:
        head = source.read(0, min(16, source.size), "the beginning")
        if head[:2] == b"PK":
            return "keras"
        if head[:8] == b"\x89HDF\r\n\x1a\n":
            return "h5"
        if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < source.size:
            return "safetensors"
        if head.lstrip()[:1] == b"{":
            return "json"
        if place.suffix == ".onnx":
            return "onnx"
        if place.suffix in _H5:
            raise source.error("this is no HDF5 file, or its beginning is damaged", 0)
        if place.suffix == ".keras":
            raise source.error("this is no .keras file, or its beginning is damaged", 0)
        raise source.error("the format is not known: expected .keras, .h5, .weights.h5 or .safetensors", 0)


# -- models --------------------------------------------------------------------------------------------------


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Save a model: configuration, weights, and what `compile` got with the optimizer's state.

    The file is written beside the target and takes its place when it is whole.

    Args:
        model: the model.
        filepath: path that ends in `.keras`, or `.h5` (Keras 2's format).
        overwrite: whether to replace a file without asking.
        zipped: None or True; folders are read, not written.
        **kwargs: include_optimizer, whether `.h5` files get the optimizer too; save_format, ignored.

    Raises:
        ValueError: another ending, or an unknown argument.

    Example:
        >>> axone.saving.save_model(model, "model.keras")
    """
    include_optimizer = kwargs.pop("include_optimizer", True)
    kwargs.pop("save_format", None)
    if kwargs:
        raise ValueError(f"save: unknown argument(s) {', '.join(map(repr, kwargs))}.")
    path = Path(os.fspath(filepath))
    if zipped is False:
        raise ValueError("save: models are written as one file; leave `zipped` out.")
    if path.suffix not in (".keras", *_H5):
        raise ValueError(
            f"save: the path must end in .keras (or .h5 for Keras 2's format), got '{filepath}'. "
            "For other formats: model.save_weights(...), model.export(...)."
        )
    if not _may_write(path, overwrite):
        return
    if not model.built:
        warnings.warn(f"save: {model._label()} is not built yet: it has no weights to save.", stacklevel=3)
    if path.suffix == ".keras":
        keras_file.write_keras_file(model, path)
    else:
        legacy_h5.write_legacy_h5(model, path, include_optimizer)


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
    verbose: int = 0,
) -> Any:
    """Load a model that Keras 1, 2 or 3 or axone saved; the format is told from the contents.

    Args:
        filepath: `.keras`, `.h5` or `.hdf5` file, folder of a `.keras` file's contents, or `.onnx`.
        custom_objects: the user's own classes and functions by name.
        compile: whether to compile the model as it was, with the state of its optimizer.
        safe_mode: refuse Python code stored in the file (Lambda layers with a lambda).
        verbose: 1 prints what was changed to bring an old configuration up to date.

    Returns:
        The model.

    Raises:
        ValueError: the file is damaged, incomplete or hostile; the message names file and place. A class is
            unknown, or the file holds code.
        FileNotFoundError: there is no such file.

    Example:
        >>> model = axone.saving.load_model("model.keras")
    """
    kind = file_kind(filepath)
    if kind == "onnx":
        from axone.saving.onnx_import import load_onnx

        return load_onnx(filepath)
    if kind not in ("keras", "h5", "folder"):
        raise FileError(
            f"'{filepath}' holds {'weights' if kind == 'safetensors' else 'a configuration'} alone: "
            "make the model, then call model.load_weights(...)."
        )
    changes = Changes()
    objects = {**OLD_FUNCTIONS, **(custom_objects or {})}
    read = _load_h5 if kind == "h5" else _load_keras
    try:
        with CustomObjectScope(objects):
            model = read(filepath, compile, safe_mode, changes)
    except MemoryError:
        raise FileError(f"'{filepath}': the model that it describes does not fit into memory.") from None
    except RecursionError:
        raise FileError(f"'{filepath}': the configuration is nested too deeply.") from None
    if verbose:
        for line in changes.lines or ["nothing had to be changed"]:
            print_msg(f"{filepath}: {line}")
    return model


def _load_keras(path: Any, compile: bool, safe_mode: bool, changes: Changes) -> Any:
    with KerasFile(path) as file, ExitStack() as stack:
        version = str(file.metadata().get("keras_version") or "3")
        name = f"'{path}'"
        config = repair_model(file.config(), version, changes, name)
        root, source = file.weights()
        stack.callback(source.close)
        unfilled = stack.enter_context(unfilled_variables())
        model = model_of(config, safe_mode, name)
        compile_config = config.get("compile_config")
        if compile and compile_config:
            compile_model(model, compile_config, changes, name)
        assets = file.assets(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        restore_state(model, root, source, assets)
        draw_rest(unfilled, name)
    return model


def model_of(config: dict[str, Any], safe_mode: bool, name: str) -> Any:
    """Return the model of a configuration in today's form, not compiled; errors begin with `name`."""
    config = {key: value for key, value in config.items() if key != "compile_config"}
    if safe_mode:
        _refuse_paths(config, name)
    try:
        model = deserialize_keras_object(config, safe_mode=safe_mode)
    except (FileError, MemoryError, RecursionError):
        raise
    except (ValueError, TypeError) as error:
        raise FileError(f"{name}: {error}") from error
    except Exception as error:  # a damaged configuration can make a layer stumble anywhere
        raise FileError(f"{name}: the configuration is damaged ({type(error).__name__}: {error})") from error
    if not hasattr(model, "layers"):
        raise FileError(f"{name}: it holds {model!r}, which is no model.")
    return model


def draw_rest(unfilled: Unfilled, name: str) -> None:
    """Draw the weights that nothing was read into; errors begin with `name`."""
    try:
        unfilled.fill()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # An initializer with damaged arguments.
        raise FileError(f"{name}: weights cannot be drawn ({type(error).__name__}: {error})") from error


def _refuse_paths(config: Any, name: str) -> None:
    """A configuration must not make a layer read other files of this disk into the model."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            for key in ("vocabulary", "idf_weights"):
                if isinstance(value.get(key), str):
                    raise FileError(
                        f"{name}: the configuration names the file '{value[key]}' as {key}, which is not "
                        "read by default. Pass safe_mode=False if you trust the file."
                    )
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def _load_h5(path: Any, compile: bool, safe_mode: bool, changes: Changes) -> Any:
    with FileSource(path) as source, unfilled_variables() as unfilled:
        root = open_hdf5(source)
        if not legacy_h5.is_whole_model(root):
            raise source.error(
                "it holds weights alone, no model: make the model, then call model.load_weights(...)"
            )
        config, version = legacy_h5.model_config(root, source)
        model = model_of(repair_model(config, version, changes, source.name), safe_mode, source.name)
        legacy_h5.load_layer_weights(model, legacy_h5.weights_group(root))
        training = legacy_h5.training_config(root, source) if compile else None
        if training is not None:
            compile_model(model, training, changes, source.name)
            problem = legacy_h5.load_optimizer_weights(model.optimizer, root)
            if problem is not None:
                warnings.warn(f"{source.name}: the optimizer begins afresh: {problem}.", stacklevel=4)
        draw_rest(unfilled, source.name)
    return model


def compile_model(
    model: Any, config: Mapping[str, Any], changes: Changes, name: str, mend: str = "pass compile=False"
) -> None:
    """Compile a model as a file says; errors begin with `name` and end with what mends it."""
    if not type(model).compile.__module__.startswith("axone."):
        model.compile_from_config(config)  # the user's own way
        return
    try:
        model.compile(**compile_arguments(config, changes))
        if model.optimizer is not None and model.built and not model.optimizer.built:
            model.optimizer.build(model.trainable_weights)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        raise FileError(f"{name}: what compile() got cannot be rebuilt ({error}); {mend}") from error


# -- weights -------------------------------------------------------------------------------------------------


def save_weights(
    model: Any, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None, **kwargs: Any
) -> None:
    """Save the weights, and with `.weights.h5` the optimizer's state.

    Args:
        model: the model, built.
        filepath: path that ends in `.weights.h5`, `.h5` (Keras 2's layout) or `.safetensors`.
        overwrite: whether to replace a file without asking.
        max_shard_size: None; files are not cut into shards.

    Raises:
        ValueError: the model is not built, or another ending.
    """
    if kwargs.pop("save_format", None) is not None or kwargs:
        kwargs = {name: value for name, value in kwargs.items() if name not in ("options",)}
        if kwargs:
            raise ValueError(f"save_weights: unknown argument(s) {', '.join(map(repr, kwargs))}.")
    if max_shard_size is not None:
        raise ValueError("save_weights: weights are written as one file; leave max_shard_size out.")
    path = Path(os.fspath(filepath))
    if not model.built:
        raise ValueError(
            f"save_weights: {model._label()} is not built yet, it has no weights: call it on data, or "
            "build(input_shape), first."
        )
    if not _may_write(path, overwrite):
        return
    if path.name.endswith(".weights.h5"):
        keras_file.write_weights_file(model, path)
    elif path.suffix == ".safetensors":
        from axone.saving.safetensors import save_safetensors

        save_safetensors(model, path)
    elif path.suffix in _H5:
        legacy_h5.write_legacy_weights(model, path)
    else:
        raise ValueError(
            f"save_weights: the path must end in .weights.h5, .h5 or .safetensors, got '{filepath}'."
        )


def load_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False, **kwargs: Any
) -> None:
    """Load weights into a model that has the layers already.

    Args:
        model: the model, built.
        filepath: `.weights.h5`, `.keras`, `.h5` or `.hdf5` (layers by order) or `.safetensors`.
        skip_mismatch: warn of layers that do not fit and leave them as they are.
        by_name: with `.h5` and `.safetensors`: take weights of layers of equal names only.

    Raises:
        ValueError: the model is not built, the file is damaged, or the weights do not fit.
    """
    kwargs.pop("options", None)
    if kwargs:
        raise ValueError(f"load_weights: unknown argument(s) {', '.join(map(repr, kwargs))}.")
    kind = file_kind(filepath)
    if not model.built:
        raise ValueError(
            f"load_weights: {model._label()} is not built yet: call it on data, or build(input_shape), first."
        )
    if kind == "safetensors":
        from axone.saving.safetensors import load_safetensors

        load_safetensors(model, filepath, skip_mismatch, by_name)
    elif kind in ("keras", "folder"):
        _only_by_order(by_name, filepath)
        with KerasFile(filepath) as file:
            root, source = file.weights()
            with source:
                restore_state(model, root, source, skip_mismatch=skip_mismatch)
    elif kind == "h5":
        with FileSource(filepath) as source:
            _load_h5_weights(model, open_hdf5(source), source, skip_mismatch, by_name)
    else:
        raise FileError(f"'{filepath}' holds no weights that load_weights reads.")
    model.reset_functions()


def _load_h5_weights(model: Any, root: Group, source: Source, skip_mismatch: bool, by_name: bool) -> None:
    if is_keras_3(root):
        _only_by_order(by_name, source.name)
        restore_state(model, root, source, skip_mismatch=skip_mismatch)
    else:
        legacy_h5.load_layer_weights(model, legacy_h5.weights_group(root), by_name, skip_mismatch)


def is_keras_3(root: Group) -> bool:
    """Whether an HDF5 file has the layout of `.weights.h5`."""
    names = set(root.keys())
    return "model_weights" not in names and not {"layer_names", "layer_names0"} & set(root.attrs)


def _only_by_order(by_name: bool, filepath: Any) -> None:
    if by_name:
        raise ValueError(
            f"load_weights: by_name=True is for .h5 and .safetensors files; {filepath} names layers by their "
            "place. Use skip_mismatch=True to leave out what does not fit."
        )


def _may_write(path: Path, overwrite: bool) -> bool:
    return overwrite or not path.exists() or ask_to_proceed_with_overwrite(str(path))
