"""Einstein summation, reduced to transposes, reshapes, sums and a matrix product per pair of operands."""

from __future__ import annotations

import math
import string
from dataclasses import dataclass
from typing import Any

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.ops._common import TensorLike, broadcast_to, cast_to, compute, permuted, promote, reshape_to
from axone.ops.diagonal import diagonal
from axone.ops.linear import product


@dataclass
class Labelled:
    """A tensor with one label for each axis, all different."""

    tensor: Tensor
    labels: str

    def order(self, labels: str) -> Tensor:
        """The tensor with its axes in the order of `labels`."""
        return permuted(self.tensor, [self.labels.index(c) for c in labels])

    def sizes(self, labels: str) -> list[int]:
        """The lengths of the axes with those labels."""
        return [self.tensor.shape[self.labels.index(c)] for c in labels]


@op
def einsum(subscripts: str, *operands: TensorLike, **kwargs: Any) -> Tensor:
    """Sums products of elements along labelled axes.

    Args:
        subscripts: such as "bij,bjk->bik": a letter for each axis, operands parted by commas. Letters that
            the result lacks are summed over. "..." stands for axes that broadcast. Without "->", the result
            has the letters that occur once, in alphabetical order. A letter twice in one operand takes the
            diagonal.
        operands: the tensors; dtypes are promoted.

    Returns:
        A tensor with the axes that the right-hand side names.

    Raises:
        ValueError: for an equation that does not fit the operands.

    Example:

    >>> axone.ops.einsum("ij,jk->ik", axone.ops.ones((2, 3)), axone.ops.ones((3, 4))).shape  # (2, 4)
    """
    if not isinstance(subscripts, str):
        raise TypeError(
            f"einsum: the first argument must be an equation such as 'ij,jk->ik', got {subscripts!r}"
        )
    tensors = promote(*operands)
    inputs, output = _parse(subscripts, [x.ndim for x in tensors])
    dtype = tensors[0].dtype
    if dtype in ("bool", "uint8"):
        tensors = [cast_to(x, "int32") for x in tensors]
    terms = [_take_diagonals(Labelled(x, labels)) for x, labels in zip(tensors, inputs, strict=True)]
    lengths = _lengths(subscripts, terms)
    terms = [_squeeze_broadcast(term, lengths) for term in terms]
    result = terms.pop(0)
    while terms:
        following = terms.pop(0)
        needed = set(output).union(*[term.labels for term in terms])
        result = _multiply(result, following, needed, output)
    result = _sum_except(result, set(output))
    return cast_to(_arrange(result, output, lengths), dtype)


def _parse(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """Labels of each operand and of the result; "..." becomes letters that the equation does not use."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")

    def fail(why: str) -> ValueError:
        return ValueError(f"einsum: {why} in '{subscripts}'")

    if len(terms) != len(ranks):
        raise fail(f"{len(terms)} operands are named but {len(ranks)} are given")
    for part in [*terms, right]:
        letters = part.replace("...", "", 1)
        if not all(c in string.ascii_letters for c in letters):
            raise fail(f"'{part}' is not made of letters and one '...'")
    unused = [c for c in string.ascii_letters if c not in text]
    wildcards = []
    for i, (part, rank) in enumerate(zip(terms, ranks, strict=True)):
        spare = rank - len(part.replace("...", ""))
        if spare < 0 or (spare > 0 and "..." not in part):
            raise fail(f"'{part}' does not fit operand {i} with {rank} axes")
        wildcards.append(spare if "..." in part else 0)
    widest = max(wildcards)
    if widest > len(unused):
        raise fail("too many axes")
    # Broadcasting aligns axes at the end, so an operand with fewer of them gets the last letters.
    dots = "".join(unused[:widest])
    inputs = [part.replace("...", dots[widest - n :]) for part, n in zip(terms, wildcards, strict=True)]
    if arrow:
        output = right.replace("...", dots)
        if dots and "..." not in right:
            raise fail("the right-hand side lacks '...'")
    else:
        named = "".join(inputs)
        output = dots + "".join(sorted(c for c in set(named) - set(dots) if named.count(c) == 1))
    if len(set(output)) != len(output):
        raise fail("the result names an axis twice")
    missing = set(output) - set("".join(inputs))
    if missing:
        raise fail(f"the result names '{min(missing)}', which no operand has,")
    return inputs, output


def _take_diagonals(term: Labelled) -> Labelled:
    """Makes labels unique: a repeated one becomes the diagonal of its two axes."""
    while True:
        repeated = next((c for c in term.labels if term.labels.count(c) > 1), None)
        if repeated is None:
            return term
        first = term.labels.index(repeated)
        second = term.labels.index(repeated, first + 1)
        shape = term.tensor.shape
        if shape[first] != shape[second]:
            raise ValueError(
                f"einsum: label '{repeated}' names axes of lengths {shape[first]} and {shape[second]}"
            )
        rest = "".join(c for i, c in enumerate(term.labels) if i not in (first, second))
        term = Labelled(diagonal(term.tensor, 0, first, second), rest + repeated)


def _lengths(subscripts: str, terms: list[Labelled]) -> dict[str, int]:
    """The length of every label; axes of length 1 broadcast, as in NumPy."""
    lengths: dict[str, int] = {}
    for term in terms:
        for label, n in zip(term.labels, term.tensor.shape, strict=True):
            known = lengths.get(label, 1)
            if known != 1 and n not in (1, known):
                raise ValueError(f"einsum: '{subscripts}' gives one label to axes of lengths {known} and {n}")
            lengths[label] = n if known == 1 else known
    return lengths


def _squeeze_broadcast(term: Labelled, lengths: dict[str, int]) -> Labelled:
    """Drops axes of length 1 whose label is longer elsewhere: they broadcast without being there."""
    kept = [c for c, n in zip(term.labels, term.tensor.shape, strict=True) if n == lengths[c]]
    if len(kept) == len(term.labels):
        return term
    return Labelled(reshape_to(term.tensor, [lengths[c] for c in kept]), "".join(kept))


def _sum_except(term: Labelled, needed: set[str]) -> Labelled:
    """Sums over the axes that nothing later needs."""
    axes = [i for i, c in enumerate(term.labels) if c not in needed]
    if not axes:
        return term
    summed = compute("sum", term.tensor, axes=axes, keepdims=False)
    return Labelled(summed, "".join(c for c in term.labels if c in needed))


def _multiply(a: Labelled, b: Labelled, needed: set[str], output: str) -> Labelled:
    """The product of two operands, summed over the labels that only they have."""
    a = _sum_except(a, needed | set(b.labels))
    b = _sum_except(b, needed | set(a.labels))
    batch = "".join(c for c in a.labels if c in b.labels and c in needed)
    inner = "".join(c for c in a.labels if c in b.labels and c not in needed)
    rows = "".join(c for c in a.labels if c not in b.labels)
    columns = "".join(c for c in b.labels if c not in a.labels)
    if not inner:
        return _elementwise(a, b, batch + rows + columns)
    if [c for c in output if c in rows + columns] == list(columns + rows) and rows and columns:
        a, b, rows, columns = b, a, columns, rows  # the product comes out in the result's order
    sizes = a.sizes(batch)
    shape = [*sizes, *a.sizes(rows), *b.sizes(columns)]
    left, transpose_a = _matrix(a, batch, rows, inner, plain_first=True)
    right, transpose_b = _matrix(b, batch, columns, inner, plain_first=False)
    if len(rows) > 1 and not batch and not transpose_a:
        # The engine is to see that these are sequences: sums over them then keep their bits under padding.
        left = reshape_to(left, [a.sizes(rows)[0], math.prod(a.sizes(rows[1:])), left.shape[-1]])
    return Labelled(reshape_to(product(left, right, transpose_a, transpose_b), shape), batch + rows + columns)


def _matrix(term: Labelled, batch: str, outer: str, inner: str, plain_first: bool) -> tuple[Tensor, bool]:
    """The operand as (batch..., outer, inner) or its transpose, whichever needs no copy, and which it is.

    `plain_first`: whether (outer, inner) is the plain order (a left factor) or (inner, outer) (a right one).
    """
    orders = {True: batch + outer + inner, False: batch + inner + outer}
    outer_first = term.labels == orders[True] or (plain_first and term.labels != orders[False])
    sizes = [math.prod(term.sizes(outer)), math.prod(term.sizes(inner))]
    shape = [*term.sizes(batch), *(sizes if outer_first else sizes[::-1])]
    return reshape_to(term.order(orders[outer_first]), shape), outer_first != plain_first


def _elementwise(a: Labelled, b: Labelled, labels: str) -> Labelled:
    """A product without a sum: broadcast axes meet."""

    def spread(term: Labelled) -> Tensor:
        own = "".join(c for c in labels if c in term.labels)
        sizes = iter(term.sizes(own))
        return reshape_to(term.order(own), [next(sizes) if c in term.labels else 1 for c in labels])

    return Labelled(compute("multiply", spread(a), spread(b)), labels)


def _arrange(term: Labelled, output: str, lengths: dict[str, int]) -> Tensor:
    """The result with its axes in order; labels that broadcast away everywhere come back with length 1."""
    present = "".join(c for c in output if c in term.labels)
    tensor = term.order(present)
    if present == output:
        return tensor
    sizes = [lengths[c] for c in output]
    narrow = [n if c in present else 1 for c, n in zip(output, sizes, strict=True)]
    return broadcast_to(reshape_to(tensor, narrow), sizes)
