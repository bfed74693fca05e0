"""64-bit hashes of strings, equal to TensorFlow's, for many strings at once.

FarmHash64 (Geoff Pike, 2014, the "na" variant that is its Fingerprint64) and SipHash-2-4 (Aumasson and
Bernstein, 2012). All arithmetic is modulo 2^64, on NumPy arrays: strings of one size class are hashed
together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["farmhash64", "fingerprint_cat64", "siphash64"]

Words: TypeAlias = NDArray[np.uint64]
Pair: TypeAlias = tuple[Words, Words]


def _u(value: int) -> np.uint64:
    return np.uint64(value & 0xFFFFFFFFFFFFFFFF)


_K0, _K1, _K2 = _u(0xC3A5C85C97CB3127), _u(0xB492B66FBE98F273), _u(0x9AE16A3B2F90404F)


class _Texts:
    """Strings as rows of bytes, with loads at a place that is given from the front or from the end."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        joined = np.frombuffer(b"".join(texts) + bytes(8), np.uint8)
        self._bytes = joined
        self._starts = np.cumsum(self.sizes) - self.sizes
        self.lengths = self.sizes.astype(np.uint64)

    def _load(self, offsets: NDArray[np.int64] | int, count: int) -> Words:
        """Little-endian words of `count` bytes."""
        places = (self._starts + offsets)[:, None] + np.arange(count)
        shifts = np.arange(count, dtype=np.uint64) * np.uint64(8)
        words: Words = (self._bytes[places].astype(np.uint64) << shifts).sum(axis=1, dtype=np.uint64)
        return words

    def front(self, offset: int, count: int = 8) -> Words:
        return self._load(offset, count)

    def end(self, offset: int, count: int = 8) -> Words:
        """The word that begins `offset` bytes before the end."""
        return self._load(self.sizes - offset, count)

    def at(self, offsets: NDArray[np.int64], count: int = 8) -> Words:
        return self._load(offsets, count)


def _rotate(x: Words, bits: int) -> Words:
    return (x >> np.uint64(bits)) | (x << np.uint64(64 - bits))


def _rotate_left(x: Words, bits: int) -> Words:
    return _rotate(x, 64 - bits)


def _mix(x: Words) -> Words:
    return x ^ (x >> np.uint64(47))


def _hash16(u: Words, v: Words, multiplier: Words) -> Words:
    a = _mix((u ^ v) * multiplier)
    return _mix((v ^ a) * multiplier) * multiplier


def _upto3(t: _Texts) -> Words:
    """One to three bytes: the first, the middle and the last."""
    first, middle = t.front(0, 1), t.at(t.sizes // 2, 1)
    y = first + (middle << np.uint64(8))
    z = t.lengths + (t.end(1, 1) << np.uint64(2))
    return _mix(y * _K2 ^ z * _K0) * _K2


def _upto7(t: _Texts) -> Words:
    multiplier = _K2 + t.lengths * np.uint64(2)
    return _hash16(t.lengths + (t.front(0, 4) << np.uint64(3)), t.end(4, 4), multiplier)


def _upto16(t: _Texts) -> Words:
    multiplier = _K2 + t.lengths * np.uint64(2)
    a, b = t.front(0) + _K2, t.end(8)
    c = _rotate(b, 37) * multiplier + a
    return _hash16(c, (_rotate(a, 25) + b) * multiplier, multiplier)


def _upto32(t: _Texts) -> Words:
    multiplier = _K2 + t.lengths * np.uint64(2)
    a, b, c, d = t.front(0) * _K1, t.front(8), t.end(8) * multiplier, t.end(16) * _K2
    return _hash16(_rotate(a + b, 43) + _rotate(c, 30) + d, a + _rotate(b + _K2, 18) + c, multiplier)


def _upto64(t: _Texts) -> Words:
    multiplier = _K2 + t.lengths * np.uint64(2)
    a, b, c, d = t.front(0) * _K2, t.front(8), t.end(8) * multiplier, t.end(16) * _K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _hash16(y, a + _rotate(b + _K2, 18) + c, multiplier)
    e, f = t.front(16) * multiplier, t.front(24)
    g, h = (y + t.end(32)) * multiplier, (z + t.end(24)) * multiplier
    return _hash16(_rotate(e + f, 43) + _rotate(g, 30) + h, e + _rotate(f + a, 18) + g, multiplier)


def _weak(words: Sequence[Words], a: Words, b: Words) -> Pair:
    w, x, y, z = words
    a = a + w
    b = _rotate(b + a + z, 21)
    start = a
    a = a + x + y
    b = b + _rotate(a, 44)
    return a + z, b + start


def _longer(t: _Texts) -> Words:
    """More than 64 bytes: blocks of 64, then the last 64 again with another multiplier.

    The strings are in order of decreasing numbers of blocks, so that those still at work stand in front.
    """
    blocks = (t.sizes - 1) // 64
    x = np.full(len(t.sizes), 81, np.uint64)
    y = x * _K1 + np.uint64(113)
    z = _mix(y * _K2 + np.uint64(113)) * _K2
    v, w = (np.zeros_like(x), np.zeros_like(x)), (np.zeros_like(x), np.zeros_like(x))
    x = x * _K2 + t.front(0)

    def words(start: NDArray[np.int64], first: int) -> list[Words]:
        return [t.at(start + (first + k) * 8) for k in range(4)]

    def block(start: NDArray[np.int64], state: list[Words], m: Words, nine: np.uint64) -> list[Words]:
        x, y, z, v1, v2, w1, w2 = state
        x = _rotate(x + y + v1 + t.at(start + 8), 37) * m
        y = _rotate(y + v2 + t.at(start + 48), 42) * m
        x = x ^ (w2 * nine)
        y = y + v1 * nine + t.at(start + 40)
        z = _rotate(z + w1, 33) * m
        v1, v2 = _weak(words(start, 0), v2 * m, x + w1)
        w1, w2 = _weak(words(start, 4), z + w2, y + t.at(start + 16))
        return [z, y, x, v1, v2, w1, w2]

    state = [x, y, z, *v, *w]
    last = np.maximum(t.sizes - 64, 0)
    for k in range(int(blocks.max())):
        after = block(
            np.minimum(np.full_like(last, 64 * k), last), state, _K1 + np.zeros_like(x), np.uint64(1)
        )
        state = [np.where(k < blocks, new, old) for new, old in zip(after, state, strict=True)]
    x, y, z, v1, v2, w1, w2 = state
    multiplier = _K1 + ((z & np.uint64(0xFF)) << np.uint64(1))
    w1 = w1 + ((t.lengths - np.uint64(1)) & np.uint64(63))
    v1 = v1 + w1
    w1 = w1 + v1
    x, y, z, v1, v2, w1, w2 = block(last, [x, y, z, v1, v2, w1, w2], multiplier, np.uint64(9))
    first = _hash16(v1, w1, multiplier) + _mix(y) * _K0 + z
    return _hash16(first, _hash16(v2, w2, multiplier) + x, multiplier)


_SIZE_CLASSES: tuple[tuple[int, Callable[[_Texts], Words]], ...] = (
    (3, _upto3),
    (7, _upto7),
    (16, _upto16),
    (32, _upto32),
    (64, _upto64),
)


def _by_class(
    texts: Sequence[bytes],
    class_of: NDArray[np.int64],
    hashes: Callable[[int, _Texts], Words],
) -> Words:
    found = np.zeros(len(texts), np.uint64)
    for number in np.unique(class_of):
        places = np.flatnonzero(class_of == number)
        found[places] = hashes(int(number), _Texts([texts[i] for i in places.tolist()]))
    return found


def farmhash64(texts: Sequence[bytes]) -> Words:
    """Return FarmHash's Fingerprint64 of each string.

    Args:
        texts: byte strings of any length.

    Returns:
        uint64 array with one hash for each.
    """
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    limits = np.array([0, *(limit for limit, _ in _SIZE_CLASSES)])
    classes = np.searchsorted(limits, sizes)
    # Long ones go together when they have about as many blocks, so that none waits for a much longer one.
    blocks = np.maximum(sizes - 1, 1) // 64
    classes = np.where(
        classes == len(limits), len(limits) + np.log2(np.maximum(blocks, 1)).astype("int64"), classes
    )

    def hashes(number: int, t: _Texts) -> Words:
        if number == 0:
            return np.full(len(t.sizes), _K2)
        return _SIZE_CLASSES[number - 1][1](t) if number <= len(_SIZE_CLASSES) else _longer(t)

    return _by_class(texts, classes, hashes)


def siphash64(texts: Sequence[bytes], key: tuple[int, int]) -> Words:
    """Return SipHash-2-4 of each string under a key of two 64-bit numbers."""
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    return _by_class(texts, sizes // 8, lambda words, t: _siphash(words, t, _u(key[0]), _u(key[1])))


def _siphash(words: int, t: _Texts, k0: np.uint64, k1: np.uint64) -> Words:
    zeros = np.zeros(len(t.sizes), np.uint64)
    state = [
        zeros + (k0 ^ _u(0x736F6D6570736575)),
        zeros + (k1 ^ _u(0x646F72616E646F6D)),
        zeros + (k0 ^ _u(0x6C7967656E657261)),
        zeros + (k1 ^ _u(0x7465646279746573)),
    ]
    tails = t.lengths << np.uint64(56)
    for k in range(7):
        inside = words * 8 + k < t.sizes
        byte = t.at(np.where(inside, words * 8 + k, 0), 1)
        tails = tails | np.where(inside, byte << np.uint64(8 * k), np.uint64(0))
    for word in [*(t.front(8 * k) for k in range(words)), tails]:
        state[3] = state[3] ^ word
        state = _sip_rounds(state, 2)
        state[0] = state[0] ^ word
    state[2] = state[2] ^ np.uint64(0xFF)
    a, b, c, d = _sip_rounds(state, 4)
    return a ^ b ^ c ^ d


def _sip_rounds(state: list[Words], count: int) -> list[Words]:
    a, b, c, d = state
    for _ in range(count):
        a, c = a + b, c + d
        b, d = _rotate_left(b, 13) ^ a, _rotate_left(d, 16) ^ c
        a, c = _rotate_left(a, 32) + d, c + b
        b, d = _rotate_left(b, 17) ^ c, _rotate_left(d, 21) ^ a
        c = _rotate_left(c, 32)
    return [a, b, c, d]


def fingerprint_cat64(one: Words, other: Words) -> Words:
    """Return a hash of two hashes, as TensorFlow joins fingerprints."""
    factor = _u(0xC6A4A7935BD1E995)
    joined = (one ^ factor) ^ (_mix(other * factor) * factor)
    joined = _mix(joined * factor) * factor
    return _mix(joined)
