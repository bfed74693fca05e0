"""Attention whose heads share keys and values in groups."""

from __future__ import annotations

import math
from typing import Any

from axone import ops
from axone.layers.arguments import positive_integer
from axone.layers.attention.heads import HeadsAttention, parts_of
from axone.layers.rectifiers import Softmax

__all__ = ["GroupQueryAttention"]


class GroupQueryAttention(HeadsAttention):
    """Attention with more heads for queries than for keys and values: several share one.

    Args:
        head_dim: size of a head.
        num_query_heads: number of heads.
        num_key_value_heads: number of heads of keys and values; must divide num_query_heads.
        dropout: fraction of the weights to drop while training.
        use_bias: whether projections have biases.
        sliding_window: targets see sources at most that far away, less one; None: all.
        flash_attention: no effect but that dropout must be 0: attention never holds all scores.
        kernel_initializer, bias_initializer: first values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: limits applied after each training step.
        use_gate: whether the heads' outputs are multiplied by `sigmoid` of a projection of the queries.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Inputs and outputs: see `MultiHeadAttention`.

    Raises:
        ValueError: sizes that are no positive integers, or heads that do not divide.

    Source: Ainslie et al. 2023, https://arxiv.org/abs/2305.13245

    Example: `GroupQueryAttention(32, 8, 2)(x, x)`.
    """

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        self.head_dim = positive_integer(name, "head_dim", head_dim)
        self.num_query_heads = positive_integer(name, "num_query_heads", num_query_heads)
        self.num_key_value_heads = positive_integer(name, "num_key_value_heads", num_key_value_heads)
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                f"{name}: num_key_value_heads must divide num_query_heads, got {num_key_value_heads} and "
                f"{num_query_heads}."
            )
        super().__init__(
            query_heads=num_query_heads,
            key_heads=num_key_value_heads,
            key_dim=head_dim,
            value_dim=head_dim,
            dropout=dropout,
            use_bias=use_bias,
            use_gate=use_gate,
            sliding_window=sliding_window,
            flash_attention=flash_attention,
            seed=seed,
            parts=parts_of(locals()),
            activity_regularizer=activity_regularizer,
            **kwargs,
        )

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Make the projections."""
        self._build_projections(query_shape, value_shape, key_shape or value_shape, [query_shape[-1]])
        self._softmax = Softmax(axis=-1, dtype=self.dtype_policy)

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Return what the heads found, projected; and the weights if asked for."""
        masks = (query_mask, value_mask, key_mask, attention_mask, self._sliding_window)
        causal = use_causal_mask and all(m is None for m in masks)
        mask = None
        if not causal:
            mask = self._joined_mask(
                query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask
            )
        key = value if key is None else key
        return self._attend(query, value, key, mask, causal, return_attention_scores, training)

    def _compute_attention(
        self,
        query: Any,
        key: Any,
        value: Any,
        attention_mask: Any = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> tuple[Any, Any]:
        if not self._needs_scores(query, return_attention_scores, training):
            return self._fused(query, key, value, attention_mask, use_causal_mask), None
        if use_causal_mask:
            attention_mask = self._joined_mask(query, value, None, None, None, attention_mask, True)
        groups = self._query_heads // self._key_heads
        key, value = ops.repeat(key, groups, axis=2), ops.repeat(value, groups, axis=2)
        scores = ops.einsum("btnh,bsnh->bnts", query * (1.0 / math.sqrt(self._head_size)), key)
        if attention_mask is not None and len(attention_mask.shape) == 3:
            attention_mask = ops.expand_dims(attention_mask, 1)
        weights = self._softmax(scores, mask=attention_mask)
        dropped = self._dropout_layer(weights, training=training) if self._dropout_rate > 0 else weights
        return ops.einsum("bnts,bsnh->btnh", dropped, value), weights

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "head_dim": self.head_dim,
            "num_query_heads": self.num_query_heads,
            "num_key_value_heads": self.num_key_value_heads,
        }
