"""What an entry of the table of operations is made of: argument arrays, a NumPy reference, tolerances.

Arrays are drawn from a seed, in shapes and memory layouts that kernels find awkward.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import numpy as np

import axone

# Scalars, empties, primes, and the neighbours of vector lengths (4 to 16 numbers) and of unrolled blocks.
SHAPES: tuple[tuple[int, ...], ...] = (
    (), (0,), (1,), (2, 0, 3), (5,), (7, 1), (15,), (16,), (17,), (31,), (33,), (3, 5, 7), (63,), (65,),
    (2, 131),
)  # fmt: skip
LAYOUTS = ("dense", "fortran", "strided", "reversed", "readonly")


@dataclass(frozen=True)
class Array:
    """An array argument of a case.

    kind: "normal"; "positive" (0.2 to 2.2); "unit" (0.05 to 0.95); "small" (-0.9 to 0.9); "above1" (1.2
        to 3);
        "away" (-2 to 2, never nearer than 0.15 to a whole number: where piecewise functions bend);
        "distinct" (all different, far apart); "index" (0..limit-1); "signed_index" (-limit..limit-1);
        "mask" (booleans); "probabilities" (add up to 1 along the last axis); "integer" (-9 to 9). Stacks of
        matrices: "definite" (symmetric, positive definite), "regular" (far from singular), "spectrum" (with
        eigenvalues 1, 2, 3, ...).
    """

    shape: tuple[int, ...]
    kind: str = "normal"
    limit: int = 0
    layout: str = "dense"

    def draw(self, dtype: str, key: str) -> np.ndarray[Any, Any]:
        """The array; the same for the same spec and key. `dtype` is not for indices and masks."""
        rng = np.random.default_rng(zlib.crc32(f"{key}{self.shape}{self.kind}".encode()))
        return arrange(self._values(rng).astype(self._dtype(dtype)), self.layout)

    def _dtype(self, dtype: str) -> str:
        return {"index": "int64", "signed_index": "int64", "mask": "bool"}.get(self.kind, dtype)

    @property
    def floating(self) -> bool:
        """Whether the argument has a gradient."""
        return self.kind not in ("index", "signed_index", "mask", "integer")

    def _values(self, rng: np.random.Generator) -> np.ndarray[Any, Any]:
        shape = self.shape
        if self.kind == "normal":
            return np.asarray(rng.normal(size=shape))
        if self.kind in ("index", "signed_index"):
            return np.asarray(
                rng.integers(-self.limit if self.kind == "signed_index" else 0, self.limit, shape)
            )
        if self.kind == "mask":
            return np.asarray(rng.random(shape) < 0.5)
        if self.kind == "integer":
            return np.asarray(rng.integers(-9, 10, shape))
        if self.kind == "away":
            whole = rng.integers(-2, 2, shape)
            return np.asarray(whole + rng.uniform(0.15, 0.85, shape))
        if self.kind == "distinct":
            size = int(np.prod(shape))
            return np.asarray((rng.permutation(size) - size / 2.0 + 0.25) * 0.5).reshape(shape)
        if self.kind == "probabilities":
            raw = rng.uniform(0.2, 1.0, shape)
            return np.asarray(raw / raw.sum(-1, keepdims=True))
        if self.kind in ("definite", "regular", "spectrum"):
            return self._matrices(rng.normal(size=shape))
        low, high = {
            "positive": (0.2, 2.2),
            "unit": (0.05, 0.95),
            "small": (-0.9, 0.9),
            "above1": (1.2, 3.0),
        }[self.kind]
        return np.asarray(rng.uniform(low, high, shape))

    def _matrices(self, raw: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        n = self.shape[-1]
        if self.kind == "definite":
            return np.asarray(raw @ np.swapaxes(raw, -1, -2) / n + np.eye(n) * (1 + np.arange(n)))
        regular = np.asarray(0.3 * raw + np.eye(self.shape[-2], n) * (1.5 + 0.7 * np.arange(n)))
        if self.kind == "regular":
            return regular
        return np.asarray(regular @ np.diag(1.0 + np.arange(n)) @ np.linalg.inv(regular))


def arrange(x: np.ndarray[Any, Any], layout: str) -> np.ndarray[Any, Any]:
    """The same numbers in another memory layout."""
    if layout == "fortran":
        return np.asfortranarray(x)
    if layout == "reversed":
        return np.ascontiguousarray(x[..., ::-1])[..., ::-1] if x.ndim else x
    if layout == "strided":
        if not x.ndim:
            return x
        wide = np.zeros((*x.shape[:-1], x.shape[-1] * 3 + 1), x.dtype)
        wide[..., 1::3] = x
        return wide[..., 1::3]
    if layout == "readonly":
        x = x.copy()
        x.flags.writeable = False
    return x


@dataclass
class Case:
    """A function of `axone.ops` and how it is tested: one entry of the table serves every test.

    name: the function, as it is reached from `axone.ops`.
    reference: the same function of float64 NumPy arrays.
    samples: argument lists; an `Array` is drawn, anything else is passed on.
    attrs: keyword arguments.
    order: 0: no gradient; 1: differentiable; 2: the gradient is differentiable too.
    tolerance: allowed error in float32, relative to `scale` + |expected|; float64 gets 1e-8 of it, at least
        2e-14.
    integers: integer dtypes that are tested too.
    special: whether it is held against NumPy at NaN, infinities and zeros.
    """

    name: str
    reference: Any
    samples: list[tuple[Any, ...]]
    attrs: dict[str, Any] = field(default_factory=dict)
    order: int = 2
    tolerance: float = 1e-6
    scale: float = 1.0
    integers: tuple[str, ...] = ()
    special: bool = False
    label: str = ""

    @property
    def function(self) -> Any:
        """The function of `axone.ops`, or of a module in it: "image.resize"."""
        return attrgetter(self.name)(axone.ops)

    @property
    def id(self) -> str:
        """The case's name in reports."""
        return f"{self.name}-{self.label}" if self.label else self.name

    def allowed(self, dtype: str) -> float:
        """The allowed relative error."""
        return max(self.tolerance * 1e-8, 2e-14) if dtype == "float64" else self.tolerance

    def arguments(self, sample: tuple[Any, ...], dtype: str) -> list[Any]:
        """The arguments of one call; an `Array` may stand inside a list."""

        def made(spec: Any, place: str) -> Any:
            if isinstance(spec, Array):
                return spec.draw(dtype, self.id + place)
            if isinstance(spec, list):
                return [made(s, f"{place}.{i}") for i, s in enumerate(spec)]
            return spec

        return [made(spec, str(i)) for i, spec in enumerate(sample)]

    def expected(self, arguments: list[Any]) -> Any:
        """The reference's answer for these arguments, computed in float64."""

        def wide(x: Any) -> Any:
            if isinstance(x, np.ndarray) and x.dtype.kind == "f":
                return x.astype("float64")
            return [wide(v) for v in x] if isinstance(x, list) else x

        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # means of nothing and the like
            return self.reference(*[wide(a) for a in arguments], **self.attrs)


def each(shapes: Any, kind: str = "normal", count: int = 1) -> list[tuple[Any, ...]]:
    """Samples of `count` equal arrays, one for each shape, and one for each layout."""
    samples = [tuple(Array(s, kind) for _ in range(count)) for s in shapes]
    return samples + [tuple(Array((3, 19), kind, layout=lay) for _ in range(count)) for lay in LAYOUTS[1:]]


def broadcast(kinds: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Samples of two arrays whose shapes broadcast in every way, and equal ones."""
    pairs = [
        ((), ()), ((7,), ()), ((), (5,)), ((3, 1), (1, 5)), ((2, 3, 17), (17,)), ((2, 3, 17), (3, 1)),
        ((0,), (1,)),
        ((4, 0), (4, 1)), ((1, 33), (31, 1)), ((5, 1, 3), (2, 1)), ((65,), (65,)), ((3, 5, 7), (3, 5, 7)),
    ]  # fmt: skip
    samples: list[tuple[Any, ...]] = [
        tuple(Array(s, k) for s, k in zip(p, kinds, strict=True)) for p in pairs
    ]
    return samples + [tuple(Array((3, 19), k, layout=lay) for k in kinds) for lay in LAYOUTS[1:]]


INTEGERS = ("int32", "int64")
ALL_INTEGERS = ("int32", "int64", "uint8")
CASES: list[Case] = []


def case(name: str, reference: Any, samples: list[tuple[Any, ...]], label: str = "", **options: Any) -> None:
    """Adds an entry; keywords that `Case` does not know are the function's attributes."""
    known = ("order", "tolerance", "scale", "integers", "special")
    fields = {k: options.pop(k) for k in known if k in options}
    CASES.append(Case(name, reference, samples, attrs=options, label=label, **fields))


def unary(name: str, reference: Callable[..., Any], kind: str = "normal", **options: Any) -> None:
    """A function of one number, at every awkward shape and layout."""
    case(name, reference, each(SHAPES, kind), special=options.pop("special", True), **options)


def binary(
    name: str, reference: Callable[..., Any], kinds: tuple[str, str] = ("normal", "normal"), **options: Any
) -> None:
    """A function of two numbers, at every way to broadcast."""
    case(name, reference, broadcast(kinds), **options)
