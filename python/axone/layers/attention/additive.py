"""Additive attention (Bahdanau)."""

from __future__ import annotations

from typing import Any

from axone import ops
from axone.layers.attention.attention import Attention

__all__ = ["AdditiveAttention"]


class AdditiveAttention(Attention):
    """Attention whose scores are `sum(scale tanh(query + key))`.

    Args:
        use_scale: whether `scale` is a weight (size,), or 1.
        dropout: fraction of the weights to drop while training.
        **kwargs: see `Layer`.

    Inputs and outputs: see `Attention`.

    Source: Bahdanau et al. 2014, https://arxiv.org/abs/1409.0473

    Example: `AdditiveAttention()([query, value])`.
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Make the scale."""
        self._check(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(input_shape[0][-1],))

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        pairs = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        if self.scale is None:
            return ops.sum(pairs, axis=-1)
        return ops.squeeze(ops.matmul(pairs, ops.expand_dims(self.scale, -1)), -1)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["score_mode"]
        return config
