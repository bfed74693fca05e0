"""Element types and shapes of HDF5 files, as NumPy's."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["DataType", "Space", "parse_space", "parse_type"]

Fail = Callable[[str], Exception]

_INTEGER, _FLOAT, _STRING, _BITS, _OPAQUE, _ENUM, _VARIABLE = 0, 1, 3, 4, 5, 8, 9
_CLASSES = (
    *("integers", "floats", "times", "strings", "bit fields", "opaque bytes", "records"),
    *("references", "enumerations", "variable lengths", "arrays"),
)
# Largest rank that NumPy takes, and so the largest that a weight can have.
_MAX_RANK = 32


@dataclass(frozen=True)
class DataType:
    """Type of an element.

    Attributes:
        kind: "number", "bool", "bfloat16", "string" (fixed length) or "text" (variable length).
        dtype: NumPy's type of what stands in the file; for "text" None.
        size: bytes of an element.
    """

    kind: str
    dtype: np.dtype[Any] | None
    size: int


@dataclass(frozen=True)
class Space:
    """Shape of a dataset or attribute; `empty` for one without any value."""

    shape: tuple[int, ...]
    empty: bool = False

    @property
    def count(self) -> int:
        """Number of elements."""
        return 0 if self.empty else math.prod(self.shape)


def parse_type(data: bytes, fail: Fail) -> DataType:
    """Read a datatype message."""
    if len(data) < 8:
        raise fail("a type description is cut off")
    kind = data[0] & 15
    bits = int.from_bytes(data[1:4], "little")
    (size,) = struct.unpack_from("<I", data, 4)
    order = ">" if bits & 1 else "<"
    if kind == _INTEGER and size in (1, 2, 4, 8):
        return DataType("number", np.dtype(f"{order}{'i' if bits & 8 else 'u'}{size}"), size)
    if kind == _FLOAT and size in (2, 4, 8):
        return _float(data, order, size, fail)
    if kind == _STRING and 0 < size < 1 << 24:
        return DataType("string", np.dtype(f"S{size}"), size)
    if kind == _OPAQUE and size == 2:
        return DataType("bfloat16", np.dtype("<u2"), 2)
    if kind == _ENUM:
        base = parse_type(data[8:], fail)
        if base.kind == "number" and base.size == size and base.dtype is not None:
            return DataType("bool" if size == 1 and b"TRUE" in data else "number", base.dtype, size)
    if kind == _VARIABLE and bits & 15 == 1:
        return DataType("text", None, size)
    name = _CLASSES[kind] if kind < len(_CLASSES) else f"class {kind}"
    raise fail(f"elements of type {name}, {size} bytes each, are no weights or texts")


def _float(data: bytes, order: str, size: int, fail: Fail) -> DataType:
    if len(data) < 20:
        raise fail("a type description is cut off")
    exponent, mantissa = data[13], data[15]
    if size == 2 and (exponent, mantissa) == (8, 7):
        return DataType("bfloat16", np.dtype(f"{order}u2"), 2)
    if (size, exponent, mantissa) not in ((2, 5, 10), (4, 8, 23), (8, 11, 52)):
        raise fail(f"floats of {size} bytes with {exponent} bits of exponent are not known")
    return DataType("number", np.dtype(f"{order}f{size}"), size)


def parse_space(data: bytes, fail: Fail) -> Space:
    """Read a dataspace message."""
    if len(data) < 4:
        raise fail("a shape is cut off")
    version, rank = data[0], data[1]
    start = 8 if version == 1 else 4
    if version not in (1, 2) or rank > _MAX_RANK or len(data) < start + 8 * rank:
        raise fail("a shape is damaged")
    shape = struct.unpack_from(f"<{rank}Q", data, start)
    if any(size >> 48 for size in shape):
        raise fail(f"a shape claims impossible sizes: {shape}")
    return Space(shape, empty=version == 2 and data[3] == 2)
