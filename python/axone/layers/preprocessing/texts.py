"""Strings on the host: arrays, lists and single ones as flat lists of UTF-8 bytes with a shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from axone.core.tensor import KerasTensor, Tensor


class Texts:
    """A dense block of strings.

    Args:
        values: the strings as UTF-8, flat.
        shape: their shape.
    """

    dtype = "string"

    def __init__(self, values: list[bytes], shape: tuple[int, ...]) -> None:
        self.values = values
        self.shape = shape

    def squeezed(self) -> Texts:
        """Without a last axis of size 1."""
        return Texts(self.values, self.shape[:-1]) if self.shape and self.shape[-1] == 1 else self

    def array(self) -> np.ndarray:
        """As a NumPy array of str."""
        return np.array([value.decode("utf-8", "replace") for value in self.values] or [""], str)[
            : len(self.values)
        ].reshape(self.shape)


def is_text(value: Any) -> bool:
    """Return True for a string, an array or a nested list of strings."""
    if isinstance(value, (str, bytes, Texts)):
        return True
    if isinstance(value, (Tensor, KerasTensor)):
        return False
    if hasattr(value, "__array__"):
        kind = np.asarray(value).dtype.kind
        return kind in "UST" or (kind == "O" and _first(np.asarray(value).reshape(-1).tolist()))
    return isinstance(value, (list, tuple)) and _first(value)


def _first(value: Any) -> bool:
    while isinstance(value, (list, tuple)):
        if not value:
            return False
        value = value[0]
    return isinstance(value, (str, bytes)) or (hasattr(value, "dtype") and is_text(value))


def to_texts(owner: str, value: Any, encoding: str = "utf-8") -> Texts:
    """Return strings as a block.

    Args:
        owner: class and name of the layer, for messages.
        value: str, bytes, array of strings or objects, nested list.
        encoding: of bytes.

    Raises:
        TypeError: if something is not a string.
        ValueError: if lists are of different lengths.
    """
    if isinstance(value, Texts):
        return value
    if isinstance(value, (Tensor, KerasTensor)):
        raise TypeError(f"{owner}: expected strings, got a tensor of dtype {value.dtype}.")
    try:
        array = np.asarray(value) if hasattr(value, "__array__") else _object_array(value)
    except ValueError:
        raise ValueError(f"{owner}: the lists of strings must have equal lengths.") from None
    return Texts(_as_bytes(owner, array.reshape(-1), encoding), array.shape)


def _object_array(value: Any) -> np.ndarray:
    """An array of a nested list that keeps each string as it is: no padding to the longest."""
    shape, probe = [], value
    while isinstance(probe, (list, tuple)):
        shape.append(len(probe))
        probe = probe[0] if probe else None
    if len(shape) < 2:
        array = np.empty(tuple(shape), object)
        array[...] = value
        return array
    array = np.array(value, object)
    if array.ndim != len(shape):
        raise ValueError("ragged")
    return array


def _as_bytes(owner: str, flat: np.ndarray, encoding: str) -> list[bytes]:
    if flat.dtype.kind not in "USTO":
        raise TypeError(f"{owner}: expected strings, got an array of dtype {flat.dtype}.")
    values = flat.tolist()
    same = encoding.lower().replace("_", "-") in ("utf-8", "utf8", "ascii")
    try:
        return list(map(str.encode, values))
    except TypeError:
        pass  # bytes, mixed, or no strings
    except UnicodeEncodeError:
        return [_one(owner, value, encoding, same) for value in values]
    return [_one(owner, value, encoding, same) for value in values]


def _one(owner: str, value: Any, encoding: str, same: bool) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return value if same else value.decode(encoding).encode()
    if isinstance(value, (np.ndarray, np.generic)) and value.ndim == 0:
        return _one(owner, value.item(), encoding, same)
    raise TypeError(f"{owner}: expected strings, got {value!r} (a {type(value).__name__}) among them.")


def decimal(numbers: np.ndarray) -> list[bytes]:
    """Return integers as decimal digits, flat."""
    return list(map(str.encode, map(str, np.asarray(numbers).reshape(-1).tolist())))


def hashed(texts: Sequence[bytes], buckets: int, salt: Sequence[int] | None = None) -> np.ndarray:
    """Return the bucket of each string: FarmHash64, or SipHash-2-4 keyed with the salt, modulo `buckets`."""
    from axone.layers.preprocessing.fingerprints import farmhash64, siphash64

    unique = list(dict.fromkeys(texts))
    codes = farmhash64(unique) if salt is None else siphash64(unique, (salt[0], salt[1]))
    table = dict(zip(unique, (codes % np.uint64(buckets)).astype(np.int64).tolist(), strict=True))
    return np.fromiter(map(table.__getitem__, texts), np.int64, len(texts))
