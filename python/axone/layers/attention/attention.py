"""Dot-product attention without heads (Luong)."""

from __future__ import annotations

from typing import Any

import numpy as np

from axone import ops, random
from axone.core.random import SeedGenerator
from axone.core.variable import Variable
from axone.layers.arguments import fraction
from axone.layers.layer import Layer
from axone.ops.attention import ordered_product

__all__ = ["Attention"]

# What is taken from the score of a pair that is left out.
_FAR = 1e9


class Attention(Layer):
    """Means of values, weighted by how well their keys match queries: `softmax(scores) values`.

    Args:
        use_scale: whether the scores are multiplied by a weight.
        score_mode: "dot": `query key^T`; "concat": `weight sum(tanh(query + key))`.
        dropout: fraction of the weights to drop while training.
        seed: integer, for the same draws at every run.
        **kwargs: see `Layer`.

    Input: a list [query (batch, targets, size), value (batch, sources, size)], and the key as a third where
    it is not the value; `mask`: a list [query mask or None, value mask or None].
    Output shape: (batch, targets, size); with `return_attention_scores` also the weights.

    Raises:
        ValueError: an unknown score_mode, or inputs that are no such list.

    Source: Luong et al. 2015, https://arxiv.org/abs/1508.04025

    Example: `Attention()([query, value])`.
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = fraction(self._label(), "dropout", dropout)
        self.seed = seed
        if self.dropout > 0:
            self.seed_generator = SeedGenerator(seed)
        if score_mode not in ("dot", "concat"):
            raise ValueError(f"{self._label()}: score_mode must be 'dot' or 'concat', got {score_mode!r}.")
        self.scale: Variable | None = None
        self.concat_score_weight: Variable | None = None
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the weights of the scores."""
        self._check(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                name="concat_score_weight", shape=(), initializer="ones"
            )

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        """Scores (batch, targets, sources)."""
        # One number stands for as many as there are features: its gradient is then a sum over steps in their
        # order, which padding leaves as it is, and another one over features.
        if self.scale is not None:
            scale = ops.broadcast_to(self.scale, query.shape[-1:])
            query, key = query * scale, key if self.score_mode == "dot" else key * scale
        if self.score_mode == "dot":
            return ordered_product(query, key, transpose_b=True)
        pairs = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        weight: Any = self.concat_score_weight
        return ops.squeeze(ops.matmul(pairs, ops.broadcast_to(weight, (query.shape[-1], 1))), -1)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Return the weighted means, and the weights if asked for."""
        self._check(inputs, mask)
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = (mask[0], mask[1]) if mask else (None, None)
        scores = self._calculate_scores(query, key)
        allowed = None if value_mask is None else ops.expand_dims(ops.cast(value_mask, "bool"), -2)
        if use_causal_mask:
            past = ops.convert_to_tensor(np.tri(scores.shape[-2], scores.shape[-1], dtype=bool)[None])
            allowed = past if allowed is None else ops.logical_and(allowed, past)
        if allowed is not None:
            scores = ops.where(allowed, scores, scores - _FAR)
        weights: Any = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        outputs: Any = ordered_product(weights, value)
        if query_mask is not None:
            outputs = ops.where(ops.expand_dims(ops.cast(query_mask, "bool"), -1), outputs, 0.0)
        return (outputs, weights) if return_attention_scores else outputs

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the queries."""
        return mask[0] if mask else None

    def _check(self, inputs: Any, mask: Any = None) -> None:
        if not isinstance(inputs, (list, tuple)) or not 2 <= len(inputs) <= 3:
            raise ValueError(f"{self._label()}: call it on a list [query, value] or [query, value, key].")
        if mask is not None and not (isinstance(mask, (list, tuple)) and 2 <= len(mask) <= 3):
            raise ValueError(f"{self._label()}: mask must be a list [query mask, value mask], got {mask!r}.")

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
            "dropout": self.dropout,
            "seed": self.seed,
        }
