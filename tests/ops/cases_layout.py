"""Entries of the table: shapes, positions, creation, order."""

# fmt: off
from __future__ import annotations

from typing import Any

import numpy as np
from case import ALL_INTEGERS, INTEGERS, SHAPES, case, each
from case import Array as A

EVERY = ("int32", "int64", "uint8")
T = A((2, 3, 17))

case("reshape", np.reshape, [(T, (6, 17)), (T, (-1,)), (T, (3, -1, 2)), (A(()), (1, 1)), (A((1,)), ()),
     (A((0, 4)), (2, 0)),
                             (A((6, 4), layout="fortran"), (8, 3))], integers=EVERY)
case("ravel", np.ravel, each(SHAPES))
case("transpose", np.transpose, [(T,), (T, (1, 0, 2)), (T, (2, 0, 1)), (T, (0, 2, 1)), (A((65, 33)),),
     (A((5,)),), (A(()),),
                                 (A((0, 3)),), (A((2, 3, 4, 5)), (3, 1, 0, 2)), (A((131, 2)),),
                                 (A((7, 9), layout="strided"),),
                                 (A((3, 1, 5, 1, 2)), (4, 3, 2, 1, 0))], integers=EVERY)
case("moveaxis", np.moveaxis, [(T, 0, 2), (T, -1, 0), (A((2, 3, 4, 5)), (0, 1), (-1, 0))])
case("swapaxes", np.swapaxes, [(T, 0, 2), (T, -1, 1)])
case("expand_dims", np.expand_dims, [(T, 0), (T, -1), (T, (1, 3)), (A(()), 0)])
case("squeeze", np.squeeze, [(A((1, 3, 1)),), (A((1, 3, 1)), 0), (A((1, 3, 1)), (0, 2)), (A((1, 1)),)])
case("broadcast_to", np.broadcast_to, [(A(()), (3, 5)), (A((3, 1)), (2, 3, 17)), (A((1, 5)), (0, 5)),
     (A((17,)), (17,)),
                                       (A((1, 3, 1)), (2, 3, 17))], integers=EVERY)
PARTS = [A((2, 3)), A((2, 17)), A((2, 1)), A((2, 0))]
case("concatenate", lambda xs, axis=0: np.concatenate(xs, axis), [(PARTS, 1), (PARTS, -1),
     ([A((3,)), A((65,))],),
     ([A((2, 3, 5)), A((2, 1, 5))], 1), ([A((4, 5))], 0),
     ([A((3, 5), layout="fortran"), A((3, 5), layout="reversed")], 0)],
     integers=EVERY)
case("append", np.append, [(A((3,)), A((2, 2))), (A((3, 2)), A((1, 2)), 0)])
case("stack", np.stack, [([A((3, 5)), A((3, 5), "unit")], 0), ([A((3, 5)), A((3, 5), "unit")], -1),
     ([A(()), A((), "unit")], 0),
                         ([A((7,))], 1)], integers=INTEGERS)
case(
    "unstack",
    lambda x, num=None, axis=0: [np.take(x, i, axis) for i in range(x.shape[axis])],
    [(T,), (T, None, 1), (T, 17, -1)],
)
case(
    "split",
    np.split,
    [(A((6, 5)), 3), (A((6, 5)), [1, 4]), (A((5, 6)), 2, 1), (A((7,)), [0, 3, 3, 9]), (A((4, 3)), 1)],
)
case("array_split", np.array_split, [(A((7, 2)), 3), (A((2, 8)), 3, 1), (A((2,)), 5)])
case("hsplit", np.hsplit, [(A((2, 6)), 3), (A((6,)), 2)])
case("vsplit", np.vsplit, [(A((6, 2)), 3)])
case("dsplit", np.dsplit, [(A((2, 2, 6)), 3)])
case("hstack", np.hstack, [([A((3,)), A((2,))],), ([A((2, 3)), A((2, 1))],), ([A(()), A(())],)])
case("vstack", np.vstack, [([A((3,)), A((3,), "unit")],), ([A((2, 3)), A((1, 3))],)])
case(
    "dstack",
    np.dstack,
    [([A((3,)), A((3,), "unit")],), ([A((2, 3)), A((2, 3), "unit")],), ([A((2, 3, 1)), A((2, 3, 2))],)],
)
case("tile", np.tile, [(A((3,)), 4), (A((2, 3)), (2, 1, 3)), (A((2, 3, 5)), 2), (A(()), (2, 2)), (A((2, 3)),
     (0, 1))],
     integers=INTEGERS)
case("repeat", np.repeat, [(A((3, 5)), 2), (A((3, 5)), 3, 0), (A((3, 17)), 2, 1), (A((3,)), [2, 0, 1]),
     (A((2, 3)), [1, 2, 3], 1),
                           (A((3,)), 0)], integers=INTEGERS)
case("flip", np.flip, [(T,), (T, 0), (T, (1, -1)), (A((65,)),), (A((0,)),), (A((33, 5)), 0)], integers=EVERY)
case("fliplr", np.fliplr, [(A((3, 5)),)])
case("flipud", np.flipud, [(A((3, 5)),)])
case("rot90", np.rot90, [(A((3, 5)),), (A((3, 5)), 2), (A((3, 5)), 3), (A((3, 5)), -1), (T, 1, (2, 0))])
case(
    "roll",
    np.roll,
    [(A((7,)), 2), (A((3, 5)), -1), (A((3, 5)), 4, 1), (T, (1, -2), (0, 2)), (A((0,)), 3), (A((3, 5)), 5, 1)],
)


def _pad(x: Any, width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    extra = {"constant_values": constant_values or 0} if mode == "constant" else {}
    return np.pad(x, width, mode, **extra)


case("pad", _pad, [(A((3, 5)), 2), (A((3, 5)), ((1, 0), (0, 3))), (A((17,)), (3, 2), "constant", 1.5), (T,
     ((0, 0), (2, 1), (0, 4))),
                   (A((5,)), (2, 3), "reflect"), (A((3, 5)), ((1, 2), (2, 2)), "symmetric"), (A((3, 5)), 2,
                   "edge"),
                   (A((3, 5)), ((0, 4), (6, 0)), "wrap"), (A((3,)), (5, 7), "reflect"), (A((0, 2)), 1)],
     integers=INTEGERS)
case("meshgrid", lambda *x: np.meshgrid(*x), [(A((3,)), A((5,))), (A((3,)), A((1,)), A((2,))), (A((4,)),)])
case(
    "meshgrid",
    lambda *x, indexing: np.meshgrid(*x, indexing=indexing),
    [(A((3,)), A((5,)))],
    "ij",
    indexing="ij",
)

# Positions.
case("take", np.take, [(A((7,)), A((5,), "signed_index", 7), 0), (A((3, 17)), A((2, 3), "signed_index", 17),
     1), (T, 1, 1),
                       (T, A((4,), "index", 2), 0), (A((3, 5)), A((6,), "index", 15)), (A((65, 3)),
                       A((131,), "index", 65), 0),
                       (A((3, 5)), A((0,), "index", 3), 0), (A((5, 33), layout="strided"),
                       A((7,), "index", 5), 0)],
     integers=EVERY)
case("take_along_axis", np.take_along_axis, [(A((7,)), A((5,), "signed_index", 7), 0),
     (A((3, 17)), A((3, 4), "index", 17), 1),
     (T, A((2, 5, 17), "index", 3), 1), (A((3, 5)), A((4,), "index", 15), None), (A((3, 5)),
     A((1, 2), "index", 5), 1)],
     integers=INTEGERS)


def _one_hot(x: Any, num_classes: int, axis: int = -1) -> Any:
    return np.moveaxis((x[..., None] == np.arange(num_classes)).astype("float64"), -1, axis)


case("one_hot", _one_hot, [(A((7,), "index", 5), 5), (A((2, 3), "index", 9), 17, 1),
     (A((4,), "signed_index", 6), 4, 0),
                           (A((), "index", 3), 3), (A((0,), "index", 3), 3), (A((33,), "index", 3), 1)],
                           order=0)
case(
    "multi_hot",
    lambda x, n: _one_hot(x, n).max(-2),
    [(A((3, 4), "index", 9), 9), (A((5,), "index", 7), 8)],
    order=0,
)
case("slice", lambda x, start, size: x[tuple(np.s_[s : s + n] for s, n in zip(start, size, strict=True))],
     [(A((7,)), (2,), (3,)), (T, (0, 1, 5), (2, 1, 9)), (T, (0, 0, 0), (2, 3, 17)), (A((3, 5)), (1, 2),
     (0, 3))],
     integers=INTEGERS)


def _slice_update(x: Any, start: Any, block: Any) -> Any:
    y = x.copy()
    y[tuple(np.s_[s : s + n] for s, n in zip(start, block.shape, strict=True))] = block
    return y


case("slice_update", _slice_update, [(A((7,)), (2,), A((3,))), (A((5, 9)), (1, 4), A((3, 2))), (A((5, 9)),
     (0, 0), A((5, 9), "unit")),
                                     (T, (0, 1, 3), A((2, 2, 1)))], integers=INTEGERS)


def _scatter(i: Any, v: Any, shape: Any) -> Any:
    y = np.zeros(shape, v.dtype)
    np.add.at(y, tuple(np.moveaxis(i, -1, 0)), v)
    return y


def _scatter_update(x: Any, i: Any, v: Any, reduction: Any = None) -> Any:
    y = x.copy()
    if reduction == "add":
        np.add.at(y, tuple(np.moveaxis(i, -1, 0)), v)
    else:
        for place in np.ndindex(*i.shape[:-1]):
            y[tuple(i[place])] = v[place]
    return y


case("scatter", _scatter, [(A((9, 1), "index", 5), A((9,)), (5,)), (A((4, 2), "signed_index", 3), A((4,)),
     (3, 5)),
                           (A((6, 1), "index", 4), A((6, 17)), (4, 17)), (A((0, 1), "index", 4), A((0,)),
                           (4,))],
     integers=INTEGERS)
UPDATED = [(A((5,)), A((9, 1), "signed_index", 5), A((9,))), (A((3, 4)), A((6, 2), "index", 3), A((6,))),
           (A((4, 17)), A((2, 1), "index", 4), A((2, 17))), (A((3, 4)), A((2, 3, 1), "index", 3),
           A((2, 3, 4)))]
case("scatter_update", _scatter_update, UPDATED, integers=INTEGERS)
case("scatter_update", _scatter_update, UPDATED, "add", reduction="add")
case("segment_sum", lambda x, i, n: _scatter(i[:, None], x, (n, *x.shape[1:])),
     [(A((7,)), A((7,), "index", 4), 4), (A((9, 5)), A((9,), "index", 3), 6)])
case("bincount", np.bincount, [(A((17,), "index", 5),), (A((17,), "index", 5), A((17,), "positive")),
     (A((3,), "index", 2), None, 9)],
     order=0)
case(
    "unravel_index",
    np.unravel_index,
    [(A((7,), "index", 60), (3, 4, 5)), (A((2, 3), "index", 12), (3, 4))],
    order=0,
)
case("diag", np.diag, [(A((5,)),), (A((3,)), 2), (A((3,)), -1), (A((3, 5)),), (A((3, 5)), 1), (A((5, 3)), -2),
     (A((3, 3)), 4)],
     integers=INTEGERS)
case("diagflat", np.diagflat, [(A((2, 2)),), (A((3,)), -1)])
case("diagonal", np.diagonal, [(A((3, 5)),), (T, 1, 2, 0), (T, -1, 0, 2), (A((17, 17)), 3)])
case("trace", np.trace, [(A((3, 5)),), (T, 1, 1, 2), (A((4, 4)), -1)], tolerance=2e-6)
for _name in ("tril", "triu"):
    case(_name, getattr(np, _name), [(A((3, 5)),), (A((5, 3)), 1), (A((5, 5)), -2), (T, 0), (A((2, 33, 33)),
    7), (A((3, 4)), 9)],
         integers=EVERY)
case("get_item", lambda x, key: x[key], [
    (T, 1), (T, -1), (T, (slice(None), 2)), (T, (..., 3)), (T, (slice(1, None), None, slice(None, None, -2))),
    (T, ()),
    (T, (0, slice(2, 0, -1), slice(3, 16, 5))), (T, (..., None)), (T, (slice(2, 2),)), (T, (1, 2, 16)),
    (T, ([0, 1, 1],)), (T, (slice(None), [2, 0])), (T, ([0, 1], slice(None), [3, 4])), (T,
    ([[0], [1]], [0, 2])),
    (T, (slice(None), [0, 1], [[3], [4]])), (T, (0, slice(None), [3, -4])), (T, (slice(None), 0, [3, -4])),
    (T, (None, [1], 2)), (A((5,)), np.array([True, False, True, True, False])),
    (A((2, 3)), np.array([[True, False, True], [False, True, False]])), (A((2, 3)),
    (slice(None), np.array([True, False, True]))),
    (A((65,)), slice(60, None, -7)), (A((65,)), slice(-100, 100, 3)),
], integers=ALL_INTEGERS)

# Creation.
case("zeros", np.zeros, [((2, 3),), (5,), ((),), ((0, 2),)], order=0)
case("ones", np.ones, [((2, 3),), (5,)], order=0)
case("empty", np.zeros, [((2, 3),)], order=0)
case("full", np.full, [((2, 3), 1.5), ((3,), A((3,))), ((2, 3), A((3,)))])
case("zeros_like", np.zeros_like, [(T,)], order=0, integers=INTEGERS)
case("ones_like", np.ones_like, [(T,)], order=0, integers=INTEGERS)
case("empty_like", np.zeros_like, [(T,)], order=0)
case("full_like", np.full_like, [(T, 2.5)], order=0)
case("eye", np.eye, [(3,), (3, 5), (3, 5, 1), (5, 3, -2), (0,)], order=0)
case("identity", np.identity, [(4,)], order=0)
case("tri", np.tri, [(3,), (3, 5, 1), (5, 3, -2)], order=0)
case("arange", np.arange, [(7,), (2, 9), (9, 2, -2), (0.5, 3.0, 0.25), (0,), (3, 3)], order=0)
case("linspace", np.linspace, [(0, 1), (0.5, 2.5, 17), (3, -3, 4, False), (0, 1, 1), (0, 1, 0)], order=0)
case("logspace", np.logspace, [(0, 2, 5), (0, 3, 4, False, 2)], order=0)
for _name in ("bartlett", "blackman", "hamming", "hanning"):
    case(_name, getattr(np, _name), [(17,), (1,)], order=0)
case("kaiser", np.kaiser, [(17, 5.0)], order=0)

# Order.
LINES = [(A((7,), "distinct"),), (A((3, 17), "distinct"),), (A((3, 17), "distinct"), 0),
     (A((131,), "distinct"),),
         (A((2, 3, 5), "distinct"), 1), (A((0,)),), (A((5, 33), "distinct"), None),
         (A((9, 7), "distinct", layout="fortran"),)]
case("sort", np.sort, LINES, order=1, integers=ALL_INTEGERS)
case("argsort", lambda x, axis=-1: np.argsort(x, axis, kind="stable"), LINES, order=0, integers=ALL_INTEGERS)
case(
    "argsort",
    lambda x: np.argsort(x, -1, kind="stable"),
    [(A((33,), "integer"),), (A((5, 17), "integer"),)],
    "ties",
    order=0,
)
case("argpartition", lambda x, kth: np.argsort(x, -1, kind="stable"), [(A((9,), "distinct"), 4)], order=0)


def _top_k(x: Any, k: int) -> Any:
    places = np.argsort(-x, -1, kind="stable")[..., :k]
    return np.take_along_axis(x, places, -1), places


case("top_k", _top_k, [(A((7,), "distinct"), 3), (A((3, 17), "distinct"), 5), (A((3, 5), "distinct"), 5),
     (A((2, 3, 65), "distinct"), 1),
                       (A((4,), "distinct"), 0)], order=1)
case("top_k", _top_k, [(A((5, 17), "integer"), 6)], "ties", order=0)
case("in_top_k", lambda t, p, k: np.array([(row > row[i]).sum() < k for i, row in zip(t, p, strict=True)]),
     [(A((9,), "index", 5), A((9, 5), "distinct"), 2)], order=0)
for _side in ("left", "right"):
    case("searchsorted", lambda s, v, side: np.searchsorted(s, v, side),
    [(np.array([-4.0, -1, 0, 0, 3, 5], "float32"), A((3, 7), "integer"))],
         _side, order=0, side=_side)
case("digitize", np.digitize, [(A((3, 7), "integer"), np.array([-4.0, -1, 0, 3, 5], "float32"))], order=0)
for _method in ("linear", "lower", "higher", "midpoint", "nearest"):
    case("quantile", lambda x, q, axis, method: np.quantile(x, q, axis=axis, method=method),
         [(A((17,), "distinct"), 0.3, None), (A((3, 16), "distinct"), [0.0, 0.25, 1.0], 1),
         (A((4, 5, 6), "distinct"), 0.9, (0, 2))],
         _method, method=_method, order=1)
case("quantile", np.quantile, [(A((5,)), 0.5, None)], "plain")
case(
    "percentile",
    np.percentile,
    [(A((17,), "distinct"), 30.0), (A((3, 16), "distinct"), [5.0, 95.0], 1)],
    order=1,
)
case("unique", np.unique, [(A((33,), "integer"),)], order=0)
case("nonzero", np.nonzero, [(A((3, 7), "mask"),)], order=0)
case(
    "diff",
    lambda a, n=1, axis=-1: np.diff(a, n, axis),
    [(A((7,)),), (A((3, 17)), 2), (A((5, 3)), 1, 0), (A((1,)),)],
)
