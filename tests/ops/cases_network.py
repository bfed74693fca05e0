"""Entries of the table: matrix products, losses, normalizations, conversions."""

# fmt: off
from __future__ import annotations

from typing import Any

import numpy as np
from case import INTEGERS, case
from case import Array as A

# Sums of k products: the error grows with the root of k; 2e-6 of the terms' size holds for k up to 200.
SUMS = {"tolerance": 4e-6, "scale": 4.0}
PRODUCTS = [
    ((3, 4), (4, 5)), ((1, 1), (1, 1)), ((17, 33), (33, 15)), ((65, 131), (131, 7)), ((1, 64), (64, 33)),
    ((31, 1), (1, 17)),
    ((4,), (4,)), ((4,), (4, 5)), ((3, 4), (4,)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 1, 3, 4),
    (5, 4, 2)),
    ((4,), (2, 4, 3)), ((2, 3, 4), (4,)), ((0, 4), (4, 3)), ((3, 0), (0, 2)), ((2, 0, 3), (3, 4)),
]
case("matmul", np.matmul, [(A(a), A(b)) for a, b in PRODUCTS] + [
    (A((9, 17), layout="fortran"), A((17, 5), layout="strided")), (A((9, 17), layout="reversed"),
    A((17, 5), layout="readonly")),
], integers=INTEGERS, **SUMS)
case("dot", np.dot, [(A((4,)), A((4,))), (A((3, 4)), A((4, 5))), (A(()), A((3,))), (A((2, 3, 4)),
     A((5, 4, 2))), (A((2, 4)), A((4,)))],
     **SUMS)
case("inner", np.inner, [(A((4,)), A((4,))), (A((2, 3, 4)), A((5, 4))), (A(()), A((3,)))], **SUMS)
case("vdot", np.vdot, [(A((3, 4)), A((3, 4), "unit"))], **SUMS)
case("outer", np.outer, [(A((3,)), A((17,))), (A((2, 2)), A(()))], integers=INTEGERS)
case("tensordot", np.tensordot, [(A((2, 3, 4)), A((3, 4, 5))), (A((2, 3)), A((4,)), 0), (A((2, 3, 4)),
     A((4, 2)), ([0, 2], [1, 0])),
                                 (A((2, 3, 4)), A((5, 3)), (1, 1)), (A((3, 4)), A((3, 4), "unit"), 2)],
                                 **SUMS)
case(
    "cross",
    np.cross,
    [(A((3,)), A((3,), "unit")), (A((5, 3)), A((3,))), (A((3, 4)), A((3, 4), "unit"), 0, 0, 0)],
)
case("kron", np.kron, [(A((2, 3)), A((4, 1))), (A((3,)), A((2, 2)))])
EQUATIONS: list[tuple[str, list[tuple[int, ...]]]] = [
    ("ij,jk->ik", [(3, 4), (4, 5)]), ("ij,jk->ki", [(3, 4), (4, 5)]), ("ij,kj->ik", [(3, 4), (5, 4)]),
    ("ji,jk", [(4, 3), (4, 5)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]), ("bhqd,bhkd->bhqk", [(2, 3, 4, 5), (2, 3, 6, 5)]),
    ("bqhd,bkhd->bhqk", [(2, 4, 3, 5), (2, 6, 3, 5)]),
    ("i,i->", [(7,), (7,)]), ("i,j->ij", [(3,), (4,)]), ("ij->ji", [(3, 4)]), ("ij->", [(3, 4)]), ("ij->i",
    [(3, 4)]), ("ii->i", [(4, 4)]),
    ("ii", [(4, 4)]), ("iij->j", [(3, 3, 4)]), ("...ij,...jk->...ik", [(2, 3, 4), (5, 2, 4, 3)]),
    ("...i,...i->...", [(3, 4), (4,)]),
    ("b...,b...->b...", [(2, 3, 4), (2, 1, 4)]), ("ij,ij->ij", [(3, 4), (3, 4)]), ("ij,j->ij",
    [(3, 4), (4,)]), ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 5)]),
    ("abc,cd,bd->a", [(2, 3, 4), (4, 5), (3, 5)]), ("ij,kl->", [(2, 3), (4, 5)]), ("a,b,c->cab",
    [(2,), (3,), (4,)]), ("i...->...", [(3, 2, 4)]),
    ("ij,jk->ik", [(0, 4), (4, 5)]), ("...->...", [(2, 3)]),
]
for _n, (_equation, _shapes) in enumerate(EQUATIONS):
    case(
        "einsum",
        lambda eq, *x: np.einsum(eq, *x),
        [(_equation, *[A(s) for s in _shapes])],
        f"{_n}:{_equation}",
        **SUMS,
    )


def _log_softmax(x: Any, axis: int) -> Any:
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _categorical(t: Any, x: Any, from_logits: bool = False, axis: int = -1) -> Any:
    logs = (
        _log_softmax(x, axis)
        if from_logits
        else np.log(np.clip(x / x.sum(axis, keepdims=True), 1e-7, 1 - 1e-7))
    )
    return -(t * logs).sum(axis)


def _sparse(t: Any, x: Any, from_logits: bool = False, axis: int = -1) -> Any:
    t = t[..., 0] if t.ndim == x.ndim else t
    return _categorical(np.moveaxis(np.eye(x.shape[axis])[t], -1, axis), x, from_logits, axis)


def _binary(t: Any, x: Any, from_logits: bool = False) -> Any:
    if from_logits:
        return np.maximum(x, 0) - x * t + np.log1p(np.exp(-np.abs(x)))
    p = np.clip(x, 1e-7, 1 - 1e-7)
    return -(t * np.log(p) + (1 - t) * np.log(1 - p))


LOSS = {"tolerance": 4e-6}
for _logits in (False, True):
    _kind, _label = ("normal", "logits") if _logits else ("positive", "probabilities")
    case("categorical_crossentropy", _categorical, [
        (A((3, 10), "probabilities"), A((3, 10), _kind)), (A((2, 3, 17), "unit"), A((2, 3, 17), _kind)),
        (A((1,), "unit"), A((1,), _kind)),
        (A((65, 2), "probabilities"), A((65, 2), _kind)), (A((0, 4), "unit"), A((0, 4), _kind)),
    ], _label, from_logits=_logits, **LOSS)
    case("categorical_crossentropy", _categorical, [(A((3, 4, 5), "unit"), A((3, 4, 5), _kind))],
    f"{_label}_axis1", from_logits=_logits,
         axis=1, **LOSS)
    case("sparse_categorical_crossentropy", _sparse, [
        (A((3,), "index", 10), A((3, 10), _kind)), (A((2, 3, 1), "index", 17), A((2, 3, 17), _kind)),
        (A((65,), "index", 2), A((65, 2), _kind)),
        (A((), "index", 5), A((5,), _kind)), (A((0,), "index", 4), A((0, 4), _kind)), (A((33,), "index", 131),
        A((33, 131), _kind)),
    ], _label, from_logits=_logits, **LOSS)
    case("sparse_categorical_crossentropy", _sparse, [(A((3, 5), "index", 4), A((3, 4, 5), _kind))],
    f"{_label}_axis1", from_logits=_logits,
         axis=1, **LOSS)
    case("binary_crossentropy", _binary, [(A(s, "unit"), A(s, "normal" if _logits else "unit")) for s in ((),
    (7,), (3, 17), (65, 1), (0, 2))],
         _label, from_logits=_logits, **LOSS)


def _moments(x: Any, axes: Any, keepdims: bool = False) -> Any:
    kept = axes if isinstance(axes, int) else tuple(axes)
    return x.mean(kept, keepdims=keepdims), x.var(kept, keepdims=keepdims)


def _batch_norm(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Any:
    shape = [1] * x.ndim
    shape[axis] = -1
    y = (x - mean.reshape(shape)) / np.sqrt(variance.reshape(shape) + epsilon)
    y = y if scale is None else y * scale.reshape(shape)
    return y if offset is None else y + offset.reshape(shape)


def _layer_norm(x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1) -> Any:
    y = (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + 1e-7)
    return (y if gamma is None else y * gamma) + (0 if beta is None else beta)


case("moments", _moments, [(A((3, 17)), 0), (A((2, 3, 5)), (0, 2), True), (A((65,)), 0)], tolerance=2e-6)
case("normalize", lambda x, axis=-1, order=2: x / np.linalg.norm(x, order, axis, keepdims=True),
     [(A((3, 17)),), (A((3, 5)), 0), (A((3, 5)), -1, 1), (A((3, 5)), -1, 3)], order=1, tolerance=2e-6)
case("batch_normalization", _batch_norm, [(A((5, 3)), A((3,)), A((3,), "positive"), -1), (A((2, 3, 4)),
     A((3,)), A((3,), "positive"), 1,
     A((3,)), A((3,), "positive"))], tolerance=2e-6)
case("layer_normalization", _layer_norm, [(A((3, 17)),), (A((2, 3, 5)), A((5,)), A((5,)))], tolerance=4e-6)
case("rms_normalization", lambda x, scale=None: x / np.sqrt((x * x).mean(-1,
     keepdims=True) + 1e-7) * (1 if scale is None else scale),
     [(A((3, 17)),), (A((2, 3, 5)), A((5,)))], tolerance=4e-6)
case("cast", lambda x, dtype: x.astype(dtype), [(A((3, 17), "away"), "int32"), (A((5,)), "bool"),
     (A((7,), "positive"), "uint8"),
     (A((7,), "integer"), "int64")], order=0)
case(
    "cast",
    lambda x, dtype: x.astype(dtype),
    [(A((3, 17)), "float64"), (A((65,)), "float32")],
    "float",
    order=1,
)
case("saturate_cast", lambda x, dtype: np.clip(x, np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype),
     [(np.array([-5.5, 3.7, 300.0, 1e4], "float32"), "uint8"), (np.array([-5, 2**40, 7], "int64"), "int32")],
     order=0)
case("convert_to_tensor", lambda x: np.asarray(x), [(A((3, 5)),)], integers=INTEGERS)
case("array", lambda x: np.asarray(x), [(A((3, 5)),)], integers=INTEGERS)


def _attention(q: Any, k: Any, v: Any, bias: Any = None, mask: Any = None, scale: Any = None,
     is_causal: bool = False) -> Any:
    k, v = (np.repeat(x, q.shape[2] // x.shape[2], 2) for x in (k, v))
    scores = np.einsum("btnh,bsnh->bnts", q, k) * (q.shape[3] ** -0.5 if scale is None else scale)
    scores = scores if bias is None else scores + bias
    allowed = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    allowed = allowed & np.tri(*scores.shape[-2:], dtype=bool) if is_causal else allowed
    e = np.where(allowed, np.exp(scores), 0)
    return np.einsum("bnts,bsnh->btnh", e / e.sum(-1, keepdims=True), v)


QKV = (A((2, 3, 2, 4)), A((2, 5, 2, 4)), A((2, 5, 2, 4), "unit"))
case("dot_product_attention", _attention, [QKV, (*QKV, A((1, 2, 3, 5))),
     (*QKV, None, np.tri(3, 5, 1) > 0, 0.3),
     (A((1, 3, 4, 2)), A((1, 3, 2, 2)), A((1, 3, 2, 2), "unit"))], tolerance=4e-6)
case("dot_product_attention", _attention,
     [(A((1, 4, 1, 3)), A((1, 4, 1, 3), "unit"), A((1, 4, 1, 3), "small"))], "causal",
     is_causal=True, tolerance=4e-6)
