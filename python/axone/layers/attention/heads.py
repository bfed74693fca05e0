"""What layers of attention with several heads share: projections and masks."""

from __future__ import annotations

import math
import string
from typing import Any

import numpy as np

from axone import constraints, initializers, ops, regularizers
from axone.layers.arguments import fraction, positive_integer
from axone.layers.call import context
from axone.layers.dropout import Dropout
from axone.layers.einsum_dense import EinsumDense
from axone.layers.layer import Layer

_PARTS = (
    (initializers, "kernel_initializer"),
    (initializers, "bias_initializer"),
    (regularizers, "kernel_regularizer"),
    (regularizers, "bias_regularizer"),
    (constraints, "kernel_constraint"),
    (constraints, "bias_constraint"),
)


class HeadsAttention(Layer):
    """Base of the layers that project queries, keys and values to several heads, attend, and project back."""

    def __init__(
        self,
        *,
        query_heads: int,
        key_heads: int,
        key_dim: int,
        value_dim: int,
        dropout: float,
        use_bias: bool,
        use_gate: bool,
        sliding_window: int | None,
        flash_attention: bool | None,
        seed: int | None,
        parts: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self._query_heads, self._key_heads = query_heads, key_heads
        self._head_size, self._value_size = key_dim, value_dim
        self._dropout_rate = fraction(self._label(), "dropout", dropout)
        self._use_bias, self._use_gate = use_bias, use_gate
        if sliding_window is not None:
            sliding_window = positive_integer(self._label(), "sliding_window", sliding_window)
        self._sliding_window = sliding_window
        if flash_attention and self._dropout_rate > 0:
            raise ValueError(f"{self._label()}: flash_attention takes no dropout; set dropout to 0.")
        self.seed = seed
        self._parts = {name: module.get(parts[name]) for module, name in _PARTS}
        self._gate_dense: EinsumDense | None = None

    def _project(self, name: str, shape: Any, bound: int, sizes: list[int], activation: Any = None) -> Any:
        """A built layer that turns the last `bound` axes into axes of other sizes."""
        letters = string.ascii_lowercase
        free = len(shape) - bound
        kept, lost = letters[:free], letters[free : free + bound]
        made = letters[free + bound : free + bound + len(sizes)]
        layer = EinsumDense(
            f"{kept}{lost},{lost}{made}->{kept}{made}",
            output_shape=[*([None] * (free - 1)), *sizes],
            bias_axes=made if self._use_bias else None,
            activation=activation,
            activity_regularizer=self.activity_regularizer,
            dtype=self.dtype_policy,
            name=name,
            **{n: _fresh(m, self._parts[n]) for m, n in _PARTS},
        )
        layer.supports_masking = True
        layer.build(shape)
        return layer

    def _build_projections(self, query: Any, value: Any, key: Any, output: list[int]) -> None:
        if tuple(value[1:-1]) != tuple(key[1:-1]):
            raise ValueError(
                f"{self._label()}: value and key must agree in all axes but the last, got shapes "
                f"{tuple(value)} and {tuple(key)}."
            )
        heads = [self._query_heads, self._head_size]
        self._query_dense = self._project("query", query, 1, heads)
        self._key_dense = self._project("key", key, 1, [self._key_heads, self._head_size])
        if self._use_gate:
            gates = [self._query_heads, self._value_size]
            self._gate_dense = self._project("gate", query, 1, gates, "sigmoid")
        self._value_dense = self._project("value", value, 1, [self._key_heads, self._value_size])
        inside = (*query[:-1], self._query_heads, self._value_size)
        self._output_dense = self._project("attention_output", inside, 2, output)
        self._dropout_layer = Dropout(self._dropout_rate, seed=self.seed, dtype=self.dtype_policy)

    def _attend(
        self,
        query: Any,
        value: Any,
        key: Any,
        mask: Any,
        causal: bool,
        return_attention_scores: bool,
        training: bool | None,
    ) -> Any:
        gate = None if self._gate_dense is None else self._gate_dense(query)
        outputs, scores = self._compute_attention(
            self._query_dense(query),
            self._key_dense(key),
            self._value_dense(value),
            mask,
            training,
            return_attention_scores,
            **({"use_causal_mask": True} if causal else {}),
        )
        outputs = self._output_dense(outputs if gate is None else outputs * gate)
        return (outputs, scores) if return_attention_scores else outputs

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
        raise NotImplementedError

    def _fused(self, query: Any, key: Any, value: Any, mask: Any, causal: bool) -> Any:
        """Attention by one operation, which never holds all scores."""
        if mask is not None:
            mask = ops.cast(mask, "bool")
            for _ in range(4 - len(mask.shape)):
                mask = ops.expand_dims(mask, -3)
        scale = 1.0 / math.sqrt(self._head_size)
        return ops.dot_product_attention(query, key, value, mask=mask, scale=scale, is_causal=causal)

    def _needs_scores(self, query: Any, wanted: bool, training: bool | None) -> bool:
        training = context.training if training is None else training
        return wanted or len(query.shape) != 4 or (self._dropout_rate > 0 and bool(training))

    def _joined_mask(
        self, query: Any, value: Any, query_mask: Any, value_mask: Any, key_mask: Any, mask: Any, causal: bool
    ) -> Any:
        """All masks as one, (batch or 1, targets, sources); None where there is none."""
        parts: list[Any] = [None if mask is None else ops.cast(mask, "bool")]
        if query_mask is not None:
            parts.append(ops.expand_dims(ops.cast(query_mask, "bool"), -1))
        for given in (value_mask, key_mask):
            if given is not None:
                parts.append(ops.expand_dims(ops.cast(given, "bool"), -2))
        targets, sources = query.shape[1], value.shape[1]
        if causal:
            parts.append(np.tri(targets, sources, dtype=bool)[None])
        if self._sliding_window is not None:
            distance = np.arange(targets)[:, None] - np.arange(sources)
            parts.append((np.abs(distance) < self._sliding_window)[None])
        joined = None
        for part in parts:
            if part is not None:
                joined = part if joined is None else ops.logical_and(joined, part)
        return joined

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "dropout": self._dropout_rate,
            "use_bias": self._use_bias,
            "use_gate": self._use_gate,
            "sliding_window": self._sliding_window,
            **{name: module.serialize(self._parts[name]) for module, name in _PARTS},
            "seed": self.seed,
        }


def parts_of(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return initializers, regularizers and constraints out of a constructor's arguments."""
    return {name: arguments[name] for _, name in _PARTS}


def _fresh(module: Any, value: Any) -> Any:
    """A copy: initializers without a seed would otherwise draw the same numbers for all projections."""
    return module.get(module.serialize(value)) if module is initializers else value
