"""Attention with several heads."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any

from axone import ops
from axone.layers.arguments import positive_integer
from axone.layers.attention.heads import HeadsAttention, parts_of
from axone.layers.rectifiers import Softmax

__all__ = ["MultiHeadAttention"]


class MultiHeadAttention(HeadsAttention):
    """Attention with several heads, each with projections of its own for queries, keys and values.

    Args:
        num_heads: number of heads.
        key_dim: size of a head's queries and keys.
        value_dim: size of a head's values; None: key_dim.
        dropout: fraction of the weights to drop while training.
        use_bias: whether projections have biases.
        output_shape: size of the outputs, or several; None: that of the queries.
        attention_axes: axes to attend over; None: all but batch and features.
        sliding_window: targets see sources at most that far away, less one; None: all.
        flash_attention: no effect but that dropout must be 0: attention never holds all scores.
        kernel_initializer, bias_initializer: first values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: limits applied after each training step.
        use_gate: whether the heads' outputs are multiplied by `sigmoid` of a projection of the queries.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input: query (batch, targets, size), value (batch, sources, size), and the key where it is not the value.
    `attention_mask` (batch, targets, sources) is false for pairs that are left out.
    Output shape: (batch, targets, size); with `return_attention_scores` also the weights (batch, heads,
    targets, sources).

    Raises:
        ValueError: sizes that are no positive integers, or inputs that do not fit.

    Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762

    Example: `MultiHeadAttention(8, 32)(x, x)` is self-attention.
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Sequence[int] | None = None,
        attention_axes: int | Sequence[int] | None = None,
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
        self_heads = positive_integer(name, "num_heads", num_heads)
        size = positive_integer(name, "key_dim", key_dim)
        super().__init__(
            query_heads=self_heads,
            key_heads=self_heads,
            key_dim=size,
            value_dim=positive_integer(name, "value_dim", value_dim) if value_dim is not None else size,
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
        self._output_sizes = (output_shape,) if isinstance(output_shape, int) else output_shape
        self._attention_axes = (attention_axes,) if isinstance(attention_axes, int) else attention_axes

    @property
    def num_heads(self) -> int:
        """Number of heads."""
        return self._query_heads

    @property
    def key_dim(self) -> int:
        """Size of a head's queries and keys."""
        return self._head_size

    @property
    def value_dim(self) -> int:
        """Size of a head's values."""
        return self._value_size

    @property
    def dropout(self) -> float:
        """Fraction of the weights that is dropped."""
        return self._dropout_rate

    @property
    def use_bias(self) -> bool:
        """Whether projections have biases."""
        return self._use_bias

    @property
    def attention_axes(self) -> Any:
        """The axes that are attended over; set by `build`."""
        return self._attention_axes

    @property
    def query_dense(self) -> Any:
        """The projection of the queries."""
        return self._query_dense

    @property
    def key_dense(self) -> Any:
        """The projection of the keys."""
        return self._key_dense

    @property
    def value_dense(self) -> Any:
        """The projection of the values."""
        return self._value_dense

    @property
    def output_dense(self) -> Any:
        """The projection of what the heads found."""
        return self._output_dense

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Make the projections."""
        output = list(self._output_sizes) if self._output_sizes else [query_shape[-1]]
        self._build_projections(query_shape, value_shape, key_shape or value_shape, output)
        rank = len(query_shape)
        axes = range(1, rank - 1) if self._attention_axes is None else self._attention_axes
        self._attention_axes = tuple(a if a >= 0 else rank + a for a in axes)
        self._equations = _equations(rank + 1, self._attention_axes)
        count = len(self._attention_axes)
        self._softmax = Softmax(axis=tuple(range(-count, 0)), dtype=self.dtype_policy)

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
        own = type(self)._compute_attention is MultiHeadAttention._compute_attention
        causal = use_causal_mask and own and all(m is None for m in masks)
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
        """Attend; a subclass may do it in another way.

        Args:
            query, key, value: projected, (batch, ..., heads, size).
            attention_mask: see `call`.
            training: whether dropout applies.
            return_attention_scores: whether the weights are wanted.
            use_causal_mask: whether targets see the past only.

        Returns:
            (outputs (batch, ..., heads, value size), weights or None).
        """
        if not self._needs_scores(query, return_attention_scores, training):
            return self._fused(query, key, value, attention_mask, use_causal_mask), None
        if use_causal_mask:
            attention_mask = self._joined_mask(query, value, None, None, None, attention_mask, True)
        scores = ops.einsum(self._equations[0], key, query * (1.0 / math.sqrt(self._head_size)))
        if attention_mask is not None:
            for _ in range(len(scores.shape) - len(attention_mask.shape)):
                attention_mask = ops.expand_dims(attention_mask, -2 * len(self._attention_axes or ()) - 1)
        weights = self._softmax(scores, mask=attention_mask)
        dropped = self._dropout_layer(weights, training=training) if self._dropout_rate > 0 else weights
        return ops.einsum(self._equations[1], dropped, value), weights

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_heads": self._query_heads,
            "key_dim": self._head_size,
            "value_dim": self._value_size,
            "output_shape": self._output_sizes,
            "attention_axes": self._attention_axes,
        }


def _equations(rank: int, axes: tuple[int, ...]) -> tuple[str, str]:
    """Scores from keys and queries, outputs from scores and values; the last axes are heads and size."""
    query = list(string.ascii_lowercase[:rank])
    key = [string.ascii_lowercase[rank + i] if i in axes else letter for i, letter in enumerate(query)]
    batch = [letter for i, letter in enumerate(query[:-1]) if i not in axes]
    scores = "".join(batch + [query[i] for i in axes] + [key[i] for i in axes])
    source, target = "".join(key), "".join(query)
    return f"{source},{target}->{scores}", f"{scores},{source}->{target}"
