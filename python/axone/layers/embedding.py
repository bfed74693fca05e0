"""A table of vectors, one for each token."""

from __future__ import annotations

from typing import Any

from axone import constraints, initializers, ops, regularizers
from axone.core.old_names import warn_old
from axone.layers.arguments import positive_integer
from axone.layers.layer import Layer

__all__ = ["Embedding"]


class Embedding(Layer):
    """Turns token numbers into vectors: row `i` of a table for number `i`.

    Args:
        input_dim: rows of the table: the largest number plus 1.
        output_dim: size of a vector.
        embeddings_initializer: first values.
        embeddings_regularizer: penalty added to the loss.
        embeddings_constraint: limit applied after each training step.
        mask_zero: whether 0 stands for "nothing": layers behind skip such steps.
        weights: first values as an array (input_dim, output_dim), or a list with it.
        **kwargs: see `Layer`.

    Input shape: any, of integers in [0, input_dim). Output shape: that with output_dim behind it.

    Raises:
        ValueError: sizes that are no positive integers.
        IndexError: in a call, a number outside of the table.

    Example: `Embedding(1000, 16)(np.array([[3, 1, 4]]))` is a tensor of shape (1, 3, 16).
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("input_length", None) is not None:
            warn_old("Embedding: `input_length` is an old argument without effect: leave it out.")
        for name in ("lora_rank", "lora_alpha"):
            if kwargs.pop(name, None) is not None:
                raise ValueError(f"Embedding: {name} is not supported; leave it out.")
        super().__init__(**kwargs)
        self.input_dim = positive_integer(self._label(), "input_dim", input_dim)
        self.output_dim = positive_integer(self._label(), "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = bool(mask_zero)
        self.autocast = False
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape: Any = None) -> None:
        """Make the table (input_dim, output_dim)."""
        if self.built:
            return
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )

    def call(self, inputs: Any) -> Any:
        """Return the rows of the table."""
        if inputs.dtype not in ("int32", "int64"):
            inputs = ops.cast(inputs, "int32")
        return ops.cast(ops.take(self.embeddings, inputs, axis=0), self.compute_dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return where the numbers are not 0, with `mask_zero`."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
        }
