"""Attention: weighted means of values by how well keys match queries."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from axone.core.operation import op
from axone.core.tensor import Tensor
from axone.core.trace import emit
from axone.ops._common import TensorLike, broadcast_shape, compute, promote_float, reshape_to, to_tensor
from axone.ops.einsum import einsum


@op
def dot_product_attention(
    query: TensorLike,
    key: TensorLike,
    value: TensorLike,
    bias: TensorLike | None = None,
    mask: TensorLike | None = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """Scaled dot-product attention: `softmax(query key^T * scale + bias) value` (Vaswani et al., 2017).

    Without bias and soft cap the scores are computed block by block, forwards and for gradients, and never
    held as a whole (Dao et al., 2022).

    Args:
        query: tensor of shape (batch, targets, heads, size).
        key: tensor of shape (batch, sources, key heads, size); key heads must divide heads: each serves
            several query heads.
        value: tensor of the shape of `key`.
        bias: tensor that broadcasts to (batch, heads, targets, sources), added to the scores.
        mask: booleans of such a shape: false pairs are left out.
        scale: factor of the scores; None: 1 / sqrt(size).
        is_causal: whether a target sees only sources up to its own position.
        flash_attention: no effect; for Keras's signature.
        attn_logits_soft_cap: limit c of the scores: `c * tanh(scores / c)`; None: no limit.

    Returns:
        A tensor of the shape of `query`.

    Raises:
        ValueError: where the shapes do not fit.
    """
    q, k, v = promote_float(query, key, value)
    fits = q.ndim == k.ndim == v.ndim == 4 and k.shape[:3] == v.shape[:3] and q.shape[3] == k.shape[3]
    if not fits or q.shape[0] != k.shape[0] or not k.shape[2] or q.shape[2] % k.shape[2]:
        raise ValueError(
            "dot_product_attention: expected query (batch, targets, heads, size), key and value (batch, "
            f"sources, key heads, size) with key heads dividing heads, got {q.shape}, {k.shape} and {v.shape}"
        )
    factor = 1.0 / math.sqrt(q.shape[3]) if scale is None else float(scale)
    allowed = None if mask is None else _full_rank(to_tensor(mask, "bool"), _pairs(q, k))
    if bias is None and attn_logits_soft_cap is None and q.size and v.size:
        inputs = [q, k, v] if allowed is None else [q, k, v, allowed]
        causal = bool(is_causal)
        made = emit("attention", inputs, scale=factor, causal=causal, mask=allowed is not None)
        return cast(Tensor, made[0])
    if q.shape[2] != k.shape[2]:
        groups = q.shape[2] // k.shape[2]
        k, v = (compute("repeat", x, repeats=groups, axis=2) for x in (k, v))
    scores = compute("multiply", einsum("btnh,bsnh->bnts", q, k), to_tensor(factor, q.dtype))
    if attn_logits_soft_cap is not None:
        cap = to_tensor(float(attn_logits_soft_cap), q.dtype)
        scores = compute("multiply", cap, compute("tanh", compute("divide", scores, cap)))
    if bias is not None:
        scores = compute("add", scores, to_tensor(bias, q.dtype))
    if is_causal:
        past = to_tensor(np.tri(q.shape[1], k.shape[1], dtype=bool))
        allowed = past if allowed is None else compute("logical_and", allowed, past)
    if allowed is not None:
        # A large number rather than -inf: a row without any allowed pair then becomes a mean instead of NaN.
        lowest = to_tensor(float(np.finfo(q.dtype).min) / 2, q.dtype)
        scores = compute("where", allowed, scores, lowest)
    weights = compute("softmax", scores, axis=3)
    return einsum("bnts,bsnh->btnh", weights, v)


def ordered_product(a: TensorLike, b: TensorLike, transpose_b: bool = False) -> Tensor:
    """Matrix products whose sums, and those of their gradients, begin with the first step and go on in order.

    Steps of zeros behind the last one then change no bit.

    Args:
        a: tensor (batch, m, k).
        b: tensor (batch, k, n), or (batch, n, k).
        transpose_b: whether the latter.

    Returns:
        Tensor (batch, m, n).
    """
    left, right = promote_float(a, b)
    return compute("matmul", left, right, transpose_a=False, transpose_b=transpose_b, samples=1)


def _pairs(q: Tensor, k: Tensor) -> tuple[int, ...]:
    return q.shape[0], q.shape[2], q.shape[1], k.shape[1]


def _full_rank(mask: Tensor, pairs: tuple[int, ...]) -> Tensor:
    """The mask with four axes, each of size 1 or that of the pairs."""
    fits = broadcast_shape("dot_product_attention: `mask`", mask.shape, pairs) == pairs
    if not fits:
        raise ValueError(f"dot_product_attention: `mask` of shape {mask.shape} does not broadcast to {pairs}")
    return reshape_to(mask, [1] * (4 - mask.ndim) + list(mask.shape))
