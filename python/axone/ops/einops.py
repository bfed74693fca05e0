"""Rearranging axes as a pattern says."""

from __future__ import annotations

import math
import re
from typing import Any

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, permuted, reshape_to, to_tensor


def _groups(pattern: str, side: str) -> list[list[str]]:
    """The axes of one side: "b (h w)" is [["b"], ["h", "w"]]."""
    if not re.fullmatch(r"(\s*(\w+|\(\s*(\w+\s*)*\)))*\s*", side):
        raise ValueError(f"rearrange: cannot read '{side.strip()}' in pattern '{pattern}'")
    return [part.strip("()").split() for part in re.findall(r"\w+|\([^)]*\)", side)]


def _lengths(pattern: str, groups: list[list[str]], shape: Any, known: dict[str, int]) -> dict[str, int]:
    """The length of every axis; one of each group may be left open."""
    lengths = dict(known)
    for group, size in zip(groups, shape, strict=True):
        open_ones = [a for a in group if a not in lengths]
        given = math.prod(lengths[a] for a in group if a in lengths)
        if len(open_ones) > 1 or (given and size % given) or (not open_ones and given != size):
            raise ValueError(
                f"rearrange: an axis of length {size} cannot be split into ({' '.join(group)}) in "
                f"'{pattern}' with the lengths {known}"
            )
        for axis in open_ones:
            lengths[axis] = size // given if given else 0
    return lengths


@op
def rearrange(tensor: TensorLike, pattern: str, **axes_lengths: int) -> Tensor:
    """Transpose, split and join axes as a pattern of names says.

    Args:
        tensor: tensor.
        pattern: names of the axes before and after "->"; names in parentheses are one axis.
        **axes_lengths: lengths of axes that are split, all but one of each.

    Returns:
        The rearranged tensor.

    Raises:
        ValueError: the pattern does not fit the tensor, or names differ between its sides.

    Example:

    >>> axone.ops.rearrange(np.zeros((2, 6, 3)), "b (h w) c -> b c h w", h=2).shape  # (2, 3, 2, 3)

    Source: Rogozhnikov, "Einops: clear and reliable tensor manipulations with Einstein-like notation", 2022.
    """
    x = to_tensor(tensor)
    if not isinstance(pattern, str):
        raise TypeError(f"rearrange: the pattern must be a string such as 'a b -> b a', got {pattern!r}")
    sides = pattern.split("->")
    if len(sides) != 2:
        raise ValueError(f"rearrange: the pattern must hold one '->', got '{pattern}'")
    before, after = (_groups(pattern, side) for side in sides)
    if len(before) != x.ndim:
        raise ValueError(f"rearrange: '{pattern}' names {len(before)} axes, the tensor has shape {x.shape}")
    names, wanted = [a for g in before for a in g], [a for g in after for a in g]
    if sorted(names) != sorted(set(wanted)) or len(wanted) != len(names):
        raise ValueError(f"rearrange: both sides of '{pattern}' must name the same axes, each once")
    lengths = _lengths(pattern, before, x.shape, axes_lengths)
    split = reshape_to(x, [lengths[a] for a in names])
    moved = permuted(split, [names.index(a) for a in wanted])
    return reshape_to(moved, [math.prod(lengths[a] for a in group) for group in after])
