"""Entries of the table: convolution, pooling, windows. The shapes are drawn from a seed: odd sizes, tails."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import windows
from case import Array as A
from case import case

# Sums of up to a thousand products, and Winograd's transforms: 3e-5 of the results' size.
SUMS = {"tolerance": 2e-5, "scale": 8.0, "order": 2}

DEPTHS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33)
SIZES = {1: (1, 2, 5, 7, 13, 16, 17, 33), 2: (1, 3, 5, 7, 8, 9, 12, 14), 3: (1, 3, 4, 5, 6)}


def conv_samples(count: int, seed: int) -> list[tuple[Any, ...]]:
    """Argument lists of `conv`, all different."""
    rng = np.random.default_rng(seed)
    found: dict[str, tuple[Any, ...]] = {}
    while len(found) < count:
        rank = int(rng.choice([1, 2, 2, 2, 3]))
        kernel = tuple(int(k) for k in rng.choice([1, 2, 3, 3, 4, 5], rank))
        strides = tuple(int(s) for s in rng.choice([1, 1, 2, 3], rank))
        dilation = tuple(int(d) for d in rng.choice([1, 1, 1, 2, 3], rank))
        padding = str(rng.choice(["valid", "same", "causal"] if rank == 1 else ["valid", "same"]))
        groups = int(rng.choice([1, 1, 1, 2, 3, 4]))
        depth, filters = (int(rng.choice(DEPTHS[: 13 if rank < 3 and groups == 1 else 6])) for _ in range(2))
        space = tuple(int(n) for n in rng.choice(SIZES[rank], rank))
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
        if padding == "valid" and any(n < r for n, r in zip(space, reach, strict=True)):
            continue
        x = A((int(rng.choice([1, 2, 3])), *space, depth * groups))
        w = A((*kernel, depth, filters * groups))
        sample = (x, w, strides, padding, "channels_last", dilation)
        found[repr(sample)] = sample
    return list(found.values())


CONV = conv_samples(420, 1)
# Few enough elements for finite differences.
SMALL = [
    (A((1, 5, 2)), A((3, 2, 2)), 1, "valid"),
    (A((2, 4, 2)), A((2, 1, 4)), 2, "same"),
    (A((1, 6, 1)), A((3, 1, 2)), 1, "causal", None, 2),
    (A((1, 4, 4, 2)), A((2, 2, 2, 3)), 1, "same"),
    (A((1, 5, 4, 1)), A((3, 3, 1, 2)), (2, 1), "same", None, (1, 2)),
    (A((1, 3, 2, 2, 1)), A((2, 2, 1, 1, 2)), 1, "valid"),
]
case("conv", windows.conv, CONV, "drawn", **SUMS)
case("conv", windows.conv, SMALL, "small", **SUMS)
case(
    "conv",
    lambda x, w, s, p, _: np.moveaxis(windows.conv(np.moveaxis(x, 1, -1), w, s, p), -1, 1),
    [
        (A((2, 3, 7)), A((3, 3, 4)), 2, "same", "channels_first"),
        (A((1, 2, 4, 3)), A((2, 2, 2, 3)), 1, "valid", "channels_first"),
        (A((2, 4, 3, 5, 4)), A((2, 1, 3, 2, 6)), 1, "same", "channels_first"),
    ],
    "channels_first",
    **SUMS,
)
case(
    "depthwise_conv",
    windows.depthwise,
    [
        (A((1, 4, 4, 2)), A((2, 2, 2, 2)), 1, "same"),
        (A((1, 5, 3)), A((3, 3, 1)), 2, "valid"),
        *[
            (A((2, 9, 7, c)), A((*k, c, m)), s, p, None, d)
            for c, k, m, s, p, d in (
                (3, (3, 3), 1, 1, "same", 1),
                (17, (3, 3), 1, 2, "same", 1),
                (8, (5, 5), 2, 1, "valid", 1),
                (33, (3, 2), 1, (2, 3), "same", 1),
                (16, (3, 3), 1, 1, "same", 2),
                (5, (1, 3), 3, 1, "valid", (1, 3)),
            )
        ],
        (A((2, 4, 5, 3, 3)), A((2, 3, 1, 3, 2)), 1, "same"),
    ],
    **SUMS,
)
case(
    "separable_conv",
    windows.separable,
    [
        (A((1, 4, 3, 2)), A((2, 2, 2, 1)), A((1, 1, 2, 3)), 1, "same"),
        (A((2, 9, 3)), A((3, 3, 2)), A((1, 6, 5)), 2, "same"),
        (A((2, 7, 9, 5)), A((3, 3, 5, 1)), A((1, 1, 5, 8)), 1, "valid", None, 2),
    ],
    **SUMS,
)


def transposed_samples(count: int) -> list[tuple[Any, ...]]:
    rng = np.random.default_rng(2)
    found: dict[str, tuple[Any, ...]] = {}
    while len(found) < count:
        rank = int(rng.choice([1, 2, 2, 3]))
        strides = tuple(int(s) for s in rng.choice([1, 2, 3], rank))
        more = None if rng.random() < 0.5 else tuple(int(rng.integers(0, s)) for s in strides)
        depth, filters = (int(rng.choice(DEPTHS[:11] if rank < 3 else DEPTHS[:4])) for _ in range(2))
        x = A((2, *[int(n) for n in rng.choice(SIZES[3], rank)], depth))
        w = A((*[int(k) for k in rng.choice([1, 2, 3, 4], rank)], filters, depth))
        padding, dilation = str(rng.choice(["valid", "same"])), int(rng.choice([1, 1, 2]))
        lengths = windows.transposed(
            np.zeros(x.shape), np.zeros(w.shape), strides, padding, more, None, dilation
        )
        if 0 not in lengths.shape:
            sample = (x, w, strides, padding, more, "channels_last", dilation)
            found[repr(sample)] = sample
    return list(found.values())


case("conv_transpose", windows.transposed, transposed_samples(60), "drawn", **SUMS)
case(
    "conv_transpose",
    windows.transposed,
    [
        (A((1, 3, 2, 2)), A((3, 2, 2, 2)), 2, "same"),
        (A((1, 4, 2)), A((2, 3, 2)), 3, "valid", 1),
        (A((1, 2, 2, 1)), A((3, 3, 2, 1)), 1, "valid", None, None, 2),
    ],
    "small",
    **SUMS,
)

POOLED = [
    (A((1, 5, 2), "distinct"), 2),
    (A((1, 4, 3, 2), "distinct"), 2, 1, "same"),
    (A((1, 5, 4, 2), "distinct"), (3, 2), (2, 1), "same"),
    (A((1, 3, 3, 2, 1), "distinct"), 2, 1),
    (A((2, 17, 5), "distinct"), 3, 2, "same"),
    (A((2, 13, 12, 17), "distinct"), 3, 2, "valid"),
    (A((2, 7, 9, 33), "distinct"), (2, 4), 3, "same"),
    (A((1, 14, 14, 16), "distinct"), 2),
    (A((2, 6, 5, 4, 3), "distinct"), (2, 3, 1), (1, 2, 2), "same"),
]
for _kind in ("max", "average"):
    case(
        f"{_kind}_pool",
        functools.partial(windows.pool, _kind),
        POOLED,
        tolerance=4e-6,
        order=1 if _kind == "max" else 2,
    )
    case(
        f"adaptive_{_kind}_pool",
        functools.partial(windows.adaptive, _kind),
        [
            (A((1, 5, 2), "distinct"), 2),
            (A((1, 5, 4, 2), "distinct"), (3, 2)),
            (A((1, 3, 3, 2, 1), "distinct"), (2, 3, 1)),
            (A((2, 12, 9, 5), "distinct"), (4, 3)),
            (A((2, 7, 9, 5), "distinct"), (10, 4)),
            (A((1, 13, 11, 17), "distinct"), 7),
        ],
        tolerance=4e-6,
        scale=100.0,
        order=1 if _kind == "max" else 2,
    )

case(
    "unfold",
    windows.unfold,
    [(A((1, 2, 4, 3)), 2), (A((1, 1, 5, 5)), (3, 2), 2, 1, 2), (A((2, 3, 7, 6)), 3, 1, (1, 0), (1, 2))],
)
case(
    "fold",
    windows.fold,
    [
        (A((1, 4, 6)), (3, 4), 2),
        (A((1, 6, 3)), (5, 5), (3, 2), 2, 1, (3, 2)),
        (A((2, 27, 16)), (6, 6), 3),
    ],
    tolerance=4e-6,
)


def _depth_to_space(x: Any, b: int) -> Any:
    n, h, w, c = x.shape
    blocks = x.reshape(n, h, w, b, b, c // b**2).transpose(0, 1, 3, 2, 4, 5)
    return blocks.reshape(n, h * b, w * b, c // b**2)


def _space_to_depth(x: Any, b: int) -> Any:
    n, h, w, c = x.shape
    return (
        x.reshape(n, h // b, b, w // b, b, c).transpose(0, 1, 3, 2, 4, 5).reshape(n, h // b, w // b, c * b**2)
    )


case("depth_to_space", _depth_to_space, [(A((1, 2, 3, 8)), 2), (A((2, 1, 2, 9)), 3)])
case("space_to_depth", _space_to_depth, [(A((1, 4, 6, 2)), 2), (A((2, 3, 6, 1)), 3)])
