"""Weights in the safetensors format: a header in JSON, then the bytes.

The format is Hugging Face's: the header's length in eight bytes, the header, the arrays behind each other.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from axone.core.variable import Variable
from axone.saving.keras_file import read_json
from axone.saving.source import FileSource, Source
from axone.utils.atomic import atomic_file

__all__ = ["TensorFile", "load_safetensors", "save_safetensors", "write_safetensors"]

_DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "F16": "float16",
    "U32": "uint32",
    "I32": "int32",
    "F32": "float32",
    "U64": "uint64",
    "I64": "int64",
    "F64": "float64",
}
_NAMES = {name: code for code, name in _DTYPES.items()}
_BF16 = "BF16"
_MAX_HEADER = 100 << 20


class TensorFile:
    """A safetensors file, opened for reading.

    Args:
        source: its bytes.

    Attributes:
        metadata: texts that the writer added.
        entries: dtype's name, shape, first byte and size of each array, by name.

    Raises:
        FileError: the header is damaged, or claims what the file does not hold.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        size = int.from_bytes(source.read(0, 8, "the header's length"), "little")
        if size > _MAX_HEADER:
            raise source.error(f"the header claims {size} bytes", 0)
        header = read_json(source.read(8, size, "the header"), source, "the header")
        if not isinstance(header, dict):
            raise source.error("the header holds no object", 8)
        self.metadata: Mapping[str, Any] = header.pop("__metadata__", None) or {}
        self._start = 8 + size
        self.entries = {name: self._entry(name, entry) for name, entry in header.items()}
        self._check_order()

    def _entry(self, name: str, entry: Any) -> tuple[str, tuple[int, ...], int, int]:
        def whole(value: Any) -> bool:
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 48

        try:
            code, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
            known = isinstance(code, str) and all(whole(v) for v in (*shape, begin, end)) and len(shape) <= 32
        except (TypeError, KeyError, ValueError):
            known = False
        if not known:
            raise self.source.error(f"the entry of '{name}' is damaged", 8)
        if code not in _DTYPES and code != _BF16:
            raise self.source.error(f"'{name}' has elements of type {code!r}, which is not read", 8)
        width = 2 if code == _BF16 else np.dtype(_DTYPES[code]).itemsize
        if end - begin != math.prod(shape) * width or self._start + end > self.source.size:
            raise self.source.error(
                f"'{name}' of shape {tuple(shape)} and type {code} does not fit its {end - begin} bytes"
            )
        return code, tuple(shape), self._start + begin, end - begin

    def _check_order(self) -> None:
        at = self._start
        for name, (_, _, begin, size) in sorted(self.entries.items(), key=lambda item: item[1][2:]):
            if begin != at:
                raise self.source.error(f"'{name}' overlaps another array, or leaves a hole before it", begin)
            at = begin + size
        if at != self.source.size:
            raise self.source.error("bytes stand behind the last array that no array claims", at)

    def read_into(self, name: str, target: np.ndarray) -> None:
        """Write an array's values into one of the same shape."""
        code, shape, begin, _ = self.entries[name]
        if code != _BF16 and target.dtype == _DTYPES[code] and target.flags.c_contiguous:
            raw = target.reshape(-1).view(np.uint8)
            self.source.read_into(begin, memoryview(raw.data), f"'{name}'")
        else:
            target[...] = self.read(name).reshape(shape)

    def read(self, name: str) -> np.ndarray:
        """Return an array; bfloat16 as float32."""
        code, shape, begin, size = self.entries[name]
        data = self.source.read(begin, size, f"'{name}'")
        if code == _BF16:
            return (np.frombuffer(data, "<u2").astype("uint32") << 16).view("float32").reshape(shape)
        return np.frombuffer(data, np.dtype(_DTYPES[code]).newbyteorder("<")).reshape(shape)


def write_safetensors(arrays: Mapping[str, np.ndarray], path: Any, metadata: Mapping[str, str]) -> None:
    """Write arrays by name.

    Args:
        arrays: they are read as the file is written.
        path: the file.
        metadata: texts for its header.

    Raises:
        ValueError: a dtype that the format does not know.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    at = 0
    for name, array in arrays.items():
        if array.dtype.name not in _NAMES:
            raise ValueError(f"'{name}': arrays of dtype {array.dtype} have no place in a safetensors file.")
        shape, end = list(array.shape), at + array.nbytes
        header[name] = {"dtype": _NAMES[array.dtype.name], "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with atomic_file(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            if array.nbytes:
                little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
                file.write(little.reshape(-1).view(np.uint8).data)


def _by_path(model: Any) -> dict[str, Variable]:
    """Weights by path within the model; a number tells those of one path apart."""
    found: dict[str, Variable] = {}
    for variable in model.weights:
        path = variable.path.removeprefix(f"{model.name}/")
        name, count = path, 0
        while name in found:
            count += 1
            name = f"{path}_{count}"
        found[name] = variable
    return found


def save_safetensors(model: Any, path: Any) -> None:
    """Write a model's weights, named by their paths ("dense/kernel")."""
    arrays = {name: variable.view() for name, variable in _by_path(model).items()}
    write_safetensors(arrays, path, {"format": "axone", "order": json.dumps(list(arrays))})


def load_safetensors(model: Any, path: Any, skip_mismatch: bool = False, by_name: bool = False) -> None:
    """Read weights into a model: by their paths, else in order.

    Args:
        model: the model, built.
        path: the file.
        skip_mismatch: warn of weights that do not fit and leave them as they are.
        by_name: take what has the same path only.

    Raises:
        FileError: the file is damaged, or the weights do not fit.
    """
    with FileSource(path) as source:
        file = TensorFile(source)
        own = _by_path(model)
        names = dict(zip(own, _order(file), strict=False)) if not set(own) <= set(file.entries) else {}
        if by_name or not names:
            names = {name: name for name in own if name in file.entries}
        elif len(own) != len(file.entries):
            raise source.error(
                f"the model has {len(own)} weights, the file {len(file.entries)}; by_name=True "
                "takes those of equal paths"
            )
        wrong = [n for n, stored in names.items() if tuple(own[n].shape) != file.entries[stored][1]]
        if wrong:
            name = wrong[0]
            what = (
                f"{len(wrong)} weight(s) do not fit, the first: '{name}' has shape {tuple(own[name].shape)}, "
                f"in the file {file.entries[names[name]][1]}"
            )
            if not skip_mismatch:
                raise source.error(what)
            warnings.warn(f"{source.name}: {what}. They keep their values.", stacklevel=4)
        for name, stored in names.items():
            if name not in wrong:
                with own[name].memory() as memory:
                    file.read_into(stored, memory)


def _order(file: TensorFile) -> list[str]:
    """Names in the order of the model that was saved; else of the file."""
    try:
        names = json.loads(file.metadata.get("order", ""))
    except (TypeError, ValueError):
        names = None
    if isinstance(names, list) and sorted(map(str, names)) == sorted(file.entries):
        return [str(name) for name in names]
    return sorted(file.entries, key=lambda name: file.entries[name][2])
